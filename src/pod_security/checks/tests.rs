//! Each check on pods that pass and pods that fail, at the versions between which it changes.

use crate::document::{Value, json};
use crate::pod_security::PodSecurity;

use super::Version;

/// What check `id` prints of a pod at a version; empty if it passes.
fn said(id: &str, version: &str, pod: &str) -> String {
    let object = json::parse(pod.as_bytes()).unwrap();
    let block = Value::from([("level", "restricted".into()), ("version", version.into())]);
    let mut evaluation = PodSecurity::compile(&block).evaluate(&object, &[]).unwrap();
    evaluation.failed.retain(|check| check.id() == id);
    evaluation.text()
}

/// The errors check `id` prints of a pod spec at the latest version.
fn errors(id: &str, spec: &str) -> String {
    let said = said(id, "", &format!(r#"{{"kind":"Pod","spec":{spec}}}"#));
    let (_, list) = said.split_once("field error list: [").unwrap_or_default();
    list.strip_suffix("])").unwrap_or_default().to_owned()
}

/// A pod spec whose container has this `securityContext`.
fn contained(security: &str) -> String {
    format!(r#"{{"containers":[{{"name":"c","securityContext":{security}}}]}}"#)
}

#[test]
fn versions_are_read_as_kubernetes_reads_them() {
    assert_eq!(Version::parse(""), Ok(Version::Latest));
    assert_eq!(Version::parse("v1.0"), Ok(Version::Minor(0)));
    assert_eq!(Version::parse("v1.29"), Ok(Version::Minor(29)));
    for bad in ["1.29", "v1.029", "v1.", "v2.1", "v1.29.1", "v1.-1", "v1.+1", "v1.99999999999999", "Latest"] {
        assert_eq!(Version::parse(bad), Err("must be \"latest\" or \"v1.x\"".to_owned()), "{bad}");
    }
}

#[test]
fn privilege_escalation() {
    let id = "allowPrivilegeEscalation";
    let field = "spec.containers[0].securityContext.allowPrivilegeEscalation";
    assert_eq!(errors(id, r#"{"containers":[{}]}"#), format!("{field}: Required value"));
    assert_eq!(errors(id, &contained("{}")), format!("{field} is forbidden, forbidden values found: nil"));
    let yes = contained(r#"{"allowPrivilegeEscalation":true}"#);
    assert_eq!(errors(id, &yes), format!("{field} is forbidden, forbidden values found: true"));
    assert_eq!(errors(id, &contained(r#"{"allowPrivilegeEscalation":false}"#)), "");
    let windows = r#"{"kind":"Pod","spec":{"os":{"name":"windows"},"containers":[{}]}}"#;
    assert_eq!(said(id, "v1.25", windows), "");
    assert!(said(id, "v1.24", windows).contains("Required value"));
}

#[test]
fn app_armor() {
    let pod = r#"{"kind":"Pod","metadata":{"annotations":{"container.apparmor.security.beta.kubernetes.io/b":"x",
        "container.apparmor.security.beta.kubernetes.io/a":"localhost/y","other":"z"}},"spec":{"containers":[]}}"#;
    assert_eq!(
        said("appArmorProfile", "", pod),
        "(Forbidden reason: forbidden AppArmor profile, field error list: [spec.template.metadata.annotations\
         [container.apparmor.security.beta.kubernetes.io/b] is forbidden, forbidden values found: x])"
    );
    // The same bad value twice counts once.
    let pod = r#"{"kind":"Pod","spec":{"securityContext":{"appArmorProfile":{"type":"U"}},
        "containers":[{"securityContext":{"appArmorProfile":{"type":"U"}}}]}}"#;
    assert_eq!(
        said("appArmorProfile", "", pod),
        "(Forbidden reason: forbidden AppArmor profile, field error list: [spec.securityContext.appArmorProfile.type \
         is forbidden, forbidden values found: U, spec.containers[0].securityContext.appArmorProfile.type is \
         forbidden, forbidden values found: U])"
    );
    let pod = pod.replacen("\"U\"", "\"V\"", 1);
    assert!(said("appArmorProfile", "", &pod).starts_with("(Forbidden reason: forbidden AppArmor profiles,"));
    assert_eq!(
        errors("appArmorProfile", r#"{"securityContext":{"appArmorProfile":{}}}"#),
        "spec.securityContext.appArmorProfile.type: Forbidden"
    );
}

#[test]
fn capabilities() {
    let add = "spec.containers[0].securityContext.capabilities.add is forbidden, forbidden values found:";
    let spec = contained(r#"{"capabilities":{"add":["SYS_TIME","CHOWN","NET_RAW","SYS_TIME"],"drop":["all","KILL"]}}"#);
    assert_eq!(errors("capabilities_baseline", &spec), format!("{add} [NET_RAW SYS_TIME]"));
    assert_eq!(
        errors("capabilities_restricted", &spec),
        format!(
            "spec.containers[0].securityContext.capabilities.drop is forbidden, forbidden values found: [KILL all], \
             {add} [CHOWN NET_RAW SYS_TIME]"
        )
    );
    let good = contained(r#"{"capabilities":{"add":["NET_BIND_SERVICE"],"drop":["ALL","KILL"]}}"#);
    assert_eq!(errors("capabilities_restricted", &good), "");
    let drop = "spec.containers[0].securityContext.capabilities.drop: Required value";
    for missing in ["{}", r#"{"capabilities":{}}"#, r#"{"capabilities":{"drop":[]}}"#] {
        assert_eq!(errors("capabilities_restricted", &contained(missing)), drop);
    }
    // A check newer than the version runs all the same.
    assert!(said("capabilities_restricted", "v1.19", r#"{"kind":"Pod","spec":{"containers":[{}]}}"#).contains(drop));
}

#[test]
fn host_namespaces_and_ports() {
    assert_eq!(
        errors("hostNamespaces", r#"{"hostIPC":true,"hostNetwork":true,"hostPID":false}"#),
        "spec.hostNetwork is forbidden, forbidden values found: true, spec.hostIPC is forbidden, forbidden values found: true"
    );
    assert_eq!(
        errors(
            "hostPorts",
            r#"{"containers":[{"ports":[{"hostPort":0},{},{"hostPort":80}]}],"initContainers":[{"ports":[{"hostPort":81}]}]}"#
        ),
        "spec.initContainers[0].ports[0].hostPort is forbidden, forbidden values found: 81, \
         spec.containers[0].ports[2].hostPort is forbidden, forbidden values found: 80"
    );
}

#[test]
fn hosts_of_probes_and_handlers() {
    let with = |container: &str| {
        said(
            "hostProbesAndHostLifecycle",
            "v1.19",
            &format!(r#"{{"kind":"Pod","spec":{{"containers":[{container}]}}}}"#),
        )
    };
    for bad in [
        r#"{"livenessProbe":{"httpGet":{"host":"h"}}}"#,
        r#"{"startupProbe":{"tcpSocket":{"host":"h"}}}"#,
        r#"{"lifecycle":{"preStop":{"httpGet":{"host":"h"}}}}"#,
    ] {
        assert_eq!(with(bad), "(Forbidden reason: probe or lifecycle host, field error list: [])", "{bad}");
    }
    for good in [r#"{"readinessProbe":{"httpGet":{"host":""}}}"#, r#"{"lifecycle":{"postStart":{"exec":{}}}}"#] {
        assert_eq!(with(good), "", "{good}");
    }
}

#[test]
fn privileged_and_proc_mount() {
    let spec = contained(r#"{"privileged":true,"procMount":"Unmasked"}"#);
    let field = "spec.containers[0].securityContext";
    assert_eq!(errors("privileged", &spec), format!("{field}.privileged is forbidden, forbidden values found: true"));
    assert_eq!(errors("procMount", &spec), format!("{field}.procMount is forbidden, forbidden values found: Unmasked"));
    assert_eq!(errors("procMount", &contained(r#"{"procMount":"Default"}"#)), "");
}

#[test]
fn volumes() {
    let spec = r#"{"volumes":[{"hostPath":{"path":"/a"}},{"emptyDir":{}},{"emptyDir":null},{"nfs":{},"iscsi":{}},
        {"hostPath":{},"secret":{}}]}"#;
    assert_eq!(
        errors("hostPathVolumes", spec),
        "spec.volumes[0].hostPath is forbidden, forbidden values found: /a, spec.volumes[4].hostPath: Forbidden"
    );
    assert_eq!(
        errors("restrictedVolumes", spec),
        "spec.volumes[0].hostPath: Forbidden, spec.volumes[2].unknown: Forbidden, spec.volumes[3].nfs: Forbidden"
    );
}

#[test]
fn run_as() {
    let field = "spec.containers[0].securityContext.runAsNonRoot";
    assert_eq!(errors("runAsNonRoot", r#"{"containers":[{}]}"#), format!("{field}: Required value"));
    assert_eq!(errors("runAsNonRoot", r#"{"securityContext":{"runAsNonRoot":true},"containers":[{}]}"#), "");
    assert_eq!(
        errors(
            "runAsNonRoot",
            r#"{"securityContext":{"runAsNonRoot":false},"containers":[{},{"securityContext":{"runAsNonRoot":false}}]}"#
        ),
        format!(
            "spec.securityContext.runAsNonRoot is forbidden, forbidden values found: false, \
             spec.containers[1].securityContext.runAsNonRoot is forbidden, forbidden values found: false, \
             {field}: Required value"
        )
    );
    assert_eq!(
        errors(
            "runAsUser",
            r#"{"securityContext":{"runAsUser":0},"containers":[{"securityContext":{"runAsUser":1}}]}"#
        ),
        "spec.securityContext.runAsUser is forbidden, forbidden values found: 0"
    );
}

#[test]
fn se_linux() {
    let spec = contained(r#"{"seLinuxOptions":{"type":"container_engine_t","role":"r","user":"u"}}"#);
    let pod = format!(r#"{{"kind":"Pod","spec":{spec}}}"#);
    let field = "spec.containers[0].securityContext.seLinuxOptions";
    let rest = format!(
        "{field}.user is forbidden, forbidden values found: u, {field}.role is forbidden, forbidden values found: r"
    );
    assert_eq!(errors("seLinuxOptions", &spec), rest);
    assert!(
        said("seLinuxOptions", "v1.30", &pod)
            .contains(&format!("{field}.type is forbidden, forbidden values found: container_engine_t, {rest}"))
    );
}

#[test]
fn seccomp() {
    let field = "spec.containers[0].securityContext.seccompProfile.type";
    let missing = r#"{"containers":[{}]}"#;
    assert_eq!(errors("seccompProfile_baseline", missing), "");
    assert_eq!(errors("seccompProfile_restricted", missing), format!("{field}: Required value"));
    // A bad profile hides the missing one.
    let bad = r#"{"containers":[{},{"securityContext":{"seccompProfile":{"type":"Unconfined"}}}]}"#;
    for id in ["seccompProfile_baseline", "seccompProfile_restricted"] {
        assert_eq!(
            errors(id, bad),
            "spec.containers[1].securityContext.seccompProfile.type is forbidden, forbidden values found: Unconfined"
        );
    }
    let pod = r#"{"securityContext":{"seccompProfile":{"type":"Localhost"}},"containers":[{}]}"#;
    assert_eq!(errors("seccompProfile_restricted", pod), "");
    let annotated = r#"{"kind":"Pod","metadata":{"annotations":{"seccomp.security.alpha.kubernetes.io/pod":"unconfined",
        "container.seccomp.security.alpha.kubernetes.io/c":"docker/default"}},"spec":{"containers":[{"name":"c"}]}}"#;
    assert!(said("seccompProfile_baseline", "v1.18", annotated).contains(
        "[spec.template.metadata.annotations[seccomp.security.alpha.kubernetes.io/pod] is forbidden, \
         forbidden values found: unconfined]"
    ));
    assert_eq!(said("seccompProfile_baseline", "v1.19", annotated), "");
}

#[test]
fn sysctls() {
    let pod = r#"{"kind":"Pod","spec":{"securityContext":{"sysctls":[{"name":"net.ipv4.tcp_syncookies"},
        {"name":"net.ipv4.tcp_rmem"},{"name":"net.ipv4.ip_local_reserved_ports"}]}}}"#;
    let error = |index: usize, name: &str| {
        format!("spec.securityContext.sysctls[{index}].name is forbidden, forbidden values found: {name}")
    };
    let (rmem, ports) = (error(1, "net.ipv4.tcp_rmem"), error(2, "net.ipv4.ip_local_reserved_ports"));
    assert_eq!(said("sysctls", "", pod), "");
    assert!(said("sysctls", "v1.31", pod).ends_with(&format!("[{rmem}])")));
    assert!(said("sysctls", "v1.26", pod).ends_with(&format!("[{rmem}, {ports}])")));
}

#[test]
fn windows_host_process() {
    assert_eq!(
        errors("windowsHostProcess", r#"{"securityContext":{"windowsOptions":{"hostProcess":true}}}"#),
        "spec.securityContext.windowsOptions.hostProcess is forbidden, forbidden values found: true"
    );
    assert_eq!(errors("windowsHostProcess", &contained(r#"{"windowsOptions":{"hostProcess":false}}"#)), "");
}

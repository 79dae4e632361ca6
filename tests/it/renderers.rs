//! The renderers that are programs, run by the real binary: stand-ins for helm and kustomize, and jsonnet.
//! The real ones are run by `tests/e2e/run renderers`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

use crate::gate::{GOOD, Gate};

/// A gate with a chart, and a script in helm's place.
fn with_helm(script: &str, more: &str) -> Gate {
    let gate = Gate::new()
        .file("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n")
        .file("values.yaml", "password: hunter2secret\n");
    let helm = gate.path("helm");
    gate.write("helm", format!("#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n"));
    fs::set_permissions(&helm, fs::Permissions::from_mode(0o755)).expect("works in a test");
    gate.config(&format!("policies: [{{path: policies}}]\ntools: {{helm: {{path: {}}}}}\n{more}", helm.display()))
}

fn print(object: &str) -> String {
    format!("cat <<'END'\n---\n# Source: web/templates/x.yaml\n{object}END\n")
}

#[test]
fn a_chart_is_judged_and_its_template_named() {
    let ran = with_helm(&print(GOOD), "").run();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("name: good"), "{}", ran.stdout);
    let ran = with_helm(&print("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\n"), "").run();
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("templates/x.yaml (rendered):"), "{}", ran.stderr);
}

#[test]
fn it_starts_confined() {
    let report = "read -r pid name state parent group rest < /proc/self/stat
        echo \"Error: core $(ulimit -c) data $(ulimit -d) file $(ulimit -f) leads its group $((group - $$))\" >&2; exit 1";
    let ran = with_helm(report, "").run();
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("core 0 data "), "{}", ran.stderr);
    // It has become helm: nothing of ours stands between.
    assert!(ran.stderr.contains("leads its group 0"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("unlimited"), "{}", ran.stderr);
}

#[test]
fn secrets_and_temporary_paths_stay_out_of_messages() {
    let ran = with_helm("echo \"Error: $PWD/x: hunter2secret $HOME\" >&2; exit 1", "")
        .environment("ARGOCD_APP_NAME", "shop")
        .environment("ARGOCD_ENV_TOKEN", "t0ken-of-a-plugin")
        .run();
    assert_eq!(ran.status, 2);
    assert_eq!(ran.stderr.trim_end(), "rendergate: this render cannot be made: helm: x: [redacted] home.");
    let again = with_helm("env >&2; exit 1", "").environment("ARGOCD_ENV_TOKEN", "t0ken-of-a-plugin").run();
    assert!(!again.stderr.contains("t0ken"), "{}", again.stderr);
}

#[test]
fn time_ends_it_with_all_it_started() {
    let started = Instant::now();
    let gate = with_helm("", "limits: {time: 1s}\n");
    let mark = gate.path("this-run").display().to_string();
    gate.write("helm", format!("#!/bin/sh\nPATH=/usr/bin:/bin\nMARKED={mark} sleep 600 & wait\n"));
    let ended = std::sync::atomic::AtomicBool::new(false);
    let (ran, seen) = std::thread::scope(|scope| {
        let watching = scope.spawn(|| {
            let mut seen = false;
            while !seen && !ended.load(std::sync::atomic::Ordering::SeqCst) {
                seen = runs(&mark);
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            seen
        });
        let ran = gate.run();
        ended.store(true, std::sync::atomic::Ordering::SeqCst);
        (ran, watching.join().expect("watches"))
    });
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("it took longer than 1s (limits.time)"), "{}", ran.stderr);
    if !seen {
        eprintln!("a slow machine: the time was over before what helm starts was seen");
    }
    while runs(&mark) {
        assert!(started.elapsed().as_secs() < 300, "what helm started lives on");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Whether there is a process with this mark in its environment.
fn runs(mark: &str) -> bool {
    let processes = fs::read_dir("/proc").expect("works in a test").flatten();
    let marked = format!("MARKED={mark}\0");
    processes.into_iter().any(|process| {
        let environment = fs::read(process.path().join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(&marked)
    })
}

#[test]
fn parameters_choose_and_never_loosen() {
    let parameters = |text: &str| with_helm(&print(GOOD), "").environment("ARGOCD_APP_PARAMETERS", text).run();
    assert_eq!(parameters(r#"[{"name":"helm.releaseName","string":"x"}]"#).status, 0);
    for name in ["enforcement", "exceptions", "limits.time", "tools.helm.path", "policies"] {
        let ran = parameters(&format!(r#"[{{"name":"{name}","string":"audit"}}]"#));
        assert_eq!(ran.status, 2);
        assert!(ran.stderr.contains("there is no such parameter"), "{}", ran.stderr);
    }
    let ran = parameters(r#"[{"name":"helm.valueFiles","array":["https://example.com/v.yaml"]}]"#);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("would be fetched over the network"), "{}", ran.stderr);
}

#[test]
fn what_is_announced() {
    let gate = with_helm("exit 1", "");
    let announce = || {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_rendergate"))
            .arg("announce")
            .arg(gate.app())
            .arg("--config")
            .arg(gate.path("gate.yaml"))
            .env_remove("ARGOCD_APP_SOURCE_PATH")
            .output()
            .expect("the binary runs");
        assert!(output.status.success());
        let list: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        list
    };
    let first = announce();
    assert_eq!(first[0]["name"], "rendergate-bundle");
    let text = first[0]["string"].as_str().unwrap_or_default();
    assert!(text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()), "{text}");
    let names: Vec<_> = first.as_array().into_iter().flatten().filter_map(|a| a["name"].as_str()).collect();
    assert!(names.contains(&"helm.valueFiles") && !names.iter().any(|n| n.starts_with("kustomize.")), "{names:?}");
    gate.write("policies/team.yaml", crate::gate::TEAM.replace("A team", "Any team"));
    assert_ne!(announce()[0]["string"], first[0]["string"], "another policy is another digest");
}

#[cfg(feature = "jsonnet")]
#[test]
fn jsonnet_is_evaluated_with_its_parameters() {
    let ran = Gate::new()
        .file(
            "a.jsonnet",
            "{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: std.extVar('n'), labels: { team: 'a' } } }",
        )
        .environment("ARGOCD_APP_PARAMETERS", r#"[{"name":"directory.jsonnet.extVars","map":{"n":"made"}}]"#)
        .run();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("name: made"), "{}", ran.stdout);
}

#[cfg(feature = "jsonnet")]
#[test]
fn jsonnet_without_end_is_ended() {
    let ran = Gate::new()
        .file("a.jsonnet", "std.foldl(function(a, b) a + b, std.range(1, 2000000000), 0)")
        .config("policies: [{path: policies}]\nlimits: {time: 1s}\n")
        .run();
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("it took longer than 1s (limits.time)"), "{}", ran.stderr);
    let ran = Gate::new()
        .file("a.jsonnet", "local f(s) = f(s + s); f('0123456789')")
        .config("policies: [{path: policies}]\nlimits: {time: 20s}\n")
        .run();
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("jsonnet"), "{}", ran.stderr);
}

#[cfg(feature = "jsonnet")]
#[test]
fn jsonnet_may_nest_deep() {
    let ran = Gate::new()
        .file(
            "a.jsonnet",
            "local f(n) = if n == 0 then 0 else 1 + f(n - 1);\n\
            { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'n-' + f(400), labels: { team: 'a' } } }",
        )
        .run();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("name: n-400"), "{}", ran.stdout);
}

#[cfg(feature = "jsonnet")]
#[test]
fn jsonnet_reads_nothing_of_the_disk() {
    for path in ["/etc/hostname", "../../../../../../etc/hostname", "../secret.txt"] {
        let gate = Gate::new().file("a.jsonnet", format!("{{ a: importstr '{path}' }}"));
        gate.write("secret.txt", "s3cret");
        let ran = gate.run();
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{path}");
        assert!(!ran.stderr.contains("s3cret"), "{}", ran.stderr);
    }
}

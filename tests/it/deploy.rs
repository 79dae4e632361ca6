//! What `plugin.yaml`, `deploy/` and `policies/` promise, as kustomize builds it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use rendergate::document::{Value, yaml};

#[test]
fn the_plugin_is_named_and_not_discovered() {
    let text = read("plugin.yaml");
    assert_eq!(text, read("deploy/argocd-standard/plugin.yaml"), "kustomize cannot reach the copy at the top");
    assert_eq!(read("deploy/argocd/config.yaml"), read("deploy/argocd-standard/config.yaml"), "nor another folder's");
    let plugin = documents(&text).remove(0);
    assert_eq!(plugin.str_at(&["metadata", "name"]), Some("rendergate@v1"));
    assert_eq!(plugin.at(&["spec", "version"]), None, "Argo CD would call it rendergate@v1-VERSION");
    assert_eq!(plugin.at(&["spec", "discover"]), None, "discovery fails open");
    let application = documents(&read("deploy/example/application.yaml")).remove(0);
    assert_eq!(application.str_at(&["spec", "source", "plugin", "name"]), Some("rendergate@v1"));
}

#[test]
fn the_component_adds_a_hardened_native_sidecar() {
    let Some(objects) = installed("deploy/argocd") else { return };
    let sidecar = sidecar(&objects);
    assert_eq!(strings(sidecar.get("command")), ["rendergate", "cmp-server"]);
    assert!(!objects.iter().any(|o| o.str_at(&["metadata", "name"]).is_some_and(|n| n.contains("plugin"))));
}

#[test]
fn the_standard_mode_runs_under_argo_cds_own_server() {
    let Some(objects) = installed("deploy/argocd-standard") else { return };
    let sidecar = sidecar(&objects);
    assert_eq!(strings(sidecar.get("command")), ["/var/run/argocd/argocd-cmp-server"]);
    assert!(strings(sidecar.get("args")).is_empty(), "arguments of the other mode");
    let mounts = sidecar.get("volumeMounts").and_then(Value::as_list).expect("mounts");
    let paths: Vec<_> = mounts.iter().filter_map(|m| m.str_at(&["mountPath"])).collect();
    for path in ["/var/run/argocd", "/home/argocd/cmp-server/config", "/etc/rendergate/config", "/tmp"] {
        assert!(paths.contains(&path), "{path} is not mounted");
    }
    assert_eq!(config_map(&objects, "rendergate-plugin", "plugin.yaml"), read("plugin.yaml"));
}

/// With its own default, Argo CD answers with an earlier render while a plugin fails for the first times.
#[test]
fn the_first_failing_render_is_remembered() {
    for component in ["deploy/argocd", "deploy/argocd-standard"] {
        let Some(objects) = installed(component) else { return };
        let server = objects.iter().find(|o| o.str_at(&["kind"]) == Some("Deployment")).expect("the Deployment");
        let containers = server.at(&["spec", "template", "spec", "containers"]).and_then(Value::as_list);
        let env = containers.and_then(|c| c.first()).and_then(|c| c.at(&["env"])).and_then(Value::as_list);
        let pairs: Vec<_> =
            env.expect("variables").iter().map(|e| (e.str_at(&["name"]), e.str_at(&["value"]))).collect();
        assert!(pairs.contains(&(Some("ARGOCD_PAUSE_GEN_AFTER_FAILED_ATTEMPTS"), Some("1"))), "{component}: {pairs:?}");
    }
}

/// A repo-server with a component of ours; `None`, said aloud, when there is no kubectl.
fn installed(component: &str) -> Option<Vec<Value>> {
    let folder = tempfile::tempdir().expect("a folder");
    let copyutil = "{name: copyutil, image: argocd}";
    let deployment = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: argocd-repo-server}}\nspec:\n  template:\n    spec:\n      \
         initContainers: [{copyutil}]\n      containers: [{{name: argocd-repo-server, image: argocd}}]\n      \
         volumes: [{{name: var-files, emptyDir: {{}}}}, {{name: plugins, emptyDir: {{}}}}]\n"
    );
    fs::write(folder.path().join("repo-server.yaml"), deployment).expect("a file");
    // kustomize takes folders by relative path only.
    let up = "../".repeat(folder.path().canonicalize().expect("a path").components().count() - 1);
    let component = format!("{up}{}", root().join(component).to_string_lossy().trim_start_matches('/'));
    let kustomization = format!("namespace: argocd\nresources: [repo-server.yaml]\ncomponents: [{component}]\n");
    fs::write(folder.path().join("kustomization.yaml"), kustomization).expect("a file");
    kustomize(folder.path())
}

/// The sidecar, held to what is true of it in both modes.
fn sidecar(objects: &[Value]) -> &Value {
    let pod = one(objects, "Deployment", "argocd-repo-server").at(&["spec", "template", "spec"]).expect("a Pod spec");
    let init = pod.get("initContainers").and_then(Value::as_list).expect("init containers");
    let names: Vec<_> = init.iter().map(|c| c.str_at(&["name"]).unwrap_or_default()).collect();
    assert_eq!(names, ["copyutil", "rendergate"], "argocd-cmp-server must be there before the sidecar starts");
    let sidecar = &init[1];
    assert_eq!(sidecar.str_at(&["restartPolicy"]), Some("Always"));
    assert!(sidecar.at(&["startupProbe", "exec", "command"]).is_some());
    let security = sidecar.get("securityContext").expect("a security context");
    assert_eq!(security.get("runAsUser"), Some(&Value::Int(999)));
    assert_eq!(security.get("runAsNonRoot"), Some(&Value::Bool(true)));
    assert_eq!(security.get("readOnlyRootFilesystem"), Some(&Value::Bool(true)));
    assert_eq!(security.get("allowPrivilegeEscalation"), Some(&Value::Bool(false)));
    assert_eq!(security.get("privileged"), Some(&Value::Bool(false)));
    assert_eq!(security.at(&["capabilities", "drop"]), Some(&Value::list(vec![Value::string("ALL")])));

    let volumes = named(pod.get("volumes"));
    for mount in sidecar.get("volumeMounts").and_then(Value::as_list).expect("mounts") {
        let name = mount.str_at(&["name"]).expect("a mount names its volume");
        assert!(volumes.contains(name), "no volume {name}");
    }
    assert!(config_map(objects, "rendergate-config", "config.yaml").contains("kind: GateConfiguration"));
    assert!(config_map(objects, "rendergate-policies", "require-resource-limits.yaml").contains("ClusterPolicy"));
    sidecar
}

fn strings(list: Option<&Value>) -> Vec<&str> {
    list.and_then(Value::as_list).unwrap_or_default().iter().filter_map(Value::as_str).collect()
}

#[test]
fn the_webhook_starts_open_and_can_be_closed() {
    for (folder, fail) in [("deploy/webhook", "Ignore"), ("deploy/webhook-fail-closed", "Fail")] {
        let Some(objects) = kustomize(&root().join(folder)) else { return };
        let deployment = one(&objects, "Deployment", "rendergate-webhook");
        assert_eq!(deployment.at(&["spec", "replicas"]), Some(&Value::Int(2)));
        assert_eq!(
            one(&objects, "PodDisruptionBudget", "rendergate-webhook").at(&["spec", "minAvailable"]),
            Some(&Value::Int(1))
        );
        for kind in ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"] {
            let webhooks =
                one(&objects, kind, "rendergate").get("webhooks").and_then(Value::as_list).expect("webhooks");
            let policies: Vec<_> = webhooks.iter().map(|w| w.str_at(&["failurePolicy"]).unwrap_or_default()).collect();
            let argocd: &[&str] = if kind == "ValidatingWebhookConfiguration" { &["Ignore"] } else { &[] };
            assert_eq!(policies, [&[fail, "Ignore"], argocd].concat(), "{folder} {kind}");
            for webhook in webhooks {
                assert_eq!(webhook.str_at(&["clientConfig", "service", "name"]), Some("rendergate-webhook"));
                assert_eq!(webhook.str_at(&["sideEffects"]), Some("None"));
                if webhook.str_at(&["name"]) == Some("argocd.validate.rendergate.dev") {
                    continue;
                }
                let text = rendergate::document::json::to_string(webhook);
                for namespace in ["kube-system", "argocd", "rendergate"] {
                    assert!(text.contains(&format!("\"{namespace}\"")), "{namespace} is not excluded");
                }
            }
        }
    }
}

#[test]
fn the_starter_set_audits_and_one_overlay_enforces() {
    for (overlay, action) in [("audit", "Audit"), ("enforce", "Enforce")] {
        let Some(objects) = kustomize(&root().join("policies/overlays").join(overlay)) else { return };
        assert_eq!(objects.len(), 7);
        let mut validate = 0;
        for policy in &objects {
            for rule in policy.at(&["spec", "rules"]).and_then(Value::as_list).expect("rules") {
                if rule.get("validate").is_some() {
                    validate += 1;
                    assert_eq!(rule.str_at(&["validate", "failureAction"]), Some(action), "{policy:?}");
                }
            }
        }
        assert_eq!(validate, 5);
    }
}

/// Applications stand in a namespace that the other webhooks leave out.
#[test]
fn applications_in_argo_cds_own_namespace_are_admitted_by_the_webhook() {
    let configurations = documents(&read("deploy/webhook/webhooks.yaml"));
    let webhooks = one(&configurations, "ValidatingWebhookConfiguration", "rendergate").get("webhooks");
    let webhooks = webhooks.and_then(Value::as_list).expect("webhooks");
    let argocd = webhooks.iter().find(|w| w.str_at(&["name"]) == Some("argocd.validate.rendergate.dev")).expect("one");
    let selector = argocd.at(&["namespaceSelector", "matchExpressions"]).and_then(Value::as_list).expect("a selector");
    assert_eq!(selector[0].str_at(&["operator"]), Some("In"));
    assert_eq!(selector[0].get("values"), Some(&Value::list(vec![Value::string("argocd")])));
    let rule = argocd.get("rules").and_then(Value::as_list).expect("rules")[0].clone();
    let texts = |key: &str| rule.get(key).and_then(Value::as_list).expect("a list").to_vec();
    assert_eq!(texts("operations"), ["CREATE", "UPDATE"].map(Value::from));
    assert_eq!(texts("resources"), ["applications", "applicationsets", "appprojects"].map(Value::from));
}

#[test]
fn the_pack_for_argo_cds_kinds_is_added_by_a_component() {
    let folder = tempfile::tempdir().expect("a folder");
    let up = "../".repeat(folder.path().canonicalize().expect("a path").components().count() - 1);
    let here = |name: &str| format!("{up}{}", root().join(name).to_string_lossy().trim_start_matches('/'));
    let text = format!("resources: [{}]\ncomponents: [{}]\n", here("policies"), here("policies/argocd"));
    fs::write(folder.path().join("kustomization.yaml"), text).expect("a file");
    let Some(objects) = kustomize(folder.path()) else { return };
    let data = one(&objects, "ConfigMap", "rendergate-policies").get("data").and_then(Value::as_map).expect("data");
    assert_eq!(data.len(), 11);
    for name in
        ["applications-use-the-gate", "applicationsets-use-the-gate", "no-other-plugins", "projects-cannot-go-round"]
    {
        assert!(data.get(&format!("{name}.yaml")).is_some(), "{name} is not delivered");
        assert!(read("policies/README.md").contains(name), "{name}");
    }
}

#[test]
fn every_policy_folder_is_delivered_and_has_a_suite() {
    let folders: BTreeSet<String> = fs::read_dir(root().join("policies"))
        .expect("policies is readable")
        .map(|entry| entry.expect("policies is readable"))
        .filter(|entry| entry.path().join("policy.yaml").exists())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(folders.len(), 7);
    for folder in &folders {
        assert!(root().join("policies").join(folder).join(".kyverno-test/kyverno-test.yaml").exists(), "{folder}");
        assert!(read("policies/README.md").contains(folder.as_str()), "{folder}");
    }
    let Some(objects) = kustomize(&root().join("policies")) else { return };
    let data = one(&objects, "ConfigMap", "rendergate-policies").get("data").and_then(Value::as_map).expect("data");
    let delivered: BTreeSet<String> = data.keys().map(|k| k.trim_end_matches(".yaml").to_owned()).collect();
    assert_eq!(delivered, folders);
}

#[test]
fn the_example_application_builds() {
    let Some(objects) = kustomize(&root().join("deploy/example")) else { return };
    one(&objects, "Application", "storefront");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).expect("a project file is readable")
}

fn documents(text: &str) -> Vec<Value> {
    yaml::read(text, &yaml::Limits::default()).expect("YAML").into_iter().map(|d| d.value).collect()
}

/// What `kubectl kustomize` makes of a folder; `None`, said aloud, when there is no kubectl.
fn kustomize(folder: &Path) -> Option<Vec<Value>> {
    let output = match Command::new("kubectl").arg("kustomize").arg(folder).output() {
        Ok(output) => output,
        Err(error) => {
            eprintln!("{} was not built: kubectl: {error}", folder.display());
            return None;
        }
    };
    assert!(output.status.success(), "{}: {}", folder.display(), String::from_utf8_lossy(&output.stderr));
    Some(documents(&String::from_utf8_lossy(&output.stdout)))
}

fn one<'a>(objects: &'a [Value], kind: &str, name: &str) -> &'a Value {
    let found = objects.iter().find(|o| {
        o.str_at(&["kind"]) == Some(kind) && o.str_at(&["metadata", "name"]).is_some_and(|n| n.starts_with(name))
    });
    found.unwrap_or_else(|| panic!("no {kind} {name}"))
}

fn config_map(objects: &[Value], name: &str, key: &str) -> String {
    one(objects, "ConfigMap", name).at(&["data", key]).and_then(Value::as_str).expect("the key").to_owned()
}

fn named(items: Option<&Value>) -> BTreeSet<&str> {
    items.and_then(Value::as_list).unwrap_or_default().iter().filter_map(|i| i.str_at(&["name"])).collect()
}

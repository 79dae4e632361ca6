//! The policies for Argo CD's own kinds: what their suites say of every object is what the render of an
//! app-of-apps decides, and what admission decides of its CREATE; updates leave what is old in peace.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rendergate::document::{Value, json, yaml};

/// Object → rules of the pack that fail on it, with their policy.
type Failing = BTreeMap<String, BTreeSet<(String, String)>>;

fn pack() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/argocd")
}

fn documents(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("a file");
    yaml::read(&text, &yaml::Limits::default()).expect("YAML").into_iter().map(|d| d.value).collect()
}

/// The pack's policies, by folder.
fn folders() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(pack())
        .expect("the pack")
        .map(|entry| entry.expect("the pack").path())
        .filter(|path| path.join("policy.yaml").exists())
        .collect();
    all.sort();
    all
}

/// Objects of all suites, and what the suites expect to fail.
fn suites() -> (Vec<Value>, Failing) {
    let (mut objects, mut failing) = (Vec::new(), Failing::new());
    for folder in folders() {
        objects.extend(documents(&folder.join(".kyverno-test/resources.yaml")));
        for result in documents(&folder.join(".kyverno-test/kyverno-test.yaml"))[0]
            .get("results")
            .and_then(Value::as_list)
            .expect("results")
        {
            let text = |key: &str| result.str_at(&[key]).expect("text").to_owned();
            for resource in result.get("resources").and_then(Value::as_list).expect("resources") {
                let object = format!("{}/{}", text("kind"), resource.as_str().expect("a name"));
                if text("result") == "fail" {
                    failing.entry(object).or_default().insert((text("policy"), text("rule")));
                }
            }
        }
    }
    (objects, failing)
}

fn identity(object: &Value) -> String {
    let text = |keys: &[&str]| object.str_at(keys).unwrap_or_default();
    format!("{}/{}/{}", text(&["kind"]), text(&["metadata", "namespace"]), text(&["metadata", "name"]))
}

fn write_gate(folder: &Path, rest: &str) {
    let text = format!(
        "apiVersion: rendergate.dev/v1alpha1\nkind: GateConfiguration\npolicies: [{{path: {}}}]\nminimumPolicies: 4\n{rest}",
        pack().display()
    );
    fs::write(folder.join("gate.yaml"), text).expect("a file");
}

fn generate(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rendergate"));
    command.args(["generate", "tree", "--config", "gate.yaml"]).current_dir(folder);
    for (variable, _) in std::env::vars().filter(|(name, _)| name.starts_with("ARGOCD_")) {
        command.env_remove(variable);
    }
    command
}

#[test]
fn the_render_of_an_app_of_apps_finds_every_way_round() {
    let (objects, expected) = suites();
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("tree")).expect("a folder");
    for (n, object) in objects.iter().enumerate() {
        fs::write(folder.path().join(format!("tree/{n:03}.json")), json::to_string(object)).expect("a file");
    }
    write_gate(folder.path(), "enforcement: enforce\n");
    let output = generate(folder.path()).args(["--report", "report.json"]).output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report = json::parse(&fs::read(folder.path().join("report.json")).expect("a report")).expect("JSON");
    let list = |key: &str| report.get(key).and_then(Value::as_list).expect("a list").to_vec();
    assert!(list("deferred").is_empty(), "everything is decided at the render");
    let mut found = Failing::new();
    for finding in list("findings") {
        let text = |keys: &[&str]| finding.str_at(keys).unwrap_or_default().to_owned();
        assert_eq!(
            (text(&["result"]).as_str(), finding.get("blocks")),
            ("fail", Some(&Value::Bool(true))),
            "{finding:?}"
        );
        let object =
            text(&["object", "kind"]) + "/" + &text(&["object", "namespace"]) + "/" + &text(&["object", "name"]);
        found.entry(object).or_default().insert((text(&["policy"]), text(&["rule"])));
    }
    assert_eq!(found, expected);
    assert!(expected.len() >= 30 && objects.len() - expected.len() >= 15, "both answers occur");
}

#[test]
fn a_child_that_goes_round_the_gate_reads_so_in_its_parent() {
    let (objects, _) = suites();
    let child = |name: &str| objects.iter().find(|o| identity(o) == format!("Application/argocd/{name}")).expect("it");
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("tree")).expect("a folder");
    write_gate(folder.path(), "");
    let run = |name: &str| {
        fs::write(folder.path().join("tree/child.json"), json::to_string(child(name))).expect("a file");
        let output = generate(folder.path()).output().expect("the binary runs");
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    assert_eq!(run("gated").0, Some(0));
    assert_eq!(
        run("other-plugin"),
        (
            Some(1),
            "rendergate: 1 violation of 1 policy blocks this render. [applications-use-the-gate/source] Application \
             argocd/other-plugin: The source of an Application must name the plugin rendergate@v1 \
             (spec.source.plugin.name). (child.json:1)\n"
                .to_owned()
        )
    );
}

#[cfg(feature = "webhook")]
mod admission {
    use super::*;
    use crate::doors_agree::{denied, review};
    use crate::webhook_process::Process;

    #[test]
    fn admission_finds_every_way_round() {
        let (objects, expected) = suites();
        let folder = tempfile::tempdir().expect("a folder");
        write_gate(folder.path(), "enforcement: enforce\n");
        let webhook = Process::start(folder.path());
        for object in &objects {
            let response = webhook.ask("/validate/fail", &review(object));
            let found: BTreeSet<(String, String)> = denied(&response)
                .into_iter()
                .flat_map(|(policy, rules)| rules.into_keys().map(move |rule| (policy.clone(), rule)))
                .collect();
            assert_eq!(found, expected.get(&identity(object)).cloned().unwrap_or_default(), "{}", identity(object));
        }
    }

    /// Argo CD's controller writes an Application's status by an UPDATE of the whole object.
    #[test]
    fn an_application_from_before_the_gate_can_be_updated_and_none_can_leave_it() {
        let (objects, _) = suites();
        let of = |name: &str| objects.iter().find(|o| identity(o) == format!("Application/argocd/{name}")).expect("it");
        let folder = tempfile::tempdir().expect("a folder");
        write_gate(folder.path(), "");
        let webhook = Process::start(folder.path());
        let update = |old: &Value, new: &Value| {
            let mut review = review(new);
            let request =
                review.as_map_mut().and_then(|r| r.get_mut("request")).and_then(Value::as_map_mut).expect("it");
            request.insert("operation", Value::from("UPDATE"));
            request.insert("oldObject", old.clone());
            webhook.ask("/validate/fail", &review).get("allowed") == Some(&Value::Bool(true))
        };
        for (old, new, allowed) in [
            ("plain", "plain", true),
            ("plain", "gated", true),
            ("gated", "plain", false),
            ("gated", "other-plugin", false),
            ("gated", "empty-plugin", false),
            ("gated", "many-one-plain", false),
            ("gated", "sync", true),
            ("gated", "sync-local", false),
            ("plain", "sync-local", false),
            ("gated", "rollback-gated", true),
            ("gated", "rollback-before-the-gate", false),
            ("gated", "said-to-run", false),
            ("gated", "ran", true),
        ] {
            assert_eq!(update(of(old), of(new)), allowed, "{old} becomes {new}");
        }
    }
}

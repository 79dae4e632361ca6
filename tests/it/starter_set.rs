//! The starter set's own suites, and what they cannot say.

use std::process::{Command, Output};

use rendergate::document::{Value, json};

#[test]
fn every_suite_passes() {
    let output = rendergate(&["test", "policies", "--remove-color"]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let summary = text.lines().find(|l| l.starts_with("Test Summary: ")).expect("a summary");
    let counts: Vec<usize> = summary.split(' ').filter_map(|word| word.parse().ok()).collect();
    let [passed, failed] = counts[..] else { panic!("{summary}") };
    assert!(passed >= 40 && failed == 0, "{summary}");
}

#[test]
fn a_namespace_without_a_team_generates_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let namespace = |name: &str, labels: &str| {
        format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {labels}}}\n")
    };
    let generated = |text: &str| {
        std::fs::write(folder.path().join("namespace.yaml"), text).expect("a file");
        let tree = folder.path().to_str().expect("a path");
        let output = rendergate(&["generate", tree, "--policy", "policies/namespace-guardrails", "--output", "json"]);
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).expect("text");
        let objects = text.lines().map(|line| json::parse(line.as_bytes()).expect("JSON"));
        objects.map(|o| o.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(
        generated(&namespace("shop", "{team: a}")),
        ["Namespace", "ResourceQuota", "LimitRange", "NetworkPolicy"]
    );
    assert_eq!(generated(&namespace("nobodys", "{}")), ["Namespace"]);
    assert_eq!(generated(&namespace("empty", "{team: ''}")), ["Namespace"]);
}

fn rendergate(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rendergate"));
    command.args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("ARGOCD_APP_NAME");
    command.output().expect("the binary runs")
}

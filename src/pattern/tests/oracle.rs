//! Recorded answers of Kyverno against this room alone: rules of one `pattern` or `anyPattern`
//! without variables.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;
use crate::document::{json, yaml};

fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("RENDERGATE_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")), PathBuf::from);
    let path = root.join(path);
    path.exists().then_some(path)
}

fn documents(path: &std::path::Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    let limits = yaml::Limits { alias_nodes: 1_000_000, ..yaml::Limits::default() };
    yaml::read(&text, &limits).unwrap().into_iter().map(|d| d.value).collect()
}

/// Result and message of a rule as Kyverno composes them; `None` when the rule is not a plain pattern.
/// On its way through JSON `5.0` in a policy became the integer 5.
fn answer(validate: &Value, resource: &Value) -> Option<(&'static str, String)> {
    let message = validate.str_at(&["message"]).unwrap_or_default();
    let prefix = match message {
        "" => "validation error: ".to_owned(),
        m if m.ends_with('.') => format!("validation error: {m} "),
        m => format!("validation error: {m}. "),
    };
    if let Some(pattern) = validate.get("pattern") {
        return Some(match Pattern::compile(&pattern.with_integers()).matches(resource) {
            Outcome::Matched => ("pass", "validation rule 'r' passed.".to_owned()),
            Outcome::Skipped(text) => ("skip", text),
            Outcome::Failed(failure) => ("fail", format!("{prefix}rule r failed at path {}", failure.path)),
            Outcome::Error(text) => ("error", format!("{prefix}rule r execution error: {text}")),
        });
    }
    let entries = validate.get("anyPattern")?.as_list()?;
    let (mut failures, mut skips) = (Vec::new(), Vec::new());
    for (i, entry) in entries.iter().enumerate() {
        match Pattern::compile_any(entry).matches(resource) {
            Outcome::Matched => return Some(("pass", format!("validation rule 'r' anyPattern[{i}] passed."))),
            Outcome::Skipped(text) => skips.push(format!("rule r[{i}] skipped: {text}")),
            Outcome::Failed(failure) => failures.push(format!("rule r[{i}] failed at path {}", failure.path)),
            Outcome::Error(text) => failures.push(format!("rule r[{i}] failed: {text}")),
        }
    }
    Some(match failures.is_empty() {
        true => ("skip", skips.join(" ")),
        false => ("fail", format!("{prefix}{}", failures.join(" "))),
    })
}

fn run(family: &str, results_floor: f64, messages_floor: f64) {
    let Some(folder) = shared(&format!("oracle/probes/{family}")) else {
        eprintln!("skipped: no recorded answers for {family}");
        return;
    };
    let resources: BTreeMap<String, Value> = documents(&folder.join("resources.yaml"))
        .into_iter()
        .map(|r| (r.str_at(&["metadata", "name"]).unwrap().to_owned(), r.with_floats()))
        .collect();
    let policies: BTreeMap<String, Value> = documents(&folder.join("policies.yaml"))
        .into_iter()
        .map(|p| (p.str_at(&["metadata", "name"]).unwrap().to_owned(), p))
        .collect();
    let (mut total, mut results, mut messages, mut foreign) = (0_u32, 0_u32, 0_u32, 0_u32);
    for line in std::fs::read_to_string(folder.join("expected.jsonl")).unwrap().lines() {
        let expected = json::parse(line.as_bytes()).unwrap();
        let text = |key| expected.str_at(&[key]).unwrap_or_default();
        let resource = &resources[text("resource").rsplit('/').next().unwrap()];
        let rule = &policies[text("policy")].at(&["spec", "rules"]).and_then(Value::as_list).unwrap()[0];
        let Some((result, message)) = answer(rule.get("validate").unwrap(), resource) else {
            foreign += 1;
            continue;
        };
        total += 1;
        let equal = result == text("result");
        results += u32::from(equal);
        messages += u32::from(equal && message == text("message"));
        if !(equal && message == text("message")) {
            eprintln!("{line}\n   here: {result} {message}");
        }
    }
    let share = |n: u32| f64::from(n) / f64::from(total.max(1));
    eprintln!(
        "{family}: results {:.4}, messages {:.4} of {total}; not plain patterns: {foreign}",
        share(results),
        share(messages)
    );
    assert!(total > 0 && share(results) >= results_floor && share(messages) >= messages_floor);
}

#[test]
fn scalars() {
    run("pattern-scalar", 0.995, 0.98);
}

#[test]
fn anchors() {
    run("pattern-anchor", 0.995, 0.98);
}

#[test]
fn trees() {
    run("pattern-tree", 0.995, 0.98);
}

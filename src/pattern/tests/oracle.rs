//! Recorded answers of Kyverno against this room alone: rules of one `pattern` or `anyPattern`
//! without variables, and of one `deny` condition whose variables are a field or nothing.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::*;
use crate::document::{json, yaml};
use crate::pattern::condition::Operator;

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
    if let Some(deny) = validate.get("deny") {
        return denial(&deny.at(&["conditions", "any"])?.as_list()?[0], resource, message);
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

fn denial(condition: &Value, resource: &Value, message: &str) -> Option<(&'static str, String)> {
    let side = |name: &str| match resolve(condition.get(name).unwrap_or(&Value::Null), resource)? {
        Ok(value) => Some(Ok(value)),
        Err(text) => Some(Err(format!(
            "failed to check deny conditions: failed to substitute variables in condition {name}: {text}"
        ))),
    };
    let (key, value) = match (side("key")?, side("value")?) {
        (Ok(key), Ok(value)) => (key, value),
        (Err(text), _) | (_, Err(text)) => return Some(("error", text)),
    };
    let operator = Operator::parse(condition.str_at(&["operator"])?).unwrap();
    Some(match operator.evaluate(&key, &value).unwrap() {
        true => ("fail", message.to_owned()),
        false => ("pass", "validation rule 'r' passed.".to_owned()),
    })
}

/// `None` for an expression that needs more than a field.
fn resolve(side: &Value, resource: &Value) -> Option<Result<Value, String>> {
    let text = match side {
        Value::Int(_) | Value::Float(_) => return Some(Ok(side.with_floats())),
        Value::String(text) if text.contains("{{") => text,
        other => return Some(Ok(other.with_integers())),
    };
    let expression = text.strip_prefix("{{ ")?.strip_suffix(" }}")?;
    let (expression, default) = expression.split_once(" || `null`").map_or((expression, false), |(e, _)| (e, true));
    let path: Vec<&str> = expression.strip_prefix("request.object.")?.split('.').collect();
    if !path.iter().all(|key| key.bytes().all(|b| b.is_ascii_alphanumeric())) {
        return None;
    }
    let Some(value) = resource.at(&path) else {
        return Some(if default {
            Ok(Value::Null)
        } else {
            Err(format!(
                "failed to resolve {expression} at path : JMESPath query failed: Unknown key {:?} in path",
                path.last()?
            ))
        });
    };
    let falsy = match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        Value::Bool(true) | Value::Int(_) | Value::Float(_) => false,
    };
    Some(Ok(if default && falsy { Value::Null } else { value.clone() }))
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

#[test]
fn deny_conditions() {
    run("deny-conditions", 0.995, 0.98);
}

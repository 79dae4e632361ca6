//! Conditions that are incomplete or cannot mean anything (rows 49–51).

use crate::document::{Str, Value};

use super::{Checked, Violation};

/// The operators Kyverno knows; here their case counts.
const OPERATORS: [&str; 18] = [
    "AllIn",
    "AllNotIn",
    "AnyIn",
    "AnyNotIn",
    "DurationGreaterThan",
    "DurationGreaterThanOrEquals",
    "DurationLessThan",
    "DurationLessThanOrEquals",
    "Equal",
    "Equals",
    "GreaterThan",
    "GreaterThanOrEquals",
    "In",
    "LessThan",
    "LessThanOrEquals",
    "NotEqual",
    "NotEquals",
    "NotIn",
];

const OPERATIONS: [&str; 4] = ["CREATE", "UPDATE", "DELETE", "CONNECT"];

/// A place in Kyverno's words, and what is wrong there.
type Found = (String, String);

/// Rows 49 to 51.
pub(super) fn check(rule: &Checked<'_>) -> Result<(), Violation> {
    let part = |keys: &[&str]| rule.value.at(keys).unwrap_or(&Value::Null);
    let refuse = |keys: &[&str], (path, text): Found| {
        Err(rule.violation(keys, format!("path: spec.rules[{}].{path}: {text}", rule.index)))
    };
    let preconditions = part(&["preconditions"]);
    if let Err((path, text)) =
        complete(preconditions, "preconditions").and_then(|()| known(preconditions, "preconditions"))
    {
        return refuse(&["preconditions"], (format!("validate.{path}"), text));
    }
    let deny = part(&["validate", "deny", "conditions"]);
    if let Err((path, text)) = complete(deny, "conditions").and_then(|()| known(deny, "conditions")) {
        return refuse(&["validate", "deny", "conditions"], (format!("validate.deny.{path}"), text));
    }
    for (kind, deny) in [("validate", true), ("mutate", false)] {
        if let Err((path, text)) = for_each(part(&[kind, "foreach"]), &format!("{kind}.foreach"), deny, 0) {
            return refuse(&[kind, "foreach"], (path, text));
        }
    }
    for image in part(&["verifyImages"]).as_list().unwrap_or_default() {
        for attestation in image.get("attestations").and_then(Value::as_list).unwrap_or_default() {
            for block in attestation.get("conditions").and_then(Value::as_list).unwrap_or_default() {
                if let Err((path, text)) = known(block, "conditions") {
                    return refuse(&["verifyImages"], (format!("verifyImages.attestations.{path}"), text));
                }
            }
        }
        let deny = image.at(&["validate", "deny", "conditions"]).unwrap_or(&Value::Null);
        if let Err((path, text)) = complete(deny, "conditions").and_then(|()| known(deny, "conditions")) {
            return refuse(&["verifyImages"], (format!("imageVerify.validate.deny.{path}"), text));
        }
    }
    Ok(())
}

fn for_each(entries: &Value, schema: &str, deny: bool, depth: usize) -> Result<(), Found> {
    if depth > super::super::lower::MAX_FOREACH_DEPTH {
        return Ok(());
    }
    for entry in entries.as_list().unwrap_or_default() {
        let preconditions = entry.get("preconditions").unwrap_or(&Value::Null);
        known(preconditions, "conditions").map_err(|(path, text)| (format!("{schema}.{path}"), text))?;
        if deny {
            let conditions = entry.at(&["deny", "conditions"]).unwrap_or(&Value::Null);
            known(conditions, "conditions").map_err(|(path, text)| (format!("{schema}.deny.{path}"), text))?;
        }
        let nested = entry.get("foreach").unwrap_or(&Value::Null);
        for_each(nested, schema, deny, depth + 1).map_err(|(path, text)| (format!("{schema}.{path}"), text))?;
    }
    Ok(())
}

/// The conditions of a block, each with its place.
fn each<'v>(conditions: &'v Value, schema: &str) -> Vec<(String, &'v Value)> {
    match conditions {
        Value::List(items) => items.iter().enumerate().map(|(i, c)| (format!("{schema}[{i}]"), c)).collect(),
        Value::Map(_) => ["any", "all"]
            .into_iter()
            .flat_map(|form| {
                let items = conditions.get(form).and_then(Value::as_list).unwrap_or_default();
                items.iter().enumerate().map(move |(i, c)| (format!("{schema}.{form}[{i}]"), c))
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Row 49 and 51: key, value and operator are there; a comparison with the operation names operations.
fn complete(conditions: &Value, schema: &str) -> Result<(), Found> {
    for (place, condition) in each(conditions, schema) {
        let field = |key: &str| condition.get(key).filter(|v| !v.is_null());
        let operator = condition.str_at(&["operator"]).unwrap_or_default();
        let (Some(key), Some(value), false) = (field("key"), field("value"), operator.is_empty()) else {
            let text = "entered value of `key`, `value` or `operator` is missing or misspelled";
            return Err((format!("{place}."), text.to_owned()));
        };
        if key.as_str().is_some_and(|k| k.replace(' ', "") == "{{request.operation}}") {
            operations(value).map_err(|(path, text)| (format!("{place}.{path}"), text))?;
        }
    }
    Ok(())
}

fn operations(value: &Value) -> Result<(), Found> {
    let unknown = |path: String, text: &Str| {
        let message = format!(
            "unknown value '{text}' found under the 'value' field. Only the following values are allowed: [CREATE, UPDATE, DELETE, CONNECT]"
        );
        Err((path, message))
    };
    match value {
        Value::String(text) => {
            let variable = text.len() >= 4 && text.starts_with("{{") && text.ends_with("}}");
            if variable || OPERATIONS.contains(&text.as_str()) { Ok(()) } else { unknown(format!("value: {text}"), text) }
        }
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                let path = format!("value[{index}]");
                match item {
                    Value::String(text) if OPERATIONS.contains(&text.as_str()) => {}
                    Value::String(text) => return unknown(path, text),
                    _ => {
                        let text = format!("'{path}' found to be no string. The provided values are expected to be strings");
                        return Err((path, text));
                    }
                }
            }
            Ok(())
        }
        _ => Err((
            "value".to_owned(),
            "'value' field found to be neither a string nor a list. The provided value/values are expected to be either in the form of a string or list".to_owned(),
        )),
    }
}

/// Row 50.
fn known(conditions: &Value, schema: &str) -> Result<(), Found> {
    for (place, condition) in each(conditions, schema) {
        let operator = condition.str_at(&["operator"]).unwrap_or_default();
        if !OPERATORS.contains(&operator) {
            let valid: Vec<String> = OPERATORS.iter().map(|o| format!("{o:?}")).collect();
            let text = format!("entered value of `operator` is invalid. valid values: [{}]", valid.join(" "));
            return Err((format!("{place}."), text));
        }
    }
    Ok(())
}

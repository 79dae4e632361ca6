//! Textual replacements: expressions that speak of the Pod come to speak of its template.

use std::borrow::Cow;

use crate::document::{Map, Value};

/// Rewrites every text and key: `request.object.spec` becomes `request.object.TEMPLATE.spec` and so
/// on, four passes in Kyverno's order. In CEL rules `object` stands without `request.`.
pub(super) fn shift_fields(value: &Value, template: &str, cel: bool) -> Value {
    let prefix = if cel { "" } else { "request." };
    let mut passes = Vec::with_capacity(4);
    for field in ["spec", "metadata"] {
        for object in ["object", "oldObject"] {
            let from = format!("{prefix}{object}.{field}");
            passes.push((from, format!("{prefix}{object}.{template}.{field}")));
        }
    }
    everywhere(value, &passes)
}

fn everywhere(value: &Value, passes: &[(String, String)]) -> Value {
    match value {
        Value::String(text) => match replaced(text, passes) {
            Cow::Borrowed(_) => value.clone(),
            Cow::Owned(text) => text.into(),
        },
        Value::List(items) => Value::list(items.iter().map(|v| everywhere(v, passes)).collect()),
        Value::Map(map) => {
            let entry = |(k, v): (&crate::document::Str, &Value)| (replaced(k, passes).into(), everywhere(v, passes));
            Value::map(map.iter().map(entry).collect::<Map>())
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => value.clone(),
    }
}

fn replaced<'t>(text: &'t str, passes: &[(String, String)]) -> Cow<'t, str> {
    let mut text = Cow::Borrowed(text);
    for (from, to) in passes {
        if text.contains(from.as_str()) {
            text = text.replace(from.as_str(), to).into();
        }
    }
    text
}

/// Moves the `$(…)` references of a message under the template: `pivot` gains `/shift`.
pub(super) fn shift_references(message: &str, shift: &str, pivot: &str) -> String {
    let mut out = message.to_owned();
    let mut pivot = pivot.to_owned();
    for reference in references(message) {
        if pivot == "anyPattern"
            && let Some(index) = reference.split_once("anyPattern/").and_then(|(_, rest)| rest.split('/').next())
        {
            pivot = format!("anyPattern/{index}");
        }
        out = out.replacen(reference, &reference.replace(&pivot, &format!("{pivot}/{shift}")), 1);
    }
    out
}

/// The references of a text: `$(`, at least one character, then no blank up to the last `)` before one.
fn references(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("$(")).map(|i| i + from) {
        let escaped = at > 0 && text.as_bytes().get(at - 1) == Some(&b'\\');
        let rest = text.get(at..).unwrap_or_default();
        let end = reference_end(rest);
        match end {
            Some(end) if !escaped => {
                found.extend(text.get(at..at + end));
                from = at + end;
            }
            _ => from = at + 2,
        }
    }
    found
}

/// The end of the reference `text` starts with.
fn reference_end(text: &str) -> Option<usize> {
    let first = text.get(2..)?.chars().next()?.len_utf8();
    let run = text.get(2 + first..)?;
    let run = run.split(' ').next().unwrap_or_default();
    run.rfind(')').map(|i| 2 + first + i + 1)
}

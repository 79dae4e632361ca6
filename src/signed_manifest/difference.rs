//! Where an object differs from a signed manifest, leaf by leaf, as Kyverno's library reports it.

use std::collections::{BTreeMap, BTreeSet};

use regex::{Regex, RegexSet};

use crate::document::json::number_text;
use crate::document::{Value, json};

/// One leaf that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The path, with dots.
    pub key: String,
    /// What was signed; null if it is absent.
    pub before: Value,
    /// What the object has; null if it is absent.
    pub after: Value,
}

/// The differences as messages quote them.
#[must_use]
pub fn text(differences: &[Difference]) -> String {
    let item = |d: &Difference| {
        let values = Value::from([("after", d.after.clone()), ("before", d.before.clone())]);
        Value::from([("key", d.key.as_str().into()), ("values", values)])
    };
    let items = Value::from([("items", Value::list(differences.iter().map(item).collect()))]);
    json::to_string_go(&items).unwrap_or_default()
}

/// Comparisons of list elements with each other that are made before giving up.
const MOST_COMPARISONS: usize = 1_000_000;

/// The leaves in which `object` differs from `manifest`, without the ignored ones.
///
/// # Errors
/// There are too many to compare.
pub fn differences(manifest: &Value, object: &Value, ignored: &[&RegexSet]) -> Result<Vec<Difference>, String> {
    let (before, after) = (leaves(manifest), leaves(object));
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let (mut changed, mut retyped) = (Vec::new(), Vec::new());
    for key in keys {
        let difference = |before: Value, after: Value| Difference { key: key.clone(), before, after };
        match (before.get(key), after.get(key)) {
            (Some(a), Some(b)) if std::mem::discriminant(a) != std::mem::discriminant(b) => {
                retyped.push(difference(typed(a).into(), typed(b).into()));
            }
            (Some(a), Some(b)) if a == b => {}
            (a, b) => changed.push(difference(a.cloned().unwrap_or_default(), b.cloned().unwrap_or_default())),
        }
    }
    let mut found = without_moves(changed)?;
    let is_empty = |value: &Value| value.as_str() == Some("");
    found.retain(|d| !(d.before.is_null() && is_empty(&d.after) || d.after.is_null() && is_empty(&d.before)));
    found.extend(retyped);
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found.retain(|d| !is_spelled_out_image(d) && !ignored.iter().any(|fields| fields.is_match(&d.key)));
    // The namespace may be left out of what is signed.
    found.retain(|d| !(d.key == "metadata.namespace" && d.before.is_null()));
    Ok(found)
}

/// How many leaves are the same.
pub(super) fn in_common(manifest: &Value, object: &Value) -> usize {
    let object = leaves(object);
    leaves(manifest).iter().filter(|(key, value)| object.get(*key) == Some(*value)).count()
}

/// Every leaf by its path; nulls and empty collections have none. Numbers are floats.
fn leaves(value: &Value) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    let mut open = vec![(String::new(), value.with_floats())];
    while let Some((path, value)) = open.pop() {
        let below = |step: &str| if path.is_empty() { step.to_owned() } else { format!("{path}.{step}") };
        match &value {
            Value::Null => {}
            Value::Map(map) => open.extend(map.iter().map(|(key, value)| (below(key), value.clone()))),
            Value::List(items) => {
                open.extend(items.iter().enumerate().map(|(i, item)| (below(&i.to_string()), item.clone())));
            }
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => {
                all.insert(path, value);
            }
        }
    }
    all
}

/// A value whose type differs, as Go prints it where text is expected.
fn typed(value: &Value) -> String {
    match value {
        Value::String(text) => format!("(type: string) {text}"),
        Value::Bool(value) => format!("(type: bool) %!s(bool={value})"),
        Value::Float(value) => format!("(type: float64) %!s(float64={})", number_text(*value)),
        other => format!("{other:?}"),
    }
}

/// Drops elements that only moved within a list: what is gone here is new there.
fn without_moves(found: Vec<Difference>) -> Result<Vec<Difference>, String> {
    let Ok(index) = Regex::new(r"\.\d+\.") else { return Ok(found) };
    let mut comparisons = 0_usize;
    let mut kept = Vec::with_capacity(found.len());
    for item in &found {
        let one_sided = item.before.is_null() || item.after.is_null();
        let mut moved = false;
        if one_sided && index.is_match(&item.key) {
            // A key that is no pattern meets nothing, as in the library.
            let pattern = Regex::new(&index.replace_all(&item.key, r"\.\d+\.")).ok();
            for other in pattern.iter().flat_map(|pattern| found.iter().map(move |other| (pattern, other))) {
                comparisons += 1;
                if comparisons > MOST_COMPARISONS {
                    return Err("the object differs in too many places to compare".to_owned());
                }
                let (pattern, other) = other;
                let gone = item.after.is_null() && other.before.is_null() && item.before == other.after;
                let new = item.before.is_null() && other.after.is_null() && item.after == other.before;
                if (gone || new) && pattern.is_match(&other.key) {
                    moved = true;
                    break;
                }
            }
        }
        if !moved {
            kept.push(item.clone());
        }
    }
    Ok(kept)
}

/// `nginx:1` that became `docker.io/nginx:1`, or `nginx` that became `nginx:latest`.
fn is_spelled_out_image(difference: &Difference) -> bool {
    match (difference.before.as_str(), difference.after.as_str()) {
        (Some(before), Some(after)) if difference.key.ends_with("image") => {
            after.strip_prefix("docker.io/") == Some(before) || after.strip_suffix(":latest") == Some(before)
        }
        _ => false,
    }
}

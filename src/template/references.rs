//! `$( )` references: from one leaf of a document to another, resolved at load (spec 30 §1.8).

use std::sync::LazyLock;

use regex::Regex;

use super::location::path_text;
use crate::document::path::Segment;
use crate::document::{Map, Str, Value};

static REFERENCE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\$\(.[^ ]*\)|[^\\]\$\(.[^ ]*\)").expect("a valid expression"));
static ESCAPED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\\\$\(.[^ )]*\)").expect("a valid expression"));
static RANGE: LazyLock<Regex> = LazyLock::new(|| {
    let end = r"[-|+]?\d+(?:\.\d+)?[A-Za-z]*";
    Regex::new(&format!("^{end}(!?-){end}$")).expect("a valid expression")
});

/// The value with every reference replaced and every `\$(…)` unescaped.
///
/// # Errors
/// The text of the first reference that cannot be resolved.
pub(super) fn resolve_all(value: &Value) -> Result<Value, String> {
    if !mentions_reference(value) {
        return Ok(value.clone());
    }
    Walk { document: value, at: Vec::new() }.value(value)
}

fn mentions_reference(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("$("),
        Value::List(items) => items.iter().any(mentions_reference),
        Value::Map(map) => map.iter().any(|(key, item)| key.contains("$(") || mentions_reference(item)),
        _ => false,
    }
}

struct Walk<'v> {
    document: &'v Value,
    at: Vec<Segment>,
}

impl Walk<'_> {
    fn value(&mut self, value: &Value) -> Result<Value, String> {
        match value {
            Value::String(text) if text.contains("$(") => self.text(text).map(Value::String),
            Value::List(items) if mentions_reference(value) => {
                let mut out = Vec::with_capacity(items.len());
                for (i, item) in items.iter().enumerate() {
                    self.at.push(i.into());
                    out.push(self.value(item)?);
                    self.at.pop();
                }
                Ok(Value::list(out))
            }
            Value::Map(map) if mentions_reference(value) => {
                let mut out = Map::with_capacity(map.len());
                for (key, item) in map.iter() {
                    let resolved = if key.contains("$(") { self.text(key)? } else { key.clone() };
                    self.at.push(key.clone().into());
                    out.insert(resolved, self.value(item)?);
                    self.at.pop();
                }
                Ok(Value::map(out))
            }
            other => Ok(other.clone()),
        }
    }

    fn text(&self, text: &Str) -> Result<Str, String> {
        let mut resolved = text.to_string();
        for found in REFERENCE.find_iter(text) {
            let written = found.as_str();
            let at = written.find("$(").unwrap_or_default();
            let (before, reference) = written.split_at(at);
            let target = self.target(reference)?;
            resolved = resolved.replacen(written, &format!("{before}{target}"), 1);
        }
        let escaped: Vec<String> = ESCAPED.find_iter(&resolved).map(|m| m.as_str().to_owned()).collect();
        for written in escaped {
            resolved = resolved.replace(&written, written.trim_start_matches('\\'));
        }
        Ok(resolved.into())
    }

    /// What one reference stands for.
    fn target(&self, reference: &str) -> Result<String, String> {
        let here = path_text(&self.at);
        let failed = |cause: &str| format!("failed to resolve {reference} at path {here}: {cause}");
        let inner = reference.trim_matches(['$', '(', ')']);
        let operator = operator_of(inner);
        let path = inner.get(operator.len()..).unwrap_or_default();
        if path.is_empty() {
            return Err(failed("expected path, found empty reference"));
        }
        let path = if path.starts_with('/') { path.to_owned() } else { clean(&format!("{here}/{path}"), &here) };
        let nil = || format!("got nil resolved variable {reference} at path {here}: <nil>");
        let target = find(self.document, &path).unwrap_or_default();
        match (&target, operator) {
            (Value::String(text), _) => Ok(format!("{operator}{text}")),
            (Value::Null, "") => Err(nil()),
            (_, "") => Err(format!("NotResolvedReferenceErr,reference {reference} not resolved at path {here}")),
            (Value::Int(number), _) => Ok(format!("{operator}{number}")),
            (Value::Float(number), _) => Ok(format!("{operator}{number:.6}")),
            (other, _) => Err(failed(&format!(
                "incorrect expression: operator {operator} does not match with value {}",
                crate::jmespath::go::value_text(other)
            ))),
        }
    }
}

/// The comparison a reference starts with.
fn operator_of(text: &str) -> &str {
    if text.len() < 2 {
        return "";
    }
    for operator in [">=", "<=", ">", "<", "!"] {
        if text.starts_with(operator) {
            return operator;
        }
    }
    match RANGE.captures(text).and_then(|found| found.get(1)) {
        Some(sign) if sign.as_str() == "!-" => "!-",
        Some(_) => "-",
        None => "",
    }
}

/// A path by text alone, `.` and `..` worked off; relative when the document itself is the place.
fn clean(path: &str, here: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    let joined = parts.join("/");
    if here.is_empty() { joined } else { format!("/{joined}") }
}

/// The last leaf (or key, at the path of its map) whose path without anchors is `path`.
fn find(document: &Value, path: &str) -> Option<Value> {
    let mut found = None;
    search(document, String::new(), path, &mut found);
    found
}

fn search(value: &Value, here: String, path: &str, found: &mut Option<Value>) {
    match value {
        Value::Map(map) => {
            for (key, item) in map.iter() {
                if here == path {
                    *found = Some(Value::String(key.clone()));
                }
                let key = key.replace('/', "\\/");
                search(item, format!("{here}/{}", without_anchor(&key)), path, found);
            }
        }
        Value::List(items) => {
            for (i, item) in items.iter().enumerate() {
                search(item, format!("{here}/{i}"), path, found);
            }
        }
        leaf if here == path => *found = Some(leaf.clone()),
        _ => {}
    }
}

/// `key` for `(key)`, `^(key)`, `=(key)`, `X(key)`, `+(key)`, `<(key)`.
fn without_anchor(key: &str) -> &str {
    let trimmed = key.trim();
    let inner = trimmed.strip_prefix(['+', '<', '=', 'X', '^']).unwrap_or(trimmed);
    match inner.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        Some(name) if !name.is_empty() => name,
        _ => key,
    }
}

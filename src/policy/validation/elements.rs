//! `element` outside of a loop (row 52).

use crate::document::Value;

use super::variables::VARIABLE;
use super::{Checked, Violation};

/// Row 52.
pub(super) fn check(rule: &Checked<'_>) -> Result<(), Violation> {
    let mut path = String::new();
    outside(rule.value, &mut path).map_err(|(variable, path)| {
        rule.violation(&[], format!("variable '{variable}' present outside of foreach at path {path}"))
    })
}

/// The first variable that starts with `element` and its path, in byte order of keys.
fn outside(value: &Value, path: &mut String) -> Result<(), (String, String)> {
    match value {
        Value::String(text) => text_outside(text, path),
        Value::List(items) => {
            for (index, item) in items.iter().enumerate() {
                below(path, &index.to_string(), |path| outside(item, path))?;
            }
            Ok(())
        }
        Value::Map(map) => {
            for (key, value) in map.sorted() {
                below(path, key, |path| {
                    text_outside(key, path)?;
                    outside(value, path)
                })?;
            }
            Ok(())
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => Ok(()),
    }
}

fn below<T>(path: &mut String, step: &str, visit: impl FnOnce(&mut String) -> T) -> T {
    let length = path.len();
    path.push('/');
    path.push_str(&step.replace('~', "~0").replace('/', "~1"));
    let result = visit(path);
    path.truncate(length);
    result
}

fn text_outside(text: &str, path: &str) -> Result<(), (String, String)> {
    if path.contains("/foreach/") {
        return Ok(());
    }
    for token in VARIABLE.captures_iter(text).filter_map(|c| c.get(2)) {
        let expression = token.as_str().replace("{{", "").replace("}}", "");
        let expression = expression.trim();
        let expression = expression.strip_prefix('-').unwrap_or(expression).trim();
        if expression.starts_with("element") {
            return Err((expression.to_owned(), path.to_owned()));
        }
    }
    Ok(())
}

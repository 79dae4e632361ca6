//! `preconditions` and `deny.conditions`. They are schemaless: what Kyverno does not know it
//! ignores, so that a misspelt `anyOf` always holds (chapter 10 §3.2).

use crate::document::{Str, Value};
use crate::pattern::condition::Operator;
use crate::policy::rule::{Condition, Conditions};
use crate::template::Template;

use super::LowerError;

/// Lowers conditions; `None` when there are none.
///
/// # Errors
/// When the value is neither a list of conditions nor an object of `any` and `all`.
pub fn lower(value: &Value) -> Result<Option<Conditions>, LowerError> {
    match value {
        Value::Null => Ok(None),
        Value::List(items) => Ok(Some(Conditions::List(list(items)?))),
        Value::Map(_) => {
            let block = |key: &str| match value.get(key) {
                None | Some(Value::Null) => Ok(None),
                Some(Value::List(items)) => list(items).map(Some).map_err(|e| e.below(key)),
                Some(_) => Err(unreadable().below(key)),
            };
            Ok(Some(Conditions::Blocks { any: block("any")?, all: block("all")? }))
        }
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => Err(unreadable()),
    }
}

fn list(items: &[Value]) -> Result<Vec<Condition>, LowerError> {
    items.iter().enumerate().map(|(index, item)| condition(item).map_err(|e| e.below(index))).collect()
}

fn condition(value: &Value) -> Result<Condition, LowerError> {
    if !matches!(value, Value::Map(_) | Value::Null) {
        return Err(unreadable());
    }
    let text = |key: &str| match value.get(key) {
        None | Some(Value::Null) => Ok(Str::default()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(unreadable().below(key)),
    };
    let template = |key: &str| Template::compile(value.get(key).unwrap_or(&Value::Null));
    let operator = text("operator")?;
    Ok(Condition {
        key: template("key"),
        operator: Operator::parse(&operator).map_err(|_| operator),
        value: template("value"),
        message: Some(text("message")?).filter(|m| !m.is_empty()),
    })
}

fn unreadable() -> LowerError {
    LowerError::new("failed to unmarshal Conditions")
}

//! `Equals` (chapter 20 §3.2); `NotEquals` is its negation.

use crate::document::{Quantity, Value, wildcard};
use crate::pattern::Scalar;

use super::seconds::duration_pair;

pub(super) fn equals(key: &Value, value: &Value) -> bool {
    match (key, value) {
        (Value::Null, _) => false,
        (Value::Bool(_) | Value::Int(_) | Value::Float(_), value) => {
            Scalar::compile(key).is_some_and(|key| key.matches(value))
        }
        (Value::String(text), value) => text_equals(text, key, value),
        (Value::Map(key), Value::Map(value)) => key == value,
        (Value::List(key), Value::List(value)) => key == value,
        (Value::Map(_) | Value::List(_), _) => false,
    }
}

/// Durations, then quantities, then the value as a wildcard.
fn text_equals(text: &str, key: &Value, value: &Value) -> bool {
    #[expect(clippy::float_cmp, reason = "Kyverno compares seconds as floats")]
    if let Some((key, value)) = duration_pair(key, value) {
        return key.seconds() == value.seconds();
    }
    let Value::String(value) = value else { return false };
    match Quantity::parse(text) {
        Ok(key) => Quantity::parse(value).is_ok_and(|value| key == value),
        Err(_) => wildcard::matches(value, text),
    }
}

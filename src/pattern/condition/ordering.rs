//! `GreaterThan` and its kin, and the deprecated `Duration*` (chapter 20 §3.4).

use crate::document::version::SemanticVersion;
use crate::document::{GoDuration, Quantity, Value};
use crate::pattern::operator::Comparison;
use crate::pattern::scalar::parse_float;

use super::seconds::{self, duration_pair};

pub(super) fn order(comparison: Comparison, key: &Value, value: &Value) -> bool {
    if !matches!(key, Value::Int(_) | Value::Float(_) | Value::String(_)) {
        return false;
    }
    if let Some((key, value)) = duration_pair(key, value) {
        return compare_floats(comparison, key.seconds(), value.seconds());
    }
    let Value::String(text) = key else {
        return key.as_f64().is_some_and(|key| order_number(comparison, key, value));
    };
    if let Value::String(value) = value
        && let (Ok(key), Ok(value)) = (Quantity::parse(text), Quantity::parse(value))
    {
        return comparison.holds(key.cmp(&value));
    }
    if let Some(key) = parse_float(text) {
        let key = Value::Float(key);
        return match duration_pair(&key, value) {
            Some((key, value)) => compare_floats(comparison, key.seconds(), value.seconds()),
            None => key.as_f64().is_some_and(|key| order_number(comparison, key, value)),
        };
    }
    match (SemanticVersion::parse(text), value.as_str().and_then(SemanticVersion::parse)) {
        (Some(key), Some(value)) => comparison.holds(key.cmp(&value)),
        _ => false,
    }
}

/// The value is no duration text here.
fn order_number(comparison: Comparison, key: f64, value: &Value) -> bool {
    let value = match value {
        Value::String(text) => parse_float(text),
        other => other.as_f64(),
    };
    value.is_some_and(|value| compare_floats(comparison, key, value))
}

fn compare_floats(comparison: Comparison, key: f64, value: f64) -> bool {
    key.partial_cmp(&value).is_some_and(|ordering| comparison.holds(ordering))
}

pub(super) fn duration(comparison: Comparison, key: &Value, value: &Value) -> bool {
    let read = |side: &Value| match side {
        Value::String(text) => GoDuration::parse(text).ok(),
        number => seconds::number(number),
    };
    match (read(key), read(value)) {
        (Some(key), Some(value)) => comparison.holds(key.cmp(&value)),
        _ => false,
    }
}

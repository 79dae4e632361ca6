//! Durations on either side of a condition, where a bare number means seconds.

use crate::document::{GoDuration, Value};

/// Both sides as durations, when at least one is a duration text other than `0` and the other one
/// is too, or is a number.
pub(super) fn duration_pair(key: &Value, value: &Value) -> Option<(GoDuration, GoDuration)> {
    match (duration_text(key), duration_text(value)) {
        (Some(key), Some(value)) => Some((key, value)),
        (Some(key), None) => Some((key, number(value)?)),
        (None, Some(value)) => Some((number(key)?, value)),
        (None, None) => None,
    }
}

fn duration_text(value: &Value) -> Option<GoDuration> {
    let text = value.as_str().filter(|text| *text != "0")?;
    GoDuration::parse(text).ok()
}

/// Whole seconds; a fraction is cut off.
pub(super) fn number(value: &Value) -> Option<GoDuration> {
    let seconds = match value {
        Value::Int(i) => *i,
        #[expect(clippy::cast_possible_truncation, reason = "Kyverno cuts the fraction off")]
        Value::Float(f) => *f as i64,
        _ => return None,
    };
    Some(GoDuration(seconds.wrapping_mul(1_000_000_000)))
}

//! Comparing the value of a condition with what the resource holds (spec 40 §1.3).

use crate::document::Value;
use crate::pattern::{Outcome, Pattern};

use super::scalar_text;

/// Whether the resource's value matches the condition's, as a validate pattern. Scalars are compared
/// as text on both sides, numbers inside maps and lists as floats.
pub(super) fn holds(wanted: &Value, found: &Value) -> bool {
    matches!(Pattern::compile(&comparable(wanted)).matches(&comparable(found)), Outcome::Matched)
}

fn comparable(value: &Value) -> Value {
    match value {
        Value::Map(_) | Value::List(_) => value.with_floats(),
        scalar => Value::from(scalar_text(scalar)),
    }
}

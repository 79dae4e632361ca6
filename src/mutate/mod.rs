//! Strategic merge with anchors, JSON patch, merge patch: value in, value out.

pub mod json_patch;
pub mod merge_patch;
pub mod strategic_merge;

use std::sync::Arc;

use crate::document::Value;

/// How deeply a patch, a resource, or the result of patching may nest. Every recursive walk of this
/// room is bounded by it; what nests deeper is refused with an error.
pub const MAX_DEPTH: usize = 128;

/// Whether two values are equal as JSON: in any order of keys, and with whole floats equal to integers.
#[must_use]
pub fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Int(_), Value::Float(_)) | (Value::Float(_), Value::Int(_)) => a.as_f64() == b.as_f64(),
        (Value::List(a), Value::List(b)) => {
            Arc::ptr_eq(a, b) || (a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b)))
        }
        (Value::Map(a), Value::Map(b)) => {
            Arc::ptr_eq(a, b) || (a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| equal(v, w))))
        }
        _ => a == b,
    }
}

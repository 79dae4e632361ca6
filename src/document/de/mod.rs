//! Typed reading: serde over [`super::Value`], with the path of every error.
//!
//! As Go's JSON reading does, a null field of a struct counts as absent, and a whole float is taken
//! for an integer. Unknown fields are errors where the type says `deny_unknown_fields`.

mod error;
mod nearest;
mod reader;

use serde::de::DeserializeOwned;

use super::Value;

pub use error::TypedError;
pub use nearest::nearest;

/// Reads `value` as a `T`. Field names must match exactly.
///
/// # Errors
/// The first mismatch, with the place of the value (of the key, for an unknown field). The message
/// never holds a value of the document.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, TypedError> {
    T::deserialize(reader::Reader { value, ignore_case: false }).map_err(|failure| failure.finish())
}

/// As [`from_value`], but a field's name may differ in the case of ASCII letters, as Go's
/// `encoding/json` reads structs; an exact name is preferred.
///
/// # Errors
/// As [`from_value`].
pub fn from_value_ignoring_case<T: DeserializeOwned>(value: &Value) -> Result<T, TypedError> {
    T::deserialize(reader::Reader { value, ignore_case: true }).map_err(|failure| failure.finish())
}

#[cfg(test)]
mod tests;

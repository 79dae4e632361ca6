//! Wire types: what users write, field by field, and nothing more. Unknown fields are errors.
//!
//! Schemaless parts (patterns, preconditions, patches, data) stay [`crate::document::Value`];
//! `lower` gives everything its meaning.

pub mod context;
pub mod exception;
pub mod generate;
pub mod matching;
pub mod meta;
pub mod mutate;
pub mod policy;
pub mod rule;
pub mod validate;
pub mod verify_images;

use serde::{Deserialize, Deserializer};

/// Reads a field that may be absent or null as its default.
pub(crate) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a field whose presence matters: `null` and absent are told apart from a value by the
/// caller, who sees `Some(Value::Null)` for an explicit null.
pub(crate) fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

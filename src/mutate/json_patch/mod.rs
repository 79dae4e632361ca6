//! JSON Patch (RFC 6902) as Kyverno applies it: negative indices count from the end, removing what is
//! not there is no fault, and `add` makes missing parents (spec 40 §2).
//!
//! Known differences from Kyverno's library, all on input no Kubernetes object holds: an existing
//! empty key is an ordinary key (there, the last segment `""` reads the whole document), `move` and
//! `copy` to the path `""` replace the document, and a null written by an earlier operation of the
//! same patch counts as missing like any other null.

mod apply;
mod diff;
mod operation;
mod path;

pub use diff::diff;
pub use operation::Operation;

use crate::document::{Value, json, yaml};

/// A decoded JSON patch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JsonPatch {
    operations: Vec<Operation>,
}

/// Why a patch could not be read or applied. The texts are those of Kyverno's JSON patch library.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// The text is neither JSON nor YAML.
    #[error("failed to convert patchesJSON6902 to JSON: {0}")]
    Convert(String),
    /// The value is no list of known operations.
    #[error("failed to decode patches: {0}")]
    Decode(String),
    /// An operation does not apply to this document; nothing of the patch was kept.
    #[error("{0}")]
    Apply(String),
}

impl JsonPatch {
    /// Reads a patch from the text of `patchesJson6902`, after variable substitution: JSON if its
    /// first byte is `[`, else the first document of a YAML stream.
    ///
    /// # Errors
    /// [`PatchError::Convert`] for unreadable YAML, [`PatchError::Decode`] for everything that is
    /// no patch.
    pub fn from_text(text: &str) -> Result<Self, PatchError> {
        if text.starts_with('[') {
            let value =
                json::parse(text.as_bytes()).map_err(|_| PatchError::Decode("invalid state detected".to_owned()))?;
            return Self::from_value(&value);
        }
        let documents = yaml::read(text, &yaml::Limits::default()).map_err(|e| PatchError::Convert(e.to_string()))?;
        Self::from_value(documents.first().map_or(&Value::Null, |document| &document.value))
    }

    /// Reads a patch from a list of operations. `null` is the empty patch.
    ///
    /// # Errors
    /// [`PatchError::Decode`] for what is no list of known, complete operations.
    pub fn from_value(value: &Value) -> Result<Self, PatchError> {
        operation::decode(value).map(|operations| Self { operations }).map_err(PatchError::Decode)
    }

    /// The operations, in order.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The document after all operations, in order.
    ///
    /// # Errors
    /// [`PatchError::Apply`] at the first operation that does not apply.
    pub fn apply(&self, document: &Value) -> Result<Value, PatchError> {
        apply::apply(&self.operations, document).map_err(PatchError::Apply)
    }
}

impl From<Vec<Operation>> for JsonPatch {
    fn from(operations: Vec<Operation>) -> Self {
        Self { operations }
    }
}

#[cfg(test)]
mod tests;

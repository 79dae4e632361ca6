//! `patchStrategicMerge` (spec 40 §1): anchors are resolved against the resource, then the patch is
//! merged as kustomize's kyaml does.

mod anchor;
mod associative;
mod condition;
mod elements;
mod merge;
mod merge_keys;
mod preprocess;

use crate::document::Value;

use super::MAX_DEPTH;

/// A strategic merge patch whose variables are resolved.
#[derive(Clone, Debug)]
pub struct StrategicMerge {
    patch: Value,
}

/// Why a patch could not be merged. Kyverno prints it after `failed to patch resource: `.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// The patch or the resource nests too deeply.
    #[error("the {what} nests deeper than {MAX_DEPTH}")]
    TooDeep {
        /// `patch` or `resource`.
        what: &'static str,
    },
    /// The anchors could not be resolved.
    #[error("failed to preProcess rule: {0}")]
    Preprocess(String),
    /// The patch does not fit the resource.
    #[error("{0}")]
    Merge(String),
}

impl StrategicMerge {
    /// Takes a patch without variables.
    ///
    /// # Errors
    /// [`MergeError::TooDeep`] for a patch that nests deeper than [`MAX_DEPTH`].
    pub fn compile(patch: &Value) -> Result<Self, MergeError> {
        if patch.depth() > MAX_DEPTH {
            return Err(MergeError::TooDeep { what: "patch" });
        }
        Ok(Self { patch: patch.clone() })
    }

    /// The resource after the patch. A result equal to `resource` is Kyverno's skip
    /// `no patches applied`; it is also the result when a condition outside of lists does not hold.
    /// Keys keep their order, new ones follow.
    ///
    /// # Errors
    /// [`MergeError`] where Kyverno's rule ends with an error, and where Kyverno would panic.
    pub fn apply(&self, resource: &Value) -> Result<Value, MergeError> {
        if resource.depth() > MAX_DEPTH {
            return Err(MergeError::TooDeep { what: "resource" });
        }
        let patch = preprocess::preprocess(&self.patch, resource).map_err(MergeError::Preprocess)?;
        merge::merge(resource, patch).map_err(MergeError::Merge)
    }
}

/// What kyaml says of a value of the wrong kind.
fn wrong_kind(expected: &str, value: &Value) -> String {
    let got = match value {
        Value::Map(_) => "MappingNode",
        Value::List(_) => "SequenceNode",
        _ => "ScalarNode",
    };
    format!("wrong node kind: expected {expected} but got {got}: node contents:\n{}\n", flow_text(value))
}

/// The value as YAML in one line.
fn flow_text(value: &Value) -> String {
    match value {
        Value::Map(map) => {
            let entries: Vec<_> =
                map.sorted().into_iter().map(|(k, v)| format!("{:?}: {}", k.as_str(), flow_text(v))).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::List(items) => format!("[{}]", items.iter().map(flow_text).collect::<Vec<_>>().join(", ")),
        Value::String(text) => format!("{:?}", text.as_str()),
        scalar => scalar_text(scalar),
    }
}

/// The text of a scalar as kyaml keeps it; empty for maps and lists.
fn scalar_text(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::Float(f) => crate::document::json::number_text(*f),
        Value::String(text) => text.to_string(),
        Value::List(_) | Value::Map(_) => String::new(),
    }
}

/// A number or truth value put where the resource holds text becomes text: kyaml keeps the quotes.
fn keep_quotes(old: &Value, new: Value) -> Value {
    match (old, &new) {
        (Value::String(_), Value::Bool(_) | Value::Int(_) | Value::Float(_)) => Value::from(scalar_text(&new)),
        _ => new,
    }
}

#[cfg(test)]
mod tests;

//! JSON patches: they must be readable with a placeholder in the place of each variable, and their
//! paths must start with a slash (row 45).

use crate::mutate::json_patch::{JsonPatch, PatchError};

use super::variables::VARIABLE;
use super::{Checked, Violation};

const PLACEHOLDER: &str = "kyvernojsonpatchvariable";

/// Row 45.
pub(super) fn check(rule: &Checked<'_>) -> Result<(), Violation> {
    let Some(mutate) = rule.rule.mutate.as_ref().filter(|m| !m.patches_json6902.is_empty()) else { return Ok(()) };
    let text = with_placeholders(&mutate.patches_json6902, PLACEHOLDER);
    let refuse = |text: &str| {
        let message = format!("path must begin with a forward slash: spec.rules[{}]: {text}", rule.index);
        Err(rule.violation(&["mutate", "patchesJson6902"], message))
    };
    match JsonPatch::from_text(&text) {
        Ok(patch) => match patch.operations().iter().find(|o| !o.path().starts_with('/')) {
            Some(operation) => refuse(operation.path()),
            None => Ok(()),
        },
        Err(PatchError::Decode(error)) => refuse(&error),
        Err(error) => refuse(&error.to_string()),
    }
}

/// The text with every variable replaced.
pub(super) fn with_placeholders(text: &str, placeholder: &str) -> String {
    VARIABLE
        .replace_all(text, |found: &regex::Captures<'_>| {
            format!("{}{placeholder}", found.get(1).map_or("", |m| m.as_str()))
        })
        .into_owned()
}

//! Labels and annotations in patterns and patches are texts (row 60).

use crate::document::Value;

use super::{Checked, Violation};

/// Row 60. Of a `foreach`, Kyverno looks at the first entry that holds a map.
pub(super) fn check(rule: &Checked<'_>) -> Result<(), Violation> {
    if holds(rule) {
        return Ok(());
    }
    let text = "labels and annotations supports only string values, \"use double quotes around the non string values\"";
    Err(rule.violation(&[], text))
}

fn holds(rule: &Checked<'_>) -> bool {
    if let Some(validate) = rule.rule.validate.as_ref().filter(|v| !v.is_empty()) {
        if let Some(entries) = &validate.foreach {
            if let Some(pattern) = entries.iter().map(|e| &e.pattern).find(|p| matches!(p, Value::Map(_))) {
                return metadata_holds(pattern);
            }
        } else if matches!(validate.pattern, Value::Map(_)) {
            return metadata_holds(&validate.pattern);
        } else if let Some(patterns) = validate.any_pattern.as_list()
            && !patterns.iter().all(metadata_holds)
        {
            return false;
        }
    }
    if let Some(mutate) = rule.rule.mutate.as_ref().filter(|m| !m.is_empty()) {
        let patch = match &mutate.foreach {
            Some(entries) => entries.iter().map(|e| &e.patch_strategic_merge).find(|p| matches!(p, Value::Map(_))),
            None => Some(&mutate.patch_strategic_merge),
        };
        return patch.is_none_or(metadata_holds);
    }
    true
}

/// Looks at `metadata`, and at the metadata of a Pod template. Kyverno looks at whichever of the two
/// it meets first; both must hold here.
fn metadata_holds(pattern: &Value) -> bool {
    let texts = |value: &Value| value.as_map().is_none_or(|m| m.values().all(|v| matches!(v, Value::String(_))));
    [pattern.get("metadata"), pattern.at(&["spec", "template", "metadata"])]
        .into_iter()
        .flatten()
        .flat_map(|metadata| [metadata.get("labels"), metadata.get("annotations")])
        .flatten()
        .all(texts)
}

//! The bodies of rules: which parts go together, and which anchors patterns may hold (rows 54–58).

use crate::document::Value;
use crate::pattern::anchor::{self, Anchor};
use crate::policy::api::mutate::ForEachMutation;
use crate::policy::api::validate::{ForEachValidation, Validation};

use super::{Checked, Violation, generate};

/// Rows 54 to 58.
pub(super) fn check(rule: &Checked<'_>) -> Result<(), Violation> {
    if rule.rule.has_mutate() {
        mutate(rule).map_err(|(path, text)| refused(rule, "mutate", &path, &text))?;
    }
    if let Some(validation) = rule.rule.validate.as_ref().filter(|v| !v.is_empty()) {
        let cel_preconditions = rule.rule.cel_preconditions.is_some();
        validate(validation, cel_preconditions).map_err(|(path, text)| refused(rule, "validate", &path, &text))?;
    }
    generate::check_action(rule)
}

fn refused(rule: &Checked<'_>, body: &str, path: &str, text: &str) -> Violation {
    rule.violation(&[body], format!("path: spec.rules[{}].{body}.{path}.: {text}", rule.index))
}

/// A place in Kyverno's words, and what is wrong there.
type Found = (String, String);

fn found<T>(path: &str, text: impl Into<String>) -> Result<T, Found> {
    Err((path.to_owned(), text.into()))
}

fn mutate(rule: &Checked<'_>) -> Result<(), Found> {
    let Some(mutate) = &rule.rule.mutate else { return Ok(()) };
    let (merge, json) = (!mutate.patch_strategic_merge.is_null(), !mutate.patches_json6902.is_empty());
    if let Some(entries) = mutate.foreach.as_ref().filter(|f| !f.is_empty()) {
        if merge || json {
            return found("foreach", "only one of `foreach`, `patchStrategicMerge`, or `patchesJson6902` is allowed");
        }
        return for_each_mutation(entries, "", 0);
    }
    if merge && json {
        return found("foreach", "only one of `patchStrategicMerge` or `patchesJson6902` is allowed");
    }
    if rule.rule.cel_preconditions.is_some() {
        return found("", "celPrecondition can only be used with validate.cel");
    }
    Ok(())
}

/// Kyverno stops at the first entry that holds a nested loop: what follows it is not looked at.
fn for_each_mutation(entries: &[ForEachMutation], tag: &str, depth: usize) -> Result<(), Found> {
    let mut tag = tag.to_owned();
    for (index, entry) in entries.iter().enumerate() {
        tag = format!("{tag}foreach[{index}]");
        let (merge, json) = (!entry.patch_strategic_merge.is_null(), !entry.patches_json6902.is_empty());
        if let Some(nested) = entry.foreach.as_ref().filter(|f| !f.is_empty()) {
            if !entry.context.is_empty() || !entry.preconditions.is_null() || merge || json {
                return found(&tag, "a nested foreach cannot contain other declarations");
            }
            if depth == super::super::lower::MAX_FOREACH_DEPTH {
                return found(&tag, "foreach nests too deeply");
            }
            return for_each_mutation(nested, &tag, depth + 1);
        }
        if merge == json {
            return found(&tag, "only one of `patchStrategicMerge` or `patchesJson6902` is allowed");
        }
    }
    Ok(())
}

fn validate(validation: &Validation, cel_preconditions: bool) -> Result<(), Found> {
    let parts = [
        !validation.pattern.is_null(),
        !validation.any_pattern.is_null(),
        validation.deny.is_some(),
        validation.foreach.is_some(),
        validation.pod_security.is_some(),
        validation.cel.is_some(),
        validation.manifests.as_ref().is_some_and(|m| !m.attestors.is_empty()),
    ];
    match parts.into_iter().filter(|p| *p).count() {
        0 => return found("", "one of pattern, anyPattern, deny, foreach, cel must be specified"),
        1 => {}
        _ => return found("", "only one of pattern, anyPattern, deny, foreach, cel can be specified"),
    }
    let supported = |anchor: Anchor| anchor != Anchor::AddIfNotPresent;
    if let Err((path, text)) = anchors(&validation.pattern, "/", &supported) {
        return found(&format!("pattern.{path}"), text);
    }
    match &validation.any_pattern {
        Value::Null => {}
        Value::List(patterns) => {
            for (index, pattern) in patterns.iter().enumerate() {
                if let Err((path, text)) = anchors(pattern, "/", &supported) {
                    return found(&format!("anyPattern[{index}].{path}"), text);
                }
            }
        }
        _ => return found("anyPattern", "failed to deserialize anyPattern, expect array"),
    }
    for entry in validation.foreach.iter().flatten() {
        for_each_validation(entry)?;
    }
    if cel_preconditions && validation.cel.is_none() {
        return found("", "celPrecondition can only be used with validate.cel");
    }
    cel(validation)
}

/// Only the outermost entries are looked at, as in Kyverno.
fn for_each_validation(entry: &ForEachValidation) -> Result<(), Found> {
    if entry.list.is_empty() {
        return found("", "foreach.list is required");
    }
    let parts = [
        !entry.pattern.is_null(),
        !entry.any_pattern.is_null(),
        entry.deny.is_some(),
        entry.foreach.as_ref().is_some_and(|f| !f.is_empty()),
    ];
    match parts.into_iter().filter(|p| *p).count() {
        0 => found("", "one of pattern, anyPattern, deny, or a nested foreach must be specified"),
        1 => Ok(()),
        _ => found("", "only one of pattern, anyPattern, deny, or a nested foreach can be specified"),
    }
}

fn cel(validation: &Validation) -> Result<(), Found> {
    let Some(cel) = &validation.cel else { return Ok(()) };
    if cel.expressions.iter().any(|e| e.expression.is_empty()) {
        return found("", "cel.expressions.expression is required");
    }
    if let Some(kind) = &cel.param_kind {
        if kind.api_version.is_empty() {
            return found("", "cel.paramKind.apiVersion is required");
        }
        if kind.kind.is_empty() {
            return found("", "cel.paramKind.kind is required");
        }
        if cel.param_ref.is_none() {
            return found("", "cel.paramRef is required");
        }
    }
    if let Some(reference) = &cel.param_ref {
        if reference.name.is_empty() == reference.selector.is_none() {
            return found("", "one of cel.paramRef.name or cel.paramRef.selector must be set");
        }
        if reference.parameter_not_found_action.is_none() {
            return found("", "cel.paramRef.parameterNotFoundAction is required");
        }
        if cel.param_kind.is_none() {
            return found("", "cel.paramKind is required");
        }
    }
    for annotation in &cel.audit_annotations {
        if annotation.key.is_empty() {
            return found("", "cel.auditAnnotation.key is required");
        }
        if annotation.value_expression.is_empty() {
            return found("", "cel.auditAnnotation.valueExpression is required");
        }
    }
    Ok(())
}

/// Row 56: the anchors of a pattern are supported, and existence anchors hold lists. Paths are
/// joined as Kyverno joins them.
pub(super) fn anchors(pattern: &Value, path: &str, supported: &dyn Fn(Anchor) -> bool) -> Result<(), Found> {
    match pattern {
        Value::Map(map) => {
            for (key, value) in map.sorted() {
                let path = format!("{path}/{key}");
                if let Some((anchor, _)) = anchor::parse(key) {
                    if !supported(anchor) {
                        return Err((path, format!("unsupported anchor {key}")));
                    }
                    if anchor == Anchor::Existence {
                        match value {
                            Value::List(items) if items.is_empty() => {
                                return Err((path, "existence anchor: should have at least one value".to_owned()));
                            }
                            Value::List(_) => {}
                            _ => {
                                return Err((path, "existence anchor should have value of type list".to_owned()));
                            }
                        }
                    }
                }
                anchors(value, &path, supported)?;
            }
            Ok(())
        }
        Value::List(items) => {
            items.iter().enumerate().try_for_each(|(index, item)| anchors(item, &format!("{path}{index}/"), supported))
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => Ok(()),
    }
}

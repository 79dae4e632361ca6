//! `validate` bodies.

use crate::document::Value;
use crate::jmespath::Expression;
use crate::pattern::Pattern;
use crate::pod_security::PodSecurity;
use crate::policy::api::validate::Validation;
use crate::policy::rule::{AnyPattern, Body, Check, PatternSource, Stage, Validate, ValidateForEach};
use crate::policy::signed_manifests::SignedManifests;
use crate::template::Template;

use super::{LowerError, MAX_FOREACH_DEPTH, conditions, context, items, present};

/// Lowers a `validate` block; the handler is chosen in Kyverno's order (chapter 20 §0.2).
pub(super) fn lower(validation: &Validation, value: &Value) -> Result<Body, LowerError> {
    let written = |key: &str| present(value, key).and_then(Value::as_map).is_some_and(|m| !m.is_empty());
    let unsupported = |field| Ok(Body::Unsupported { stage: Stage::Validate, field });
    let manifests = validation.manifests.as_ref().filter(|m| !m.attestors.is_empty());
    let pod_security = present(value, "podSecurity").filter(|_| written("podSecurity"));
    if manifests.is_none() && pod_security.is_none() && written("cel") {
        return unsupported("validate.cel");
    }
    Ok(Body::Validate(Validate {
        message: present(value, "message").filter(|m| m.as_str() != Some("")).map(Template::compile),
        allow_existing_violations: validation.allow_existing_violations.unwrap_or(true),
        check: match (manifests, pod_security) {
            (Some(manifests), _) => Check::SignedManifests(Box::new(SignedManifests::compile(manifests))),
            (None, Some(block)) => Check::PodSecurity(PodSecurity::compile(block)),
            (None, None) => check(value, 0)?,
        },
    }))
}

/// What a block checks: the first present of `deny`, `pattern`, `anyPattern`, `foreach`.
fn check(value: &Value, depth: usize) -> Result<Check, LowerError> {
    if let Some(deny) = present(value, "deny") {
        let lowered = conditions(deny.get("conditions").unwrap_or(&Value::Null));
        return lowered.map(Check::Deny).map_err(|e| e.below("conditions").below("deny"));
    }
    if let Some(pattern) = present(value, "pattern") {
        return Ok(Check::Pattern(pattern_source(pattern)));
    }
    if let Some(patterns) = present(value, "anyPattern") {
        return Ok(Check::AnyPattern(any_pattern(patterns)));
    }
    if present(value, "foreach").is_some() {
        if depth == MAX_FOREACH_DEPTH {
            return Err(LowerError::new(format!("foreach nests deeper than {MAX_FOREACH_DEPTH}")));
        }
        let entries = items(value, "foreach").iter().enumerate();
        return entries
            .map(|(index, entry)| for_each(entry, depth).map_err(|e| e.below(index).below("foreach")))
            .collect::<Result<_, _>>()
            .map(Check::ForEach);
    }
    Ok(Check::Nothing)
}

fn pattern_source(pattern: &Value) -> PatternSource {
    let template = Template::compile(pattern);
    match template.constant() {
        Some(constant) => PatternSource::Constant(Pattern::compile(constant)),
        None => PatternSource::Templated(template),
    }
}

fn any_pattern(patterns: &Value) -> AnyPattern {
    let template = Template::compile(patterns);
    match template.constant().and_then(Value::as_list) {
        Some(entries) => AnyPattern::Constant(entries.iter().map(Pattern::compile_any).collect()),
        None => AnyPattern::Templated(template),
    }
}

fn for_each(entry: &Value, depth: usize) -> Result<ValidateForEach, LowerError> {
    Ok(ValidateForEach {
        list: list(entry),
        element_scope: present(entry, "elementScope").and_then(Value::as_bool),
        context: context::lower(entry),
        preconditions: conditions(entry.get("preconditions").unwrap_or(&Value::Null))
            .map_err(|e| e.below("preconditions"))?,
        check: check(entry, depth + 1)?,
    })
}

/// The `list` of a `foreach` entry, compiled; the error text is what the rule says when it gets there.
pub(super) fn list(entry: &Value) -> Result<Expression, String> {
    Expression::compile(entry.str_at(&["list"]).unwrap_or_default()).map_err(|e| e.to_string())
}

//! Lowering: a document whose shape is proven becomes a [`Policy`] of compiled [`Rule`]s.
//!
//! What this build does not evaluate becomes [`Body::Unsupported`](super::rule::Body::Unsupported).

mod cleanup;
mod conditions;
mod context;
mod exception;
mod generate;
mod mutate;
mod rule;
mod validate;
mod verify_images;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::document::manifest::Source;
use crate::document::{Pointer, Segment, Str, Value, json};

use super::api::meta::TextMap;
use super::api::policy as wire;
use super::autogen;
use super::rule::{Action, ActionOverride, ApplyRules, FailurePolicy, Policy, Rule, Stage};
use super::selector::Labels;

pub use cleanup::lower as cleanup;
pub use conditions::lower as conditions;
pub use exception::lower as exception;
pub use verify_images::substituted as substituted_images;

/// `foreach` blocks nested deeper are refused.
pub const MAX_FOREACH_DEPTH: usize = 16;

/// Why a policy cannot be lowered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct LowerError {
    /// What is wrong.
    pub message: String,
    /// Where, from the document's root.
    pub pointer: Pointer,
}

impl LowerError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), pointer: Pointer::root() }
    }

    /// Says that the error is one step below: errors gather their place on the way up.
    fn below(mut self, step: impl Into<Segment>) -> Self {
        let mut segments = vec![step.into()];
        segments.extend(self.pointer.segments().iter().cloned());
        self.pointer = segments.into();
        self
    }
}

/// Lowers a policy. `document` is `value` as read by its wire type; `made` is what autogen made of it.
///
/// # Errors
/// [`LowerError`] for a schemaless part that Kyverno could not read either.
pub fn policy(
    document: &wire::PolicyDocument,
    value: &Value,
    made: autogen::Generated,
    source: Source,
) -> Result<Policy, LowerError> {
    let spec = &document.spec;
    let webhook = spec.webhook_configuration.as_ref();
    Ok(Policy {
        name: document.metadata.name.clone(),
        namespace: (document.kind == "Policy").then(|| document.metadata.namespace.clone()),
        kind: document.kind.clone(),
        api_version: document.api_version.clone(),
        annotations: pairs(&document.metadata.annotations),
        labels: pairs(&document.metadata.labels),
        apply_rules: match spec.apply_rules {
            Some(wire::ApplyRules::One) => ApplyRules::One,
            Some(wire::ApplyRules::All) | None => ApplyRules::All,
        },
        failure_policy: match webhook.and_then(|w| w.failure_policy).or(spec.failure_policy) {
            Some(wire::FailurePolicy::Ignore) => FailurePolicy::Ignore,
            Some(wire::FailurePolicy::Fail) | None => FailurePolicy::Fail,
        },
        action: spec.validation_failure_action.map_or(Action::Audit, action),
        action_overrides: action_overrides(&spec.validation_failure_action_overrides),
        emit_warning: spec.emit_warning.unwrap_or(false),
        admission: spec.admission(),
        background: spec.background(),
        match_conditions: webhook.is_some_and(|w| !w.match_conditions.is_empty()),
        rules: rules(document, value, made)?,
        digest: Sha256::digest(json::to_string(&identity(value)).as_bytes()).into(),
        source,
    })
}

/// The rules as written, then those autogen made (chapter 10 §4.3).
fn rules(
    document: &wire::PolicyDocument,
    value: &Value,
    made: autogen::Generated,
) -> Result<Vec<Arc<Rule>>, LowerError> {
    let at = |index: usize, error: LowerError| error.below(index).below("rules").below("spec");
    let written = value.at(&["spec", "rules"]).and_then(Value::as_list).unwrap_or_default();
    let mut rules = Vec::with_capacity(written.len() + made.rules.len());
    for (index, (rule, value)) in document.spec.rules.iter().zip(written).enumerate() {
        let mut lowered = rule::lower(rule, value).map_err(|e| at(index, e))?;
        lowered.written_at = index;
        if autogen::is_reserved(&rule.name) && !made.rules.is_empty() {
            // Hidden wherever autogen's rules are seen; only validation asks kind by kind.
            if lowered.body.stage() != Stage::Validate {
                continue;
            }
            lowered.except_kinds.clone_from(&made.kinds);
        }
        rules.push(Arc::new(lowered));
    }
    for generated in made.rules {
        let index = generated.source;
        let mut lowered = rule::lower(&generated.rule, &generated.value).map_err(|e| at(index, e))?;
        lowered.written_at = index;
        lowered.autogen = true;
        if lowered.body.stage() == Stage::Validate {
            lowered.only_kinds = Some(generated.only_kinds);
        }
        rules.push(Arc::new(lowered));
    }
    Ok(rules)
}

/// What makes one version of a policy: everything but its status and what the API server adds.
fn identity(value: &Value) -> Value {
    let mut value = value.clone();
    if let Some(map) = value.as_map_mut() {
        map.remove("status");
        if let Some(metadata) = map.get_mut("metadata").and_then(Value::as_map_mut) {
            for added in ["uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"] {
                metadata.remove(added);
            }
        }
    }
    value
}

fn pairs(map: &TextMap) -> Vec<(Str, Str)> {
    map.iter().map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn action(action: wire::FailureAction) -> Action {
    match action {
        wire::FailureAction::Audit => Action::Audit,
        wire::FailureAction::Enforce => Action::Enforce,
    }
}

/// Overrides without an action say nothing, as in Kyverno.
fn action_overrides(overrides: &[wire::ActionOverride]) -> Vec<ActionOverride> {
    overrides
        .iter()
        .filter_map(|written| {
            Some(ActionOverride {
                action: action(written.action?),
                namespaces: written.namespaces.clone(),
                namespace_selector: written.namespace_selector.as_ref().map(Labels::compile),
            })
        })
        .collect()
}

/// A field that is present and not null.
fn present<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    value.get(key).filter(|v| !v.is_null())
}

/// The items of a list field; none if it is absent or null.
fn items<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_list).unwrap_or_default()
}

#[cfg(test)]
pub(crate) mod tests;

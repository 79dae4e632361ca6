//! Mutate rules (chapter 40 §1–3): the object as the rule leaves it.

use crate::document::Value;
use crate::mutate::equal;
use crate::mutate::json_patch::JsonPatch;
use crate::mutate::strategic_merge::StrategicMerge;
use crate::policy::rule::{Change, Mutate, PatchSource};
use crate::template::Template;

use super::answer::Answer;
use super::decision::{Outcome, SkipReason};
use super::interrupt::Interrupt;
use super::mutate_foreach;
use super::scope::Scope;

/// Runs a mutate rule on `object`. A pass carries the changed object.
pub(super) fn run<'a>(mutate: &'a Mutate, object: &Value, scope: &Scope<'a>) -> Answer {
    if let Change::ForEach(entries) = &mutate.change {
        return mutate_foreach::run(entries, object, scope);
    }
    change(mutate, object, scope)
}

/// Applies the rule's own patch to `object`.
pub(super) fn change(mutate: &Mutate, object: &Value, scope: &Scope<'_>) -> Answer {
    let whole = match &mutate.whole_rule {
        None => None,
        Some(template) => match scope.resolve(template) {
            Ok(rule) => Some(rule),
            Err(interrupt) => return Answer::from(interrupt.context("variable substitution failed: ")),
        },
    };
    match apply(&mutate.change, whole.as_ref(), object, scope) {
        Err(interrupt) => Answer::from(interrupt),
        Ok(changed) if equal(&changed, object) => no_patches(),
        Ok(changed) => passed(changed),
    }
}

/// The answer of a rule that left the object as it was.
pub(super) fn no_patches() -> Answer {
    Answer::new(Outcome::Skip(SkipReason::NothingToChange), "no patches applied")
}

/// The answer of a rule that changed the object.
pub(super) fn passed(changed: Value) -> Answer {
    let kind = changed.str_at(&["kind"]).unwrap_or_default();
    let name = changed.str_at(&["metadata", "name"]).unwrap_or_default();
    let message = match changed.str_at(&["metadata", "namespace"]).filter(|ns| !ns.is_empty()) {
        Some(namespace) => format!("mutated {kind}/{name} in namespace {namespace}"),
        None => format!("mutated {kind}/{name}"),
    };
    Answer { object: Some(changed), ..Answer::new(Outcome::Pass, message) }
}

/// Resolves the field of a `foreach` entry: the whole entry is substituted, and places name the field.
fn resolve(scope: &Scope<'_>, template: &Template, field: &str) -> Result<Value, Interrupt> {
    scope.resolve_at(template, &[field.into()]).map_err(|e| e.context("variable substitution failed: "))
}

/// Applies one change. `whole` is the substituted rule when the rule holds variables.
pub(super) fn apply(
    change: &Change,
    whole: Option<&Value>,
    object: &Value,
    scope: &Scope<'_>,
) -> Result<Value, Interrupt> {
    match change {
        Change::StrategicMerge(source) => {
            let compiled;
            let patch = match (source, whole) {
                (PatchSource::Constant(patch), _) => patch,
                (PatchSource::Templated(template), whole) => {
                    let value = match whole.and_then(|rule| rule.at(&["mutate", "patchStrategicMerge"])) {
                        Some(value) => value.clone(),
                        None => resolve(scope, template, "patchStrategicMerge")?,
                    };
                    compiled = StrategicMerge::compile(&value)
                        .map_err(|e| Interrupt::Error(format!("failed to patch resource: {e}")))?;
                    &compiled
                }
            };
            patch.apply(object).map_err(|e| Interrupt::Error(format!("failed to patch resource: {e}")))
        }
        Change::JsonPatch(template) => {
            let text = match whole.and_then(|rule| rule.at(&["mutate", "patchesJson6902"])) {
                Some(value) => value.clone(),
                None => resolve(scope, template, "patchesJson6902")?,
            };
            let Some(text) = text.as_str() else { return Err(Interrupt::Error("empty mutate rule".into())) };
            if text.is_empty() {
                return Err(Interrupt::Error("empty mutate rule".into()));
            }
            JsonPatch::from_text(text)
                .and_then(|patch| patch.apply(object))
                .map_err(|e| Interrupt::Error(format!("failed to patch resource: {e}")))
        }
        Change::ForEach(_) => Err(Interrupt::Error("a nested foreach cannot contain other declarations".into())),
    }
}

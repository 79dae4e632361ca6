//! Mutate rules with `targets` (chapter 40 §3.3): the reviewed object is only the trigger; what
//! changes are existing objects, which the world must supply.

use crate::document::labels::Selector;
use crate::document::{Str, Value, wildcard};
use crate::policy::rule::{Change, Mutate, MutateTarget};

use super::answer::Answer;
use super::conditions::evaluate_all;
use super::decision::{Outcome, SkipReason};
use super::facts::Fact;
use super::interrupt::Interrupt;
use super::review::Numbers;
use super::scope::Scope;
use super::{mutate_foreach, mutating};

/// Runs the rule on every target. Where a background controller would do the work later (a render,
/// an admission) the rule is deferred to it.
pub(super) fn run<'a>(mutate: &'a Mutate, scope: &Scope<'a>) -> Answer {
    if scope.request.review.numbers == Numbers::Typed {
        return Answer::from(Interrupt::Deferred("the existing objects it changes".to_owned()));
    }
    let (mut patched, mut last) = (Vec::new(), None);
    for target in &mutate.targets {
        let objects = match find(target, scope) {
            Ok(objects) => objects,
            Err(interrupt) => return Answer::from(interrupt),
        };
        for object in objects {
            let answer = one(mutate, target, &object, scope);
            match &answer.outcome {
                Outcome::Pass => patched.extend(answer.object.clone()),
                Outcome::Skip(_) => {}
                Outcome::Fail | Outcome::Warn | Outcome::Error | Outcome::Deferred(_) => return answer,
            }
            last = Some(answer);
        }
    }
    match (patched.is_empty(), last) {
        (false, Some(last)) => {
            let answer = patched.last().cloned().map_or(last, mutating::passed);
            Answer { object: None, patched_targets: patched, ..answer }
        }
        (_, Some(last)) => last,
        (_, None) => Answer::new(Outcome::Skip(SkipReason::NothingToChange), "no patches applied"),
    }
}

/// The objects a target block selects.
fn find(target: &MutateTarget, scope: &Scope<'_>) -> Result<Vec<Value>, Interrupt> {
    let block = scope.resolve(&target.selector).map_err(|e| e.context("variable substitution failed: "))?;
    let field = |name: &str| -> Str { block.str_at(&[name]).unwrap_or_default().into() };
    let (api_version, kind, name) = (field("apiVersion"), field("kind"), field("name"));
    let namespace = scope.policy.namespace.clone().unwrap_or_else(|| field("namespace"));
    let concrete = |text: &str| !text.is_empty() && !wildcard::contains_wildcard(text);
    if concrete(&namespace) && concrete(&name) {
        return match scope.facts().object(&api_version, &kind, &namespace, &name) {
            Fact::Known(Some(object)) => Ok(vec![object]),
            Fact::Known(None) | Fact::NoBackend => {
                Err(Interrupt::Error(format!(": {} \"{name}\" not found", plural(&kind))))
            }
            Fact::Unknown(what) => Err(Interrupt::Deferred(what)),
            Fact::Failed(cause) => Err(Interrupt::Error(cause)),
        };
    }
    let selector = match block.get("selector").filter(|s| !s.is_null()) {
        Some(selector) => Some(
            Selector::compile(selector)
                .map_err(|e| Interrupt::Error(format!("failed to parse target selector: {e}")))?,
        ),
        None => None,
    };
    let objects = match scope.facts().objects(&api_version, &kind, "") {
        Fact::Known(objects) => objects,
        Fact::NoBackend => Vec::new(),
        Fact::Unknown(what) => return Err(Interrupt::Deferred(what)),
        Fact::Failed(cause) => return Err(Interrupt::Error(cause)),
    };
    let matches =
        |pattern: &str, text: Option<&str>| pattern.is_empty() || wildcard::matches(pattern, text.unwrap_or_default());
    Ok(objects
        .into_iter()
        .filter(|o| matches(&namespace, o.str_at(&["metadata", "namespace"])))
        .filter(|o| matches(&name, o.str_at(&["metadata", "name"])))
        .filter(|o| {
            let labels = o.at(&["metadata", "labels"]).and_then(Value::as_map);
            selector.as_ref().is_none_or(|s| s.matches(labels))
        })
        .collect())
}

fn one<'a>(mutate: &'a Mutate, target: &'a MutateTarget, object: &Value, scope: &Scope<'a>) -> Answer {
    let object = object.with_floats();
    scope.set("target", object.clone());
    scope.declare(&target.context);
    if let Some(conditions) = &target.preconditions {
        match evaluate_all(conditions, scope) {
            Ok(verdict) if verdict.holds => {}
            Ok(_) => return Answer::new(Outcome::Skip(SkipReason::Preconditions), "preconditions not met"),
            Err(interrupt) => return Answer::from(interrupt.context("failed to evaluate preconditions: ")),
        }
    }
    match &mutate.change {
        Change::ForEach(entries) => mutate_foreach::run(entries, &object, scope),
        _ => mutating::change(mutate, &object, scope),
    }
}

/// The plural a fake client makes of a kind: lower case and an `s`.
fn plural(kind: &str) -> String {
    format!("{}s", kind.to_lowercase())
}

//! Existing violations (chapter 20 §7.4): on UPDATE, a failure the old object had already is a skip.

use std::sync::Arc;

use crate::document::Value;
use crate::policy::action;
use crate::policy::rule::{Action, Exception, Policy, Rule, Validate};
use crate::policy::selector::{Candidate, NamespaceLabels, Verdict};

use super::answer::Answer;
use super::decision::{Outcome, SkipReason};
use super::exceptions;
use super::frame::{Frame, applies};
use super::interrupt::Interrupt;
use super::pod_security;
use super::request::RequestView;
use super::review::{OldObject, Operation, User, UserInfo};
use super::scope::Scope;
use super::validate::{Checker, Place, Subject};

/// Replaces a failure by a skip when the old object fails as well.
pub(super) fn forgive(frame: &Frame<'_>, policy: &Policy, rule: &Rule, validate: &Validate, answer: Answer) -> Answer {
    let enforced = action::without_overrides(policy, rule) == Action::Enforce;
    let review = frame.request.review;
    if answer.outcome != Outcome::Fail
        || !validate.allow_existing_violations
        || !enforced
        || review.operation != Operation::Update
    {
        return answer;
    }
    let OldObject::Known(old) = &frame.request.old_object else { return answer };
    // Kyverno hands the preconditions to its parser in a form it cannot read, so that a rule with
    // preconditions never matches the old object (chapter 10 E14).
    if rule.preconditions.is_some() || !matches_old(frame, policy, rule, old) {
        return answer;
    }
    let request = RequestView::of_old_object(review, old.clone());
    let scope = Scope::new(policy, &rule.name, &rule.context, &request, frame.world);
    let exceptions = match partial_exceptions(frame, policy, rule, old, &scope) {
        Ok(Some(exceptions)) => exceptions,
        Ok(None) => return answer,
        Err(interrupt) => return Answer::from(interrupt),
    };
    let checker = Checker { rule, validate, scope: &scope, exceptions: &exceptions };
    let subject = Subject { value: old, at: Place::Nowhere };
    match checker.run(&validate.check, &subject) {
        Some(old) if old.outcome == Outcome::Fail => Answer::new(
            Outcome::Skip(SkipReason::ExistingViolation),
            "skipping the rule evaluation as pre-existing violations are allowed",
        ),
        _ => answer,
    }
}

fn matches_old(frame: &Frame<'_>, policy: &Policy, rule: &Rule, old: &Value) -> bool {
    let nobody = User::Known(UserInfo { username: "\u{0}".into(), ..UserInfo::default() });
    let labels = || frame.namespace_labels();
    applies(policy, rule, &candidate(frame, old, &nobody, &labels)) == Verdict::Yes
}

/// The exceptions that excuse a part of a `podSecurity` rule for the old object; none for other
/// rules. `None`: one of them excuses the whole rule, so the old object does not fail.
fn partial_exceptions<'a>(
    frame: &Frame<'a>,
    policy: &Policy,
    rule: &Rule,
    old: &Value,
    scope: &Scope<'_>,
) -> Result<Option<Vec<&'a Arc<Exception>>>, Interrupt> {
    if !pod_security::is_checked_by(rule) {
        return Ok(Some(Vec::new()));
    }
    let labels = || frame.namespace_labels();
    let candidate = candidate(frame, old, &frame.request.review.user, &labels);
    let found = exceptions::matching(frame, policy, rule, &candidate, scope)?;
    Ok(found.iter().all(|exception| !exception.pod_security.is_empty()).then_some(found))
}

/// The old object as if it were created now.
fn candidate<'c>(
    frame: &'c Frame<'_>,
    old: &'c Value,
    user: &'c User,
    namespace_labels: &'c dyn Fn() -> NamespaceLabels,
) -> Candidate<'c> {
    let review = frame.request.review;
    Candidate {
        object: old,
        group: &review.group,
        version: &review.version,
        kind: &review.kind,
        subresource: "",
        namespace: &review.namespace,
        operation: Operation::Create,
        user,
        namespace_labels,
    }
}

//! Existing violations (chapter 20 §7.4): on UPDATE, a failure the old object had already is a skip.

use crate::policy::action;
use crate::policy::rule::{Action, Policy, Rule, Validate};
use crate::policy::selector::{Candidate, Verdict};

use super::answer::Answer;
use super::decision::{Outcome, SkipReason};
use super::frame::{Frame, applies};
use super::request::RequestView;
use super::review::{OldObject, Operation, User, UserInfo};
use super::scope::Scope;
use super::validate::{Checker, Subject};

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
    if rule.preconditions.is_some() || !matches_old(frame, policy, rule) {
        return answer;
    }
    let request = RequestView::of_old_object(review, old.clone());
    let scope = Scope::new(policy, &rule.name, &rule.context, &request, frame.world);
    let checker = Checker { rule, validate, scope: &scope };
    let subject = Subject { value: old, at: None };
    match checker.run(&validate.check, &subject) {
        Some(old) if old.outcome == Outcome::Fail => Answer::new(
            Outcome::Skip(SkipReason::ExistingViolation),
            "skipping the rule evaluation as pre-existing violations are allowed",
        ),
        _ => answer,
    }
}

fn matches_old(frame: &Frame<'_>, policy: &Policy, rule: &Rule) -> bool {
    let review = frame.request.review;
    let OldObject::Known(old) = &frame.request.old_object else { return false };
    let nobody = User::Known(UserInfo { username: "\u{0}".into(), ..UserInfo::default() });
    let labels = || frame.namespace_labels();
    let candidate = Candidate {
        object: old,
        group: &review.group,
        version: &review.version,
        kind: &review.kind,
        subresource: "",
        namespace: &review.namespace,
        operation: Operation::Create,
        user: &nobody,
        namespace_labels: &labels,
    };
    applies(policy, rule, &candidate) == Verdict::Yes
}

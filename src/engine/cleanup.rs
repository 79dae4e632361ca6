//! Cleanup policies (chapter 60 §4): which objects would be deleted. Nothing is.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::document::Value;
use crate::policy::rule::{Policy, Rule, Stage};
use crate::policy::selector::{Candidate, NamespaceLabels, Verdict};
use crate::policy::set::PolicySet;

use super::answer::Answer;
use super::conditions::evaluate_all;
use super::decision::{Outcome, Response};
use super::facts::Facts;
use super::frame::{self, Frame};
use super::interrupt::Interrupt;
use super::request::RequestView;
use super::review::Review;
use super::scope::Scope;
use super::world::World;

/// Whether `policy` would delete the object of `review`: pass when it would, else fail.
#[must_use]
pub fn would_delete(policy: &Arc<Policy>, review: &Review, facts: &dyn Facts) -> Response {
    let (set, world, labels) = (PolicySet::default(), World::new(facts), OnceCell::<NamespaceLabels>::new());
    let view = RequestView::new(review, review.object.clone());
    let frame = Frame { set: &set, request: &view, world: &world, labels: &labels, counts: &|_| true };
    let results = policy.rules.iter().map(|rule| frame.result(policy, rule, selects(&frame, policy, rule)));
    Response { policy: Arc::clone(policy), stage: Stage::Delete, rules: results.collect(), object: None }
}

fn selects(frame: &Frame<'_>, policy: &Policy, rule: &Arc<Rule>) -> Answer {
    let kept = || Answer::new(Outcome::Fail, "resource did not match");
    let gone = || Answer::new(Outcome::Pass, "resource matched");
    let review = frame.request.review;
    let Some(object) = &review.object else { return kept() };
    let candidate = Candidate {
        object,
        group: &review.group,
        version: &review.version,
        kind: &review.kind,
        subresource: "",
        namespace: &review.namespace,
        operation: review.operation,
        user: &review.user,
        namespace_labels: &|| frame.namespace_labels(),
    };
    match frame::applies(policy, rule, &candidate) {
        Verdict::Yes => {}
        Verdict::No => return kept(),
        Verdict::Unknown(what) => return Answer::from(Interrupt::Deferred(what)),
    }
    let Some(conditions) = &rule.preconditions else { return gone() };
    let scope = Scope::new(policy, &rule.name, &rule.context, frame.request, frame.world);
    // There is no request: conditions see the object as `target`, and its namespace.
    scope.set("target", object.with_floats());
    scope.set("request", Value::from([("namespace", Value::from(review.namespace.clone()))]));
    match evaluate_all(conditions, &scope) {
        Ok(verdict) if verdict.holds => gone(),
        Ok(_) => kept(),
        Err(interrupt) => Answer::from(interrupt),
    }
}

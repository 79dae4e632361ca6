//! The one loop: every policy kind, every door. Mutation of all policies first, each on what the
//! one before left; then image checks, validation, and generation, on the object as mutated.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::document::Value;
use crate::policy::rule::{ApplyRules, Body, Exception, Policy, Rule, Stage};
use crate::policy::set::PolicySet;

use super::answer::Answer;
use super::decision::{Decision, Outcome, Response, RuleResult};
use super::facts::Facts;
use super::frame::Frame;
use super::old_object;
use super::request::RequestView;
use super::review::{Numbers, Review};
use super::validate::{Checker, Place, Subject};
use super::world::World;
use super::{generate, image_checks, mutate_targets, mutating, verify_images};

/// Which part of a decision a door wants.
#[derive(Clone, Copy)]
pub struct Selection<'f> {
    /// The stages to run, in order.
    pub stages: &'f [Stage],
    /// Whether a rule takes part.
    pub rule: &'f dyn Fn(&Policy, &Rule) -> bool,
    /// Whether an exception that matches counts. Asked once or more for each rule it names.
    pub exception: &'f dyn Fn(&Exception) -> bool,
}

/// Every stage and rule, and every exception: what Kyverno's command line does.
impl Default for Selection<'_> {
    fn default() -> Self {
        Self { stages: &ALL_STAGES, rule: &|_, _| true, exception: &|_| true }
    }
}

const ALL_STAGES: [Stage; 4] = [Stage::Mutate, Stage::VerifyImages, Stage::Validate, Stage::Generate];

/// Decides `review` by every rule of `set`. Deterministic in its arguments.
#[must_use]
pub fn decide(set: &PolicySet, review: &Review, facts: &dyn Facts) -> Decision {
    decide_selected(set, review, facts, Selection::default())
}

/// Decides `review` by the selected stages and rules of `set`.
#[must_use]
pub fn decide_selected(set: &PolicySet, review: &Review, facts: &dyn Facts, selection: Selection<'_>) -> Decision {
    let world = World::new(facts);
    let labels = OnceCell::new();
    let mut responses = Vec::new();
    let candidates = set.candidates(&review.kind, review.operation);
    let mut object = review.object.clone();
    for stage in selection.stages.iter().filter(|stage| set.runs_in(**stage)) {
        let mut view = RequestView::new(review, object.clone());
        for of_policy in candidates.chunk_by(|a, b| a.at == b.at) {
            let Some(policy) = of_policy.first().map(|candidate| candidate.policy) else { continue };
            let mut rules = of_policy
                .iter()
                .map(|candidate| candidate.rule)
                .filter(|rule| rule.body.runs_in(*stage) && (selection.rule)(policy, rule))
                .peekable();
            if rules.peek().is_none() {
                continue;
            }
            let frame = Frame { set, request: &view, world: &world, labels: &labels, counts: selection.exception };
            let response = run_policy(&frame, policy, rules, *stage);
            if matches!(stage, Stage::Mutate | Stage::VerifyImages) && response.object != view.object {
                object.clone_from(&response.object);
                view = RequestView::new(review, object.clone());
            }
            responses.push(response);
        }
    }
    Decision { responses, object }
}

/// Runs one policy's rules of one stage.
fn run_policy<'s>(
    start: &Frame<'_>,
    policy: &'s Arc<Policy>,
    rules: impl Iterator<Item = &'s Arc<Rule>>,
    stage: Stage,
) -> Response {
    let (view, world) = (start.request, start.world);
    // Mostly one rule of a policy can match: room for four, which a first push makes, would be a KiB.
    let mut results: Vec<RuleResult> = Vec::with_capacity(rules.size_hint().1.unwrap_or(0));
    let mut object = view.object.clone();
    let mut changed: Option<RequestView<'_>> = None;
    for rule in rules {
        let request = changed.as_ref().unwrap_or(view);
        let frame = Frame { request, ..*start };
        let mut after: Option<Option<Value>> = None;
        let mut more: Vec<Answer> = Vec::new();
        let result = frame.run(policy, rule, |scope, exceptions| match &rule.body {
            Body::Validate(validate) => {
                let value = request.candidate()?;
                let checker = Checker { rule, validate, scope, exceptions };
                let subject = Subject { value, at: Place::Root };
                let answer = checker.run(&validate.check, &subject)?;
                Some(old_object::forgive(&frame, policy, rule, validate, answer))
            }
            Body::Mutate(mutate) if !mutate.targets.is_empty() => Some(mutate_targets::run(mutate, scope)),
            Body::Mutate(mutate) => {
                let answer = mutating::run(mutate, request.object.as_ref()?, scope);
                match (&answer.outcome, &answer.object) {
                    (Outcome::Pass, Some(value)) => after = Some(Some(normalise(view.review, value))),
                    // Kyverno's command line goes on with an empty object after a failed patch, so
                    // that later rules no longer match (chapter 40 §3.2). The cluster's doors keep
                    // the object: the error itself decides there, and nothing goes unseen.
                    (Outcome::Error, _) if view.review.numbers == Numbers::Floats => after = Some(None),
                    _ => {}
                }
                Some(answer)
            }
            Body::Generate(body) => Some(generate::run(rule, body, scope)),
            Body::VerifyImages(images) if stage == Stage::Validate => image_checks::run(images, rule, scope),
            Body::VerifyImages(images) => {
                let verified = verify_images::run(images, rule, scope);
                if verified.object.is_some() && verified.object != request.object {
                    after = Some(verified.object);
                }
                let mut answers = verified.answers.into_iter();
                let first = answers.next();
                more.extend(answers);
                first
            }
            // Cleanup policies are asked by themselves: they are about objects, not about reviews.
            Body::Delete(_) => None,
            Body::Unsupported { field, .. } => {
                Some(Answer::error(format!("{field} is not evaluated by this version of rendergate")))
            }
        });
        let more: Vec<RuleResult> = more.into_iter().map(|answer| frame.result(policy, rule, answer)).collect();
        if let Some(next) = after {
            object.clone_from(&next);
            changed = Some(RequestView::new(view.review, next));
        }
        let Some(result) = result else { continue };
        let said = results.len();
        results.push(result);
        results.extend(more);
        let applied = results.iter().skip(said).any(|r| matches!(r.outcome, Outcome::Pass | Outcome::Fail));
        if policy.apply_rules == ApplyRules::One && applied {
            break;
        }
    }
    if stage == Stage::VerifyImages
        && let (record, Some(object)) = (world.images.borrow(), &mut object)
        && !record.is_empty()
    {
        record.write(object);
    }
    Response { policy: Arc::clone(policy), stage, rules: results, object }
}

/// The object as it is read back after a change: integers where the cluster has integers.
fn normalise(review: &Review, value: &Value) -> Value {
    match review.numbers {
        Numbers::Floats => value.with_floats(),
        Numbers::Typed => value.with_integers(),
    }
}

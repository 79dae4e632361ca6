//! Policies times resources, as Kyverno's command line runs them (chapter 60 §4): which operation
//! and variables a policy sees, and a response for every policy it would print one for.

use std::sync::Arc;

use crate::document::{Str, Value};
use crate::engine::decision::{Response, RuleResult};
use crate::engine::facts::Facts;
use crate::engine::review::{Numbers, OldObject, Operation, Review, SuppliedVariables, User};
use crate::engine::{Selection, decide, decide_selected, would_delete};
use crate::policy::rule::{Policy, Stage};
use crate::policy::set::PolicySet;

use super::resources::Identity;
use super::values::Values;

/// Everything that stays the same from resource to resource.
pub struct Session<'a> {
    /// The policies and exceptions.
    pub set: &'a PolicySet,
    /// Supplied values.
    pub values: &'a Values,
    /// Who asks.
    pub user: User,
    /// What policies may ask of the world.
    pub facts: &'a (dyn Facts + Sync),
    /// Whether a policy with validate rules answers even when none of them applies: `test` has rows
    /// for that. A policy with mutate rules always answers.
    pub every_policy: bool,
}

/// The answers about one resource.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// The resource as given.
    pub resource: Value,
    /// What names it.
    pub identity: Identity,
    /// One response per policy and stage, in Kyverno's order: every policy with rules of the mutate
    /// and validate stages, and those of the generate stage that have results.
    pub responses: Vec<Response>,
}

const STAGES: [Stage; 4] = [Stage::Mutate, Stage::VerifyImages, Stage::Validate, Stage::Generate];

/// How one policy sees a resource.
struct Seen {
    operation: Operation,
    variables: Vec<SuppliedVariables>,
    /// Whether supplied variables change the object itself.
    changes_object: bool,
}

impl Session<'_> {
    /// Evaluates every policy on `resource`. `operation` overrides what the values say.
    #[must_use]
    pub fn evaluate(&self, resource: &Value, operation: Option<Operation>) -> Evaluation {
        let identity = Identity::of(resource);
        if self.values.supplies_nothing() {
            let responses = self.together(resource, &identity, operation.unwrap_or(Operation::Create), Vec::new());
            return Evaluation { resource: resource.clone(), identity, responses };
        }
        let policies = self.set.policies();
        let seen: Vec<Seen> = policies.iter().map(|policy| self.seen(policy, &identity.name, operation)).collect();
        let alike = seen.windows(2).all(|pair| pair[0].operation == pair[1].operation);
        let responses = if alike && !seen.iter().any(|s| s.changes_object) {
            let operation = seen.first().map_or(Operation::Create, |s| s.operation);
            let variables = seen.into_iter().flat_map(|s| s.variables).collect();
            self.together(resource, &identity, operation, variables)
        } else {
            self.one_by_one(resource, &identity, &seen)
        };
        Evaluation { resource: resource.clone(), identity, responses }
    }

    /// Whether a cleanup policy would delete `resource`.
    #[must_use]
    pub fn cleanup(&self, policy: &Arc<Policy>, resource: &Value) -> Evaluation {
        let identity = Identity::of(resource);
        let review = self.review(Some(resource), &identity, Operation::Create, Vec::new());
        let responses = vec![would_delete(policy, &review, self.facts)];
        Evaluation { resource: resource.clone(), identity, responses }
    }

    fn seen(&self, policy: &Policy, resource: &str, operation: Option<Operation>) -> Seen {
        let variables = self.values.variables(&policy.name, resource, operation.is_some());
        let operation = operation.unwrap_or_else(|| self.values.operation(&policy.name, resource));
        let changes_object = variables.iter().any(|v| {
            v.rule.is_none()
                && v.values.get("request").is_some_and(|r| r.get("object").or(r.get("oldObject")).is_some())
        });
        Seen { operation, variables, changes_object }
    }

    /// The common case: one decision for all policies.
    fn together(
        &self,
        resource: &Value,
        identity: &Identity,
        operation: Operation,
        variables: Vec<SuppliedVariables>,
    ) -> Vec<Response> {
        let review = self.review(Some(resource), identity, operation, variables);
        let decision = decide(self.set, &review, self.facts);
        // The engine answers stage by stage, in the set's order, as the loops below go.
        let mut decided = decision.responses.into_iter().peekable();
        let mut object = review.object.clone();
        let mut responses = Vec::new();
        for stage in STAGES {
            if !self.silence_counts(stage) || !self.set.runs_in(stage) {
                responses.extend(std::iter::from_fn(|| decided.next_if(|r| r.stage == stage)));
                continue;
            }
            for policy in self.set.policies() {
                let response = match decided.next_if(|r| r.stage == stage && Arc::ptr_eq(&r.policy, policy)) {
                    Some(response) => response,
                    None if self.answers_always(policy, stage) => silent(policy, stage, object.clone()),
                    None => continue,
                };
                if matches!(stage, Stage::Mutate | Stage::VerifyImages) {
                    object.clone_from(&response.object);
                }
                responses.push(response);
            }
        }
        responses.retain(|r| !r.rules.is_empty() || self.answers_always(&r.policy, r.stage));
        responses
    }

    /// Policies that see different operations or objects, each alone, on what the one before left.
    fn one_by_one(&self, resource: &Value, identity: &Identity, seen: &[Seen]) -> Vec<Response> {
        let mut object = Some(resource.clone());
        let mut responses = Vec::new();
        for stage in STAGES {
            for (policy, seen) in self.set.policies().iter().zip(seen) {
                let mut review = self.review(object.as_ref(), identity, seen.operation, seen.variables.clone());
                if seen.changes_object {
                    change_object(&mut review);
                }
                let only = |candidate: &Policy, _: &_| std::ptr::eq(candidate, &**policy);
                let selection = Selection { stages: &[stage], rule: &only, ..Selection::default() };
                let decision = decide_selected(self.set, &review, self.facts, selection);
                let mine = decision.responses.into_iter().find(|r| Arc::ptr_eq(&r.policy, policy));
                let response = match mine {
                    Some(response) if self.answers_always(policy, stage) || !response.rules.is_empty() => response,
                    _ if self.answers_always(policy, stage) => silent(policy, stage, review.object.clone()),
                    _ => continue,
                };
                if matches!(stage, Stage::Mutate | Stage::VerifyImages) && seen.operation != Operation::Delete {
                    object.clone_from(&response.object);
                }
                responses.push(response);
            }
        }
        responses
    }

    /// Whether a policy that says nothing in this stage has a response all the same.
    fn silence_counts(&self, stage: Stage) -> bool {
        stage == Stage::Mutate || self.every_policy
    }

    /// Whether there is a response for the policy in this stage even when no rule matched.
    fn answers_always(&self, policy: &Policy, stage: Stage) -> bool {
        self.silence_counts(stage) && answers_in_kyverno(policy, stage)
    }

    fn review(
        &self,
        resource: Option<&Value>,
        identity: &Identity,
        operation: Operation,
        variables: Vec<SuppliedVariables>,
    ) -> Review {
        let subresource =
            self.values.subresources.iter().rfind(|s| s.api_version == identity.api_version && s.kind == identity.kind);
        let (group, version, kind, subresource) = match subresource {
            Some(s) => (s.parent_group.clone(), s.parent_version.clone(), s.parent_kind.clone(), s.subresource.clone()),
            None => (identity.group().into(), identity.version().into(), identity.kind.as_str().into(), Str::default()),
        };
        let known = |object: Option<&Value>| object.map_or(OldObject::Absent, |o| OldObject::Known(o.clone()));
        let (object, old_object) = match operation {
            Operation::Create | Operation::Connect => (resource.cloned(), OldObject::Absent),
            Operation::Update => (resource.cloned(), known(resource)),
            Operation::Delete => (None, known(resource)),
        };
        Review {
            object,
            old_object,
            operation,
            namespace: identity.namespace.as_str().into(),
            subresource,
            group,
            version,
            kind,
            user: self.user.clone(),
            numbers: Numbers::Floats,
            request_fields: Vec::new(),
            variables,
        }
    }
}

/// Kyverno reads the objects back from the variables, so that supplied `request.object` fields
/// change what patterns see.
fn change_object(review: &mut Review) {
    let supplied: Vec<Value> =
        review.variables.iter().filter(|v| v.rule.is_none()).filter_map(|v| v.values.get("request").cloned()).collect();
    for request in supplied {
        if let (Some(object), Some(patch)) = (&mut review.object, request.get("object")) {
            *object = crate::mutate::merge_patch::apply(object, patch);
        }
        if let (OldObject::Known(object), Some(patch)) = (&mut review.old_object, request.get("oldObject")) {
            *object = crate::mutate::merge_patch::apply(object, patch);
        }
    }
}

/// Whether Kyverno makes a response for the policy in this stage even when no rule matched.
fn answers_in_kyverno(policy: &Policy, stage: Stage) -> bool {
    stage != Stage::Generate && policy.rules.iter().any(|rule| rule.body.runs_in(stage))
}

fn silent(policy: &Arc<Policy>, stage: Stage, object: Option<Value>) -> Response {
    Response { policy: Arc::clone(policy), stage, rules: Vec::<RuleResult>::new(), object }
}

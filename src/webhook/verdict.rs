//! A request and a snapshot become an answer (chapter 70 §3, §4). Pure: no HTTP, no clock of its own.
//!
//! Rules, not policies, are sorted by action: the synchronous pass holds the rules that enforce here, the
//! audit pass the others; only the first can deny.

use std::cell::OnceCell;

use crate::document::{Map, Str, Value};
use crate::engine::facts::{Fact, Facts};
use crate::engine::review::{Operation, Review};
use crate::engine::{Decision, Outcome, RuleResult, Selection, decide_selected};
use crate::mutate::json_patch;
use crate::output::admission::{AdmissionRequest, Answer, Findings, denial_text};
use crate::output::redact::Redactor;
use crate::policy::action::{self, Namespace};
use crate::policy::rule::{Action, ActionOverride, Body, Exception, FailurePolicy, Policy, Rule, Stage};
use crate::policy::selector::NamespaceLabels;

use super::review::review;
use super::snapshot::{Batch, Snapshot};

/// The answer to a request, and what each rule said.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// What to answer.
    pub answer: Answer,
    /// The results, in evaluation order.
    pub results: Vec<Said>,
}

/// What one rule said, for metrics and log.
#[derive(Clone, Debug)]
pub struct Said {
    /// The policy, with its namespace if it has one.
    pub policy: Str,
    /// The rule.
    pub rule: Str,
    /// `pass`, `fail`, `error` or `skip`. What cannot be known counts as an error at admission.
    pub result: &'static str,
}

/// Answers `/validate`.
///
/// # Errors
/// When the request cannot be put to the engine at all; the caller treats that as a failure of the webhook.
pub fn validate(snapshot: &Snapshot, request: &AdmissionRequest, batch: Batch) -> Result<Verdict, String> {
    let review = review(request)?;
    let facts = snapshot.gate.facts();
    let sorter = Sorter::new(snapshot, &review, &*facts, batch);
    let decision = sorter.decide(&VALIDATING, &|policy, rule| sorter.enforces(policy, rule));
    let mut results = said(&decision);
    let secrets = secrets(request);

    let denies = |result: &RuleResult, policy: &Policy| {
        result.outcome == Outcome::Fail && sorter.action(policy, result) == Action::Enforce
    };
    let strict = decision.responses.iter().any(|r| r.policy.failure_policy == FailurePolicy::Fail);
    let blocked = decision.results().any(|(policy, r)| denies(r, policy) || (strict && is_error(&r.outcome)));
    if blocked {
        let mut findings = Findings::new();
        for (policy, result) in decision.results().filter(|(_, r)| is_finding(&r.outcome)) {
            let message = message(result, &secrets);
            findings.entry(policy.name.clone()).or_default().insert(result.rule.name.clone(), message);
        }
        let name = object_name(request);
        let text = denial_text(&review.kind, &review.namespace, name, &findings);
        return Ok(Verdict { answer: Answer::Deny(text), results });
    }

    let mut warnings = warnings(&decision, &secrets);
    let warn_pass = sorter.decide(&VALIDATING, &|policy, rule| policy.emit_warning && !sorter.enforces(policy, rule));
    warnings.extend(self::warnings(&warn_pass, &secrets));
    results.extend(said(&warn_pass));
    Ok(Verdict { answer: Answer::Allow { warnings, patch: Vec::new() }, results })
}

/// Answers `/mutate`. Only CREATE, UPDATE and CONNECT are looked at.
///
/// # Errors
/// As [`validate`].
pub fn mutate(snapshot: &Snapshot, request: &AdmissionRequest, batch: Batch) -> Result<Verdict, String> {
    let (Some(before), false) = (&request.object, request.operation == Operation::Delete) else {
        return Ok(Verdict { answer: Answer::allow(), results: Vec::new() });
    };
    let review = review(request)?;
    let facts = snapshot.gate.facts();
    let sorter = Sorter::new(snapshot, &review, &*facts, batch);
    let decision = sorter.decide(&[Stage::Mutate], &|_, rule| changes_the_request(rule));
    let results = said(&decision);
    let secrets = secrets(request);

    let mut strict = false;
    for response in &decision.responses {
        let policy = &response.policy;
        strict |= policy.failure_policy == FailurePolicy::Fail;
        // A policy stops at its first error: what its later rules say is not part of the text.
        let stop = response.rules.iter().position(|r| is_error(&r.outcome)).map_or(response.rules.len(), |at| at + 1);
        let failed: Vec<&RuleResult> = response.rules.iter().take(stop).filter(|r| is_finding(&r.outcome)).collect();
        let denies = |r: &&RuleResult| match r.outcome {
            Outcome::Fail => strict || sorter.action(policy, r) == Action::Enforce,
            _ => strict,
        };
        if failed.iter().any(denies) {
            let rules: Vec<String> =
                failed.iter().map(|r| format!("{}: {}", r.rule.name, message(r, &secrets))).collect();
            let (name, rules) = (&policy.name, rules.join(" "));
            let text = format!("mutation policy {name} error: failed to apply policy {name} rules [{rules}]");
            return Ok(Verdict { answer: Answer::Deny(text), results });
        }
    }
    let warnings = decision
        .responses
        .iter()
        .flat_map(|response| response.rules.iter().map(move |rule| (&response.policy, rule)))
        .filter(|(policy, r)| is_finding(&r.outcome) || (policy.emit_warning && !matches!(r.outcome, Outcome::Skip(_))))
        .map(|(policy, r)| warning(policy, r, &secrets))
        .collect();
    let patch = match &decision.object {
        Some(after) => json_patch::diff(before, after).iter().map(json_patch::Operation::to_value).collect(),
        None => Vec::new(),
    };
    Ok(Verdict { answer: Answer::Allow { warnings, patch }, results })
}

/// The audit pass: every rule of the batch that does not enforce here. It denies nothing.
///
/// # Errors
/// As [`validate`].
pub fn audit(snapshot: &Snapshot, request: &AdmissionRequest, batch: Batch) -> Result<Vec<Said>, String> {
    let review = review(request)?;
    let facts = snapshot.gate.facts();
    let sorter = Sorter::new(snapshot, &review, &*facts, batch);
    // Policies that warn were evaluated while the request waited.
    let decision = sorter.decide(&VALIDATING, &|policy, rule| !policy.emit_warning && !sorter.enforces(policy, rule));
    Ok(said(&decision))
}

const VALIDATING: [Stage; 2] = [Stage::VerifyImages, Stage::Validate];

/// Sorts rules into passes for one review.
struct Sorter<'a> {
    snapshot: &'a Snapshot,
    review: &'a Review,
    facts: &'a dyn Facts,
    batch: Batch,
    labels: OnceCell<NamespaceLabels>,
}

impl<'a> Sorter<'a> {
    fn new(snapshot: &'a Snapshot, review: &'a Review, facts: &'a dyn Facts, batch: Batch) -> Self {
        Self { snapshot, review, facts, batch, labels: OnceCell::new() }
    }

    fn decide(&self, stages: &[Stage], rule: &dyn Fn(&Policy, &Rule) -> bool) -> Decision {
        let rule = |policy: &Policy, r: &Rule| policy.admission && self.batch.holds(policy) && rule(policy, r);
        let exception = |e: &Exception| self.snapshot.gate.excuses(e, self.facts.now());
        let selection = Selection { stages, rule: &rule, exception: &exception };
        decide_selected(&self.snapshot.set, self.review, self.facts, selection)
    }

    fn labels(&self) -> NamespaceLabels {
        self.labels
            .get_or_init(|| match &*self.review.namespace {
                "" => NamespaceLabels::Known(Map::new()),
                namespace => match self.facts.namespace_labels(namespace) {
                    Fact::Known(labels) => NamespaceLabels::Known(labels),
                    Fact::Unknown(what) | Fact::Failed(what) => NamespaceLabels::Unknown(what),
                    Fact::NoBackend => NamespaceLabels::Unknown(format!("the labels of namespace {namespace}")),
                },
            })
            .clone()
    }

    /// Whether the rule belongs to the synchronous pass (chapter 10 §1.4, resolver A). An override by
    /// labels that are not known counts when it enforces: the answer is then an error, not an allow.
    fn enforces(&self, policy: &Policy, rule: &Rule) -> bool {
        if let Some(action) = self.snapshot.gate.action(policy, rule) {
            return action == Action::Enforce;
        }
        let namespace = Namespace { name: &self.review.namespace, labels: &|| self.labels() };
        action::synchronous(policy, rule, namespace) || self.may_enforce(policy, rule)
    }

    fn may_enforce(&self, policy: &Policy, rule: &Rule) -> bool {
        let by_labels = |o: &ActionOverride| o.action == Action::Enforce && o.namespace_selector.is_some();
        let overrides =
            if rule.action_overrides.is_empty() { &policy.action_overrides } else { &rule.action_overrides };
        overrides.iter().any(by_labels) && matches!(self.labels(), NamespaceLabels::Unknown(_))
    }

    /// What a failure of the rule does here (resolver B).
    fn action(&self, policy: &Policy, result: &RuleResult) -> Action {
        self.snapshot.gate.action(policy, &result.rule).unwrap_or(result.action)
    }
}

/// A mutation of the request itself; one of existing objects runs apart from admission.
fn changes_the_request(rule: &Rule) -> bool {
    match &rule.body {
        Body::Mutate(mutate) => mutate.targets.is_empty(),
        Body::Delete(_) => false,
        Body::Validate(_) | Body::Generate(_) | Body::VerifyImages(_) | Body::Unsupported { .. } => true,
    }
}

/// Neither pass nor skip.
fn is_finding(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Fail | Outcome::Error | Outcome::Warn | Outcome::Deferred(_) => true,
        Outcome::Pass | Outcome::Skip(_) => false,
    }
}

/// Not decided. What cannot be known is deferred at a render; nothing comes after admission.
fn is_error(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Error | Outcome::Deferred(_))
}

/// A result's text, without anything a Secret under review holds.
fn message(result: &RuleResult, secrets: &Redactor) -> String {
    match &result.outcome {
        Outcome::Deferred(what) => secrets.apply(&format!("cannot be decided: needs {what}")),
        _ => secrets.apply(&result.message),
    }
}

fn warning(policy: &Policy, result: &RuleResult, secrets: &Redactor) -> String {
    format!("policy {}.{}: {}", policy.name, result.rule.name, message(result, secrets))
}

fn warnings(decision: &Decision, secrets: &Redactor) -> Vec<String> {
    decision.results().filter(|(_, r)| is_finding(&r.outcome)).map(|(policy, r)| warning(policy, r, secrets)).collect()
}

fn secrets(request: &AdmissionRequest) -> Redactor {
    Redactor::of(request.object.iter().chain(&request.old_object))
}

fn said(decision: &Decision) -> Vec<Said> {
    let one = |(policy, result): (&std::sync::Arc<Policy>, &RuleResult)| Said {
        policy: policy.key(),
        rule: result.rule.name.clone(),
        result: if is_error(&result.outcome) { "error" } else { result.outcome.report_result() },
    };
    decision.results().map(one).collect()
}

/// The name in a denial: the object's, else the request's (empty with a generateName).
fn object_name(request: &AdmissionRequest) -> &str {
    let object: Option<&Value> = request.object.as_ref().or(request.old_object.as_ref());
    object.and_then(|o| o.str_at(&["metadata", "name"])).unwrap_or(&request.name)
}

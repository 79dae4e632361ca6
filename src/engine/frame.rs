//! The frame around every rule's body: match, exclude, context, preconditions, properties,
//! exceptions, in Kyverno's order (chapter 10 §3.1).

use std::cell::OnceCell;
use std::sync::Arc;

use crate::document::{Map, Str, Value};
use crate::policy::action::{self, Namespace};
use crate::policy::rule::{Body, Exception, Policy, Rule, Stage};
use crate::policy::selector::{Candidate, NamespaceLabels, Verdict};
use crate::policy::set::PolicySet;
use crate::template::Query as _;

use super::answer::Answer;
use super::conditions::evaluate_all;
use super::decision::{Outcome, RuleResult, SkipReason};
use super::exceptions;
use super::facts::Fact;
use super::interrupt::Interrupt;
use super::pod_security;
use super::request::RequestView;
use super::review::Numbers;
use super::rule_images;
use super::scope::Scope;
use super::world::World;

/// One state of the reviewed object, and what rules ask about it.
pub(super) struct Frame<'a> {
    pub(super) set: &'a PolicySet,
    pub(super) request: &'a RequestView<'a>,
    pub(super) world: &'a World<'a>,
    pub(super) labels: &'a OnceCell<NamespaceLabels>,
    /// Whether an exception that matches counts.
    pub(super) counts: &'a dyn Fn(&Exception) -> bool,
}

impl<'a> Frame<'a> {
    /// The labels of the review's namespace, asked for once.
    pub(super) fn namespace_labels(&self) -> NamespaceLabels {
        self.labels
            .get_or_init(|| {
                let namespace = &self.request.review.namespace;
                if namespace.is_empty() {
                    return NamespaceLabels::Known(Map::new());
                }
                match self.world.facts.namespace_labels(namespace) {
                    Fact::Known(labels) => NamespaceLabels::Known(labels),
                    Fact::Unknown(what) => NamespaceLabels::Unknown(what),
                    Fact::Failed(_) | Fact::NoBackend => NamespaceLabels::Known(Map::new()),
                }
            })
            .clone()
    }

    /// Runs `rule`: `None` when it does not apply, or its body yields no result. `body` is asked
    /// only when the rule applies and nothing excuses it; it is given the exceptions that may excuse
    /// a part of a `podSecurity` rule.
    pub(super) fn run(
        &self,
        policy: &'a Policy,
        rule: &'a Arc<Rule>,
        body: impl FnOnce(&Scope<'a>, &[&'a Arc<Exception>]) -> Option<Answer>,
    ) -> Option<RuleResult> {
        let object = self.request.candidate()?;
        let labels = || self.namespace_labels();
        let review = self.request.review;
        let candidate = Candidate {
            object,
            group: &review.group,
            version: &review.version,
            kind: &review.kind,
            subresource: &review.subresource,
            namespace: &review.namespace,
            operation: self.request.operation,
            user: &review.user,
            namespace_labels: &labels,
        };
        let deferred = |what: String| Some(self.result(policy, rule, Answer::from(Interrupt::Deferred(what))));
        match applies(policy, rule, &candidate) {
            Verdict::No => return None,
            Verdict::Unknown(what) => return deferred(what),
            Verdict::Yes => {}
        }
        let scope = Scope::new(policy, &rule.name, &rule.context, self.request, self.world);
        if policy.match_conditions {
            return Some(self.result(
                policy,
                rule,
                Answer::error("webhookConfiguration.matchConditions (CEL) are not evaluated by this version"),
            ));
        }
        // A rule that is about none of the object's images says nothing, whatever its preconditions.
        if let Body::VerifyImages(images) = &rule.body {
            let current = self.request.object.as_ref()?;
            match rule_images::matching(images, &review.kind, current, &scope.runtime()) {
                Ok(found) if found.is_empty() => return None,
                Ok(_) => {}
                Err(text) => {
                    let answer = Answer::error(format!("failed to instantiate handler: {text}"));
                    return Some(self.result(policy, rule, answer));
                }
            }
        }
        // Generate rules look for exceptions before anything else (chapter 10 §3.1).
        let generate = rule.body.stage() == Stage::Generate;
        if generate {
            match exceptions::matching(self, policy, rule, &candidate, &scope) {
                Err(interrupt) => return Some(self.result(policy, rule, Answer::from(interrupt))),
                Ok(found) if !found.is_empty() => return Some(self.excused(policy, rule, &found, " ")),
                Ok(_) => {}
            }
        }
        if let Some(conditions) = &rule.preconditions {
            let answer = match evaluate_all(conditions, &scope) {
                Ok(verdict) if verdict.holds => None,
                Ok(verdict) => Some(Answer::new(
                    Outcome::Skip(SkipReason::Preconditions),
                    match verdict.text() {
                        // The command line says nothing of a generate rule that was skipped.
                        _ if generate && review.numbers == Numbers::Floats => String::new(),
                        text if text.is_empty() => "preconditions not met".to_owned(),
                        text => format!("preconditions not met; {text}"),
                    },
                )),
                Err(interrupt) => Some(Answer::from(interrupt.context("failed to evaluate preconditions: "))),
            };
            if let Some(answer) = answer {
                return Some(self.result(policy, rule, answer));
            }
        }
        let properties = properties(rule, &scope);
        let mut partial = Vec::new();
        let in_parts = pod_security::is_checked_by(rule);
        if !(generate || in_parts && scope.is_delete()) {
            let found = match exceptions::matching(self, policy, rule, &candidate, &scope) {
                Err(interrupt) => return Some(self.result(policy, rule, Answer::from(interrupt))),
                Ok(found) => found,
            };
            if in_parts {
                if let Some(whole) = found.iter().find(|exception| exception.pod_security.is_empty()) {
                    return Some(self.excused(policy, rule, &[whole], " "));
                }
                partial = found;
            } else if !found.is_empty() {
                return Some(self.excused(policy, rule, &found, "s"));
            }
        }
        let answer = body(&scope, &partial)?;
        let mut result = self.result(policy, rule, answer);
        result.properties.splice(..0, properties);
        Some(result)
    }

    fn excused(&self, policy: &Policy, rule: &Arc<Rule>, found: &[&Arc<Exception>], join: &str) -> RuleResult {
        let keys: Vec<String> = found.iter().map(|e| e.key()).collect();
        let message = format!("rule is skipped due to policy exception{join}{}", keys.join(", "));
        let answer = Answer::new(Outcome::Skip(SkipReason::Exception), message);
        RuleResult { exceptions: keys, ..self.result(policy, rule, answer) }
    }

    /// Puts an answer together with its rule.
    pub(super) fn result(&self, policy: &Policy, rule: &Arc<Rule>, answer: Answer) -> RuleResult {
        let namespace = Namespace { name: &self.request.review.namespace, labels: &|| self.namespace_labels() };
        let (answer, action) = match action::effective(policy, rule, namespace) {
            Ok(action) => (answer, action),
            // Whether the failure blocks hangs on labels that are unknown here.
            Err(what) if answer.outcome == Outcome::Fail => {
                (Answer::from(Interrupt::Deferred(what)), action::without_overrides(policy, rule))
            }
            Err(_) => (answer, action::without_overrides(policy, rule)),
        };
        RuleResult {
            rule: Arc::clone(rule),
            action,
            outcome: answer.outcome,
            message: answer.message,
            author_message: answer.author,
            path: answer.path,
            exceptions: answer.exceptions,
            properties: answer.properties,
            generated: answer.generated,
            patched_targets: answer.patched_targets,
            notices: answer.notices,
        }
    }
}

/// Whether the rule applies to the candidate: gates, match, exclude.
pub(super) fn applies(policy: &Policy, rule: &Rule, candidate: &Candidate<'_>) -> Verdict {
    if let Some(namespace) = &policy.namespace {
        let own = if namespace.is_empty() { "default" } else { namespace.as_str() };
        if own != candidate.namespace {
            return Verdict::No;
        }
    }
    if !rule.applies_to_kind(candidate.kind) {
        return Verdict::No;
    }
    let matched = rule.matches.matches(candidate);
    if matched == Verdict::No {
        return Verdict::No;
    }
    match rule.exclude.as_ref().map_or(Verdict::No, |exclude| exclude.excludes(candidate)) {
        Verdict::Yes => Verdict::No,
        Verdict::Unknown(what) => Verdict::Unknown(what),
        Verdict::No => matched,
    }
}

/// `reportProperties`, all or nothing: one that does not resolve leaves the whole map as written.
fn properties(rule: &Rule, scope: &Scope<'_>) -> Vec<(Str, Str)> {
    let Some(template) = &rule.report_properties else { return Vec::new() };
    let strings = |value: &Value| -> Option<Vec<(Str, Str)>> {
        value.as_map()?.iter().map(|(k, v)| Some((k.clone(), v.as_str()?.into()))).collect()
    };
    scope.resolve(template).ok().as_ref().and_then(strings).or_else(|| strings(template.source())).unwrap_or_default()
}

//! Validate rules: deny, pattern, anyPattern (chapter 20 §1.7, §2.4, §3, §7.1).

use std::sync::Arc;

use crate::document::{Pointer, Str, Value};
use crate::pattern::{Outcome as Matching, Pattern};
use crate::policy::rule::{AnyPattern, Check, Conditions, Exception, PatternSource, Rule, Validate};
use crate::template::{Query as _, Template};

use super::answer::Answer;
use super::conditions::evaluate_all;
use super::decision::{Outcome, SkipReason};
use super::elements::Elements;
use super::interrupt::Interrupt;
use super::pod_security;
use super::scope::Scope;
use super::signed_manifests;
use super::validate_foreach;

/// One validate rule at work.
pub(super) struct Checker<'a, 's> {
    pub(super) rule: &'a Rule,
    pub(super) validate: &'a Validate,
    pub(super) scope: &'s Scope<'a>,
    /// The exceptions that may excuse a part of a `podSecurity` rule.
    pub(super) exceptions: &'s [&'a Arc<Exception>],
}

/// What a pattern is held against, and where that lies in the object.
#[derive(Clone, Copy)]
pub(super) struct Subject<'v> {
    pub(super) value: &'v Value,
    pub(super) at: Place<'v>,
}

/// A place in the reviewed object; written out only when something fails there.
#[derive(Clone, Copy)]
pub(super) enum Place<'v> {
    Nowhere,
    Root,
    /// The element of a list that stands at this index.
    Element(&'v Elements<'v>, usize),
}

impl Place<'_> {
    pub(super) fn pointer(self) -> Option<Pointer> {
        match self {
            Self::Nowhere => None,
            Self::Root => Some(Pointer::root()),
            Self::Element(list, index) => list.place_of(index),
        }
    }
}

impl<'a> Checker<'a, '_> {
    /// Runs `check` against `subject`. `None`: the check yields no result.
    pub(super) fn run(&self, check: &'a Check, subject: &Subject<'_>) -> Option<Answer> {
        match check {
            Check::Deny(conditions) => Some(self.deny(conditions.as_ref())),
            Check::Pattern(source) => {
                if self.scope.is_delete() && self.scope.loop_depth() == 0 {
                    return None;
                }
                Some(self.pattern(source, subject))
            }
            Check::AnyPattern(source) => {
                if self.scope.is_delete() && self.scope.loop_depth() == 0 {
                    return None;
                }
                Some(self.any_pattern(source, subject))
            }
            Check::ForEach(entries) => validate_foreach::run(self, entries, subject),
            Check::PodSecurity(security) => pod_security::run(self, security, subject),
            Check::SignedManifests(manifests) => signed_manifests::run(manifests, self.scope),
            Check::Nothing => None,
        }
    }

    fn passed(&self) -> Answer {
        Answer::new(Outcome::Pass, ["validation rule '", &self.rule.name, "' passed."].concat())
    }

    fn deny(&self, conditions: Option<&Conditions>) -> Answer {
        let (denied, text) = match conditions {
            None => (true, String::new()),
            Some(conditions) => match evaluate_all(conditions, self.scope) {
                Err(interrupt) => return Answer::from(interrupt.context("failed to check deny conditions: ")),
                Ok(verdict) => (verdict.holds, verdict.text()),
            },
        };
        if !denied {
            return self.passed();
        }
        let own = self.validate.message.as_ref().filter(|own| own.source().as_str().is_some_and(|t| !t.is_empty()));
        let resolved = match (own, text.is_empty()) {
            (None, true) => {
                return Answer::new(Outcome::Fail, format!("validation error: rule {} failed", self.rule.name));
            }
            (Some(own), true) => self.scope.resolve(own),
            (None, false) => self.resolve_text(&text),
            (Some(_), false) => self.resolve_text(&format!("{}; {text}", self.message_source())),
        };
        let message = match resolved {
            Ok(Value::String(message)) => message.to_string(),
            Ok(_) => "the produced message didn't resolve to a string, check your policy definition.".to_owned(),
            Err(Interrupt::Error(_)) => text,
            Err(deferred) => return Answer::from(deferred),
        };
        Answer { author: Some(message.clone()), ..Answer::new(Outcome::Fail, message) }
    }

    fn pattern(&self, source: &PatternSource, subject: &Subject<'_>) -> Answer {
        let compiled;
        let pattern = match source {
            PatternSource::Constant(pattern) => pattern,
            PatternSource::Templated(template) => match self.scope.resolve(template) {
                Ok(value) => {
                    compiled = Pattern::compile(&value);
                    &compiled
                }
                Err(interrupt) => return Answer::from(interrupt.context("variable substitution failed: ")),
            },
        };
        match pattern.matches(subject.value) {
            Matching::Matched => self.passed(),
            Matching::Skipped(text) => Answer::new(Outcome::Skip(SkipReason::Anchor), text),
            Matching::Failed(failure) => {
                let tail = format!("rule {} failed at path {}", self.rule.name, failure.path);
                self.composed(Outcome::Fail, &tail, &failure.text).at(subject, Some(&failure.pointer))
            }
            Matching::Error(text) => {
                let tail = format!("rule {} execution error: {text}", self.rule.name);
                self.composed(Outcome::Error, &tail, &text)
            }
        }
    }

    fn any_pattern(&self, source: &AnyPattern, subject: &Subject<'_>) -> Answer {
        let compiled;
        let patterns: &[Pattern] = match source {
            AnyPattern::Constant(patterns) => patterns,
            AnyPattern::Templated(template) => match self.scope.resolve(template) {
                Ok(value) => {
                    compiled = value.as_list().unwrap_or_default().iter().map(Pattern::compile_any).collect::<Vec<_>>();
                    &compiled
                }
                Err(interrupt) => return Answer::from(interrupt.context("variable substitution failed: ")),
            },
        };
        let name = &self.rule.name;
        let (mut failed, mut skipped, mut first) = (Vec::new(), Vec::new(), None);
        for (i, pattern) in patterns.iter().enumerate() {
            match pattern.matches(subject.value) {
                Matching::Matched => {
                    return Answer::new(Outcome::Pass, format!("validation rule '{name}' anyPattern[{i}] passed."));
                }
                Matching::Skipped(text) => skipped.push(format!("rule {name}[{i}] skipped: {text}")),
                Matching::Failed(failure) => {
                    failed.push(format!("rule {name}[{i}] failed at path {}", failure.path));
                    first.get_or_insert(failure.pointer);
                }
                Matching::Error(text) => failed.push(format!("rule {name}[{i}] failed: {text}")),
            }
        }
        if !failed.is_empty() {
            let list = failed.join(" ");
            return self.composed(Outcome::Fail, &list, &list).at(subject, first.as_ref());
        }
        if !skipped.is_empty() {
            return Answer::new(Outcome::Skip(SkipReason::Anchor), skipped.join(" "));
        }
        Answer::new(Outcome::Pass, self.message_source().to_string())
    }

    /// `validation error: M. TAIL`, or `validation error: TAIL` without a message. A message that
    /// does not resolve gives way to `cause`, what the pattern said.
    fn composed(&self, outcome: Outcome, tail: &str, cause: &str) -> Answer {
        let Some(template) = &self.validate.message else {
            return Answer::new(outcome, format!("validation error: {tail}"));
        };
        match self.scope.resolve(template) {
            Ok(Value::String(message)) if message.is_empty() => {
                Answer::new(outcome, format!("validation error: {tail}"))
            }
            Ok(Value::String(message)) => {
                let dot = if message.ends_with('.') { "" } else { "." };
                Answer {
                    author: Some(message.to_string()),
                    ..Answer::new(outcome, format!("validation error: {message}{dot} {tail}"))
                }
            }
            Ok(_) => Answer::error(format!(
                "the message of rule {} does not resolve to a string, check your policy definition",
                self.rule.name
            )),
            Err(Interrupt::Error(_)) => Answer::new(
                outcome,
                format!(
                    "validation error: variables substitution error in rule {} execution error: {cause}",
                    self.rule.name
                ),
            ),
            Err(deferred) => Answer::from(deferred),
        }
    }

    /// The rule's message as written, empty when it has none.
    fn message_source(&self) -> Str {
        self.validate.message.as_ref().and_then(|t| t.source().as_str()).unwrap_or_default().into()
    }

    fn resolve_text(&self, text: &str) -> Result<Value, Interrupt> {
        if !text.contains("{{") && !text.contains("$(") {
            return Ok(text.into());
        }
        self.scope.resolve(&Template::text(text))
    }
}

//! `podSecurity` rules (chapter 20 §5.5, §5.6): the one kind of rule an exception may excuse in part.

use crate::pod_security::{Exclude, PodSecurity, Verdict};
use crate::policy::rule::{Body, Check, Rule};
use crate::template::Query as _;

use super::answer::Answer;
use super::decision::{Outcome, SkipReason};
use super::validate::{Checker, Subject};

/// Whether the rule is a `podSecurity` rule.
pub(super) fn is_checked_by(rule: &Rule) -> bool {
    matches!(&rule.body, Body::Validate(validate) if matches!(validate.check, Check::PodSecurity(_)))
}

/// Checks the pod of `subject`. No result on DELETE. The rule's own message is not used.
pub(super) fn run(checker: &Checker<'_, '_>, security: &PodSecurity, subject: &Subject<'_>) -> Option<Answer> {
    if checker.scope.is_delete() {
        return None;
    }
    let rule = &checker.rule.name;
    let excludes: Vec<&[Exclude]> = checker.exceptions.iter().map(|e| e.pod_security.as_slice()).collect();
    let evaluation = match security.evaluate(subject.value, &excludes) {
        Ok(evaluation) => evaluation,
        Err(text) => return Some(Answer::error(text)),
    };
    Some(match evaluation.verdict() {
        Verdict::Allowed => Answer::new(Outcome::Pass, format!("Validation rule '{rule}' passed.")),
        Verdict::Excused => {
            let exceptions: Vec<String> = checker.exceptions.iter().map(|e| e.key()).collect();
            let message = format!("rule is skipped due to policy exceptions {}", exceptions.join(", "));
            Answer { exceptions, ..Answer::new(Outcome::Skip(SkipReason::Exception), message) }
        }
        Verdict::Violated => {
            let answer = Answer::new(Outcome::Fail, evaluation.message(security, rule));
            Answer { properties: evaluation.properties(security), ..answer }.at(subject, evaluation.pointer().as_ref())
        }
    })
}

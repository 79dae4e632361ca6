//! Which PolicyExceptions excuse a rule (chapter 10 §5).

use std::sync::Arc;

use crate::policy::rule::{Exception, Policy, Rule};
use crate::policy::selector::{Candidate, Verdict};

use super::conditions::evaluate_exception;
use super::frame::Frame;
use super::interrupt::Interrupt;
use super::scope::Scope;

/// The exceptions that count and apply to `rule` here, in their order. An exception whose conditions fail to
/// evaluate does not apply; one that needs what is unknown defers the rule.
pub(super) fn matching<'s>(
    frame: &Frame<'s>,
    policy: &Policy,
    rule: &Rule,
    candidate: &Candidate<'_>,
    scope: &Scope<'_>,
) -> Result<Vec<&'s Arc<Exception>>, Interrupt> {
    let mut found = Vec::new();
    for exception in frame.set.exceptions_for(policy, rule) {
        let matched = exception.matches.excepts(candidate);
        if matched == Verdict::No || !(frame.counts)(exception) {
            continue;
        }
        if let Verdict::Unknown(what) = matched {
            return Err(Interrupt::Deferred(what));
        }
        let applies = match &exception.conditions {
            None => true,
            Some(conditions) => match evaluate_exception(conditions, scope) {
                Ok(holds) => holds,
                Err(Interrupt::Error(_)) => false,
                Err(deferred @ Interrupt::Deferred(_)) => return Err(deferred),
            },
        };
        if applies {
            found.push(exception);
        }
    }
    Ok(found)
}

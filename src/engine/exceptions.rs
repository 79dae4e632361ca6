//! Which PolicyExceptions excuse a rule (chapter 10 §5).

use std::sync::Arc;

use crate::policy::rule::{Exception, Policy, Rule};
use crate::policy::selector::{Candidate, Verdict};
use crate::policy::set::PolicySet;

use super::conditions::evaluate_exception;
use super::interrupt::Interrupt;
use super::scope::Scope;

/// The exceptions that apply to `rule` here, in their order. An exception whose conditions fail to
/// evaluate does not apply; one that needs what is unknown defers the rule.
pub(super) fn matching<'s>(
    set: &'s PolicySet,
    policy: &Policy,
    rule: &Rule,
    candidate: &Candidate<'_>,
    scope: &Scope<'_>,
) -> Result<Vec<&'s Arc<Exception>>, Interrupt> {
    let mut found = Vec::new();
    for exception in set.exceptions_for(policy, rule) {
        match exception.matches.excepts(candidate) {
            Verdict::No => continue,
            Verdict::Unknown(what) => return Err(Interrupt::Deferred(what)),
            Verdict::Yes => {}
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

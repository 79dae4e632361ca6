//! `preconditions` and `deny.conditions`: any/all blocks of conditions (chapter 20 §3.1).

use crate::document::Str;
use crate::policy::rule::{Condition, Conditions};

use super::interrupt::Interrupt;
use super::scope::Scope;

/// What a block of conditions came to, with the messages of the conditions that decided it: those
/// of true conditions when it holds, those of false ones when it does not.
#[derive(Debug, PartialEq)]
pub(super) struct Verdict {
    pub(super) holds: bool,
    pub(super) messages: Vec<Str>,
    /// The legacy list joins its messages without a blank.
    pub(super) legacy: bool,
}

impl Verdict {
    /// The messages as Kyverno joins them.
    pub(super) fn text(&self) -> String {
        self.messages.join(if self.legacy && self.holds { ";" } else { "; " })
    }
}

/// Evaluates `conditions`. Each block stops at the condition that decides it; both are always
/// evaluated, so an error in `all` counts even when `any` failed.
pub(super) fn evaluate_all(conditions: &Conditions, scope: &Scope<'_>) -> Result<Verdict, Interrupt> {
    match conditions {
        Conditions::Blocks { any, all } => {
            let (mut met, mut unmet) = (Vec::new(), Vec::new());
            let any_holds = match any {
                None => true,
                Some(conditions) => {
                    let mut holds = false;
                    for condition in conditions {
                        if check(condition, scope)? {
                            holds = true;
                            met.extend(message(condition));
                            break;
                        }
                        unmet.extend(message(condition));
                    }
                    holds
                }
            };
            let mut all_hold = true;
            for condition in all.iter().flatten() {
                if !check(condition, scope)? {
                    all_hold = false;
                    unmet.extend(message(condition));
                    break;
                }
                met.extend(message(condition));
            }
            let holds = any_holds && all_hold;
            Ok(Verdict { holds, messages: if holds { met } else { unmet }, legacy: false })
        }
        Conditions::List(conditions) => {
            let mut messages = Vec::new();
            for condition in conditions {
                if !check(condition, scope)? {
                    return Ok(Verdict {
                        holds: false,
                        messages: message(condition).into_iter().collect(),
                        legacy: true,
                    });
                }
                messages.extend(message(condition));
            }
            Ok(Verdict { holds: true, messages, legacy: true })
        }
    }
}

/// The evaluator of PolicyException conditions: `all` first, then `any`; an empty `any` holds.
pub(super) fn evaluate_exception(conditions: &Conditions, scope: &Scope<'_>) -> Result<bool, Interrupt> {
    match conditions {
        Conditions::Blocks { any, all } => {
            for condition in all.iter().flatten() {
                if !check(condition, scope)? {
                    return Ok(false);
                }
            }
            match any.as_deref() {
                None | Some([]) => Ok(true),
                Some(conditions) => {
                    for condition in conditions {
                        if check(condition, scope)? {
                            return Ok(true);
                        }
                    }
                    Ok(false)
                }
            }
        }
        Conditions::List(_) => Ok(evaluate_all(conditions, scope)?.holds),
    }
}

fn message(condition: &Condition) -> Option<Str> {
    condition.message.clone().filter(|text| !text.is_empty())
}

fn check(condition: &Condition, scope: &Scope<'_>) -> Result<bool, Interrupt> {
    let key =
        scope.resolve(&condition.key).map_err(|e| e.context("failed to substitute variables in condition key: "))?;
    let value = scope
        .resolve(&condition.value)
        .map_err(|e| e.context("failed to substitute variables in condition value: "))?;
    match &condition.operator {
        Ok(operator) => operator.evaluate(&key, &value).map_err(Interrupt::Error),
        Err(_) => Err(Interrupt::Error("failed to create handler for condition operator: %!w(<nil>)".into())),
    }
}

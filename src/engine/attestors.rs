//! Sets of attestors, counted (chapter 40 §6.8).

use crate::document::Str;
use crate::policy::attestors::{AttestorSet, Proof};

use super::answer::Answer;
use super::decision::Outcome;
use super::interrupt::Interrupt;
use super::registry::{ImageQuestion, Registry, Verification};

/// Why a set does not agree.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Disagreement {
    /// What each entry that does not agree said.
    pub(super) causes: Vec<String>,
    /// Whether one of them only did not reach its registry.
    pub(super) unreachable: bool,
    /// What would have to be known to say more.
    pub(super) unknown: Option<String>,
}

impl Disagreement {
    pub(super) fn text(&self) -> String {
        self.causes.join("; ")
    }

    /// What the rule says of `image`: a registry that was not reached is an error, not a violation.
    pub(super) fn answer(self, image: &str) -> Answer {
        if let Some(what) = self.unknown {
            return Answer::from(Interrupt::Deferred(what));
        }
        let outcome = if self.unreachable { Outcome::Error } else { Outcome::Fail };
        Answer::new(outcome, format!("failed to verify image {image}: {}", self.text()))
    }
}

/// The digest that enough attestors of the set signed. Asks no more than it needs.
pub(super) fn signed(
    set: &AttestorSet,
    question: &ImageQuestion<'_>,
    path: &str,
    registry: &dyn Registry,
) -> Result<Str, Disagreement> {
    let mut against = Disagreement::default();
    let (mut agreed, mut open) = (0, 0);
    for (index, attestor) in set.entries.iter().enumerate() {
        let place = format!("{path}.entries[{index}]{}", attestor.proof.suffix());
        let answer = match &attestor.proof {
            Proof::Nested(Err(cause)) => {
                Verification::Refused(format!("failed to unmarshal nested attestor {path}.entries[{index}]: {cause}"))
            }
            Proof::Nested(Ok(nested)) => match signed(nested, question, &place, registry) {
                Ok(digest) => Verification::Verified(digest),
                Err(inner) => {
                    against.unreachable |= inner.unreachable;
                    match inner.unknown {
                        Some(what) => Verification::Unknown(what),
                        None => Verification::Refused(inner.causes.join("; ")),
                    }
                }
            },
            Proof::Keys(_) | Proof::Certificates(_) | Proof::Keyless(_) | Proof::Anybody => {
                match registry.signature(question, attestor) {
                    Verification::Refused(cause) => Verification::Refused(format!("{place}: {cause}")),
                    Verification::Unreachable(cause) => Verification::Unreachable(format!("{place}: {cause}")),
                    known => known,
                }
            }
        };
        match answer {
            Verification::Verified(digest) => {
                agreed += 1;
                if agreed >= set.required {
                    return Ok(digest);
                }
            }
            Verification::Refused(cause) => against.causes.push(cause),
            Verification::Unreachable(cause) => {
                against.unreachable = true;
                against.causes.push(cause);
            }
            Verification::Unknown(what) => {
                open += 1;
                against.unknown.get_or_insert(what);
            }
        }
    }
    // What is not known does not matter where it could not have been enough.
    if agreed + open < set.required {
        against.unknown = None;
    }
    if against.causes.is_empty() && against.unknown.is_none() {
        against.causes.push(format!("{path}: no attestor is given"));
    }
    Err(against)
}

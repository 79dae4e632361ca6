//! [`Decision`]: what the engine says of one [`super::Review`]. The only vocabulary doors read.

use std::sync::Arc;

use crate::document::Pointer;
use crate::document::{Str, Value};
use crate::policy::rule::{Action, Policy, Rule, Stage};

/// What one rule said.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Satisfied.
    Pass,
    /// Violated.
    Fail,
    /// Violated, but the policy is not scored. Made by doors that report, never by rules.
    Warn,
    /// Could not be evaluated. Never turned into a pass.
    Error,
    /// Did not apply.
    Skip(SkipReason),
    /// Needs what cannot be known here; holds what. Only where the world answers "unknown".
    Deferred(String),
}

/// Why a rule was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// Preconditions not met.
    Preconditions,
    /// A PolicyException applies.
    Exception,
    /// An anchor's condition was not met.
    Anchor,
    /// The mutation changed nothing.
    NothingToChange,
    /// The old object violated the rule already.
    ExistingViolation,
    /// The rule leaves the image alone.
    ImageReference,
}

impl Outcome {
    /// The word Kyverno's reports use; a deferred rule reports as `skip`.
    #[must_use]
    pub fn report_result(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Error => "error",
            Self::Skip(_) | Self::Deferred(_) => "skip",
        }
    }
}

/// The answer of one rule.
#[derive(Clone, Debug)]
pub struct RuleResult {
    /// The rule that answered.
    pub rule: Arc<Rule>,
    /// What it said.
    pub outcome: Outcome,
    /// Kyverno's text.
    pub message: String,
    /// The policy author's own message, resolved, when the rule has one and it was needed.
    pub author_message: Option<String>,
    /// The effective action at this door (chapter 10 §1.4, resolver B).
    pub action: Action,
    /// Where in the object the rule failed, if it knows.
    pub path: Option<Pointer>,
    /// The exceptions that applied, as `namespace/name`.
    pub exceptions: Vec<String>,
    /// `reportProperties`, substituted.
    pub properties: Vec<(Str, Str)>,
    /// Objects a generate rule makes, in order.
    pub generated: Vec<Value>,
    /// What a person should know although the outcome does not say it: where Kyverno's command line
    /// loses an error and `apply` must answer as it does.
    pub notices: Vec<String>,
    /// Targets a mutate-existing rule changed.
    pub patched_targets: Vec<Value>,
}

impl RuleResult {
    /// What to tell a person: of a violation the policy author's own words where there are some,
    /// else Kyverno's text.
    #[must_use]
    pub fn words(&self) -> &str {
        match self.outcome {
            Outcome::Fail | Outcome::Warn => {
                let own = self.author_message.as_deref().map(str::trim).filter(|text| !text.is_empty());
                own.unwrap_or(&self.message)
            }
            Outcome::Pass | Outcome::Error | Outcome::Skip(_) | Outcome::Deferred(_) => &self.message,
        }
    }
}

/// The answers of one policy in one stage.
#[derive(Clone, Debug)]
pub struct Response {
    /// The policy.
    pub policy: Arc<Policy>,
    /// The stage.
    pub stage: Stage,
    /// Its rules' answers, in order; rules that did not match are absent.
    pub rules: Vec<RuleResult>,
    /// The object after this policy's stage (only the mutate stage changes it). `None` on DELETE,
    /// and after a failed mutation, as in Kyverno.
    pub object: Option<Value>,
}

/// What the engine says of one review.
#[derive(Clone, Debug)]
pub struct Decision {
    /// One response for each policy and stage that has rules of that stage, in evaluation order.
    pub responses: Vec<Response>,
    /// The object after all mutation.
    pub object: Option<Value>,
}

impl Decision {
    /// Every rule result with its policy, in evaluation order.
    pub fn results(&self) -> impl Iterator<Item = (&Arc<Policy>, &RuleResult)> {
        self.responses.iter().flat_map(|r| r.rules.iter().map(move |rule| (&r.policy, rule)))
    }
}

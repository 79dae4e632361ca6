//! [`Snapshot`]: everything one review is decided by. Immutable; a reload swaps it whole.

use std::sync::Arc;

use crate::engine::facts::Facts;
use crate::policy::rule::{Action, Exception, FailurePolicy, Policy, Rule};
use crate::policy::set::PolicySet;

/// The policies, and the operator's word on them.
pub struct Snapshot {
    /// The policies and exceptions.
    pub set: PolicySet,
    /// The operator's configuration.
    pub gate: Box<dyn Gate>,
    /// A digest of what was read, for logs and metrics.
    pub digest: String,
    /// What was read and does not count, and why; logged when the set comes into force.
    pub notes: Vec<String>,
}

impl Snapshot {
    /// Rules that match by the user's roles. They cannot be decided here: roles are resolved from role
    /// bindings, which this webhook does not read, and taking the user for one without roles would allow
    /// what the rule is there to deny. (An exclusion by roles only never excludes.)
    #[must_use]
    pub fn rules_that_match_by_roles(&self) -> Vec<String> {
        let rules = |policy: &Arc<Policy>| {
            let of = policy.key();
            policy
                .rules
                .iter()
                .filter(|r| !r.autogen && r.matches.needs_roles())
                .map(move |r| format!("{of}/{}", r.name))
                .collect::<Vec<_>>()
        };
        self.set.policies().iter().flat_map(rules).collect()
    }
}

/// What the operator's configuration adds to the policies.
pub trait Gate: Send + Sync {
    /// The action set for a rule by the configuration; `None` leaves it to the policy.
    fn action(&self, policy: &Policy, rule: &Rule) -> Option<Action>;

    /// Whether an exception that matches counts at `now` (nanoseconds since the epoch).
    fn excuses(&self, exception: &Exception, now: i128) -> bool;

    /// What is known of the world. Made for one review, so that its clock stands still.
    fn facts(&self) -> Box<dyn Facts + '_>;
}

/// The policies a path stands for (chapter 70 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Batch {
    /// The bare path: all.
    All,
    /// `/fail`.
    Fail,
    /// `/ignore`.
    Ignore,
}

impl Batch {
    /// Whether a policy belongs to the batch.
    #[must_use]
    pub fn holds(self, policy: &Policy) -> bool {
        match self {
            Self::All => true,
            Self::Fail => policy.failure_policy == FailurePolicy::Fail,
            Self::Ignore => policy.failure_policy == FailurePolicy::Ignore,
        }
    }

    /// Its name in metrics and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Fail => "fail",
            Self::Ignore => "ignore",
        }
    }
}

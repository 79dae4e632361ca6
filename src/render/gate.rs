//! Whether a result stops the render (design: effective action, rule errors, deferred rules).

use crate::config::{Enforcement, OnDeferred, OnRuleError, Settings};
use crate::document::{Str, wildcard};
use crate::engine::{Outcome, RuleResult};
use crate::policy::rule::{Action, FailurePolicy, Policy, Stage};

/// The operator's settings, and what the application tightens.
#[derive(Clone, Copy, Debug)]
pub struct Gate<'a> {
    /// The operator's settings.
    pub settings: &'a Settings,
    /// Policies the application enforces on itself: wildcards.
    pub enforce: &'a [Str],
}

impl Gate<'_> {
    /// The action that holds for a rule here, and whether `result` stops the render.
    pub(super) fn judge(&self, policy: &Policy, stage: Stage, result: &RuleResult) -> (Action, bool) {
        let key = policy.key();
        let configured = self.settings.enforcement(&key, &result.rule.name);
        let lifted = self.enforce.iter().any(|name| wildcard::matches(name, &key));
        let action = match configured {
            _ if lifted => Action::Enforce,
            Enforcement::Enforce => Action::Enforce,
            Enforcement::Audit => Action::Audit,
            Enforcement::Policy => result.action,
        };
        // Rules that change or make objects have no action of their own. At admission their errors
        // deny by the policy's failurePolicy; an audit said by the operator goes before that.
        let strict = match stage {
            Stage::Validate | Stage::VerifyImages => action == Action::Enforce,
            // No part of a render.
            Stage::Delete => false,
            Stage::Mutate | Stage::Generate if configured == Enforcement::Policy && !lifted => {
                policy.failure_policy == FailurePolicy::Fail
            }
            Stage::Mutate | Stage::Generate => action == Action::Enforce,
        };
        let blocks = match &result.outcome {
            Outcome::Fail => strict,
            Outcome::Error => strict && self.settings.on_rule_error == OnRuleError::Deny,
            Outcome::Deferred(_) => strict && self.settings.on_deferred == OnDeferred::Deny,
            Outcome::Pass | Outcome::Warn | Outcome::Skip(_) => false,
        };
        (action, blocks)
    }
}

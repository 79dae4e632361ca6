//! What `apply` counts (chapter 60 §6).

use std::fmt;
use std::ops::AddAssign;

use crate::engine::decision::{Outcome, Response};
use crate::policy::rule::Stage;

use super::report;

/// Rule results by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResultCounts {
    /// Satisfied.
    pub pass: usize,
    /// Violated.
    pub fail: usize,
    /// Violated, but not scored, or under `--audit-warn` not enforced.
    pub warn: usize,
    /// Not evaluated.
    pub error: usize,
    /// Did not apply.
    pub skip: usize,
}

impl ResultCounts {
    /// Counts the results of one response. Only validation and image checks know warnings.
    pub fn add(&mut self, response: &Response, audit_warn: bool) {
        for rule in &response.rules {
            let word = match response.stage {
                Stage::Validate | Stage::VerifyImages => report::result_word(&response.policy, rule, audit_warn),
                Stage::Mutate | Stage::Generate | Stage::Delete => rule.outcome.report_result(),
            };
            match (word, &rule.outcome) {
                ("pass", _) => self.pass += 1,
                ("fail", _) => self.fail += 1,
                ("warn", _) => self.warn += 1,
                ("skip", Outcome::Skip(_) | Outcome::Deferred(_)) => self.skip += 1,
                _ => self.error += 1,
            }
        }
    }
}

impl AddAssign for ResultCounts {
    fn add_assign(&mut self, other: Self) {
        let Self { pass, fail, warn, error, skip } = other;
        self.pass += pass;
        self.fail += fail;
        self.warn += warn;
        self.error += error;
        self.skip += skip;
    }
}

impl fmt::Display for ResultCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pass, fail, warn, error, skip } = self;
        write!(f, "pass: {pass}, fail: {fail}, warn: {warn}, error: {error}, skip: {skip}")
    }
}

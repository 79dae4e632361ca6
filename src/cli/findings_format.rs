//! The forms in which findings are written: `apply --format`, `generate --report-format`.

use std::sync::Arc;

use crate::output::finding::{Counts, Finding};
use crate::output::{github, json, junit, sarif};
use crate::policy::rule::Policy;

/// How findings are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum FindingsFormat {
    /// `rendergate.dev/findings/v1`, one compact line.
    #[default]
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// JUnit XML.
    Junit,
    /// GitHub workflow commands.
    Github,
}

impl FindingsFormat {
    /// The whole text. `policies` give the rules of a SARIF log their titles.
    #[must_use]
    pub fn text(self, ending: json::Ending, counts: Counts, findings: &[Finding], policies: &[Arc<Policy>]) -> String {
        match self {
            Self::Json => json::findings(ending, counts, findings),
            Self::Sarif => sarif::log(findings, policies),
            Self::Junit => junit::document(findings),
            Self::Github => github::commands(findings),
        }
    }
}

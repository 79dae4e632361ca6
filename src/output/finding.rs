//! [`Finding`]: what one rule said of one object, with its place, for doors that read files.

use crate::document::manifest::Source;
use crate::document::{Pointer, Str};
use crate::policy::rule::Action;

/// What a rule said, as findings name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingResult {
    /// Violated.
    Fail,
    /// Could not be evaluated.
    Error,
    /// Left to admission.
    Deferred,
    /// Violated, but not scored.
    Warn,
    /// Satisfied.
    Pass,
    /// Did not apply.
    Skip,
}

impl FindingResult {
    /// The word reports use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Deferred => "deferred",
            Self::Warn => "warn",
            Self::Pass => "pass",
            Self::Skip => "skip",
        }
    }
}

/// The object a finding is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// The namespace it will be in; empty outside namespaces.
    pub namespace: Str,
    /// Its kind.
    pub kind: Str,
    /// Its name.
    pub name: Str,
    /// Its `apiVersion`.
    pub api_version: Str,
}

/// `Kind namespace/name`
impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let slash = if self.namespace.is_empty() { "" } else { "/" };
        write!(f, "{} {}{slash}{}", self.kind, self.namespace, self.name)
    }
}

/// What one rule said of one object. Texts are redacted already.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The object.
    pub subject: Subject,
    /// The policy: `namespace/name` of a namespaced one.
    pub policy: Str,
    /// The rule.
    pub rule: Str,
    /// What it said.
    pub result: FindingResult,
    /// The action that holds here.
    pub action: Action,
    /// Whether this stops the render.
    pub blocks: bool,
    /// The policy author's words where there are some, else Kyverno's.
    pub message: String,
    /// Kyverno's words.
    pub full_message: String,
    /// Where in the object.
    pub path: Option<Pointer>,
    /// Where the object was read; for a generated object, its trigger.
    pub source: Option<Source>,
    /// `POLICY/RULE` that made the object, if it was not written.
    pub generated_by: Option<String>,
}

impl Finding {
    /// How findings are sorted everywhere: by object, then policy and rule.
    pub fn order(&self) -> impl Ord + '_ {
        (&self.subject, &self.policy, &self.rule, &self.message)
    }
}

/// How many results of each kind there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Satisfied.
    pub pass: usize,
    /// Violated.
    pub fail: usize,
    /// Violated, not scored.
    pub warn: usize,
    /// Could not be evaluated.
    pub error: usize,
    /// Did not apply.
    pub skip: usize,
    /// Left to admission.
    pub deferred: usize,
}

impl Counts {
    /// Counts one more.
    pub fn add(&mut self, result: FindingResult) {
        let place = match result {
            FindingResult::Pass => &mut self.pass,
            FindingResult::Fail => &mut self.fail,
            FindingResult::Warn => &mut self.warn,
            FindingResult::Error => &mut self.error,
            FindingResult::Skip => &mut self.skip,
            FindingResult::Deferred => &mut self.deferred,
        };
        *place += 1;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::document::yaml;

    const MANIFEST: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels:\n    team: \"\"\n";

    /// A finding about the label `team` of a Deployment in `app/web one.yaml`.
    pub(in crate::output) fn finding(policy: &str, result: FindingResult) -> Finding {
        let document = yaml::read(MANIFEST, &yaml::Limits::default()).expect("YAML").remove(0);
        Finding {
            subject: Subject {
                namespace: "shop".into(),
                kind: "Deployment".into(),
                name: "web".into(),
                api_version: "apps/v1".into(),
            },
            policy: policy.into(),
            rule: "check".into(),
            result,
            action: Action::Enforce,
            blocks: result == FindingResult::Fail,
            message: "no team".to_owned(),
            full_message: "validation error: no team".to_owned(),
            path: Some(Pointer::parse("/metadata/labels/team").expect("a pointer")),
            source: Some(Source::of("app/web one.yaml".into(), MANIFEST.into(), &document)),
            generated_by: None,
        }
    }
}

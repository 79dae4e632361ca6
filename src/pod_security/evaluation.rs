//! [`Evaluation`]: what the checks found, as messages and reports say it.

use std::fmt::Write as _;

use crate::document::{Map, Pointer, Str, Value, json};

use super::PodSecurity;
use super::checks::Check;
use super::home::Home;
use super::violation::FieldError;

/// What became of the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is left after the rule's own exclusions.
    Allowed,
    /// The exceptions took away what the rule's exclusions left.
    Excused,
    /// Checks failed.
    Violated,
}

/// What the checks found.
#[derive(Clone, Debug)]
pub struct Evaluation<'v> {
    pub(super) verdict: Verdict,
    pub(super) failed: Vec<FailedCheck<'v>>,
    pub(super) home: Home,
    pub(super) object: &'v Value,
}

/// One failed check.
#[derive(Clone, Debug)]
pub struct FailedCheck<'v> {
    pub(super) check: &'static Check,
    pub(super) reason: &'static str,
    pub(super) errors: Vec<FieldError<'v>>,
    /// The images of the containers the check names, as Kyverno picks them from its detail text:
    /// only some checks name any. Exclusions do not change them.
    pub(super) images: Vec<String>,
}

impl FailedCheck<'_> {
    /// The check's id, e.g. `capabilities_baseline`.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.check.id
    }

    /// The name exclusions know the check by; `None`: it cannot be excluded.
    #[must_use]
    pub fn control(&self) -> Option<&'static str> {
        self.check.control
    }

    /// The forbidden reason.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}

impl<'v> Evaluation<'v> {
    /// What became of the rule.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The failed checks that are left, in Kyverno's order of checks (where exclusions were
    /// processed, Kyverno's order is random; this one stays).
    #[must_use]
    pub fn failed(&self) -> &[FailedCheck<'v>] {
        &self.failed
    }

    /// `(Forbidden reason: R, field error list: [E, E])` of each failed check.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        for check in &self.failed {
            let errors: Vec<String> = check.errors.iter().map(|error| error.text(self.home)).collect();
            let _ = write!(out, "(Forbidden reason: {}, field error list: [{}])", check.reason, errors.join(", "));
        }
        out
    }

    /// The message of rule `rule` when it fails.
    #[must_use]
    pub fn message(&self, security: &PodSecurity, rule: &str) -> String {
        format!(
            "Validation rule '{rule}' failed. It violates PodSecurity \"{}:{}\": {}",
            security.level,
            security.version,
            self.text()
        )
    }

    /// The first refused field, or the nearest parent of it that is written.
    #[must_use]
    pub fn pointer(&self) -> Option<Pointer> {
        let error = self.failed.iter().flat_map(|check| &check.errors).next()?;
        let mut pointer = error.pointer(self.home);
        while pointer.walk(self.object).is_none() {
            pointer.pop()?;
        }
        Some(pointer)
    }

    /// The properties a report gives to the failure: `standard`, `version`, `controls`, `controlsJSON`.
    /// Empty when nothing failed.
    #[must_use]
    pub fn properties(&self, security: &PodSecurity) -> Vec<(Str, Str)> {
        if self.failed.is_empty() {
            return Vec::new();
        }
        let ids: Vec<&str> = self.failed.iter().map(FailedCheck::id).collect();
        let controls: Vec<String> = self.failed.iter().map(control_json).collect();
        vec![
            ("standard".into(), security.level.clone()),
            ("version".into(), security.version.clone()),
            ("controls".into(), ids.join(",").into()),
            ("controlsJSON".into(), format!("[{}]", controls.join(",")).into()),
        ]
    }
}

/// Fields in the order Go prints them; a check that names no container has `null` images.
fn control_json(check: &FailedCheck<'_>) -> String {
    let mut map = Map::new();
    map.insert("ID", check.id().into());
    map.insert("Name", check.control().unwrap_or_default().into());
    let images = check.images.iter().map(|image| Value::from(image.as_str())).collect::<Vec<_>>();
    map.insert("Images", if images.is_empty() { Value::Null } else { Value::list(images) });
    let field = |key: &str| json::to_string(map.get(key).unwrap_or(&Value::Null));
    format!("{{\"ID\":{},\"Name\":{},\"Images\":{}}}", field("ID"), field("Name"), field("Images"))
}

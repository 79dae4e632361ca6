//! The checks Kyverno makes before it accepts a policy (chapter 10 §6), those that need no cluster,
//! in its order: the first violation decides what is said.

mod actions;
mod autogen_rules;
mod cleanup;
mod conditions;
mod context;
mod elements;
mod exception;
mod generate;
mod images;
mod json_patch;
mod kinds;
mod labels;
mod matching;
mod overrides;
mod pod_security;
mod schedule;
mod schema;
mod spec;
mod variables;

use crate::document::{Pointer, Segment, Value};

use super::api::policy::PolicyDocument;
use super::api::rule::Rule;
use super::autogen::Generated;

pub use cleanup::check as cleanup;
pub use exception::check as exception;
pub use generate::Scopes;
pub use schema::check as schema;

/// Why a document is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Kyverno's text where it has one.
    pub message: String,
    /// Where in the document.
    pub pointer: Pointer,
}

impl Violation {
    fn new(pointer: impl IntoIterator<Item = Segment>, message: impl Into<String>) -> Self {
        Self { message: message.into(), pointer: pointer.into_iter().collect() }
    }

    /// At a field of the document given by its keys.
    fn at(keys: &[&str], message: impl Into<String>) -> Self {
        Self::new(keys.iter().map(|k| Segment::from(*k)), message)
    }
}

/// A rule Kyverno checks: written, or made by autogen.
#[derive(Clone, Copy)]
struct Checked<'a> {
    rule: &'a Rule,
    value: &'a Value,
    /// Its index among the checked rules, as Kyverno's texts count.
    index: usize,
    /// The index of the written rule it stands for.
    written: usize,
}

impl Checked<'_> {
    /// A violation at a field of the rule.
    fn violation(&self, keys: &[&str], message: impl Into<String>) -> Violation {
        let rule = ["spec".into(), "rules".into(), Segment::Index(self.written)];
        Violation::new(rule.into_iter().chain(keys.iter().map(|k| Segment::from(*k))), message)
    }
}

/// Checks a policy. `made` is what autogen made of it.
///
/// # Errors
/// The first violation, as Kyverno words it.
pub fn policy(document: &PolicyDocument, value: &Value, made: &Generated, scopes: Scopes) -> Result<(), Violation> {
    let spec = &document.spec;
    if document.kind == "ClusterPolicy" && !document.metadata.namespace.is_empty() {
        return Err(Violation::at(&["metadata", "namespace"], "A clusterpolicy should not have the namespace defined"));
    }
    let rules = autogen_rules::all(document, value, made);
    variables::check(document, value, &rules)?;
    spec::check(document, scopes)?;
    if document.kind == "ClusterPolicy" {
        overrides::check(spec)?;
    }
    if !spec.admission() && !spec.background() {
        return Err(Violation::at(
            &["spec", "admission"],
            "disabling both admission and background processing is not allowed",
        ));
    }
    if !spec.admission() && spec.rules.iter().any(|r| r.has_mutate() || r.has_generate() || r.has_verify_images()) {
        return Err(Violation::at(
            &["spec", "admission"],
            "disabling admission processing is only allowed with validation policies",
        ));
    }
    for rule in &rules {
        kinds::check(rule, spec.background())?;
    }
    for rule in &rules {
        json_patch::check(rule)?;
        matching::check(rule)?;
        conditions::check(rule)?;
        elements::check(rule)?;
        context::check(rule)?;
        images::check_extractors(rule)?;
        kinds::check_present(rule)?;
        actions::check(rule)?;
        images::check(rule, spec.validation_failure_action)?;
        labels::check(rule)?;
        variables::check_on_policy_update(document, value, rule, &rules)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

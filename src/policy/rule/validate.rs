//! What `validate` rules check.

use crate::jmespath::Expression;
use crate::pattern::Pattern;
use crate::pod_security::PodSecurity;
use crate::template::Template;

use super::super::signed_manifests::SignedManifests;
use super::{Conditions, ContextEntry};

/// A `validate` block.
#[derive(Debug)]
pub struct Validate {
    /// `message`, resolved only when needed.
    pub message: Option<Template>,
    /// `allowExistingViolations`, true unless said otherwise.
    pub allow_existing_violations: bool,
    /// What is checked.
    pub check: Check,
}

/// What a `validate` block, or one `foreach` entry of it, checks. First present in this order.
#[derive(Debug)]
pub enum Check {
    /// `deny.conditions`: true denies. `None` (absent, `{}`) always denies.
    Deny(Option<Conditions>),
    /// `pattern`.
    Pattern(PatternSource),
    /// `anyPattern`.
    AnyPattern(AnyPattern),
    /// `foreach`.
    ForEach(Vec<ValidateForEach>),
    /// `podSecurity`.
    PodSecurity(PodSecurity),
    /// `manifests`.
    SignedManifests(Box<SignedManifests>),
    /// No check at all: the rule yields no result.
    Nothing,
}

/// A pattern: compiled at load when it holds no variables.
#[derive(Debug)]
pub enum PatternSource {
    /// No variables.
    Constant(Pattern),
    /// Substituted, then compiled, for each review.
    Templated(Template),
}

/// The entries of `anyPattern`: substituted as one document, literals read as floats.
#[derive(Debug)]
pub enum AnyPattern {
    /// No variables.
    Constant(Vec<Pattern>),
    /// The whole list as one template.
    Templated(Template),
}

/// One `validate.foreach` entry.
#[derive(Debug)]
pub struct ValidateForEach {
    /// `list`, a raw JMESPath expression; the error text if it does not compile.
    pub list: Result<Expression, String>,
    /// `elementScope`.
    pub element_scope: Option<bool>,
    /// Entry context.
    pub context: Vec<ContextEntry>,
    /// Entry preconditions.
    pub preconditions: Option<Conditions>,
    /// What is checked per element.
    pub check: Check,
}

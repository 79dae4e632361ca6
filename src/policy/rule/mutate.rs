//! What `mutate` rules change.

use crate::jmespath::Expression;
use crate::mutate::strategic_merge::StrategicMerge;
use crate::template::Template;

use super::{Conditions, ContextEntry};

/// A `mutate` block.
#[derive(Debug)]
pub struct Mutate {
    /// What changes.
    pub change: Change,
    /// `targets`: the rule changes existing objects rather than the reviewed one.
    pub targets: Vec<MutateTarget>,
    /// The whole rule as a document: an unresolved variable anywhere in it is a rule error, as
    /// Kyverno substitutes the entire rule before patching (chapter 30 §1.9).
    pub whole_rule: Option<Template>,
}

/// One `mutate.targets` entry: which existing objects the rule changes.
#[derive(Debug)]
pub struct MutateTarget {
    /// `apiVersion`, `kind`, `namespace`, `name`, `uid` and `selector`, substituted from the trigger.
    pub selector: Template,
    /// Context entries loaded for each target.
    pub context: Vec<ContextEntry>,
    /// Conditions each target must meet.
    pub preconditions: Option<Conditions>,
}

/// How a mutate rule changes an object.
#[derive(Debug)]
pub enum Change {
    /// `patchStrategicMerge`.
    StrategicMerge(PatchSource),
    /// `patchesJson6902`: text, decoded after substitution.
    JsonPatch(Template),
    /// `foreach`.
    ForEach(Vec<MutateForEach>),
}

/// A strategic merge patch: compiled at load when it holds no variables.
#[derive(Debug)]
pub enum PatchSource {
    /// No variables.
    Constant(StrategicMerge),
    /// Substituted, then compiled.
    Templated(Template),
}

/// One `mutate.foreach` entry.
#[derive(Debug)]
pub struct MutateForEach {
    /// `list`, a raw JMESPath expression; the error text if it does not compile.
    pub list: Result<Expression, String>,
    /// Whether elements run last to first (the default with a strategic merge).
    pub descending: bool,
    /// Entry context.
    pub context: Vec<ContextEntry>,
    /// Entry preconditions.
    pub preconditions: Option<Conditions>,
    /// The change per element.
    pub change: Change,
}

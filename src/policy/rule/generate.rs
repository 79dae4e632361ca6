//! What `generate` rules make.

use crate::jmespath::Expression;
use crate::template::Template;

use super::{Conditions, ContextEntry};

/// A `generate` block.
#[derive(Debug)]
pub struct Generate {
    /// What is made.
    pub targets: GenerateTargets,
    /// `synchronize`.
    pub synchronize: bool,
}

/// The forms of `generate`.
#[derive(Debug)]
pub enum GenerateTargets {
    /// One target.
    One(GenerateTarget),
    /// `foreach`.
    ForEach(Vec<GenerateForEach>),
}

/// One generated object, or list of clones.
#[derive(Debug)]
pub struct GenerateTarget {
    /// The target block (`apiVersion`, `kind`, `name`, `namespace`, `data`, `clone`, `cloneList`)
    /// as one template: it is substituted as one document.
    pub block: Template,
    /// Which form it is.
    pub form: GenerateForm,
}

/// Where a generated object's content comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GenerateForm {
    /// `data`.
    Data,
    /// `clone`.
    Clone,
    /// `cloneList`.
    CloneList,
    /// None of them: nothing is made.
    Nothing,
}

/// One `generate.foreach` entry.
#[derive(Debug)]
pub struct GenerateForEach {
    /// `list`, a raw JMESPath expression; the error text if it does not compile.
    pub list: Result<Expression, String>,
    /// Entry context.
    pub context: Vec<ContextEntry>,
    /// Entry preconditions.
    pub preconditions: Option<Conditions>,
    /// The object made per element.
    pub target: GenerateTarget,
}

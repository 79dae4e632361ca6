//! The pattern language of validate rules: patterns with anchors, and conditions.
//!
//! A pattern is compiled once (keys sorted as Kyverno walks them, anchors parsed, string expressions
//! taken apart) and then matched against many values. Behaviour: chapter 20 §1–2.

pub mod anchor;
mod compile;
pub mod condition;
mod matches;
mod mismatch;
pub mod operator;
mod scalar;

use crate::document::{Pointer, Str, Value};

pub use matches::Expansions;
pub use scalar::{Scalar, TextPattern, text_matches};

/// Patterns nested deeper are not evaluated.
pub const MAX_DEPTH: usize = 128;

/// A compiled `pattern`, or one entry of `anyPattern`.
///
/// Matching takes time in the product of the pattern's and the value's sizes at most.
#[derive(Clone, Debug)]
pub struct Pattern {
    root: compile::Node,
    /// The anchored keys whose absence is remembered, by slot.
    tracked: Vec<Str>,
    /// How many maps may be rewritten during a match.
    rewritable: usize,
    too_deep: bool,
}

/// What matching a pattern comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The value satisfies the pattern.
    Matched,
    /// An anchor says that the rule does not apply: its text.
    Skipped(String),
    /// The value violates the pattern.
    Failed(Failure),
    /// Kyverno calls this mismatch an error: its text.
    Error(String),
}

/// Where and how a value violates a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The place as Kyverno prints it, ending in `/`.
    pub path: String,
    /// The same place as a pointer; it may name what is missing.
    pub pointer: Pointer,
    /// The mismatch in words.
    pub text: String,
}

impl Pattern {
    /// Compiles a pattern whose variables are already resolved. Every value is a pattern.
    ///
    /// A policy's own literals have been through JSON in Kyverno, where `5.0` becomes the integer 5:
    /// pass them through [`Value::with_integers`] before variables are resolved.
    #[must_use]
    pub fn compile(pattern: &Value) -> Self {
        compile::compile(pattern)
    }

    /// Compiles an entry of `anyPattern`, where every number literal is a float.
    #[must_use]
    pub fn compile_any(pattern: &Value) -> Self {
        compile::compile(&pattern.with_floats())
    }

    /// Matches a value. A missing value is null.
    #[must_use]
    pub fn matches(&self, value: &Value) -> Outcome {
        self.matches_in(&mut Expansions::default(), value)
    }

    /// Matches a value, keeping the label and annotation wildcards that an earlier match with the
    /// same `expansions` has already replaced, as Kyverno does for the old object of an update.
    #[must_use]
    pub fn matches_in(&self, expansions: &mut Expansions, value: &Value) -> Outcome {
        matches::matches(self, expansions, value)
    }
}

#[cfg(test)]
mod tests;

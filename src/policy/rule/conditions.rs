//! Preconditions, and the conditions of `deny`.

use crate::document::Str;
use crate::pattern::condition::Operator;
use crate::template::Template;

/// `preconditions` and `deny.conditions`.
#[derive(Debug)]
pub enum Conditions {
    /// `any`/`all` blocks; an absent block is true, an empty `any` is false.
    Blocks {
        /// At least one must hold.
        any: Option<Vec<Condition>>,
        /// All must hold.
        all: Option<Vec<Condition>>,
    },
    /// The legacy list: all must hold, stop at the first false.
    List(Vec<Condition>),
}

/// One condition.
#[derive(Debug)]
pub struct Condition {
    /// Left side.
    pub key: Template,
    /// The operator, or its text when it is unknown (an error when reached).
    pub operator: Result<Operator, Str>,
    /// Right side.
    pub value: Template,
    /// `message`, as written (it may hold variables).
    pub message: Option<Str>,
}

//! A compiled expression.

use std::sync::Arc;

use super::ast::Node;
use super::error::{CompileError, EvalError};
use super::mentions::mentions;
use super::root::Root;
use super::runtime::Runtime;
use super::{eval, parser, print};
use crate::document::{Str, Value};

/// A parsed expression with its text; cheap to clone, shared between threads.
#[derive(Clone)]
pub struct Expression(Arc<Inner>);

struct Inner {
    text: Str,
    node: Node,
}

impl Expression {
    /// Parses `text`. Unknown functions parse; they fail when they are called.
    ///
    /// # Errors
    /// When the text is not an expression, is longer than [`super::MAX_EXPRESSION_BYTES`] or nests deeper than
    /// [`super::MAX_EXPRESSION_DEPTH`].
    pub fn compile(text: &str) -> Result<Self, CompileError> {
        let node = parser::parse(text)?;
        Ok(Self(Arc::new(Inner { text: text.into(), node })))
    }

    /// The text it was compiled from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Evaluates over `root`.
    ///
    /// # Errors
    /// When the expression has no value: see [`EvalError`].
    pub fn search(&self, root: &dyn Root, runtime: &Runtime<'_>) -> Result<Value, EvalError> {
        eval::evaluate(&self.0.node, root, runtime)
    }

    /// Whether the text mentions `name` as Kyverno's lazy loader sees it (see [`mentions`]).
    #[must_use]
    pub fn mentions(&self, name: &str) -> bool {
        mentions(&self.0.text, name)
    }

    /// The syntax tree as `jp parse` prints it.
    #[must_use]
    pub fn tree(&self) -> String {
        print::tree(&self.0.node)
    }
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Expression").field(&self.0.text).finish()
    }
}

/// Expressions are equal when their texts are.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

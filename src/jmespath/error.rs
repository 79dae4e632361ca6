//! What can go wrong: an expression that does not parse, and an evaluation that has no value.

use super::root::Unavailable;

/// An expression that does not parse. Prints the text Kyverno prints (`SyntaxError: …`, or the JSON error of a literal).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CompileError {
    message: String,
    expression: String,
    offset: Option<usize>,
}

impl CompileError {
    pub(super) fn syntax(expression: &str, offset: usize, message: &str) -> Self {
        Self { message: format!("SyntaxError: {message}"), expression: expression.into(), offset: Some(offset) }
    }

    pub(super) fn plain(expression: &str, message: String) -> Self {
        Self { message, expression: expression.into(), offset: None }
    }

    /// The expression with a caret under the offending byte, for errors of the grammar (not of a JSON literal).
    #[must_use]
    pub fn highlight(&self) -> Option<String> {
        self.offset.map(|offset| format!("{}\n{}^", self.expression, " ".repeat(offset)))
    }
}

/// Which limit of a [`super::Budget`] ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Exhausted {
    /// Too many evaluation steps.
    #[error("expression budget exhausted: more than {0} steps")]
    Steps(u64),
    /// Too many bytes produced.
    #[error("expression budget exhausted: more than {0} bytes produced")]
    Bytes(u64),
}

/// An evaluation without a value. Prints the text Kyverno prints.
///
/// Only `NotFound` is turned into null by the constructs of the dialect that do so; `x[]`, `x[?…]` and `x.*` swallow
/// `Other` on their left as well. `Unavailable` and `Budget` always reach the caller.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EvalError {
    /// An object lacks the key.
    #[error("Unknown key \"{key}\" in path")]
    NotFound {
        /// The key.
        key: String,
    },
    /// The value exists but cannot be known here.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// A limit was reached.
    #[error(transparent)]
    Budget(#[from] Exhausted),
    /// Everything else: wrong types, failed functions.
    #[error("{0}")]
    Other(String),
}

impl EvalError {
    pub(super) fn other(text: impl Into<String>) -> Self {
        Self::Other(text.into())
    }

    /// `JMESPath function 'F': TEXT`, the form of errors raised inside Kyverno's functions.
    pub(super) fn function(name: &str, text: impl std::fmt::Display) -> Self {
        Self::Other(format!("JMESPath function '{name}': {text}"))
    }

    /// Whether this is the missing key of an object.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// Whether a construct that swallows errors of every kind may swallow this one.
    pub(super) fn is_swallowable(&self) -> bool {
        matches!(self, Self::NotFound { .. } | Self::Other(_))
    }
}

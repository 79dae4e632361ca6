//! What a template asks of its surroundings, and what can go wrong.

use crate::document::Value;
use crate::jmespath::{CompileError, EvalError, Exhausted, Expression, Unavailable};

/// Answers the variables of a template; the engine loads the context entries that `expression.text()` mentions first.
pub trait Query {
    /// The value of an expression.
    ///
    /// # Errors
    /// When it has none; see [`QueryError`].
    fn query(&self, expression: &Expression) -> Result<Value, QueryError>;

    /// Whether the request deletes: `request.object` then reads the old object (spec 30 §1.7).
    fn is_delete(&self) -> bool;

    /// How much one resolution may do.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// The error for a variable that is no expression.
    fn syntax_error(&self, text: &str, error: &CompileError) -> QueryError {
        QueryError::Failed(format!("incorrect query {text}: {error}"))
    }
}

/// How much one resolution may do.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How often one string is scanned again for variables that resolution has put in.
    pub passes: usize,
    /// How deeply fetched data that holds variables may fetch further such data.
    pub depth: usize,
    /// How many bytes of text all passes together may produce.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { passes: 64, depth: 16, bytes: 4 << 20 }
    }
}

/// An expression without a value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum QueryError {
    /// It cannot be known here.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// A limit of the evaluation was reached.
    #[error(transparent)]
    Budget(#[from] Exhausted),
    /// It has no value; the text follows `failed to resolve EXPRESSION at path PATH: `.
    #[error("{0}")]
    Failed(String),
    /// It must not be asked; the text stands alone.
    #[error("{0}")]
    Refused(String),
}

/// As Kyverno's context wraps the errors of the language.
impl From<EvalError> for QueryError {
    fn from(error: EvalError) -> Self {
        match error {
            EvalError::Unavailable(reason) => Self::Unavailable(reason),
            EvalError::Budget(limit) => Self::Budget(limit),
            other => Self::Failed(format!("JMESPath query failed: {other}")),
        }
    }
}

/// A template without a value. Prints the text Kyverno prints.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ResolveError {
    /// A variable needs what cannot be known here.
    #[error(transparent)]
    Unavailable(Unavailable),
    /// A limit of an evaluation was reached.
    #[error(transparent)]
    Budget(Exhausted),
    /// A limit of the resolution was reached (Kyverno would not end).
    #[error("variables at path {path} do not come to an end: more than {limit}")]
    Endless {
        /// Where.
        path: String,
        /// Which limit.
        limit: String,
    },
    /// A variable or reference has no value.
    #[error("{0}")]
    Failed(String),
}

impl ResolveError {
    /// What cannot be known here, when that is why.
    #[must_use]
    pub fn unavailable(&self) -> Option<&str> {
        match self {
            Self::Unavailable(reason) => Some(&reason.0),
            _ => None,
        }
    }

    /// Whether the text speaks of a key that an object lacks.
    #[must_use]
    pub fn is_unknown_key(&self) -> bool {
        matches!(self, Self::Failed(text) if text.contains("Unknown key"))
    }
}

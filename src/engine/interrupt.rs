//! [`Interrupt`]: why an evaluation stopped before it had an answer.

use crate::template::{QueryError, ResolveError};

/// Why an evaluation stopped.
#[derive(Clone, Debug, PartialEq)]
pub enum Interrupt {
    /// It failed; Kyverno's text.
    Error(String),
    /// It needs what cannot be known here; what that is.
    Deferred(String),
}

impl Interrupt {
    /// Puts `prefix` before an error's text; what is deferred stays as it is.
    #[must_use]
    pub fn context(self, prefix: &str) -> Self {
        match self {
            Self::Error(text) => Self::Error(format!("{prefix}{text}")),
            deferred @ Self::Deferred(_) => deferred,
        }
    }
}

impl From<QueryError> for Interrupt {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Unavailable(what) => Self::Deferred(what.0),
            other => Self::Error(other.to_string()),
        }
    }
}

impl From<ResolveError> for Interrupt {
    fn from(error: ResolveError) -> Self {
        match error.unavailable() {
            Some(what) => Self::Deferred(what.to_owned()),
            None => Self::Error(error.to_string()),
        }
    }
}

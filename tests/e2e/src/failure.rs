//! Why a scenario or the harness could not go on: a text for people.

use std::fmt;

/// A text that says what was expected and what was found.
#[derive(Debug, Clone)]
pub struct Failure(pub String);

/// What scenarios and the harness return.
pub type Result<T> = std::result::Result<T, Failure>;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self(format!("JSON: {error}"))
    }
}

/// Puts what was tried before why it failed.
pub trait Context<T> {
    /// `what` is a noun phrase or a verb in its basic form.
    ///
    /// # Errors
    /// Those of `self`.
    fn context(self, what: impl fmt::Display) -> Result<T>;
}

impl<T, E: fmt::Display> Context<T> for std::result::Result<T, E> {
    fn context(self, what: impl fmt::Display) -> Result<T> {
        self.map_err(|e| Failure(format!("{what}: {e}")))
    }
}

/// Leaves the function with a [`Failure`].
#[macro_export]
macro_rules! fail {
    ($($arg:tt)*) => { return Err($crate::failure::Failure(format!($($arg)*))) };
}

/// Leaves the function with a [`Failure`] unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($arg:tt)*) => { if !$condition { $crate::fail!($($arg)*) } };
}

/// Leaves the function with a [`Failure`] that shows both sides unless they are equal.
#[macro_export]
macro_rules! ensure_eq {
    ($found:expr, $expected:expr, $($arg:tt)*) => {
        match (&$found, &$expected) {
            (found, expected) => {
                if *found != *expected {
                    $crate::fail!("{}\n     found {found:?}\n  expected {expected:?}", format!($($arg)*))
                }
            }
        }
    };
}

//! The checks Kyverno makes before it accepts a policy (chapter 10 §6), those that need no cluster.

use crate::document::{Pointer, Value};

use super::api::exception::ExceptionDocument;
use super::api::policy::PolicyDocument;

/// Why a document is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Kyverno's text where it has one.
    pub message: String,
    /// Where in the document.
    pub pointer: Pointer,
}

/// What the schema of the document's version does not allow beyond field names and types.
#[must_use]
pub fn schema(_document: &PolicyDocument, _value: &Value) -> Option<Violation> {
    None
}

/// Checks a policy, in Kyverno's order.
///
/// # Errors
/// The first violation.
pub fn policy(_document: &PolicyDocument, _value: &Value) -> Result<(), Violation> {
    Ok(())
}

/// Checks a PolicyException.
///
/// # Errors
/// The first violation.
pub fn exception(_document: &ExceptionDocument) -> Result<(), Violation> {
    Ok(())
}

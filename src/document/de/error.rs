//! What went wrong while reading a type, and where. Never quotes a value: it may be a secret.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use super::nearest::nearest;
use crate::document::{Pointer, Segment};

/// A value that does not fit its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedError {
    /// The place of the value; for an unknown field, of its key.
    pub pointer: Pointer,
    /// What is wrong, without the place.
    pub message: String,
    /// For an unknown field or an unknown name: the valid one most like it.
    pub nearest: Option<String>,
}

impl fmt::Display for TypedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.pointer.is_root() {
            write!(f, "{}: ", self.pointer)?;
        }
        f.write_str(&self.message)?;
        match &self.nearest {
            Some(nearest) => write!(f, "; did you mean \"{nearest}\"?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for TypedError {}

/// A [`TypedError`] on its way up: the steps are gathered from the value to the root.
#[derive(Debug)]
pub(super) struct Failure(Box<TypedParts>);

#[derive(Debug)]
struct TypedParts {
    steps: Vec<Segment>,
    message: String,
    nearest: Option<String>,
}

impl Failure {
    fn new(message: String) -> Self {
        Self(Box::new(TypedParts { steps: Vec::new(), message, nearest: None }))
    }

    fn with_nearest(mut self, name: &str, valid: &[&'static str]) -> Self {
        self.0.nearest = nearest(name, valid.iter().copied()).map(str::to_owned);
        self
    }

    /// Says that the failing value is one step below.
    pub(super) fn below(mut self, step: impl Into<Segment>) -> Self {
        self.0.steps.push(step.into());
        self
    }

    pub(super) fn finish(self) -> TypedError {
        let TypedParts { mut steps, message, nearest } = *self.0;
        steps.reverse();
        TypedError { pointer: steps.into(), message, nearest }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Failure {}

impl Error for Failure {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {}, found {}", in_yaml_terms(expected), kind(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {}, found {} that does not fit", in_yaml_terms(expected), kind(found)))
    }

    fn unknown_field(field: &str, valid: &'static [&'static str]) -> Self {
        Self::new(format!("unknown field \"{field}\"")).with_nearest(field, valid)
    }

    fn unknown_variant(name: &str, valid: &'static [&'static str]) -> Self {
        Self::new(format!("expected one of {}", valid.join(", "))).with_nearest(name, valid)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("field \"{field}\" is missing"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(format!("field \"{field}\" is given twice"))
    }
}

/// What the value is, without the value.
fn kind(found: Unexpected<'_>) -> &'static str {
    match found {
        Unexpected::Bool(_) => "a boolean",
        Unexpected::Unsigned(_) | Unexpected::Signed(_) => "an integer",
        Unexpected::Float(_) => "a number",
        Unexpected::Char(_) | Unexpected::Str(_) => "a string",
        Unexpected::Unit | Unexpected::Option => "null",
        Unexpected::Seq => "a list",
        Unexpected::Map => "a map",
        _ => "something else",
    }
}

/// What was expected, for someone who knows YAML and not Rust.
fn in_yaml_terms(expected: &dyn Expected) -> String {
    let text = expected.to_string();
    match text.as_str() {
        "i8" | "i16" | "i32" | "i64" | "isize" | "u8" | "u16" | "u32" | "u64" | "usize" => "an integer".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a sequence" => "a list".to_owned(),
        _ if text.starts_with("struct ") => "a map".to_owned(),
        _ => text,
    }
}

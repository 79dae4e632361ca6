//! What a function is called with.

use std::sync::Arc;

use super::super::ast::{Call, Node};
use super::super::error::EvalError;
use super::super::eval::Interpreter;
use super::super::go;
use super::super::runtime::{Budget, Runtime};
use crate::document::{Map, Value};

/// One argument.
#[derive(Debug)]
pub(in crate::jmespath) enum Arg<'a> {
    Value(Value),
    Expref(&'a Node),
}

impl Arg<'_> {
    /// As Go's `%v` prints it, for type errors.
    pub(super) fn go_text(&self) -> String {
        match self {
            Arg::Value(value) => go::value_text(value),
            Arg::Expref(node) => format!("{{{}}}", super::super::print::go_struct(node)),
        }
    }
}

/// What a function makes of a constant argument, kept with the call.
#[derive(Debug)]
pub(in crate::jmespath) enum Prepared {
    Regex(Result<Arc<go::regex::Regex>, String>),
}

/// The arguments of one call, checked against the signature, and what the function may use.
pub(in crate::jmespath) struct Args<'a> {
    call: &'a Call,
    args: Vec<Arg<'a>>,
    interpreter: Interpreter<'a>,
}

impl<'a> Args<'a> {
    pub(in crate::jmespath) fn new(call: &'a Call, args: Vec<Arg<'a>>, interpreter: Interpreter<'a>) -> Self {
        Self { call, args, interpreter }
    }

    pub(super) fn len(&self) -> usize {
        self.args.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arg<'a>> {
        self.args.iter()
    }

    pub(super) fn runtime(&self) -> &Runtime<'a> {
        self.interpreter.runtime
    }

    pub(super) fn budget(&self) -> &Budget {
        self.interpreter.runtime.budget()
    }

    /// `JMESPath function 'F': TEXT`.
    pub(super) fn error(&self, text: impl std::fmt::Display) -> EvalError {
        EvalError::function(&self.call.name, text)
    }

    /// `JMESPath function 'F': argument #N is not of type T`, counted from 1.
    pub(super) fn type_error(&self, number: usize, expected: &str) -> EvalError {
        self.error(format_args!("argument #{number} is not of type {expected}"))
    }

    /// Argument `i` as a value; an expression reference is an empty object.
    pub(super) fn value(&self, i: usize) -> Value {
        match self.args.get(i) {
            Some(Arg::Value(value)) => value.clone(),
            Some(Arg::Expref(_)) => Value::empty_map(),
            None => Value::Null,
        }
    }

    pub(super) fn is_expref(&self, i: usize) -> bool {
        matches!(self.args.get(i), Some(Arg::Expref(_)))
    }

    /// Whether argument `i` is the special list `items()` makes.
    pub(super) fn is_items(&self, i: usize) -> bool {
        self.call.args.get(i).is_some_and(Node::yields_items)
    }

    pub(super) fn text(&self, i: usize) -> Result<&str, EvalError> {
        match self.args.get(i) {
            Some(Arg::Value(Value::String(text))) => Ok(text),
            _ => Err(self.type_error(i + 1, "string")),
        }
    }

    pub(super) fn number(&self, i: usize) -> Result<f64, EvalError> {
        match self.args.get(i) {
            Some(Arg::Value(Value::Float(number))) => Ok(*number),
            _ => Err(self.type_error(i + 1, "float64")),
        }
    }

    pub(super) fn list(&self, i: usize) -> Result<&Vec<Value>, EvalError> {
        match self.args.get(i) {
            Some(Arg::Value(Value::List(items))) => Ok(items),
            _ => Err(self.type_error(i + 1, "Array")),
        }
    }

    pub(super) fn map(&self, i: usize) -> Result<&Map, EvalError> {
        match self.args.get(i) {
            Some(Arg::Value(Value::Map(map))) => Ok(map),
            _ => Err(self.type_error(i + 1, "Object")),
        }
    }

    /// A string, or a number as the text of its 32-bit rounding.
    pub(super) fn text_of(&self, i: usize) -> Result<String, EvalError> {
        match self.args.get(i) {
            Some(Arg::Value(value)) => scalar_text(value).ok_or_else(|| self.type_error(i + 1, "String or Real")),
            _ => Err(self.type_error(i + 1, "String or Real")),
        }
    }

    /// Evaluates the expression reference that is argument `i` on `item`; an unknown key is null.
    pub(super) fn apply(&self, i: usize, item: &Value) -> Result<Value, EvalError> {
        match self.args.get(i) {
            Some(Arg::Expref(node)) => match self.interpreter.apply(node, item) {
                Err(error) if error.is_not_found() => Ok(Value::Null),
                other => other,
            },
            _ => Err(self.type_error(i + 1, "expref")),
        }
    }

    pub(super) fn equal(&self, left: &Value, right: &Value) -> Result<bool, EvalError> {
        self.interpreter.equal(left, right)
    }

    /// A string result, paid for.
    pub(super) fn produce(&self, text: impl Into<String>) -> Result<Value, EvalError> {
        let text = text.into();
        self.budget().produce(text.len())?;
        Ok(Value::from(text))
    }

    /// A list result, paid for.
    pub(super) fn produce_list(&self, items: Vec<Value>) -> Result<Value, EvalError> {
        self.budget().produce(items.len() * size_of::<Value>())?;
        Ok(Value::list(items))
    }

    /// The regular expression that is argument 0, compiled once when it is a literal.
    pub(super) fn regex(&self) -> Result<Result<Arc<go::regex::Regex>, String>, EvalError> {
        let pattern = self.text(0)?;
        if matches!(self.call.args.first(), Some(Node::Literal(_))) {
            let compile = || go::regex::Regex::new(pattern).map(Arc::new);
            let Prepared::Regex(regex) = self.call.prepared.get_or_init(|| Prepared::Regex(compile()));
            return Ok(regex.clone());
        }
        self.budget().step(100 + pattern.len())?;
        Ok(go::regex::Regex::new_within(pattern, |steps| self.budget().step(steps))?.map(Arc::new))
    }
}

/// A scalar as text, where a function turns scalars into text: `None` for null, lists and maps.
pub(super) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_string()),
        Value::Float(number) => Some(go::float32_text(*number)),
        Value::Int(number) => Some(number.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        Value::Null | Value::List(_) | Value::Map(_) => None,
    }
}

//! The functions of the dialect. One file per family; the entry of a function is its registration, its documentation
//! (name, signature, note) and its tests (examples, all of which a test runs).

mod args;
mod arithmetic;
mod digests;
mod images;
mod lists;
mod numbers;
mod objects;
mod parsing;
mod random;
mod regexes;
mod semver;
mod strings;
mod times;
mod types;
mod urls;
mod x509;

use std::collections::HashMap;
use std::sync::LazyLock;

pub(super) use args::{Arg, Args, Prepared};

use super::error::EvalError;
use crate::document::Value;

/// A type as signatures name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A float; integers are none (spec 30 §2.6).
    Number,
    /// Text.
    String,
    /// A list.
    Array,
    /// A map.
    Object,
    /// A list of numbers only.
    ArrayNumber,
    /// A list of strings only.
    ArrayString,
    /// `&expression`.
    Expref,
    /// A truth value (results only).
    Bool,
    /// Anything, null included.
    Any,
}

impl Type {
    /// The name in signatures and type errors.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Type::Number => "number",
            Type::String => "string",
            Type::Array => "array",
            Type::Object => "object",
            Type::ArrayNumber => "array[number]",
            Type::ArrayString => "array[string]",
            Type::Expref => "expref",
            Type::Bool => "bool",
            Type::Any => "any",
        }
    }

    fn admits(self, arg: &Arg<'_>) -> bool {
        let all = |items: &[Value], test: fn(&Value) -> bool| items.iter().all(test);
        match (self, arg) {
            (Type::Any, _)
            | (Type::Expref, Arg::Expref(_))
            | (Type::Number, Arg::Value(Value::Float(_)))
            | (Type::String, Arg::Value(Value::String(_)))
            | (Type::Array, Arg::Value(Value::List(_)))
            | (Type::Object, Arg::Value(Value::Map(_)))
            | (Type::Bool, Arg::Value(Value::Bool(_))) => true,
            (Type::ArrayNumber, Arg::Value(Value::List(items))) => all(items, |v| matches!(v, Value::Float(_))),
            (Type::ArrayString, Arg::Value(Value::List(items))) => all(items, |v| matches!(v, Value::String(_))),
            _ => false,
        }
    }
}

/// What a function takes.
#[derive(Clone, Copy, Debug)]
pub enum Params {
    /// Exactly these, each of one of the types listed.
    Exactly(&'static [&'static [Type]]),
    /// One or more, unchecked by the language.
    AtLeastOne(&'static [Type]),
    /// Any number; all ignored.
    Ignored,
}

/// An expression and what comes of it: JSON, or an error text.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The expression, over an empty object.
    pub expression: &'static str,
    /// The value as compact JSON with sorted keys, or the error.
    pub result: Result<&'static str, &'static str>,
}

const fn gives(expression: &'static str, json: &'static str) -> Example {
    Example { expression, result: Ok(json) }
}

const fn fails(expression: &'static str, error: &'static str) -> Example {
    Example { expression, result: Err(error) }
}

/// Where a function comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The JMESPath language.
    Language,
    /// Kyverno's additions: what `jp function` lists.
    Kyverno,
}

/// One function.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Where it comes from.
    pub origin: Origin,
    /// What it takes.
    pub params: Params,
    /// What it returns.
    pub returns: &'static [Type],
    /// What it does, in one line.
    pub note: &'static str,
    /// Runnable examples.
    pub examples: &'static [Example],
    run: fn(&Args<'_>) -> Result<Value, EvalError>,
}

impl Function {
    /// `name(type, type|type) type`.
    #[must_use]
    pub fn signature(&self) -> String {
        let alternatives = |types: &[Type]| types.iter().map(|t| t.name()).collect::<Vec<_>>().join("|");
        let params = match self.params {
            Params::Exactly(params) => params.iter().map(|types| alternatives(types)).collect::<Vec<_>>().join(", "),
            Params::AtLeastOne(types) => format!("{}...", alternatives(types)),
            Params::Ignored => String::new(),
        };
        let returns = self.returns.iter().map(|t| t.name()).collect::<Vec<_>>().join(",");
        format!("{}({params}) {returns}", self.name)
    }

    /// Checks the arguments and runs the function.
    pub(super) fn call(&self, args: &Args<'_>) -> Result<Value, EvalError> {
        match self.params {
            Params::Ignored => {}
            Params::AtLeastOne(_) if args.len() == 0 => return Err(EvalError::other("Invalid arity.")),
            Params::AtLeastOne(_) => {}
            Params::Exactly(params) => {
                if params.len() != args.len() {
                    return Err(EvalError::other("incorrect number of args"));
                }
                for (types, arg) in params.iter().zip(args.iter()) {
                    if !types.iter().any(|t| t.admits(arg)) {
                        let expected: Vec<_> = types.iter().map(|t| format!("\"{}\"", t.name())).collect();
                        let expected = expected.join(", ");
                        return Err(EvalError::other(format!(
                            "Invalid type for: {}, expected: []jmespath.JpType{{{expected}}}",
                            arg.go_text()
                        )));
                    }
                }
            }
        }
        (self.run)(args)
    }
}

static FAMILIES: &[&[Function]] = &[
    types::FUNCTIONS,
    numbers::FUNCTIONS,
    lists::FUNCTIONS,
    objects::FUNCTIONS,
    strings::FUNCTIONS,
    regexes::FUNCTIONS,
    arithmetic::FUNCTIONS,
    digests::FUNCTIONS,
    parsing::FUNCTIONS,
    times::FUNCTIONS,
    semver::FUNCTIONS,
    random::FUNCTIONS,
    x509::FUNCTIONS,
    images::FUNCTIONS,
    urls::FUNCTIONS,
];

static BY_NAME: LazyLock<HashMap<&'static str, &'static Function>> =
    LazyLock::new(|| FAMILIES.iter().flat_map(|family| family.iter()).map(|f| (f.name, f)).collect());

/// The function of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Function> {
    BY_NAME.get(name).copied()
}

/// Every function, sorted by name.
#[must_use]
pub fn catalogue() -> Vec<&'static Function> {
    let mut all: Vec<_> = FAMILIES.iter().flat_map(|family| family.iter()).collect();
    all.sort_by_key(|f| f.name);
    all
}

#[cfg(test)]
mod tests {
    use super::super::{Expression, FixedClock, Runtime, SeededRandom, go};
    use super::*;

    fn run(text: &str) -> Result<String, String> {
        let clock = FixedClock("2024-02-29T10:20:30.5Z".parse().expect("an instant"));
        let random = SeededRandom::new(1);
        let runtime = Runtime::new(&clock, &random);
        let expression = Expression::compile(text).map_err(|e| e.to_string())?;
        let value = expression.search(&Value::empty_map(), &runtime).map_err(|e| e.to_string())?;
        go::json::write(&value, go::json::Exponent::TwoDigits).map_err(|e| e.to_string())
    }

    #[test]
    fn every_example_of_every_function_holds() {
        for function in catalogue() {
            assert!(!function.examples.is_empty(), "{} has no example", function.name);
            assert!(function.examples.iter().any(|e| e.expression.contains(function.name)), "{}", function.name);
            for example in function.examples {
                let expected = example.result.map(str::to_owned).map_err(str::to_owned);
                assert_eq!(run(example.expression), expected, "{}", example.expression);
            }
        }
    }

    #[test]
    fn names_are_unique_and_notes_are_written() {
        let all = catalogue();
        assert_eq!(all.len(), BY_NAME.len());
        assert!(all.iter().all(|f| !f.note.is_empty() && f.note.len() < 160));
        assert_eq!(find("replace").expect("known").signature(), "replace(string, string, string, number) string");
    }
}

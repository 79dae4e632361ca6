//! Type tests and conversions: `type`, `to_string`, `to_number`, `to_array`, `to_boolean`, `not_null`.

use super::Type::{Any, Array, Bool, Number, String};
use super::{Args, Function, Origin, Params, fails, gives};
use crate::document::Value;
use crate::jmespath::error::EvalError;
use crate::jmespath::go;

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "type",
        origin: Origin::Language,
        params: Params::Exactly(&[&[Any]]),
        returns: &[String],
        note: "names the type: number, string, boolean, array, object or null",
        examples: &[gives("type(`1.5`)", "\"number\""), fails("type(items(`{}`, 'k', 'v'))", "unknown type")],
        run: type_of,
    },
    Function {
        name: "to_string",
        origin: Origin::Language,
        params: Params::Exactly(&[&[Any]]),
        returns: &[String],
        note: "a string as it is, anything else as compact JSON",
        examples: &[
            gives("to_string(`{\"b\": [1, null], \"a\": \"<\"}`)", r#""{\"a\":\"\\u003c\",\"b\":[1,null]}""#),
            gives("to_string(`1e-7`)", "\"1e-7\""),
            gives("to_string(missing)", "\"null\""),
        ],
        run: to_string,
    },
    Function {
        name: "to_number",
        origin: Origin::Language,
        params: Params::Exactly(&[&[Any]]),
        returns: &[Number],
        note: "a number as it is, a string that reads as one; null for anything else",
        examples: &[
            gives("to_number('1e3')", "1000"),
            gives("to_number('0x1p-2')", "0.25"),
            gives("to_number(' 1')", "null"),
            gives("to_number(`true`)", "null"),
            fails("to_number(compare('a', 'b'))", "unknown type"),
        ],
        run: to_number,
    },
    Function {
        name: "to_array",
        origin: Origin::Language,
        params: Params::Exactly(&[&[Any]]),
        returns: &[Array],
        note: "a list as it is, anything else as a list of one",
        examples: &[gives("to_array('a')", "[\"a\"]"), gives("to_array(`[1]`)", "[1]")],
        run: to_array,
    },
    Function {
        name: "not_null",
        origin: Origin::Language,
        params: Params::AtLeastOne(&[Any]),
        returns: &[Any],
        note: "the first argument that is not null",
        examples: &[gives("not_null(missing, 'b', 'c')", "\"b\""), fails("not_null()", "Invalid arity.")],
        run: not_null,
    },
    Function {
        name: "to_boolean",
        origin: Origin::Kyverno,
        params: Params::Exactly(&[&[String]]),
        returns: &[Bool],
        note: "reads true or false in any letter case",
        examples: &[
            gives("to_boolean('TruE')", "true"),
            fails(
                "to_boolean('yes')",
                "JMESPath function 'to_boolean': lowercase argument must be 'true' or 'false' (provided: 'yes')",
            ),
        ],
        run: to_boolean,
    },
];

fn type_of(args: &Args<'_>) -> Result<Value, EvalError> {
    let name = match args.value(0) {
        _ if args.is_items(0) || args.is_expref(0) => return Err(EvalError::other("unknown type")),
        Value::Float(_) => "number",
        Value::String(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) => return Err(EvalError::other("unknown type")),
    };
    Ok(name.into())
}

fn to_string(args: &Args<'_>) -> Result<Value, EvalError> {
    match args.value(0) {
        Value::String(text) => Ok(Value::String(text)),
        other => match go::json::write(&other, go::json::Exponent::Short) {
            Ok(text) => args.produce(text),
            Err(error) => Err(EvalError::other(error.to_string())),
        },
    }
}

fn to_number(args: &Args<'_>) -> Result<Value, EvalError> {
    match args.value(0) {
        Value::Float(number) => Ok(Value::Float(number)),
        Value::String(text) => Ok(go::parse_float(&text).map_or(Value::Null, Value::Float)),
        _ if args.is_items(0) || args.is_expref(0) => Err(EvalError::other("unknown type")),
        Value::Int(_) => Err(EvalError::other("unknown type")),
        Value::Null | Value::Bool(_) | Value::List(_) | Value::Map(_) => Ok(Value::Null),
    }
}

fn to_array(args: &Args<'_>) -> Result<Value, EvalError> {
    match args.value(0) {
        list @ Value::List(_) if !args.is_items(0) => Ok(list),
        other => Ok(Value::list(vec![other])),
    }
}

fn not_null(args: &Args<'_>) -> Result<Value, EvalError> {
    Ok((0..args.len()).map(|i| args.value(i)).find(|value| !value.is_null()).unwrap_or_default())
}

fn to_boolean(args: &Args<'_>) -> Result<Value, EvalError> {
    let text = args.text(0)?;
    match text.to_lowercase().as_str() {
        "true" => Ok(Value::Bool(true)),
        "false" => Ok(Value::Bool(false)),
        _ => Err(args.error(format_args!("lowercase argument must be 'true' or 'false' (provided: '{text}')"))),
    }
}

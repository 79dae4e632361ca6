//! Objects: `keys`, `values`, `merge`, `items`, `lookup`, `object_from_lists`, `label_match`.

use super::Type::{Any, Array, Bool, Number, Object, String};
use super::args::scalar_text;
use super::{Args, Function, Origin, Params, fails, gives};
use crate::document::{Map, Str, Value};
use crate::jmespath::error::EvalError;
use crate::jmespath::go;

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "keys",
        origin: Origin::Language,
        params: Params::Exactly(&[&[Object]]),
        returns: &[Array],
        note: "the keys of an object, sorted",
        examples: &[gives("keys(`{\"b\": 1, \"a\": 2}`)", "[\"a\",\"b\"]")],
        run: |args| {
            let keys = args.map(0)?.sorted().into_iter().map(|(key, _)| Value::String(key.clone())).collect();
            args.produce_list(keys)
        },
    },
    Function {
        name: "values",
        origin: Origin::Language,
        params: Params::Exactly(&[&[Object]]),
        returns: &[Array],
        note: "the values of an object, in the order of its sorted keys",
        examples: &[gives("values(`{\"b\": 1, \"a\": 2}`)", "[2,1]")],
        run: |args| args.produce_list(args.map(0)?.sorted().into_iter().map(|(_, value)| value.clone()).collect()),
    },
    Function {
        name: "merge",
        origin: Origin::Language,
        params: Params::AtLeastOne(&[Object]),
        returns: &[Object],
        note: "one object of all given; the last value of a key wins",
        examples: &[
            gives("merge(`{\"a\": 1, \"b\": 1}`, `{\"b\": 2}`)", "{\"a\":1,\"b\":2}"),
            fails("merge(`{}`, missing)", "JMESPath function 'merge': argument #2 is not of type Object"),
        ],
        run: merge,
    },
    Function {
        name: "items",
        origin: Origin::Kyverno,
        params: Params::Exactly(&[&[Object, Array], &[String], &[String]]),
        returns: &[Array],
        note: "the entries of an object or a list as objects with the two given names for key (or index) and value",
        examples: &[
            gives("items(`{\"b\": 1, \"a\": 2}`, 'k', 'v')", r#"[{"k":"a","v":2},{"k":"b","v":1}]"#),
            gives("items(`[\"x\"]`, 'i', 'v')", r#"[{"i":0,"v":"x"}]"#),
        ],
        run: items,
    },
    Function {
        name: "lookup",
        origin: Origin::Kyverno,
        params: Params::Exactly(&[&[Object, Array], &[String, Number]]),
        returns: &[Any],
        note: "the value of a key of an object or of an index of a list; null when there is none",
        examples: &[
            gives("lookup(`{\"a\": 1}`, 'a')", "1"),
            gives("lookup(`[\"a\"]`, `-1`)", "null"),
            fails("lookup(`{}`, `1`)", "JMESPath function 'lookup': argument #2 is not of type String"),
            fails(
                "lookup(`[]`, `0.5`)",
                "JMESPath function 'lookup': argument #2: expected an integer number but got: 0.5",
            ),
        ],
        run: lookup,
    },
    Function {
        name: "object_from_lists",
        origin: Origin::Kyverno,
        params: Params::Exactly(&[&[Array], &[Array]]),
        returns: &[Object],
        note: "an object of a list of keys and a list of values; missing values are null, extra ones ignored",
        examples: &[
            gives("object_from_lists(`[\"a\", 1, true]`, `[1, 2]`)", r#"{"1":2,"a":1,"true":null}"#),
            fails(
                "object_from_lists(`[null]`, `[1]`)",
                "JMESPath function 'object_from_lists': argument #1 is not of type StringArray",
            ),
        ],
        run: object_from_lists,
    },
    Function {
        name: "label_match",
        origin: Origin::Kyverno,
        params: Params::Exactly(&[&[Object], &[Object]]),
        returns: &[Bool],
        note: "whether every pair of the first object is in the second",
        examples: &[
            gives("label_match(`{\"a\": \"1\"}`, `{\"a\": \"1\", \"b\": \"2\"}`)", "true"),
            gives("label_match(`{}`, `{}`)", "true"),
        ],
        run: label_match,
    },
];

fn merge(args: &Args<'_>) -> Result<Value, EvalError> {
    let mut merged = Map::new();
    for i in 0..args.len() {
        let map = args.map(i)?;
        args.budget().step(map.len())?;
        for (key, value) in map.iter() {
            merged.insert(key.clone(), value.clone());
        }
    }
    args.budget().produce(merged.len() * 48)?;
    Ok(Value::map(merged))
}

fn items(args: &Args<'_>) -> Result<Value, EvalError> {
    let (key_name, value_name) = (Str::from(args.text(1)?), Str::from(args.text(2)?));
    let entry = |key: Value, value: &Value| {
        let mut map = Map::with_capacity(2);
        map.insert(key_name.clone(), key);
        map.insert(value_name.clone(), value.clone());
        Value::map(map)
    };
    let entries = match args.value(0) {
        _ if args.is_items(0) => return Err(args.type_error(1, "Object or Array")),
        Value::Map(map) => map.sorted().into_iter().map(|(key, v)| entry(Value::String(key.clone()), v)).collect(),
        Value::List(list) => {
            #[expect(clippy::cast_precision_loss, reason = "indexes are far below 2^53")]
            let indexed = list.iter().enumerate().map(|(i, v)| entry(Value::Float(i as f64), v));
            indexed.collect::<Vec<_>>()
        }
        _ => return Err(args.type_error(1, "Object or Array")),
    };
    args.budget().produce(entries.len() * 128)?;
    args.produce_list(entries)
}

fn lookup(args: &Args<'_>) -> Result<Value, EvalError> {
    match args.value(0) {
        _ if args.is_items(0) => Err(args.type_error(1, "Object or Array")),
        Value::Map(map) => {
            let key = args.text(1).map_err(|_| args.type_error(2, "String"))?;
            Ok(map.get(key).cloned().unwrap_or_default())
        }
        Value::List(items) => {
            let number = args.number(1).map_err(|_| args.type_error(2, "Number"))?;
            let shown = go::float_v(number);
            if number.trunc() != number {
                return Err(args.error(format_args!("argument #2: expected an integer number but got: {shown}")));
            }
            if number.abs() >= 9.3e18 {
                let text = format!("argument #2: number is outside the range of integer numbers: {shown}");
                return Err(args.error(text));
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole and tested")]
            let index = (number >= 0.0).then_some(number as usize);
            Ok(index.and_then(|i| items.get(i)).cloned().unwrap_or_default())
        }
        _ => Err(args.type_error(1, "Object or Array")),
    }
}

fn object_from_lists(args: &Args<'_>) -> Result<Value, EvalError> {
    if let Some(i) = (0..2).find(|i| args.is_items(*i)) {
        return Err(args.type_error(i + 1, "Array"));
    }
    let (keys, values) = (args.list(0)?, args.list(1)?);
    args.budget().produce(keys.len() * 48)?;
    args.budget().step(keys.len())?;
    let mut map = Map::with_capacity(keys.len());
    for (i, key) in keys.iter().enumerate() {
        let key = scalar_text(key).ok_or_else(|| args.type_error(1, "StringArray"))?;
        map.insert(key, values.get(i).cloned().unwrap_or_default());
    }
    Ok(Value::map(map))
}

fn label_match(args: &Args<'_>) -> Result<Value, EvalError> {
    let (wanted, labels) = (args.map(0)?, args.map(1)?);
    for (key, value) in wanted.iter() {
        match labels.get(key) {
            Some(label) if args.equal(label, value)? => {}
            _ => return Ok(Value::Bool(false)),
        }
    }
    Ok(Value::Bool(true))
}

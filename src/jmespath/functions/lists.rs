//! Lists as a whole: `length`, `contains`, `join`, `map`, `max`, `min`, `max_by`, `min_by`, `reverse`, `sort`, `sort_by`.

use std::cmp::Ordering;

use super::Type::{Any, Array, ArrayNumber, ArrayString, Bool, Expref, Number, Object, String};
use super::{Args, Function, Origin, Params, fails, gives};
use crate::document::Value;
use crate::jmespath::error::EvalError;

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "length",
        origin: Origin::Language,
        params: Params::Exactly(&[&[String, Array, Object]]),
        returns: &[Number],
        note: "how many characters, items or keys",
        examples: &[
            gives("length('héllo')", "5"),
            fails("length(`5`)", "Invalid type for: 5, expected: []jmespath.JpType{\"string\", \"array\", \"object\"}"),
        ],
        run: length,
    },
    Function {
        name: "contains",
        origin: Origin::Language,
        params: Params::Exactly(&[&[Array, String], &[Any]]),
        returns: &[Bool],
        note: "whether a list holds the scalar, or a string the text",
        examples: &[
            gives("contains(`[1, \"a\"]`, 'a')", "true"),
            gives("contains('abc', 'bc')", "true"),
            gives("contains('abc', `1`)", "false"),
            fails(
                "contains(`[{}]`, `{}`)",
                "JMESPath function 'contains': lists and objects cannot be looked for in a list",
            ),
        ],
        run: contains,
    },
    Function {
        name: "join",
        origin: Origin::Language,
        params: Params::Exactly(&[&[String], &[ArrayString]]),
        returns: &[String],
        note: "the strings of a list with a separator between them",
        examples: &[gives("join('-', `[\"a\", \"b\"]`)", "\"a-b\"")],
        run: join,
    },
    Function {
        name: "map",
        origin: Origin::Language,
        params: Params::Exactly(&[&[Expref], &[Array]]),
        returns: &[Array],
        note: "applies an expression to every item; nulls are kept",
        examples: &[gives("map(&a, `[{\"a\": 1}, {}]`)", "[1,null]")],
        run: map,
    },
    Function {
        name: "max",
        origin: Origin::Language,
        params: Params::Exactly(&[&[ArrayNumber, ArrayString]]),
        returns: &[Number, String],
        note: "the greatest of numbers or strings; null for an empty list",
        examples: &[gives("max(`[1, 3, 2]`)", "3"), gives("max(`[]`)", "null")],
        run: |args| extreme(args, Ordering::Greater),
    },
    Function {
        name: "min",
        origin: Origin::Language,
        params: Params::Exactly(&[&[ArrayNumber, ArrayString]]),
        returns: &[Number, String],
        note: "the least of numbers or strings; null for an empty list",
        examples: &[gives("min(`[\"b\", \"a\"]`)", "\"a\"")],
        run: |args| extreme(args, Ordering::Less),
    },
    Function {
        name: "max_by",
        origin: Origin::Language,
        params: Params::Exactly(&[&[Array], &[Expref]]),
        returns: &[Any],
        note: "the item whose key, a number or a string throughout, is greatest",
        examples: &[
            gives("max_by(`[{\"v\": 1}, {\"v\": 3}]`, &v)", "{\"v\":3}"),
            fails("max_by(`[{\"v\": 1}, {}]`, &v)", "invalid type, must be number"),
        ],
        run: |args| extreme_by(args, Ordering::Greater),
    },
    Function {
        name: "min_by",
        origin: Origin::Language,
        params: Params::Exactly(&[&[Array], &[Expref]]),
        returns: &[Any],
        note: "the item whose key, a number or a string throughout, is least",
        examples: &[
            gives("min_by(`[{\"v\": \"b\"}, {\"v\": \"a\"}]`, &v)", "{\"v\":\"a\"}"),
            fails("min_by(`[{}, {}]`, &v)", "invalid type, must be number of string"),
        ],
        run: |args| extreme_by(args, Ordering::Less),
    },
    Function {
        name: "reverse",
        origin: Origin::Language,
        params: Params::Exactly(&[&[Array, String]]),
        returns: &[Array, String],
        note: "a list or a string backwards",
        examples: &[gives("reverse('héy')", "\"yéh\""), gives("reverse(`[1, 2]`)", "[2,1]")],
        run: reverse,
    },
    Function {
        name: "sort",
        origin: Origin::Language,
        params: Params::Exactly(&[&[ArrayString, ArrayNumber]]),
        returns: &[Array],
        note: "numbers or strings in ascending order",
        examples: &[gives("sort(`[\"b\", \"a\"]`)", "[\"a\",\"b\"]"), gives("sort(`[3, -1]`)", "[-1,3]")],
        run: sort,
    },
    Function {
        name: "sort_by",
        origin: Origin::Language,
        params: Params::Exactly(&[&[Array], &[Expref]]),
        returns: &[Array],
        note: "items in ascending order of a key that is a number or a string throughout",
        examples: &[
            gives("sort_by(`[{\"k\": 2}, {\"k\": 1}]`, &k)[*].k", "[1,2]"),
            fails("sort_by(`[{\"k\": 2}, {\"k\": \"a\"}]`, &k)", "error in sort_by comparison"),
        ],
        run: sort_by,
    },
];

fn length(args: &Args<'_>) -> Result<Value, EvalError> {
    let length = match args.value(0) {
        Value::String(text) => {
            args.budget().step(text.len() / 64)?;
            text.chars().count()
        }
        Value::List(items) => items.len(),
        Value::Map(map) => map.len(),
        _ => return Err(EvalError::other("could not compute length()")),
    };
    #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    Ok(Value::Float(length as f64))
}

fn contains(args: &Args<'_>) -> Result<Value, EvalError> {
    let wanted = args.value(1);
    let found = match (args.value(0), &wanted) {
        (Value::String(text), Value::String(part)) => {
            args.budget().step(text.len() / 64)?;
            text.contains(part.as_str())
        }
        (Value::List(items), _) => {
            args.budget().step(items.len())?;
            let mut found = false;
            for item in items.iter() {
                // Comparing two of these ends the original; here it is an error.
                if matches!((item, &wanted), (Value::List(_), Value::List(_)) | (Value::Map(_), Value::Map(_))) {
                    return Err(args.error("lists and objects cannot be looked for in a list"));
                }
                if *item == wanted {
                    found = true;
                    break;
                }
            }
            found
        }
        _ => false,
    };
    Ok(Value::Bool(found))
}

fn join(args: &Args<'_>) -> Result<Value, EvalError> {
    let (separator, items) = (args.text(0)?, args.list(1)?);
    let size: usize = items.iter().filter_map(Value::as_str).map(|text| text.len() + separator.len()).sum();
    args.budget().step(items.len() + size / 64)?;
    let texts: Vec<_> = items.iter().filter_map(Value::as_str).collect();
    args.produce(texts.join(separator))
}

fn map(args: &Args<'_>) -> Result<Value, EvalError> {
    let items: Result<Vec<_>, _> = args.list(1)?.iter().map(|item| args.apply(0, item)).collect();
    args.produce_list(items?)
}

/// Numbers by value, strings by bytes, anything else not at all.
fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
        (Value::String(a), Value::String(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
        _ => None,
    }
}

fn extreme(args: &Args<'_>, wanted: Ordering) -> Result<Value, EvalError> {
    let items = args.list(0)?;
    args.budget().step(items.len())?;
    let best = items.iter().reduce(|best, item| if order(item, best) == Some(wanted) { item } else { best });
    Ok(best.cloned().unwrap_or_default())
}

/// The key of the first item decides what all keys must be.
fn first_key(args: &Args<'_>, item: &Value) -> Result<(Value, &'static str), EvalError> {
    let key = args.apply(1, item)?;
    match &key {
        Value::Float(_) => Ok((key, "number")),
        Value::String(_) => Ok((key, "string")),
        _ => Err(EvalError::other("invalid type, must be number of string")),
    }
}

fn extreme_by(args: &Args<'_>, wanted: Ordering) -> Result<Value, EvalError> {
    let items = args.list(0)?;
    let Some((first, rest)) = items.split_first() else { return Ok(Value::Null) };
    if rest.is_empty() {
        return Ok(first.clone());
    }
    let (mut best_key, kind) = first_key(args, first)?;
    let mut best = first;
    for item in rest {
        let key = args.apply(1, item)?;
        let same_kind =
            matches!((&key, &best_key), (Value::Float(_), Value::Float(_)) | (Value::String(_), Value::String(_)));
        if !same_kind {
            return Err(EvalError::other(format!("invalid type, must be {kind}")));
        }
        if order(&key, &best_key) == Some(wanted) {
            (best, best_key) = (item, key);
        }
    }
    Ok(best.clone())
}

fn reverse(args: &Args<'_>) -> Result<Value, EvalError> {
    match args.value(0) {
        Value::String(text) => args.produce(text.chars().rev().collect::<std::string::String>()),
        _ => args.produce_list(args.list(0)?.iter().rev().cloned().collect()),
    }
}

fn sort_cost(length: usize) -> usize {
    length * (usize::BITS - length.leading_zeros()) as usize
}

fn sort(args: &Args<'_>) -> Result<Value, EvalError> {
    let mut items = args.list(0)?.clone();
    args.budget().step(sort_cost(items.len()))?;
    items.sort_by(|a, b| order(a, b).unwrap_or(Ordering::Equal));
    args.produce_list(items)
}

/// Sorts a copy. (The original sorts the data it was given, in place, which later expressions see; that is not copied.)
fn sort_by(args: &Args<'_>) -> Result<Value, EvalError> {
    let items = args.list(0)?;
    let [first, _, ..] = items.as_slice() else { return Ok(args.value(0)) };
    let (first_key, _) = first_key(args, first)?;
    args.budget().step(sort_cost(items.len()))?;
    let mut keyed = Vec::with_capacity(items.len());
    for item in items {
        let comparison_error = || EvalError::other("error in sort_by comparison");
        let key = match args.apply(1, item) {
            Err(error) if error.is_swallowable() => return Err(comparison_error()),
            other => other?,
        };
        match (&key, &first_key) {
            (Value::Float(_), Value::Float(_)) | (Value::String(_), Value::String(_)) => {}
            _ => return Err(comparison_error()),
        }
        keyed.push((key, item.clone()));
    }
    keyed.sort_by(|(a, _), (b, _)| order(a, b).unwrap_or(Ordering::Equal));
    args.produce_list(keyed.into_iter().map(|(_, item)| item).collect())
}

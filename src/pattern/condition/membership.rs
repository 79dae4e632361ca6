//! `AnyIn`, `AllIn`, `AnyNotIn`, `AllNotIn`, and the deprecated `In` and `NotIn` (chapter 20 §3.3).

use std::borrow::Cow;
use std::collections::HashSet;

use crate::document::go_text::go_text;
use crate::document::{Value, json, wildcard};
use crate::pattern::TextPattern;
use crate::pattern::operator::parse_range;

/// Pairs from which on equal texts are found by hash.
const HASH_FROM: usize = 1024;

pub(super) fn any_in(key: &Value, value: &Value) -> bool {
    match texts(key) {
        Some(Key::One(key)) => holds_one(&key, value) == Some(true),
        Some(Key::Many(keys)) => match candidates(&keys, value, Numbers::AreTexts) {
            Candidates::SameText => true,
            Candidates::Range(range) => range_holds(range, |holds| keys.iter().any(|key| holds(key))),
            Candidates::Texts(texts) => Matcher::new(&keys, &texts).any(&keys),
            Candidates::Invalid => false,
        },
        None => false,
    }
}

pub(super) fn all_in(key: &Value, value: &Value) -> bool {
    match texts(key) {
        Some(Key::One(key)) => holds_one(&key, value) == Some(true),
        Some(Key::Many(keys)) => match candidates(&keys, value, Numbers::AreInvalid) {
            Candidates::SameText => true,
            Candidates::Range(range) => range_holds(range, |holds| keys.iter().all(|key| holds(key))),
            Candidates::Texts(texts) => Matcher::new(&keys, &texts).all(&keys),
            Candidates::Invalid => false,
        },
        None => false,
    }
}

pub(super) fn any_not_in(key: &Value, value: &Value) -> bool {
    match texts(key) {
        Some(Key::One(key)) => holds_one(&key, value) == Some(false),
        Some(Key::Many(keys)) => match candidates(&keys, value, Numbers::AreTexts) {
            Candidates::SameText => false,
            // Kyverno negates the range by its first dash, which for a negative bound is the sign.
            Candidates::Range(range) => {
                range_holds(&range.replacen('-', "!-", 1), |holds| keys.iter().any(|key| holds(key)))
            }
            Candidates::Texts(texts) => !Matcher::new(&keys, &texts).all(&keys),
            Candidates::Invalid => false,
        },
        None => false,
    }
}

pub(super) fn all_not_in(key: &Value, value: &Value) -> bool {
    match texts(key) {
        Some(Key::One(key)) => holds_one(&key, value) == Some(false),
        Some(Key::Many(keys)) => match candidates(&keys, value, Numbers::AreInvalid) {
            Candidates::SameText => false,
            Candidates::Range(range) => !range_holds(range, |holds| keys.iter().any(|key| holds(key))),
            Candidates::Texts(texts) => !Matcher::new(&keys, &texts).any(&keys),
            Candidates::Invalid => false,
        },
        None => false,
    }
}

pub(super) fn deprecated_in(key: &Value, value: &Value) -> Result<bool, String> {
    let missing = |keys: &[&str], set: &HashSet<Cow<'_, str>>| keys.iter().any(|key| !set.contains(*key));
    deprecated(key, value, |exists| exists, |keys, set| !missing(keys, set))
}

pub(super) fn deprecated_not_in(key: &Value, value: &Value) -> Result<bool, String> {
    let missing = |keys: &[&str], set: &HashSet<Cow<'_, str>>| keys.iter().any(|key| !set.contains(*key));
    deprecated(key, value, |exists| !exists, missing)
}

fn deprecated(
    key: &Value,
    value: &Value,
    one: impl Fn(bool) -> bool,
    many: impl Fn(&[&str], &HashSet<Cow<'_, str>>) -> bool,
) -> Result<bool, String> {
    let Value::List(keys) = key else {
        let Some(Key::One(key)) = texts(key) else { return Ok(false) };
        let exists = match value {
            Value::List(_) => holds_one(&key, value),
            Value::String(text) if wildcard::matches(text, &key) => Some(true),
            Value::String(text) => json_texts(text).map(|texts| texts.iter().any(|t| **t == *key)),
            _ => None,
        };
        return Ok(exists.is_some_and(one));
    };
    let keys: Vec<&str> = keys
        .iter()
        .map(|key| key.as_str().ok_or("In and NotIn compare lists of strings only"))
        .collect::<Result<_, _>>()?;
    let set: Option<HashSet<Cow<'_, str>>> = match value {
        Value::List(items) => items.iter().map(|item| item.as_str().map(Cow::from)).collect(),
        // One equal key counts as found by both operators.
        Value::String(text) if *keys == [text.as_str()] => return Ok(true),
        Value::String(text) => json_texts(text).map(|texts| texts.into_iter().collect()),
        _ => None,
    };
    Ok(set.is_some_and(|set| many(&keys, &set)))
}

enum Key<'a> {
    One(Cow<'a, str>),
    Many(Vec<Cow<'a, str>>),
}

/// The key as text; `None` for null and maps, which no operator accepts.
fn texts(key: &Value) -> Option<Key<'_>> {
    match key {
        Value::Null | Value::Map(_) => None,
        Value::List(items) => Some(Key::Many(items.iter().map(text).collect())),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => Some(Key::One(text(key))),
    }
}

fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::from(text.as_str()),
        other => Cow::from(go_text(other)),
    }
}

/// Whether a single key is among the value; `None` when the value is not something to be in.
fn holds_one(key: &str, value: &Value) -> Option<bool> {
    match value {
        Value::List(items) => Some(items.iter().any(|item| match_either_way(key, &text(item)))),
        Value::String(text) if wildcard::matches(text, key) => Some(true),
        Value::String(text) if is_range(text) => Some(range_holds(text, |holds| holds(key))),
        Value::String(text) if json::parse(text.as_bytes()).is_ok() => {
            json_texts(text).map(|texts| texts.iter().any(|t| t == key))
        }
        // Any other text would have to equal the key, and the wildcard said that it does not.
        Value::String(_) => Some(false),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Map(_) => None,
    }
}

/// What a list of keys is compared with.
enum Candidates<'a> {
    /// The value is text, and equals the only key.
    SameText,
    Range(&'a str),
    Texts(Vec<Cow<'a, str>>),
    Invalid,
}

/// Whether a number or bool on the value side is a list of itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbers {
    AreTexts,
    AreInvalid,
}

fn candidates<'a>(keys: &[Cow<'_, str>], value: &'a Value, numbers: Numbers) -> Candidates<'a> {
    match value {
        Value::List(items) => Candidates::Texts(items.iter().map(text).collect()),
        Value::String(text) if keys.len() == 1 && keys.iter().all(|key| *key == text.as_str()) => Candidates::SameText,
        Value::String(text) if is_range(text) => Candidates::Range(text),
        Value::String(text) if json::parse(text.as_bytes()).is_ok() => {
            json_texts(text).map_or(Candidates::Invalid, Candidates::Texts)
        }
        Value::String(text) => Candidates::Texts(vec![Cow::from(text.as_str())]),
        Value::Bool(_) | Value::Int(_) | Value::Float(_) if numbers == Numbers::AreTexts => {
            Candidates::Texts(vec![text(value)])
        }
        Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Null | Value::Map(_) => Candidates::Invalid,
    }
}

/// A JSON array of strings; null counts as empty, and as empty text inside.
fn json_texts(text: &str) -> Option<Vec<Cow<'static, str>>> {
    match json::parse(text.as_bytes()).ok()? {
        Value::Null => Some(Vec::new()),
        Value::List(items) => items
            .iter()
            .map(|item| match item {
                Value::String(text) => Some(Cow::from(text.to_string())),
                Value::Null => Some(Cow::from("")),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

fn is_range(text: &str) -> bool {
    parse_range(text, "-").is_some()
}

/// Asks `question` with a test for the range, which is compiled once.
fn range_holds(range: &str, question: impl FnOnce(&dyn Fn(&str) -> bool) -> bool) -> bool {
    let range = TextPattern::new(range);
    question(&|key| range.matches(&Value::from(key)))
}

fn match_either_way(a: &str, b: &str) -> bool {
    wildcard::matches(b, a) || wildcard::matches(a, b)
}

/// Keys against candidate texts, wildcards on either side.
struct Matcher<'a> {
    texts: &'a [Cow<'a, str>],
    patterns: Vec<&'a str>,
    /// Only when there are many pairs.
    exact: Option<HashSet<&'a str>>,
}

impl<'a> Matcher<'a> {
    fn new(keys: &[Cow<'_, str>], texts: &'a [Cow<'a, str>]) -> Self {
        if keys.len().saturating_mul(texts.len()) < HASH_FROM {
            return Self { texts, patterns: Vec::new(), exact: None };
        }
        let (patterns, exact): (Vec<&str>, Vec<&str>) =
            texts.iter().map(|text| &**text).partition(|text| wildcard::contains_wildcard(text));
        Self { texts, patterns, exact: Some(exact.into_iter().collect()) }
    }

    fn is_match(&self, key: &str) -> bool {
        match &self.exact {
            Some(exact) if !wildcard::contains_wildcard(key) => {
                exact.contains(key) || self.patterns.iter().any(|pattern| wildcard::matches(pattern, key))
            }
            _ => self.texts.iter().any(|text| match_either_way(key, text)),
        }
    }

    fn any(&self, keys: &[Cow<'_, str>]) -> bool {
        keys.iter().any(|key| self.is_match(key))
    }

    fn all(&self, keys: &[Cow<'_, str>]) -> bool {
        keys.iter().all(|key| self.is_match(key))
    }
}

//! [`Value`]: what a YAML or JSON document means. Integers are kept apart from floats; clones are
//! cheap (containers are shared, and copied only when a shared one is changed).

use std::sync::Arc;

use super::map::Map;

/// A string that is cheap to clone: up to 23 bytes inline, shared beyond.
pub type Str = smol_str::SmolStr;

/// One dynamic value.
///
/// Invariants: a `Float` is finite when it came from a document; nesting is bounded by the reader
/// (see `yaml::Limits`), so recursive walks and drops cannot overflow the stack.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`, and what a missing field compares as.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number written without fraction or exponent that fits 64 bits.
    Int(i64),
    /// Every other number.
    Float(f64),
    /// Text.
    String(Str),
    /// A sequence.
    List(Arc<Vec<Value>>),
    /// A mapping; keys are text, as in JSON.
    Map(Arc<Map>),
}

impl Value {
    /// A string value.
    pub fn string(text: impl Into<Str>) -> Self {
        Self::String(text.into())
    }

    /// A list value.
    #[must_use]
    pub fn list(items: Vec<Value>) -> Self {
        Self::List(Arc::new(items))
    }

    /// A map value.
    #[must_use]
    pub fn map(map: Map) -> Self {
        Self::Map(Arc::new(map))
    }

    /// An empty map.
    #[must_use]
    pub fn empty_map() -> Self {
        Self::map(Map::new())
    }

    /// Whether this is null.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The text, if this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(s) => Some(s),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The number as a float, if this is a number of either kind.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "what Kyverno's float conversion does")]
            Self::Int(i) => Some(*i as f64),
            Self::Float(f) => Some(*f),
            _ => None,
        }
    }

    /// The items, if this is a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The map, if this is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items to change in place (a shared list is copied first).
    #[must_use]
    pub fn as_list_mut(&mut self) -> Option<&mut Vec<Value>> {
        match self {
            Self::List(items) => Some(Arc::make_mut(items)),
            _ => None,
        }
    }

    /// The map to change in place (a shared map is copied first).
    #[must_use]
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match self {
            Self::Map(map) => Some(Arc::make_mut(map)),
            _ => None,
        }
    }

    /// The value under `key`, if this is a map that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// The value reached by following `keys` through maps.
    #[must_use]
    pub fn at(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().try_fold(self, |value, key| value.get(key))
    }

    /// The text reached by following `keys` through maps; `None` if absent or not a string.
    #[must_use]
    pub fn str_at(&self, keys: &[&str]) -> Option<&str> {
        self.at(keys)?.as_str()
    }

    /// The same value with every integer turned into a float: how Kyverno's command line reads
    /// resources, and what JMESPath sees at every door. Shares what holds no integer.
    #[must_use]
    pub fn with_floats(&self) -> Value {
        self.convert_numbers(&|v| match v {
            #[expect(clippy::cast_precision_loss, reason = "what Kyverno's float conversion does")]
            Value::Int(i) => Some(Value::Float(*i as f64)),
            _ => None,
        })
        .unwrap_or_else(|| self.clone())
    }

    /// The same value with every whole float below 2^63 turned into an integer: how the cluster
    /// reads an object back from JSON. Shares what holds no such float.
    #[must_use]
    pub fn with_integers(&self) -> Value {
        self.convert_numbers(&|v| match v {
            #[expect(clippy::cast_possible_truncation, reason = "whole and in range, tested here")]
            Value::Float(f) if f.fract() == 0.0 && f.abs() < 1e18 => Some(Value::Int(*f as i64)),
            _ => None,
        })
        .unwrap_or_else(|| self.clone())
    }

    /// `None` when nothing changes, so that unchanged subtrees stay shared.
    fn convert_numbers(&self, leaf: &dyn Fn(&Value) -> Option<Value>) -> Option<Value> {
        match self {
            Value::List(items) => {
                let mut out: Option<Vec<Value>> = None;
                for (at, value) in items.iter().enumerate() {
                    if let Some(changed) = value.convert_numbers(leaf) {
                        out.get_or_insert_with(|| (**items).clone())[at] = changed;
                    }
                }
                out.map(Value::list)
            }
            Value::Map(map) => {
                let mut out: Option<Map> = None;
                for (at, value) in map.values().enumerate() {
                    if let Some(changed) = value.convert_numbers(leaf)
                        && let Some((_, slot)) = out.get_or_insert_with(|| (**map).clone()).iter_mut().nth(at)
                    {
                        *slot = changed;
                    }
                }
                out.map(Value::map)
            }
            other => leaf(other),
        }
    }

    /// How deeply lists and maps nest: 0 for a scalar.
    #[must_use]
    pub fn depth(&self) -> usize {
        match self {
            Value::List(items) => 1 + items.iter().map(Value::depth).max().unwrap_or(0),
            Value::Map(map) => 1 + map.values().map(Value::depth).max().unwrap_or(0),
            _ => 0,
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<Str> for Value {
    fn from(text: Str) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Self {
        Self::Int(i)
    }
}

impl From<f64> for Value {
    fn from(f: f64) -> Self {
        Self::Float(f)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::map(map)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::list(items)
    }
}

impl<K: Into<Str>, const N: usize> From<[(K, Value); N]> for Value {
    fn from(entries: [(K, Value); N]) -> Self {
        Self::map(entries.into_iter().map(|(k, v)| (k.into(), v)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_three_words() {
        assert_eq!(size_of::<Value>(), 24);
    }

    #[test]
    fn float_conversion_shares_what_it_does_not_change() {
        let text = Value::from([("a", Value::list(vec!["x".into()]))]);
        let value = Value::from([("text", text.clone()), ("n", Value::Int(3))]);
        let floats = value.with_floats();
        assert_eq!(floats.at(&["n"]), Some(&Value::Float(3.0)));
        let (Some(Value::Map(shared)), Value::Map(original)) = (floats.get("text"), &text) else {
            panic!("maps stay maps")
        };
        assert!(Arc::ptr_eq(shared, original));
        assert_eq!(floats.with_integers(), value);
    }
}

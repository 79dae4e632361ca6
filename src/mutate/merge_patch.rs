//! JSON merge patch (RFC 7386): the difference of two values, and its application. Kyverno's `test`
//! command compares manifests by it (spec 60 §11).

use super::equal;
use crate::document::{Map, Value};

/// The merge patch that turns `before` into `after`; an empty map if there is nothing to change.
/// A null in `after` reads as an absent member, because a merge patch cannot set one.
#[must_use]
pub fn create(before: &Value, after: &Value) -> Value {
    let (Value::Map(a), Value::Map(b)) = (before, after) else {
        return if equal(before, after) { Value::empty_map() } else { after.clone() };
    };
    let mut patch = Map::new();
    for (key, new) in b.iter() {
        match a.get(key) {
            None => {
                patch.insert(key.clone(), new.clone());
            }
            Some(old) if equal(old, new) => {}
            Some(old @ Value::Map(_)) if matches!(new, Value::Map(_)) => {
                let inner = create(old, new);
                if inner.as_map().is_some_and(|map| !map.is_empty()) {
                    patch.insert(key.clone(), inner);
                }
            }
            Some(_) => {
                patch.insert(key.clone(), new.clone());
            }
        }
    }
    for key in a.keys().filter(|key| !b.contains_key(key)) {
        patch.insert(key.clone(), Value::Null);
    }
    Value::map(patch)
}

/// `target` after the merge patch: members are merged, null removes, everything else replaces.
#[must_use]
pub fn apply(target: &Value, patch: &Value) -> Value {
    let Value::Map(changes) = patch else { return patch.clone() };
    let mut merged = target.as_map().cloned().unwrap_or_default();
    for (key, change) in changes.iter() {
        if change.is_null() {
            merged.remove(key);
        } else {
            let value = apply(merged.get(key).unwrap_or(&Value::Null), change);
            merged.insert(key.clone(), value);
        }
    }
    Value::map(merged)
}

/// The value without nulls, empty maps and empty lists, at every depth; `None` if nothing is left.
#[must_use]
pub fn tidy(value: &Value) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::Map(map) => {
            let kept: Map = map.iter().filter_map(|(k, v)| Some((k.clone(), tidy(v)?))).collect();
            (!kept.is_empty()).then(|| Value::map(kept))
        }
        Value::List(items) => {
            let kept: Vec<Value> = items.iter().filter_map(tidy).collect();
            (!kept.is_empty()).then(|| Value::list(kept))
        }
        scalar => Some(scalar.clone()),
    }
}

/// Whether two manifests are equal as Kyverno's `test` compares them: both tidied, then by merge
/// patch.
#[must_use]
pub fn equal_when_tidied(actual: &Value, expected: &Value) -> bool {
    match (tidy(actual), tidy(expected)) {
        (Some(a), Some(b)) => {
            create(&a, &b).as_map().is_some_and(Map::is_empty) && a.as_map().is_some() == b.as_map().is_some()
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::document::json;

    fn read(text: &str) -> Value {
        json::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_examples_of_rfc_7386_apply() {
        for line in r#"
{"a":"b"} | {"a":"c"} | {"a":"c"}
{"a":"b"} | {"b":"c"} | {"a":"b","b":"c"}
{"a":"b"} | {"a":null} | {}
{"a":"b","b":"c"} | {"a":null} | {"b":"c"}
{"a":["b"]} | {"a":"c"} | {"a":"c"}
{"a":"c"} | {"a":["b"]} | {"a":["b"]}
{"a":{"b":"c"}} | {"a":{"b":"d","c":null}} | {"a":{"b":"d"}}
{"a":[{"b":"c"}]} | {"a":[1]} | {"a":[1]}
["a","b"] | ["c","d"] | ["c","d"]
{"a":"b"} | ["c"] | ["c"]
{"a":"foo"} | null | null
{"e":null} | {"a":1} | {"e":null,"a":1}
[1,2] | {"a":"b","c":null} | {"a":"b"}
{} | {"a":{"bb":{"ccc":null}}} | {"a":{"bb":{}}}"#
            .trim()
            .lines()
        {
            let parts: Vec<_> = line.split(" | ").map(read).collect();
            assert_eq!(apply(&parts[0], &parts[1]), parts[2], "{line}");
        }
    }

    #[test]
    fn a_created_patch_holds_only_what_differs() {
        let before = read(r#"{"a":1,"b":{"c":[1],"d":2},"e":"x"}"#);
        let after = read(r#"{"a":1.0,"b":{"c":[2],"d":2},"f":null}"#);
        let patch = create(&before, &after);
        assert_eq!(patch, read(r#"{"b":{"c":[2]},"e":null,"f":null}"#));
        assert_eq!(create(&before, &before), Value::empty_map());
    }

    #[test]
    fn tidying_forgets_what_is_empty() {
        let messy = read(r#"{"a":{},"b":[null,{},[]],"c":null,"d":{"e":[{}, 1]},"f":"","g":false}"#);
        assert_eq!(tidy(&messy), Some(read(r#"{"d":{"e":[1]},"f":"","g":false}"#)));
        assert_eq!(tidy(&read(r#"{"a":[{"b":null}]}"#)), None);
        assert!(equal_when_tidied(&messy, &read(r#"{"d":{"e":[1.0]},"f":"","g":false,"h":[]}"#)));
        assert!(!equal_when_tidied(&messy, &read(r#"{"d":{"e":[1]},"f":""}"#)));
        assert!(equal_when_tidied(&read("{}"), &read(r#"{"a":[]}"#)));
        assert!(!equal_when_tidied(&read("{}"), &read("[1]")));
    }
}

//! Anchors as mutation reads them (spec 40 §1.2): `(k)`, `<(k)` and `+(k)`; the others are plain keys.

use crate::document::{Map, Str, Value};
use crate::pattern::anchor;

pub(super) use crate::pattern::anchor::Anchor;

/// The anchor of a key with the key it stands for, if mutation interprets it.
pub(super) fn parse(key: &str) -> Option<(Anchor, &str)> {
    anchor::parse(key).filter(|(a, _)| is_condition(*a) || *a == Anchor::AddIfNotPresent)
}

/// Whether this is `(k)` or `<(k)`.
pub(super) fn is_condition(anchor: Anchor) -> bool {
    matches!(anchor, Anchor::Conditional | Anchor::Global)
}

/// The keys of a map that carry an anchor for which `wanted` holds, in byte order, each with the key
/// it stands for.
pub(super) fn anchored_keys(map: &Map, wanted: impl Fn(Anchor) -> bool) -> Vec<(Str, Str)> {
    let mut keys: Vec<_> = map
        .keys()
        .filter_map(|key| {
            let (anchor, bare) = parse(key)?;
            wanted(anchor).then(|| (key.clone(), Str::from(bare)))
        })
        .collect();
    keys.sort();
    keys
}

/// Whether an anchor for which `wanted` holds stands anywhere in `value`. A *scalar* written like a
/// condition counts as one, whatever is wanted: Kyverno's search has that flaw.
pub(super) fn contains(value: &Value, wanted: fn(Anchor) -> bool) -> bool {
    match value {
        Value::Map(map) => map.iter().any(|(key, v)| parse(key).is_some_and(|(a, _)| wanted(a)) || contains(v, wanted)),
        Value::List(items) => items.iter().any(|v| contains(v, wanted)),
        Value::String(text) => parse(text).is_some_and(|(a, _)| is_condition(a)),
        _ => false,
    }
}

/// Gives the value under `from` the key `to`, in its place; an entry that had that key already is
/// dropped.
pub(super) fn rename(map: &mut Map, from: &str, to: &Str) {
    if from == to || !map.contains_key(from) {
        return;
    }
    let entries = std::mem::take(map);
    *map = entries
        .into_iter()
        .filter(|(key, _)| key != to)
        .map(|(key, value)| if key == from { (to.clone(), value) } else { (key, value) })
        .collect();
}

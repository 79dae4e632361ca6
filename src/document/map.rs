//! An insertion-ordered map with string keys: linear for the few keys Kubernetes objects have,
//! hashed once it grows, so that a hostile object cannot make look-ups quadratic.

use std::collections::HashMap;

use super::value::{Str, Value};

/// Above this many entries look-ups go through a hash index.
pub(super) const INDEX_FROM: usize = 24;

/// String keys to values, in insertion order. Keys are unique.
#[derive(Clone, Default)]
pub struct Map {
    entries: Vec<(Str, Value)>,
    #[expect(clippy::box_collection, reason = "most maps have no index: a pointer, not four words")]
    index: Option<Box<HashMap<Str, usize, foldhash::fast::RandomState>>>,
}

impl Map {
    /// An empty map.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty map with room for `capacity` entries.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { entries: Vec::with_capacity(capacity), index: None }
    }

    /// From entries whose keys the caller knows to differ; the allocation is kept.
    pub(crate) fn from_unique(entries: Vec<(Str, Value)>) -> Self {
        let mut map = Self { entries, index: None };
        map.reindex();
        map
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn position(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.get(key).copied(),
            None => self.entries.iter().position(|(k, _)| k == key),
        }
    }

    /// The value under `key`.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.position(key).map(|i| &self.entries[i].1)
    }

    /// The value under `key`, to change in place.
    #[must_use]
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.position(key).map(|i| &mut self.entries[i].1)
    }

    /// Whether `key` is present (its value may be null).
    #[must_use]
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Sets `key`, keeping its place if it was present; returns the value it replaced.
    pub fn insert(&mut self, key: impl Into<Str>, value: Value) -> Option<Value> {
        let key = key.into();
        if let Some(i) = self.position(&key) {
            return Some(std::mem::replace(&mut self.entries[i].1, value));
        }
        if let Some(index) = &mut self.index {
            index.insert(key.clone(), self.entries.len());
        }
        self.entries.push((key, value));
        if self.index.is_none() && self.entries.len() > INDEX_FROM {
            self.reindex();
        }
        None
    }

    /// The value under `key`, inserted from `default` if absent.
    pub fn entry_or_insert_with(&mut self, key: &str, default: impl FnOnce() -> Value) -> &mut Value {
        let at = self.position(key).unwrap_or_else(|| {
            self.insert(key, default());
            self.entries.len() - 1
        });
        &mut self.entries[at].1
    }

    /// Removes `key`, keeping the order of the others.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.position(key)?;
        let (_, value) = self.entries.remove(at);
        if self.index.is_some() {
            self.reindex();
        }
        Some(value)
    }

    /// Keeps only the entries for which `keep` holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&Str, &mut Value) -> bool) {
        self.entries.retain_mut(|(k, v)| keep(k, v));
        if self.index.is_some() {
            self.reindex();
        }
    }

    fn reindex(&mut self) {
        self.index = (self.entries.len() > INDEX_FROM)
            .then(|| Box::new(self.entries.iter().enumerate().map(|(i, (k, _))| (k.clone(), i)).collect()));
    }

    /// The entries in insertion order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Str, &Value)> + DoubleEndedIterator {
        self.entries.iter().map(|(k, v)| (k, v))
    }

    /// The entries in insertion order, values to change in place.
    pub fn iter_mut(&mut self) -> impl ExactSizeIterator<Item = (&Str, &mut Value)> {
        self.entries.iter_mut().map(|(k, v)| (&*k, v))
    }

    /// The keys in insertion order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &Str> {
        self.entries.iter().map(|(k, _)| k)
    }

    /// The values in insertion order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> {
        self.entries.iter().map(|(_, v)| v)
    }

    /// The entries in byte order of their keys: the order in which Go prints a map.
    #[must_use]
    pub fn sorted(&self) -> Vec<(&Str, &Value)> {
        let mut entries: Vec<_> = self.iter().collect();
        if !entries.is_sorted_by(|a, b| a.0 <= b.0) {
            entries.sort_by(|a, b| a.0.cmp(b.0));
        }
        entries
    }
}

/// Two maps are equal when they hold equal values under the same keys, in any order.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.iter().enumerate().all(|(i, (k, v))| match other.entries.get(i) {
                Some((key, value)) if key == k => value == v,
                _ => other.get(k) == Some(v),
            })
    }
}

impl FromIterator<(Str, Value)> for Map {
    fn from_iter<T: IntoIterator<Item = (Str, Value)>>(iter: T) -> Self {
        let iter = iter.into_iter();
        let mut map = Self::with_capacity(iter.size_hint().0);
        for (k, v) in iter {
            map.insert(k, v);
        }
        map
    }
}

impl IntoIterator for Map {
    type Item = (Str, Value);
    type IntoIter = std::vec::IntoIter<(Str, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl std::fmt::Debug for Map {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(n: i64) -> Map {
        (0..n).map(|i| (Str::from(format!("k{i}")), Value::Int(i))).collect()
    }

    #[test]
    fn look_ups_agree_below_and_above_the_index() {
        for n in [3, 24, 25, 200] {
            let mut map = numbered(n);
            assert_eq!(map.get("k2"), Some(&Value::Int(2)));
            assert_eq!(map.remove("k1"), Some(Value::Int(1)));
            assert_eq!(map.get("k1"), None);
            assert_eq!(map.get(&format!("k{}", n - 1)), Some(&Value::Int(n - 1)));
            assert_eq!(map.insert("k0", Value::Null), Some(Value::Int(0)));
            assert_eq!(map.keys().next().map(Str::as_str), Some("k0"));
        }
    }

    #[test]
    fn equality_ignores_order_but_not_size() {
        let forward = numbered(30);
        let backward: Map = forward.clone().into_iter().rev().collect();
        assert_eq!(forward, backward);
        assert_ne!(forward, numbered(31));
    }

    #[test]
    fn sorted_is_by_bytes() {
        let map: Map = ["b", "(a)", "B", "a"].into_iter().map(|k| (Str::from(k), Value::Null)).collect();
        let keys: Vec<_> = map.sorted().into_iter().map(|(k, _)| k.to_string()).collect();
        assert_eq!(keys, ["(a)", "B", "a", "b"]);
    }
}

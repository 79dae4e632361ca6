//! Merging lists by key (spec 40 §1.8): the steps are kyaml's, one by one, because what they do to
//! incomplete and duplicate keys is what policies see.

use std::collections::{HashMap, HashSet};

use crate::document::Value;

use super::elements::{append, find, set_element};
use super::merge::{self, Outcome};
use super::merge_keys::Shape;
use super::preprocess::is_empty;
use super::scalar_text;

/// Above this many elements only lists with one complete, distinct key are merged: the general way
/// takes time in the square of the length.
const MAX_GENERAL: usize = 4096;

/// What is merged into a list.
pub(super) enum Source<'p> {
    /// Nothing; the list is only settled.
    None,
    /// The list itself: it comes from the patch.
    Same,
    /// A list of the patch.
    Patch(&'p mut Vec<Value>),
}

/// The list with its source merged into it.
pub(super) fn merge(dest: &[Value], source: Source, shape: Option<Shape>) -> Result<Vec<Value>, String> {
    let (keys, element): (&[&str], _) = match shape {
        Some(Shape::Keyed { keys, element }) => (keys, Some(Shape::Object(element))),
        _ => (&[""], None),
    };
    let mut list = Merging { dest: dest.to_vec(), source, element };
    if let [key] = keys
        && let Some(merged) = list.merge_distinct(key)?
    {
        return Ok(merged);
    }
    list.merge_general(keys)
}

struct Merging<'p> {
    dest: Vec<Value>,
    source: Source<'p>,
    element: Option<Shape>,
}

impl Merging<'_> {
    /// The short way, for the common case: one key, and every element of both lists has it, distinct
    /// within its list. `None` if that is not so.
    fn merge_distinct(&mut self, key: &str) -> Result<Option<Vec<Value>>, String> {
        let Some(places) = distinct(&self.dest, key) else { return Ok(None) };
        let element = self.element;
        let settle = |dest: &Value| match merge::walk(Some(dest), None, element)? {
            Outcome::Dest(value) => Ok::<_, String>(value),
            _ => Ok(dest.clone()),
        };
        match &mut self.source {
            Source::None => self.dest.iter().map(settle).collect::<Result<_, _>>().map(Some),
            Source::Same => Ok(None),
            Source::Patch(patch) => {
                if distinct(patch, key).is_none() {
                    return Ok(None);
                }
                let mut out = Vec::with_capacity(self.dest.len() + patch.len());
                let mut touched = vec![false; self.dest.len()];
                for change in patch.iter_mut() {
                    let at = change.get(key).and_then(|k| places.get(&scalar_text(k)).copied());
                    let old = at.and_then(|at| self.dest.get(at));
                    if let Some(touched) = at.and_then(|at| touched.get_mut(at)) {
                        *touched = true;
                    }
                    match (merge::walk(old, Some(change), element)?, old) {
                        (Outcome::Cleared, _) => {}
                        (Outcome::Dest(value), _) => out.push(value),
                        // The resource's element is put back over one that replaces it.
                        (Outcome::Unchanged | Outcome::Patch(_), Some(old)) => out.push(old.clone()),
                        (Outcome::Patch(value), None) => out.push(value),
                        (Outcome::Unchanged, None) => {}
                    }
                }
                for (old, _) in self.dest.iter().zip(&touched).filter(|(_, touched)| !**touched) {
                    out.push(settle(old)?);
                }
                Ok(Some(out))
            }
        }
    }

    fn merge_general(mut self, keys: &[&str]) -> Result<Vec<Value>, String> {
        let patch_len = if let Source::Patch(patch) = &self.source { patch.len() } else { 0 };
        if self.dest.len() + patch_len > MAX_GENERAL {
            return Err(format!("a list of more than {MAX_GENERAL} elements cannot be merged by key"));
        }
        let mut tuples = self.tuples(keys);
        if keys.len() > 1 {
            unify(&mut tuples);
        }
        if tuples.is_empty() {
            return Ok(self.dest);
        }
        let named: Vec<bool> =
            (0..keys.len()).map(|i| tuples.iter().any(|t| t.get(i).is_some_and(|v| !v.is_empty()))).collect();
        let all = !named.contains(&true);
        let keep = |i: usize| all || named.get(i).copied().unwrap_or(false);
        let effective: Vec<&str> = keys.iter().enumerate().filter(|(i, _)| keep(*i)).map(|(_, k)| *k).collect();
        let mut merged = Vec::new();
        for tuple in &tuples {
            let values: Vec<String> =
                tuple.iter().enumerate().filter(|(i, _)| keep(*i)).map(|(_, v)| v.clone()).collect();
            match self.merge_element(&effective, &values)? {
                Some(value) => set_element(&mut merged, Some(&value), &effective, &values)?,
                None => set_element(&mut self.dest, None, &effective, &values)?,
            }
        }
        append(&mut merged, &self.dest, &effective)?;
        Ok(merged)
    }

    /// The key values of all elements, the patch's first, without repetition.
    fn tuples(&self, keys: &[&str]) -> Vec<Vec<String>> {
        let patch: &[Value] = if let Source::Patch(patch) = &self.source { patch } else { &[] };
        let mut seen = HashSet::new();
        let mut tuples = Vec::new();
        for element in patch.iter().chain(&self.dest) {
            let tuple: Vec<String> = keys
                .iter()
                .map(|key| match *key {
                    "" => scalar_text(element),
                    key => element.get(key).filter(|v| !is_empty(v)).map(scalar_text).unwrap_or_default(),
                })
                .collect();
            if seen.insert(tuple.clone()) {
                tuples.push(tuple);
            }
        }
        tuples
    }

    /// Merges the elements that have these key values; `None` if there is nothing, or nothing left.
    fn merge_element(&mut self, keys: &[&str], values: &[String]) -> Result<Option<Value>, String> {
        let at = find(&self.dest, keys, values);
        let (mut value, in_dest) = match &mut self.source {
            Source::Same => {
                let Some(own) = at.and_then(|at| self.dest.get_mut(at)) else { return Ok(None) };
                if !merge::adopt(own, self.element)? {
                    return Ok(None);
                }
                (own.clone(), true)
            }
            source => {
                let old = at.and_then(|at| self.dest.get(at));
                let change = match source {
                    Source::Patch(patch) => find(patch, keys, values).and_then(|at| patch.get_mut(at)),
                    _ => None,
                };
                match merge::walk(old, change, self.element)? {
                    Outcome::Cleared => return Ok(None),
                    Outcome::Unchanged => (old.cloned().unwrap_or_default(), true),
                    Outcome::Dest(value) => (value, true),
                    Outcome::Patch(value) => (value, false),
                }
            }
        };
        if value.is_null() || value.as_map().is_some_and(|map| map.is_empty()) {
            return Ok(None);
        }
        for (key, text) in keys.iter().zip(values) {
            if !key.is_empty()
                && !text.is_empty()
                && value.get(key).is_none()
                && let Some(map) = value.as_map_mut()
            {
                map.insert(*key, untagged(text));
            }
        }
        if let (true, Some(slot)) = (in_dest, at.and_then(|at| self.dest.get_mut(at))) {
            *slot = value.clone();
        }
        Ok(Some(value))
    }
}

/// Where each key value stands, if every element is a map that has its own.
fn distinct(list: &[Value], key: &str) -> Option<HashMap<String, usize>> {
    let mut places = HashMap::with_capacity(list.len());
    for (i, element) in list.iter().enumerate() {
        let text = element.get(key).map(scalar_text).filter(|text| !text.is_empty() && text != "null")?;
        if places.insert(text, i).is_some() {
            return None;
        }
    }
    Some(places)
}

/// Makes tuples that differ only where one of them is empty the same, if they share a component.
fn unify(tuples: &mut [Vec<String>]) {
    for i in 0..tuples.len() {
        let Some(first) = tuples.get(i).cloned() else { return };
        for j in 0..tuples.len() {
            let Some(fuller) = tuples.get(j).and_then(|second| fuller(&first, second)) else { continue };
            for at in [i, j] {
                if let Some(tuple) = tuples.get_mut(at) {
                    tuple.clone_from(&fuller);
                }
            }
        }
    }
}

fn fuller(a: &[String], b: &[String]) -> Option<Vec<String>> {
    let mut shared = false;
    let mut out = Vec::with_capacity(a.len());
    for (a, b) in a.iter().zip(b) {
        shared |= a == b;
        if a != b && !a.is_empty() && !b.is_empty() {
            return None;
        }
        out.push(if a.is_empty() { b.clone() } else { a.clone() });
    }
    shared.then_some(out)
}

/// The value YAML reads from bare text.
fn untagged(text: &str) -> Value {
    if let Ok(i) = text.parse::<i64>() {
        return Value::Int(i);
    }
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => Value::from(text),
    }
}

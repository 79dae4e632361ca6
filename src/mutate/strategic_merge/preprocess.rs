//! Resolving the anchors of a patch against a resource (spec 40 §1.3–1.6), quirks included.

use crate::document::{Map, Str, Value};

use super::anchor::{self, Anchor};
use super::condition;
use super::{keep_quotes, wrong_kind};

/// Why a walk ended early.
enum Stop {
    /// A `(k)` did not hold.
    Condition,
    /// A `<(k)` did not hold.
    Global,
    /// The patch does not fit.
    Error(String),
}

/// The patch to merge into `resource`: anchors resolved and stripped, empty maps removed; an empty
/// map if a condition outside of lists, or a global one, does not hold.
pub(super) fn preprocess(patch: &Value, resource: &Value) -> Result<Value, String> {
    let mut patch = patch.clone();
    match walk(&mut patch, Some(resource)) {
        Ok(()) => {}
        Err(Stop::Condition | Stop::Global) => return Ok(Value::empty_map()),
        Err(Stop::Error(text)) => return Err(text),
    }
    strip_root(&mut patch)?;
    Ok(patch)
}

fn walk(patch: &mut Value, resource: Option<&Value>) -> Result<(), Stop> {
    match patch {
        Value::Map(_) => patch.as_map_mut().map_or(Ok(()), |map| walk_map(map, resource)),
        Value::List(items) if matches!(items.first(), Some(Value::Map(_))) => {
            patch.as_list_mut().map_or(Ok(()), |items| walk_list(items, resource))
        }
        _ => Ok(()),
    }
}

fn walk_map(patch: &mut Map, resource: Option<&Value>) -> Result<(), Stop> {
    // In the order of the keys as written: an addition is walked where its anchor stood.
    let order = keys(patch);
    resolve_additions(patch, resource);
    check_conditions(patch, resource, Anchor::Global).map_err(|()| Stop::Global)?;
    check_conditions(patch, resource, Anchor::Conditional).map_err(|()| Stop::Condition)?;
    for key in &order {
        let key = match anchor::parse(key) {
            Some((Anchor::AddIfNotPresent, bare)) if anchor::parse(bare).is_none() => bare,
            Some(_) => continue,
            None => key,
        };
        if patch.get(key).is_some_and(is_container)
            && let Some(value) = patch.get_mut(key)
        {
            walk(value, resource.and_then(|r| r.get(key)))?;
        }
    }
    Ok(())
}

fn is_container(value: &Value) -> bool {
    matches!(value, Value::Map(_) | Value::List(_))
}

/// Drops each `+(k)` the resource has, and turns the others into `k`; answers how many there were.
fn resolve_additions(patch: &mut Map, resource: Option<&Value>) -> usize {
    let anchors = anchor::anchored_keys(patch, |a| a == Anchor::AddIfNotPresent);
    for (key, bare) in &anchors {
        if resource.is_some_and(|r| r.get(bare).is_some()) {
            patch.remove(key);
        } else {
            anchor::rename(patch, key, bare);
        }
    }
    anchors.len()
}

/// Checks every condition of one kind in this map. A condition whose value directly holds a `+(k)`
/// asks only for presence, and has those resolved.
fn check_conditions(patch: &mut Map, resource: Option<&Value>, kind: Anchor) -> Result<(), ()> {
    for (key, bare) in anchor::anchored_keys(patch, |a| a == kind) {
        let found = resource.and_then(|r| r.get(&bare)).ok_or(())?;
        let Some(wanted) = patch.get_mut(&key) else { continue };
        if let Some(map) = wanted.as_map_mut()
            && resolve_additions(map, Some(found)) > 0
        {
            continue;
        }
        if !condition::holds(wanted, found) {
            return Err(());
        }
    }
    Ok(())
}

/// Pairs each anchored element with the resource's elements. Every pair whose conditions hold adds a
/// derived element, named like the resource's, at the end of the list.
fn walk_list(patch: &mut Vec<Value>, resource: Option<&Value>) -> Result<(), Stop> {
    let elements: &[Value] = match resource {
        None | Some(Value::Null) => &[],
        Some(Value::List(items)) => items,
        Some(other) => return Err(Stop::Error(wrong_kind("SequenceNode", other))),
    };
    for i in 0..patch.len() {
        let Some(element) = patch.get(i) else { break };
        if !anchor::contains(element, |_| true) {
            continue;
        }
        let gate_only = anchor::contains(element, |a| a == Anchor::Global);
        // One copy meets every element of the resource, so what one of them resolves stays resolved.
        let mut copy = element.clone();
        let (mut passed, mut refused) = (false, false);
        for element in elements {
            match walk(&mut copy, Some(element)) {
                Ok(()) if gate_only => passed = true,
                Ok(()) => derive(patch, &copy, element).map_err(Stop::Error)?,
                Err(Stop::Condition) => {}
                Err(Stop::Global) => refused = true,
                Err(error) => return Err(error),
            }
        }
        if resource.is_none() {
            match walk(&mut copy, None) {
                Ok(()) => passed |= gate_only,
                Err(Stop::Condition) => continue,
                Err(stop) => return Err(stop),
            }
        }
        if refused && !passed {
            return Err(Stop::Global);
        }
    }
    Ok(())
}

/// Appends what is left of `element` without its anchors, under the name of the resource's element.
fn derive(patch: &mut Vec<Value>, element: &Value, resource: &Value) -> Result<(), String> {
    let Some(name) = resource.get("name").filter(|name| !is_empty(name)) else { return Ok(()) };
    let mut derived = element.clone();
    if strip(&mut derived, true)? {
        return Ok(());
    }
    let kind = wrong_kind("MappingNode", &derived);
    let Some(map) = derived.as_map_mut() else { return Err(format!("failed to update name in pattern: {kind}")) };
    let name = map.get("name").map_or_else(|| name.clone(), |old| keep_quotes(old, name.clone()));
    map.insert("name", name);
    patch.push(derived);
    Ok(())
}

/// What kyaml calls nil or empty.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        _ => false,
    }
}

/// Strips the root: conditions go, but what is left of one keeps its anchored key.
fn strip_root(patch: &mut Value) -> Result<(), String> {
    let kind = || wrong_kind("MappingNode", &Value::Null);
    if patch.is_null() {
        return Ok(());
    }
    let map = match patch {
        Value::Map(_) => patch.as_map_mut(),
        other => return Err(wrong_kind("MappingNode", other)),
    };
    let map = map.ok_or_else(kind)?;
    for key in keys(map) {
        let is_condition = anchor::parse(&key).is_some_and(|(a, _)| anchor::is_condition(a));
        strip_member(map, &key, is_condition)?;
    }
    Ok(())
}

fn keys(map: &Map) -> Vec<Str> {
    map.sorted().into_iter().map(|(key, _)| key.clone()).collect()
}

/// Strips one member and removes it if nothing is left; answers whether it stays.
fn strip_member(map: &mut Map, key: &str, scalars_too: bool) -> Result<bool, String> {
    let Some(value) = map.get_mut(key) else { return Ok(false) };
    let gone = strip(value, scalars_too)?;
    if gone {
        map.remove(key);
    }
    Ok(!gone)
}

/// Removes the conditions below `value`, and every map and list that is empty without them; answers
/// whether `value` itself should go. `scalars_too`: `value` belongs to a condition.
fn strip(value: &mut Value, scalars_too: bool) -> Result<bool, String> {
    if let Some(map) = value.as_map_mut() {
        return strip_map(map);
    }
    if let Some(items) = value.as_list_mut() {
        return strip_list(items);
    }
    Ok(scalars_too)
}

fn strip_map(map: &mut Map) -> Result<bool, String> {
    let mut content_left = false;
    for (key, _) in anchor::anchored_keys(map, anchor::is_condition) {
        content_left |= strip_member(map, &key, true)?;
    }
    if content_left {
        for (key, bare) in anchor::anchored_keys(map, anchor::is_condition) {
            anchor::rename(map, &key, &bare);
        }
    }
    let mut stays = false;
    for key in keys(map) {
        stays |= strip_member(map, &key, false)?;
    }
    Ok(!stays)
}

/// Removes anchored elements. Kyverno removes by the place an element had before any removal, so the
/// second removal of a list takes a wrong element (kyverno/kyverno#16862); where the place no longer
/// exists it panics, and this is an error.
fn strip_list(items: &mut Vec<Value>) -> Result<bool, String> {
    let was_empty = items.is_empty();
    let mut elements: Vec<Option<Value>> = std::mem::take(items).into_iter().map(Some).collect();
    let mut live: Vec<usize> = (0..elements.len()).collect();
    for (i, element) in elements.iter_mut().enumerate() {
        let Some(element) = element else { continue };
        if anchor::contains(element, |_| true) || strip(element, false)? {
            if i >= live.len() {
                return Err("a list with several anchored elements cannot be resolved".to_owned());
            }
            live.remove(i);
        }
    }
    items.extend(live.into_iter().filter_map(|i| elements.get_mut(i)?.take()));
    Ok(items.is_empty() && !was_empty)
}

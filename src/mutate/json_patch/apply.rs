//! Applying operations, with Kyverno's three options on (spec 40 §2) and the library's error texts.

use crate::document::Value;

use super::operation::Operation;
use super::path::{self, GetError};
use crate::mutate::{MAX_DEPTH, equal};

/// How many nulls `add` may pad one array with.
const MAX_PADDING: usize = 10_000;
/// How many values all `copy` and `move` operations of one patch may place together.
const MAX_COPIED: usize = 1_000_000;

pub(super) fn apply(operations: &[Operation], document: &Value) -> Result<Value, String> {
    let mut document = document.clone();
    let mut copied = 0;
    for operation in operations {
        match operation {
            Operation::Add { path, value } => {
                check_depth(path, value)?;
                add(&mut document, path, value.clone())?;
            }
            Operation::Remove { path } => remove(&mut document, path)?,
            Operation::Replace { path, value } => {
                check_depth(path, value)?;
                replace(&mut document, path, value.clone())?;
            }
            Operation::Move { from, path } => {
                let value = take(&mut document, from)?;
                place("move", &mut document, path, value, &mut copied)?;
            }
            Operation::Copy { from, path } => {
                let value = copy(&document, from)?;
                place("copy", &mut document, path, value, &mut copied)?;
            }
            Operation::Test { path, value } => test(&document, path, value)?,
        }
    }
    Ok(document)
}

fn check_depth(path: &str, value: &Value) -> Result<(), String> {
    if path.matches('/').count() + value.depth() > MAX_DEPTH {
        return Err(format!("the value placed at '{path}' nests deeper than {MAX_DEPTH}"));
    }
    Ok(())
}

fn add(document: &mut Value, path: &str, value: Value) -> Result<(), String> {
    if path.is_empty() {
        return replace(document, path, value);
    }
    let missing = || format!("add operation does not apply: doc is missing path: \"{path}\": missing value");
    let split = path::split(path).ok_or_else(missing)?;
    ensure_parents(document, &split.parents, path)?;
    let container = path::find_mut(document, &split.parents).ok_or_else(missing)?;
    insert(container, &split.last, value).map(drop).map_err(|e| format!("error in add for path: '{path}': {e}"))
}

/// Makes the missing parents of `path`: an array where the next segment is a number or `-`, else an
/// object. New members are stored under the raw segment, escapes and all, as the library does.
fn ensure_parents(document: &mut Value, parents: &[&str], path: &str) -> Result<(), String> {
    let last = path.rsplit('/').next().unwrap_or_default();
    let mut at = document;
    for (i, segment) in parents.iter().enumerate() {
        let key = path::unescape(segment);
        let next = match path::get(at, &key) {
            Ok(Value::Null) | Err(_) if segment.is_empty() => None,
            Ok(Value::Null) | Err(_) => make_parent(at, segment, parents.get(i + 1).copied().unwrap_or(last))?,
            Ok(value) if path::is_container(value) => path::child_mut(at, &key),
            Ok(_) => return Err("invalid state detected".to_owned()),
        };
        // What could not be made is reported by the look-up that follows.
        let Some(next) = next else { return Ok(()) };
        at = next;
    }
    Ok(())
}

/// Puts an empty container for `next` under `segment`, padding arrays with nulls up to the index.
fn make_parent<'v>(container: &'v mut Value, segment: &str, next: &str) -> Result<Option<&'v mut Value>, String> {
    if let (Some(items), Ok(at)) = (container.as_list_mut(), path::index(segment)) {
        pad(items, at)?;
    }
    let made = match path::index(next) {
        Ok(at) if at < -1 => {
            return Err(format!(
                "Unable to ensure path for negative index other than -1: {at}: invalid index referenced"
            ));
        }
        Ok(at) => {
            let mut items = Vec::new();
            pad(&mut items, at)?;
            Value::list(items)
        }
        Err(_) if next == "-" => Value::list(Vec::new()),
        Err(_) => Value::empty_map(),
    };
    match insert(container, segment, made) {
        Ok(Some(at)) => Ok(container.as_list_mut().and_then(|items| items.get_mut(at))),
        Ok(None) => Ok(container.as_map_mut().and_then(|map| map.get_mut(segment))),
        Err(_) => Ok(None),
    }
}

/// Appends nulls until the array has `len` elements.
fn pad(items: &mut Vec<Value>, len: i64) -> Result<(), String> {
    let len = usize::try_from(len).unwrap_or(0);
    if len > items.len() + MAX_PADDING {
        return Err(format!("an array cannot be padded up to index {len}"));
    }
    if len > items.len() {
        items.resize(len, Value::Null);
    }
    Ok(())
}

/// Sets a member or inserts an element; answers the element's place.
fn insert(container: &mut Value, key: &str, value: Value) -> Result<Option<usize>, String> {
    if let Some(map) = container.as_map_mut() {
        map.insert(key, value);
        return Ok(None);
    }
    let Some(items) = container.as_list_mut() else { return Err("invalid state detected".to_owned()) };
    if key == "-" {
        items.push(value);
        return Ok(Some(items.len() - 1));
    }
    let index = path::index(key).map_err(|e| format!("value was not a proper array index: '{key}': {e}"))?;
    // One place more than there are elements: the end is a place too.
    let at = path::existing(index, items.len() + 1).ok_or_else(|| path::invalid_index(index))?;
    items.insert(at, value);
    Ok(Some(at))
}

fn remove(document: &mut Value, path: &str) -> Result<(), String> {
    let Some(split) = path::split(path) else { return Ok(()) };
    let Some(container) = path::find_mut(document, &split.parents) else { return Ok(()) };
    remove_at(container, &split.last).map_err(|e| format!("error in remove for path: '{path}': {e}"))
}

fn remove_at(container: &mut Value, key: &str) -> Result<(), String> {
    if let Some(map) = container.as_map_mut() {
        map.remove(key);
    } else if let Some(items) = container.as_list_mut()
        && let Some(at) = path::existing(path::index(key)?, items.len())
    {
        items.remove(at);
    }
    Ok(())
}

fn replace(document: &mut Value, path: &str, value: Value) -> Result<(), String> {
    if path.is_empty() {
        if !path::is_container(&value) {
            return Err("replace operation value must be object or array".to_owned());
        }
        *document = value;
        return Ok(());
    }
    let missing = |what| format!("replace operation does not apply: doc is missing {what}: {path}: missing value");
    let split = path::split(path).ok_or_else(|| missing("path"))?;
    let container = path::find_mut(document, &split.parents).ok_or_else(|| missing("path"))?;
    *path::child_mut(container, &split.last).ok_or_else(|| missing("key"))? = value;
    Ok(())
}

/// The first half of `move`.
fn take(document: &mut Value, from: &str) -> Result<Value, String> {
    if from.is_empty() {
        return Err("unable to move entire document to another path: invalid state detected".to_owned());
    }
    let missing = || format!("move operation does not apply: doc is missing from path: {from}: missing value");
    let split = path::split(from).ok_or_else(missing)?;
    let container = path::find_mut(document, &split.parents).ok_or_else(missing)?;
    let failed = |e: String| format!("error in move for path: '{}': {e}", split.last);
    let value = path::get(container, &split.last).map_err(|e| failed(e.into_text()))?.clone();
    remove_at(container, &split.last).map_err(failed)?;
    Ok(value)
}

/// The first half of `copy`.
fn copy(document: &Value, from: &str) -> Result<Value, String> {
    if from.is_empty() {
        return Ok(document.clone());
    }
    let missing = || format!("copy operation does not apply: doc is missing from path: \"{from}\": missing value");
    let split = path::split(from).ok_or_else(missing)?;
    let container = path::find(document, &split.parents).ok_or_else(missing)?;
    path::get(container, &split.last)
        .cloned()
        .map_err(|e| format!("error in copy for from: '{from}': {}", e.into_text()))
}

/// The second half of `move` and `copy`: parents are not made.
fn place(name: &str, document: &mut Value, path: &str, value: Value, copied: &mut usize) -> Result<(), String> {
    check_depth(path, &value)?;
    *copied += count(&value, MAX_COPIED.saturating_sub(*copied));
    if *copied > MAX_COPIED {
        return Err(format!("the patch copies more than {MAX_COPIED} values"));
    }
    if path.is_empty() {
        return replace(document, path, value);
    }
    let missing = || format!("{name} operation does not apply: doc is missing destination path: {path}: missing value");
    let split = path::split(path).ok_or_else(missing)?;
    let container = path::find_mut(document, &split.parents).ok_or_else(missing)?;
    insert(container, &split.last, value).map(drop).map_err(|e| match name {
        "copy" => format!("error while adding value during copy: {e}"),
        _ => format!("error in move for path: '{path}': {e}"),
    })
}

/// How many values `value` holds, itself included; stops counting above `limit`.
fn count(value: &Value, limit: usize) -> usize {
    let children: &mut dyn Iterator<Item = &Value> = match value {
        Value::List(items) => &mut items.iter(),
        Value::Map(map) => &mut map.values(),
        _ => return 1,
    };
    let mut total = 1;
    for child in children {
        if total > limit {
            break;
        }
        total += count(child, limit - total.min(limit));
    }
    total
}

fn test(document: &Value, path: &str, wanted: &Value) -> Result<(), String> {
    let failed = || Err(format!("testing value {path} failed: test failed"));
    if path.is_empty() {
        return if equal(document, wanted) { Ok(()) } else { failed() };
    }
    let missing = || format!("test operation does not apply: is missing path: {path}: missing value");
    let split = path::split(path).ok_or_else(missing)?;
    let container = path::find(document, &split.parents).ok_or_else(missing)?;
    let found = match path::get(container, &split.last) {
        Ok(value) => value,
        Err(GetError::Missing(_)) => &Value::Null,
        Err(GetError::Index(text)) => return Err(format!("error in test for path: '{path}': {text}")),
    };
    if equal(found, wanted) { Ok(()) } else { failed() }
}

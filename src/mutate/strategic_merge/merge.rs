//! kyaml's two-way merge (spec 40 §1.7–1.8): the resource is the destination, new list elements come
//! first.

use crate::document::{Map, Value};

use super::associative::{self, Source};
use super::elements;
use super::merge_keys::Shape;
use super::{keep_quotes, scalar_text, wrong_kind};

/// What became of a value.
pub(super) enum Outcome {
    /// It is gone.
    Cleared,
    /// The destination stays as it is.
    Unchanged,
    /// The destination, changed.
    Dest(Value),
    /// The patch's value takes its place.
    Patch(Value),
}

/// The resource with a preprocessed patch merged into it.
pub(super) fn merge(resource: &Value, mut patch: Value) -> Result<Value, String> {
    match walk(Some(resource), Some(&mut patch), None)? {
        Outcome::Cleared => Err("filter cannot create or delete objects".to_owned()),
        Outcome::Unchanged => Ok(resource.clone()),
        Outcome::Dest(value) | Outcome::Patch(value) => Ok(value),
    }
}

/// Merges one value. The patch is changed where a `$patch` directive is taken out of it.
pub(super) fn walk(dest: Option<&Value>, patch: Option<&mut Value>, shape: Option<Shape>) -> Result<Outcome, String> {
    let shape = shape.or_else(|| [dest, patch.as_deref()].into_iter().flatten().find_map(Shape::of_object));
    let kind = [dest, patch.as_deref()].into_iter().flatten().find(|v| !v.is_null());
    let expected = match kind {
        None => return Ok(walk_nulls(dest, patch.as_deref())),
        Some(Value::Map(_)) => "MappingNode",
        Some(Value::List(_)) => "SequenceNode",
        Some(_) => "ScalarNode",
    };
    for value in [dest, patch.as_deref()].into_iter().flatten() {
        let fits = match expected {
            "MappingNode" => matches!(value, Value::Map(_)),
            "SequenceNode" => matches!(value, Value::List(_)),
            _ => !matches!(value, Value::Map(_) | Value::List(_)),
        };
        if !fits && !value.is_null() {
            return Err(wrong_kind(expected, value));
        }
    }
    let dest = dest.filter(|v| !v.is_null());
    match expected {
        "MappingNode" => walk_map(dest.and_then(Value::as_map), patch, shape),
        "SequenceNode" => match shape {
            Some(Shape::Keyed { .. } | Shape::Set) => walk_list(dest.and_then(Value::as_list), patch, shape),
            _ => Ok(replace(patch)),
        },
        _ => Ok(replace(patch)),
    }
}

/// Nothing but nulls: one that stands in the resource stays unless the patch names it.
fn walk_nulls(dest: Option<&Value>, patch: Option<&Value>) -> Outcome {
    if dest.is_some() && patch.is_none() { Outcome::Unchanged } else { Outcome::Cleared }
}

/// Scalars and plain lists: the patch's value, if there is one.
fn replace(patch: Option<&mut Value>) -> Outcome {
    match patch {
        None => Outcome::Unchanged,
        Some(Value::Null) => Outcome::Cleared,
        Some(value) => Outcome::Patch(value.clone()),
    }
}

fn walk_map(dest: Option<&Map>, patch: Option<&mut Value>, shape: Option<Shape>) -> Result<Outcome, String> {
    let Some(dest) = dest else {
        let Some(patch) = patch else { return Ok(Outcome::Cleared) };
        // An unknown directive is no error here: it stays as data.
        return match take_directive(patch) {
            Ok(Directive::Delete) => Ok(Outcome::Cleared),
            Ok(_) | Err(_) => adopt_members(patch, shape),
        };
    };
    let Some(patch) = patch else { return merge_members(dest, None, shape) };
    if patch.is_null() {
        return Ok(Outcome::Cleared);
    }
    match take_directive(patch)? {
        Directive::Delete => Ok(Outcome::Cleared),
        Directive::Replace => adopt_members(patch, shape),
        Directive::Merge => merge_members(dest, patch.as_map_mut(), shape),
    }
}

fn merge_members(dest: &Map, mut patch: Option<&mut Map>, shape: Option<Shape>) -> Result<Outcome, String> {
    let mut out: Option<Map> = None;
    for (key, old) in dest.iter() {
        let change = patch.as_mut().and_then(|p| p.get_mut(key));
        if change.is_none() && !matches!(old, Value::Map(_) | Value::List(_)) {
            continue;
        }
        match walk(Some(old), change, shape.and_then(|s| s.field(key)))? {
            Outcome::Unchanged => {}
            Outcome::Cleared => {
                out.get_or_insert_with(|| dest.clone()).remove(key);
            }
            Outcome::Dest(value) => {
                out.get_or_insert_with(|| dest.clone()).insert(key.clone(), value);
            }
            Outcome::Patch(value) => {
                out.get_or_insert_with(|| dest.clone()).insert(key.clone(), keep_quotes(old, value));
            }
        }
    }
    for (key, new) in patch.into_iter().flat_map(Map::iter_mut).filter(|(key, _)| !dest.contains_key(key)) {
        if let Outcome::Patch(value) = walk(None, Some(new), shape.and_then(|s| s.field(key)))? {
            out.get_or_insert_with(|| dest.clone()).insert(key.clone(), value);
        }
    }
    Ok(out.map_or(Outcome::Unchanged, |map| Outcome::Dest(Value::map(map))))
}

/// A map of the patch that becomes part of the resource.
fn adopt_members(patch: &mut Value, shape: Option<Shape>) -> Result<Outcome, String> {
    let Some(map) = patch.as_map_mut() else { return Ok(Outcome::Cleared) };
    adopt_each(map, shape)?;
    Ok(Outcome::Patch(patch.clone()))
}

fn adopt_each(map: &mut Map, shape: Option<Shape>) -> Result<(), String> {
    let mut gone = Vec::new();
    for (key, value) in map.iter_mut() {
        if !adopt(value, shape.and_then(|s| s.field(key)))? {
            gone.push(key.clone());
        }
    }
    for key in gone {
        map.remove(&key);
    }
    Ok(())
}

/// Readies a value of the patch that becomes part of the resource: it is merged with itself, which
/// drops nulls, follows directives and folds lists with keys. Answers whether it stays.
pub(super) fn adopt(value: &mut Value, shape: Option<Shape>) -> Result<bool, String> {
    let shape = shape.or_else(|| Shape::of_object(value));
    match value {
        Value::Null => return Ok(false),
        Value::Map(_) => {
            if matches!(take_directive(value)?, Directive::Delete) {
                return Ok(false);
            }
            if let Some(map) = value.as_map_mut() {
                adopt_each(map, shape)?;
            }
        }
        Value::List(_) if matches!(shape, Some(Shape::Keyed { .. } | Shape::Set)) => {
            if matches!(take_list_directive(value)?, Directive::Delete) {
                return Ok(false);
            }
            let items = associative::merge(value.as_list().unwrap_or_default(), Source::Same, shape)?;
            *value = Value::list(items);
        }
        _ => {}
    }
    Ok(true)
}

fn walk_list(dest: Option<&[Value]>, patch: Option<&mut Value>, shape: Option<Shape>) -> Result<Outcome, String> {
    let adopted = |patch: &mut Value| {
        let items = associative::merge(patch.as_list().unwrap_or_default(), Source::Same, shape)?;
        *patch = Value::list(items);
        Ok(Outcome::Patch(patch.clone()))
    };
    let changed = |dest: &[Value], merged: Vec<Value>| {
        if merged == dest { Outcome::Unchanged } else { Outcome::Dest(Value::list(merged)) }
    };
    match (dest, patch) {
        (None, None) => Ok(Outcome::Cleared),
        (None, Some(patch)) => adopted(patch),
        (Some(dest), None) => Ok(changed(dest, associative::merge(dest, Source::None, shape)?)),
        (Some(_), Some(Value::Null)) => Ok(Outcome::Cleared),
        (Some(dest), Some(patch)) => match take_list_directive(patch)? {
            Directive::Delete => Ok(Outcome::Cleared),
            Directive::Replace => adopted(patch),
            Directive::Merge => {
                let source = patch.as_list_mut().map_or(Source::None, Source::Patch);
                Ok(changed(dest, associative::merge(dest, source, shape)?))
            }
        },
    }
}

/// What a `$patch` asks for.
enum Directive {
    Delete,
    Replace,
    Merge,
}

const DIRECTIVE: &str = "$patch";

fn directive(value: &Value) -> Result<Directive, String> {
    match value.as_str() {
        Some("delete") => Ok(Directive::Delete),
        Some("replace") => Ok(Directive::Replace),
        Some("merge") => Ok(Directive::Merge),
        _ => Err(format!("unknown patch strategy '{}'", scalar_text(value))),
    }
}

/// Takes the directive out of a map.
fn take_directive(patch: &mut Value) -> Result<Directive, String> {
    let Some(value) = patch.get(DIRECTIVE) else { return Ok(Directive::Merge) };
    let found = directive(value)?;
    if let Some(map) = patch.as_map_mut() {
        map.remove(DIRECTIVE);
    }
    Ok(found)
}

/// Takes the directive out of a list: the first element that has one, if it has nothing else.
fn take_list_directive(patch: &mut Value) -> Result<Directive, String> {
    let items = patch.as_list().unwrap_or_default();
    let holder = items.iter().find(|v| v.get(DIRECTIVE).is_some()).and_then(Value::as_map);
    let Some(value) = holder.filter(|map| map.len() == 1).and_then(|map| map.get(DIRECTIVE)) else {
        return Ok(Directive::Merge);
    };
    let found = directive(value)?;
    let text = scalar_text(value);
    if let Some(items) = patch.as_list_mut() {
        elements::set_element(items, None, &[DIRECTIVE], &[text])?;
    }
    Ok(found)
}

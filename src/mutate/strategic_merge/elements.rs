//! kyaml's ways to find, set and append list elements by key values (spec 40 §1.8, steps 4 and 5).

use crate::document::Value;

use super::{scalar_text, wrong_kind};

/// The first element with these key values; empty values are not looked at unless all are empty.
pub(super) fn find(list: &[Value], keys: &[&str], values: &[String]) -> Option<usize> {
    if keys.first().is_none_or(|key| key.is_empty()) {
        let text = values.first().map_or("", String::as_str);
        return list.iter().position(|element| scalar_text(element) == text);
    }
    let all = values.iter().all(String::is_empty);
    list.iter().position(|element| {
        keys.iter()
            .zip(values)
            .filter(|(_, value)| all || !value.is_empty())
            .all(|(key, value)| element.get(key).is_some_and(|found| scalar_text(found) == *value))
    })
}

/// Sets, replaces or (with no `new`) removes the elements with these key values. Nulls and empty maps
/// fall out of the list; so does every element that is compared with no values at all.
pub(super) fn set_element(
    list: &mut Vec<Value>,
    new: Option<&Value>,
    keys: &[&str],
    values: &[String],
) -> Result<(), String> {
    let of_maps = keys.first().is_some_and(|k| !k.is_empty()) && values.first().is_some_and(|v| !v.is_empty());
    let mut matched = false;
    let mut out = Vec::with_capacity(list.len() + 1);
    for element in list.drain(..) {
        if element.is_null() || element.as_map().is_some_and(|map| map.is_empty()) {
            continue;
        }
        if of_maps && !matches!(element, Value::Map(_)) {
            out.push(element);
            continue;
        }
        if matches_keys(&element, keys, values)? {
            matched = true;
            out.extend(new.cloned());
        } else if !values.is_empty() {
            out.push(element);
        }
    }
    if let (false, Some(new)) = (matched, new)
        && !new.is_null()
    {
        out.push(new.clone());
    }
    *list = out;
    Ok(())
}

/// Where there are fewer values than keys, the last value's answer stands for the missing ones; an
/// empty value asks only for presence.
fn matches_keys(element: &Value, keys: &[&str], values: &[String]) -> Result<bool, String> {
    if values.is_empty() {
        return Ok(false);
    }
    for (key, value) in keys.iter().zip(values) {
        let found = if key.is_empty() {
            if matches!(element, Value::Map(_) | Value::List(_)) {
                return Err(wrong_kind("ScalarNode", element));
            }
            scalar_text(element) == *value
        } else {
            if !matches!(element, Value::Map(_)) {
                return Err(wrong_kind("MappingNode", element));
            }
            element.get(key).is_some_and(|found| value.is_empty() || scalar_text(found) == *value)
        };
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Puts the resource's elements behind the merged ones, or over those with the same key values.
pub(super) fn append(merged: &mut Vec<Value>, dest: &[Value], keys: &[&str]) -> Result<(), String> {
    for element in dest {
        if keys.first().is_none_or(|key| key.is_empty()) {
            set_element(merged, Some(element), &[""], &[scalar_text(element)])?;
            continue;
        }
        let mut values = Vec::with_capacity(keys.len());
        for key in keys {
            if !matches!(element, Value::Map(_) | Value::Null) {
                return Err(wrong_kind("MappingNode", element));
            }
            match element.get(key) {
                Some(value) => values.push(scalar_text(value)),
                None => merged.push(element.clone()),
            }
        }
        if keys.len() > 1 {
            set_element(merged, None, keys, &values)?;
        }
        set_element(merged, Some(element), keys, &values)?;
    }
    Ok(())
}

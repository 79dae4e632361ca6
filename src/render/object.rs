//! The object as admission will see it, as it is printed, and as it was written.

use crate::document::{Pointer, Segment, Str, Value};
use crate::output::redact::Redactor;

/// The place in the object as written of a place in the object after mutation: items of a list are
/// found again by their name, because a mutation may have put others before them.
#[must_use]
pub fn written_path(path: &Pointer, after: &Value, written: &Value) -> Pointer {
    let (mut after, mut written) = (Some(after), Some(written));
    path.segments()
        .iter()
        .map(|segment| match segment {
            Segment::Key(key) => {
                after = after.and_then(|v| v.get(key));
                written = written.and_then(|v| v.get(key));
                segment.clone()
            }
            Segment::Index(index) => {
                let item = after.and_then(Value::as_list).and_then(|items| items.get(*index));
                let items = written.and_then(Value::as_list).unwrap_or_default();
                let name = item.and_then(|i| i.str_at(&["name"]));
                let named = name.and_then(|name| items.iter().position(|i| i.str_at(&["name"]) == Some(name)));
                let same = || item.and_then(|item| items.iter().position(|i| i == item));
                let at = named.or_else(same).unwrap_or(*index);
                after = item;
                written = items.get(at);
                Segment::Index(at)
            }
        })
        .collect()
}

pub(super) fn text(value: &Value, path: &[&str]) -> Str {
    value.str_at(path).unwrap_or_default().into()
}

/// The object as admission will see it: the API server fills in the namespace before policies look.
pub(super) fn with_namespace(value: &Value, namespace: &Str) -> Value {
    if namespace.is_empty() || has_namespace(value) {
        return value.clone();
    }
    let mut value = value.clone();
    let metadata = value.as_map_mut().and_then(|m| m.get_mut("metadata")).and_then(Value::as_map_mut);
    if let Some(metadata) = metadata {
        metadata.insert("namespace", namespace.clone().into());
    }
    value
}

/// The object as it is printed: a namespace that only we filled in is left to Argo CD.
pub(super) fn without_namespace(object: &Value, written: &Value, filled_in: &Str) -> Value {
    let ours = !has_namespace(written)
        && !filled_in.is_empty()
        && object.str_at(&["metadata", "namespace"]) == Some(filled_in.as_str());
    let mut object = object.clone();
    if ours && let Some(metadata) = object.as_map_mut().and_then(|m| m.get_mut("metadata")).and_then(Value::as_map_mut)
    {
        metadata.remove("namespace");
        if let Some(empty) = written.at(&["metadata", "namespace"]) {
            metadata.insert("namespace", empty.clone());
        }
    }
    object
}

fn has_namespace(value: &Value) -> bool {
    value.str_at(&["metadata", "namespace"]).is_some_and(|namespace| !namespace.is_empty())
}

/// What would make Argo CD see another object than the one that was decided, or none.
pub(super) fn unprintable(object: &Value) -> Option<&'static str> {
    let has = |path: &[&str]| object.str_at(path).is_some_and(|text| !text.is_empty());
    if !has(&["apiVersion"]) || !has(&["kind"]) {
        return Some("is left without apiVersion or kind by a policy");
    }
    if !has(&["metadata", "name"]) && !has(&["metadata", "generateName"]) {
        return Some("is left without a name by a policy");
    }
    if matches!(object.get("items"), Some(Value::List(_) | Value::Null)) {
        return Some("is given 'items' by a policy, which Argo CD would take for a List");
    }
    if object.depth() > crate::config::settings::DEEPEST {
        return Some("is made too deep by a policy");
    }
    None
}

/// A path whose text would show a secret is cut to the object.
pub(super) fn shown(path: Pointer, redactor: &Redactor) -> Pointer {
    let text = path.to_string();
    if redactor.apply(&text) == text { path } else { Pointer::root() }
}

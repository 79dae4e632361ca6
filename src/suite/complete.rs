//! Completing an object as Kyverno's command line does before policies see it (chapter 60 §3.3).

use std::sync::Arc;

use crate::document::Value;

use super::scope::Scopes;

/// Fields that are maps in Kubernetes: null there means empty.
const MAP_FIELDS: &[&str] = &["annotations", "labels", "matchLabels", "nodeSelector", "data", "stringData"];

/// Gives an object a default namespace, empty maps for null ones, and floats for integers. Done in
/// place wherever nothing else holds the value, as after reading.
#[must_use]
pub fn complete(mut object: Value, scopes: &Scopes) -> Value {
    settle(&mut object, true);
    let text = |keys: &[&str]| object.str_at(keys).unwrap_or_default();
    if text(&["metadata", "namespace"]).is_empty()
        && !scopes.is_cluster_scoped(text(&["apiVersion"]), text(&["kind"]))
        && let Some(map) = object.as_map_mut()
    {
        let metadata = map.entry_or_insert_with("metadata", Value::empty_map);
        if metadata.is_null() {
            *metadata = Value::empty_map();
        }
        if let Some(metadata) = metadata.as_map_mut() {
            metadata.insert("namespace", Value::from("default"));
        }
    }
    object
}

/// Integers become floats everywhere; null maps become empty where `null_maps` says so, but not
/// below a list that is directly in a list: Kyverno does not look there.
fn settle(value: &mut Value, null_maps: bool) {
    let may_change = |value: &Value| matches!(value, Value::Int(_) | Value::List(_) | Value::Map(_));
    match value {
        #[expect(clippy::cast_precision_loss, reason = "what Kyverno's float conversion does")]
        Value::Int(i) => *value = Value::Float(*i as f64),
        Value::List(items) if items.iter().any(may_change) => {
            for item in Arc::make_mut(items) {
                let null_maps = null_maps && item.as_map().is_some();
                settle(item, null_maps);
            }
        }
        Value::Map(map) if map.iter().any(|(k, v)| may_change(v) || is_null_map(k, v)) => {
            for (key, value) in Arc::make_mut(map).iter_mut() {
                if null_maps && is_null_map(key, value) {
                    *value = Value::empty_map();
                } else {
                    settle(value, null_maps);
                }
            }
        }
        _ => {}
    }
}

fn is_null_map(key: &str, value: &Value) -> bool {
    value.is_null() && MAP_FIELDS.contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::yaml::{self, Limits};

    fn completed(text: &str) -> Value {
        let mut documents = yaml::read(text, &Limits::default()).expect("YAML");
        complete(documents.remove(0).value, &Scopes::default())
    }

    fn written(text: &str) -> Value {
        yaml::read(text, &Limits::default()).expect("YAML").remove(0).value
    }

    #[test]
    fn namespaces_null_maps_and_numbers_are_settled() {
        assert_eq!(
            completed(
                "{kind: A, metadata: {name: p, labels: , namespace: ''}, spec: {size: 3, other: , \
                 list: [1, {data: }, [{data: , size: 2}]]}}"
            ),
            written(
                "{kind: A, metadata: {name: p, labels: {}, namespace: default}, spec: {size: 3.0, other: , \
                 list: [1.0, {data: {}}, [{data: , size: 2.0}]]}}"
            )
        );
        assert_eq!(completed("kind: A\nmetadata:\n"), written("kind: A\nmetadata: {namespace: default}\n"));
        assert_eq!(completed("apiVersion: v1\nkind: Namespace\n"), written("apiVersion: v1\nkind: Namespace\n"));
    }

    #[test]
    fn a_value_that_is_held_elsewhere_stays_as_it_is() {
        let (shared, copy) = (written("{kind: A, spec: {size: 1}}"), written("{kind: A, spec: {size: 1}}"));
        let done = complete(shared.clone(), &Scopes::default());
        assert_eq!((shared, done.at(&["spec", "size"])), (copy, Some(&Value::Float(1.0))));
    }
}

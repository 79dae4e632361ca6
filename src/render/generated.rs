//! How objects that generate rules make are marked in a render: they belong to the application, so
//! they carry Argo CD's marks and none of Kyverno's, whose presence would make Kyverno defend them
//! against Argo CD (chapter 40 §4.2, §4.3).

use crate::document::{Map, Str, Value};

/// Names the rule that made an object, as `POLICY/RULE`.
pub const GENERATED_BY: &str = "rendergate.dev/generated-by";

const SYNC_OPTIONS: &str = "argocd.argoproj.io/sync-options";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const KYVERNO_PREFIX: &str = "generate.kyverno.io/";

/// `object` as the render prints it.
#[must_use]
pub fn marked(mut object: Value, rule: &str, sync_options: &str) -> Value {
    let Some(metadata) =
        object.as_map_mut().map(|o| o.entry_or_insert_with("metadata", Value::empty_map)).and_then(Value::as_map_mut)
    else {
        return object;
    };
    if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_map_mut) {
        labels.retain(|key, value| {
            !(key.starts_with(KYVERNO_PREFIX) || key == MANAGED_BY && value.as_str() == Some("kyverno"))
        });
    }
    if metadata.get("labels").and_then(Value::as_map).is_some_and(Map::is_empty) {
        metadata.remove("labels");
    }
    let annotations = metadata.entry_or_insert_with("annotations", Value::empty_map);
    if annotations.as_map().is_none() {
        *annotations = Value::empty_map();
    }
    if let Some(annotations) = annotations.as_map_mut() {
        annotations.insert(GENERATED_BY, Value::from(rule));
        if !sync_options.is_empty() {
            let all = with_option(annotations.get(SYNC_OPTIONS).and_then(Value::as_str), sync_options);
            annotations.insert(SYNC_OPTIONS, all.into());
        }
    }
    in_usual_order(object)
}

/// What every object begins with goes first, as people write it.
fn in_usual_order(object: Value) -> Value {
    let Value::Map(map) = &object else { return object };
    let first = ["apiVersion", "kind", "metadata"];
    let head = first.iter().filter_map(|key| Some((Str::from(*key), map.get(key)?.clone())));
    let rest = map.iter().filter(|(key, _)| !first.contains(&key.as_str())).map(|(k, v)| (k.clone(), v.clone()));
    Value::map(head.chain(rest).collect())
}

/// The options the policy wrote, then ours, but where the policy has said the same option itself.
fn with_option(written: Option<&str>, ours: &str) -> Str {
    let name = |option: &str| option.split('=').next().unwrap_or_default().trim().to_owned();
    let written: Vec<&str> = written.unwrap_or_default().split(',').map(str::trim).filter(|o| !o.is_empty()).collect();
    let added = ours.split(',').map(str::trim).filter(|o| !written.iter().any(|w| name(w) == name(o)));
    written.iter().copied().chain(added).collect::<Vec<_>>().join(",").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argo_cds_marks_and_none_of_kyvernos() {
        let labels =
            Value::from([("generate.kyverno.io/policy-name", Value::from("p")), (MANAGED_BY, Value::from("kyverno"))]);
        let annotations = Value::from([(SYNC_OPTIONS, Value::from("ServerSideApply=true"))]);
        let metadata = Value::from([("name", Value::from("x")), ("labels", labels), ("annotations", annotations)]);
        let object = Value::from([("spec", Value::Null), ("metadata", metadata), ("kind", Value::from("K"))]);
        let marked = marked(object, "p/r", "Prune=confirm");
        let keys: Vec<_> = marked.as_map().unwrap().keys().map(Str::as_str).collect();
        assert_eq!(keys, ["kind", "metadata", "spec"]);
        assert_eq!(marked.at(&["metadata", "labels"]), None);
        assert_eq!(marked.str_at(&["metadata", "annotations", GENERATED_BY]), Some("p/r"));
        assert_eq!(
            marked.str_at(&["metadata", "annotations", SYNC_OPTIONS]),
            Some("ServerSideApply=true,Prune=confirm")
        );
        assert_eq!(with_option(Some("Prune=false"), "Prune=confirm"), "Prune=false");
    }
}

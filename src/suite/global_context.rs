//! GlobalContextEntry objects among the resources of `apply` (chapter 60 §3.3): lists of supplied
//! objects under a name, with projections.

use std::collections::BTreeMap;

use crate::document::Value;
use crate::engine::facts::{ApiCall, Fact, Facts};
use crate::jmespath::{Expression, Runtime, SeededRandom};

use super::world::World;

/// Whether an object is a GlobalContextEntry.
#[must_use]
pub fn is_entry(object: &Value) -> bool {
    object.str_at(&["kind"]) == Some("GlobalContextEntry")
        && object.str_at(&["apiVersion"]).is_some_and(|v| v.starts_with("kyverno.io/"))
}

/// What the entries hold, by name and `NAME.PROJECTION`, read from the world's objects.
///
/// # Errors
/// When an entry cannot be read or a projection fails.
pub fn from_objects(entries: &[Value], world: &World) -> Result<BTreeMap<String, Value>, String> {
    let mut all = BTreeMap::new();
    for entry in entries {
        let name = entry.str_at(&["metadata", "name"]).unwrap_or_default().to_owned();
        let failed = |e: String| format!("failed to build global context store: {name}: {e}");
        let data = data(entry, world).map_err(failed)?;
        for projection in entry.at(&["spec", "projections"]).and_then(Value::as_list).unwrap_or_default() {
            let path = projection.str_at(&["jmesPath"]).unwrap_or_default();
            let value = search(path, &data, world).map_err(failed)?;
            all.insert(format!("{name}.{}", projection.str_at(&["name"]).unwrap_or_default()), value);
        }
        all.insert(name, data);
    }
    Ok(all)
}

fn data(entry: &Value, world: &World) -> Result<Value, String> {
    let field = |name: &str| entry.str_at(&["spec", "kubernetesResource", name]).unwrap_or_default();
    let resource = field("resource");
    let url_path = if resource.is_empty() {
        entry.str_at(&["spec", "apiCall", "urlPath"]).unwrap_or_default().to_owned()
    } else {
        let (group, version, namespace) = (field("group"), field("version"), field("namespace"));
        let root = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        let inside = if namespace.is_empty() { String::new() } else { format!("/namespaces/{namespace}") };
        format!("{root}{inside}/{resource}")
    };
    if url_path.is_empty() {
        return Err("kubernetesResource or apiCall.urlPath is required".to_owned());
    }
    let call = ApiCall { method: "GET".into(), url_path: url_path.into(), block: Value::Null };
    match world.api_call(&call) {
        Fact::Known(value) if resource.is_empty() => Ok(value),
        Fact::Known(list) => Ok(list.get("items").cloned().unwrap_or_default()),
        Fact::Unknown(what) | Fact::Failed(what) => Err(what),
        Fact::NoBackend => Ok(Value::list(Vec::new())),
    }
}

/// Evaluates an expression over entry data.
///
/// # Errors
/// The text of the expression's error.
pub fn search(path: &str, data: &Value, world: &World) -> Result<Value, String> {
    let expression = Expression::compile(path).map_err(|e| e.to_string())?;
    let (clock, random) = (world.clock(), SeededRandom::new(0));
    expression.search(&data.with_floats(), &Runtime::new(&clock, &random)).map_err(|e| e.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::{resources, scope::Scopes};

    #[test]
    fn entries_list_the_supplied_objects() {
        let text = "apiVersion: kyverno.io/v2beta1\nkind: GlobalContextEntry\nmetadata: {name: pods}\nspec:\n  \
            kubernetesResource: {version: v1, resource: pods, namespace: a}\n  \
            projections: [{name: count, jmesPath: length(@)}]\n---\n\
            {apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a}}\n---\n\
            {apiVersion: v1, kind: Pod, metadata: {name: p, namespace: b}}\n";
        let objects = resources::parse(std::path::Path::new("r.yaml"), text, &Scopes::default()).expect("objects");
        let (entries, objects): (Vec<_>, Vec<_>) = objects.into_iter().partition(is_entry);
        let mut world = World::new();
        (world.objects, world.answers_calls) = (objects, true);
        let all = from_objects(&entries, &world).expect("entries");
        assert_eq!(all.get("pods.count"), Some(&Value::Float(1.0)));
        assert_eq!(all.get("pods").and_then(Value::as_list).map(<[Value]>::len), Some(1));
    }
}

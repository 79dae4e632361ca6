//! [`RenderFacts`]: what a render may know of the world: the operator's word, and of the render
//! itself only what the operator allows. Everything else is unknown, and defers the rule that asks.

use std::cell::Cell;
use std::sync::Arc;

use crate::document::{Map, Str, Value};
use crate::engine::registry::{Elsewhere, Registry};
use crate::engine::{ApiCall, Fact, Facts};
use crate::operator::KnownObjects;

/// The label every namespace has in a cluster.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

/// What a render may know.
#[derive(Debug, Default)]
pub struct RenderFacts {
    known: Arc<KnownObjects>,
    now: i128,
    drawn: Cell<u64>,
}

impl RenderFacts {
    /// From the operator's Namespaces and objects; `now` in nanoseconds since the epoch is the one
    /// time of the whole render. The first of several objects of one name counts.
    #[must_use]
    pub fn new(known: Arc<KnownObjects>, now: i128) -> Self {
        Self { known, now, drawn: Cell::new(0) }
    }

    /// Draws other random numbers: for admission, where nothing compares two answers.
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        self.drawn.set(seed);
        self
    }

    fn find(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Option<&Value> {
        let is_it = |object: &&Value| {
            is_of(object, api_version, kind, namespace) && object.str_at(&["metadata", "name"]) == Some(name)
        };
        self.known.objects.iter().chain(&self.known.namespaces).find(is_it)
    }
}

fn is_of(object: &Value, api_version: &str, kind: &str, namespace: &str) -> bool {
    object.str_at(&["apiVersion"]) == Some(api_version)
        && object.str_at(&["kind"]) == Some(kind)
        && object.str_at(&["metadata", "namespace"]).unwrap_or_default() == namespace
}

impl Facts for RenderFacts {
    fn namespace_labels(&self, namespace: &str) -> Fact<Map> {
        let known = self.known.namespaces.iter().find(|n| n.str_at(&["metadata", "name"]) == Some(namespace));
        let Some(known) = known else { return Fact::Unknown(format!("the labels of namespace {namespace}")) };
        let mut labels = known.at(&["metadata", "labels"]).and_then(Value::as_map).cloned().unwrap_or_default();
        labels.entry_or_insert_with(NAME_LABEL, || Str::from(namespace).into());
        Fact::Known(labels)
    }

    fn config_map(&self, namespace: &str, name: &str) -> Fact<Value> {
        match self.find("v1", "ConfigMap", namespace, name) {
            Some(object) => {
                let part = |key: &str| object.get(key).cloned().unwrap_or_else(Value::empty_map);
                Fact::Known(Value::from([("data", part("data")), ("metadata", part("metadata"))]))
            }
            None => Fact::Unknown(format!("ConfigMap {namespace}/{name}")),
        }
    }

    fn api_call(&self, call: &ApiCall) -> Fact<Value> {
        match call.url_path.as_str() {
            "" => Fact::Unknown("the answer of a service call".to_owned()),
            path => Fact::Unknown(format!("the answer of API call {} {path}", call.method)),
        }
    }

    fn image(&self, _block: &Value) -> Fact<Value> {
        Fact::Unknown("what an image registry says".to_owned())
    }

    fn global(&self, name: &str) -> Fact<Value> {
        Fact::Unknown(format!("GlobalContextEntry {name}"))
    }

    fn object(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Fact<Option<Value>> {
        match self.find(api_version, kind, namespace, name) {
            Some(object) => Fact::Known(Some(object.clone())),
            None => Fact::Unknown(format!("{kind} {namespace}/{name}")),
        }
    }

    fn objects(&self, api_version: &str, kind: &str, namespace: &str) -> Fact<Vec<Value>> {
        let known: Vec<Value> =
            self.known.objects.iter().filter(|o| is_of(o, api_version, kind, namespace)).cloned().collect();
        if known.is_empty() { Fact::Unknown(format!("the {kind} objects of {namespace}")) } else { Fact::Known(known) }
    }

    fn registry(&self) -> &dyn Registry {
        &Elsewhere
    }

    fn now(&self) -> i128 {
        self.now
    }

    /// A fixed sequence: a render must come out the same twice, or Argo CD would never see it in sync.
    fn random(&self) -> u64 {
        let n = self.drawn.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.drawn.set(n);
        let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        n ^ (n >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(kind: &str, namespace: &str, name: &str) -> Value {
        let metadata = Value::from([("name", Value::from(name)), ("namespace", Value::from(namespace))]);
        Value::from([("apiVersion", Value::from("v1")), ("kind", Value::from(kind)), ("metadata", metadata)])
    }

    #[test]
    fn what_nobody_said_is_unknown() {
        let (namespaces, objects) = (vec![object("Namespace", "", "shop")], vec![object("ConfigMap", "shop", "c")]);
        let facts = RenderFacts::new(Arc::new(KnownObjects { namespaces, objects }), 7);
        assert!(matches!(facts.namespace_labels("shop"), Fact::Known(l) if l.get(NAME_LABEL) == Some(&"shop".into())));
        assert_eq!(facts.namespace_labels("x"), Fact::Unknown("the labels of namespace x".to_owned()));
        assert!(matches!(facts.config_map("shop", "c"), Fact::Known(_)));
        assert!(matches!(facts.config_map("x", "c"), Fact::Unknown(_)));
        assert!(matches!(facts.object("v1", "Secret", "a", "b"), Fact::Unknown(_)));
        assert!(matches!(facts.objects("v1", "ConfigMap", "shop"), Fact::Known(all) if all.len() == 1));
        assert!(matches!(facts.image(&Value::Null), Fact::Unknown(_)));
        let again = RenderFacts::default();
        assert_eq!((facts.random(), facts.random()), (again.random(), again.random()));
    }
}

//! What the operator's `facts` say of the world. The webhook reads nothing else: what is not there is unknown,
//! and a rule that needs it is in error.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::document::{Manifest, Map, Str, Value};
use crate::engine::facts::{ApiCall, Fact, Facts};

/// Identity of an object: apiVersion, kind, namespace, name.
type Key = (Str, Str, Str, Str);

/// Objects the operator vouches for.
#[derive(Debug, Default)]
pub(super) struct KnownObjects {
    namespaces: BTreeMap<Str, Map>,
    objects: BTreeMap<Key, Value>,
}

impl KnownObjects {
    /// Takes in what `facts.namespaces` (only Namespaces) and `facts.objects` hold.
    ///
    /// # Errors
    /// For an object among the namespaces that is none.
    pub(super) fn new(namespaces: Vec<Manifest>, objects: Vec<Manifest>) -> Result<Self, String> {
        let mut known = Self::default();
        for manifest in namespaces {
            if (manifest.gvk().group.as_str(), manifest.kind()) != ("", "Namespace") {
                return Err(format!("{}: facts.namespaces holds a {}", manifest.source, manifest.kind()));
            }
            let labels = manifest.value.at(&["metadata", "labels"]).and_then(Value::as_map).cloned();
            known.namespaces.insert(manifest.name().into(), labels.unwrap_or_default());
        }
        for manifest in objects {
            let gvk = manifest.gvk();
            let namespace = Str::from(manifest.namespace());
            let key = (gvk.api_version(), gvk.kind.clone(), namespace, Str::from(manifest.name()));
            known.objects.insert(key, manifest.value);
        }
        Ok(known)
    }

    /// The world of one review: its clock stands still.
    pub(super) fn now(&self) -> impl Facts + '_ {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        OneReview { known: self, now: i128::try_from(since.as_nanos()).unwrap_or(i128::MAX), drawn: AtomicU64::new(0) }
    }
}

struct OneReview<'a> {
    known: &'a KnownObjects,
    now: i128,
    /// Used only where the system has no random numbers to give.
    drawn: AtomicU64,
}

impl Facts for OneReview<'_> {
    fn namespace_labels(&self, namespace: &str) -> Fact<Map> {
        match self.known.namespaces.get(namespace) {
            Some(labels) => Fact::Known(with_own_name(labels, namespace)),
            None => Fact::Unknown(format!("the labels of namespace {namespace} (facts.namespaces)")),
        }
    }

    fn config_map(&self, namespace: &str, name: &str) -> Fact<Value> {
        let key = ("v1".into(), "ConfigMap".into(), namespace.into(), name.into());
        let Some(object) = self.known.objects.get(&key) else {
            return Fact::Unknown(format!("ConfigMap {namespace}/{name} (facts.objects)"));
        };
        let part = |key: &str| (Str::from(key), object.get(key).cloned().unwrap_or_default());
        Fact::Known(Value::map([part("data"), part("metadata")].into_iter().collect()))
    }

    fn api_call(&self, call: &ApiCall) -> Fact<Value> {
        let what = if call.url_path.is_empty() { "a service" } else { call.url_path.as_str() };
        Fact::Unknown(format!("the answer of {what}"))
    }

    fn image(&self, _: &Value) -> Fact<Value> {
        Fact::Unknown("an image registry".to_owned())
    }

    fn global(&self, name: &str) -> Fact<Value> {
        Fact::Unknown(format!("GlobalContextEntry {name}"))
    }

    fn object(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Fact<Option<Value>> {
        let key = (api_version.into(), kind.into(), namespace.into(), name.into());
        match self.known.objects.get(&key) {
            Some(object) => Fact::Known(Some(object.clone())),
            None => Fact::Unknown(format!("{kind} {namespace}/{name} (facts.objects)")),
        }
    }

    fn objects(&self, _: &str, kind: &str, namespace: &str) -> Fact<Vec<Value>> {
        Fact::Unknown(format!("every {kind} of namespace {namespace}"))
    }

    fn now(&self) -> i128 {
        self.now
    }

    fn random(&self) -> u64 {
        let mut bytes = [0; 8];
        match getrandom::fill(&mut bytes) {
            Ok(()) => u64::from_le_bytes(bytes),
            Err(_) => self.drawn.fetch_add(1, Ordering::Relaxed),
        }
    }
}

/// The API server puts a namespace's name among its labels.
fn with_own_name(labels: &Map, namespace: &str) -> Map {
    let mut labels = labels.clone();
    labels.insert("kubernetes.io/metadata.name", Value::string(namespace));
    labels
}

//! [`Facts`]: what a policy may ask of the world. Files, cluster and operator facts are three
//! implementations; the engine itself touches nothing.

use crate::document::{Map, Str, Value};

use super::registry::{Offline, Registry};

/// The answer to one question.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact<T> {
    /// It is so.
    Known(T),
    /// It cannot be known here; the rule is deferred. Holds what was asked, for the report.
    Unknown(String),
    /// Asking failed; the text is what the rule's error says.
    Failed(String),
    /// There is nothing that answers such questions here: the context entry is dropped, so that a
    /// supplied value of the same name is seen (chapter 60 §7.3).
    NoBackend,
}

/// A call a context entry wants made.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiCall {
    /// `GET` or `POST`.
    pub method: Str,
    /// The Kubernetes API path, empty for a service call.
    pub url_path: Str,
    /// The whole substituted `apiCall` block.
    pub block: Value,
}

/// The sources of context entries that a world may lack altogether.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    /// `configMap` entries.
    ConfigMaps,
    /// `apiCall` entries.
    ApiCalls,
    /// `imageRegistry` entries.
    Images,
}

/// What a policy may ask of the world.
///
/// Answers must not change while one review is decided.
pub trait Facts {
    /// Whether there is something to ask at all. Where there is not, entries of that source are
    /// dropped unread, so that their own variables need not resolve (chapter 60 §7.3).
    fn has(&self, backend: Backend) -> bool {
        let _ = backend;
        true
    }

    /// The labels of a namespace.
    fn namespace_labels(&self, namespace: &str) -> Fact<Map>;

    /// A ConfigMap as `{data, metadata}`.
    fn config_map(&self, namespace: &str, name: &str) -> Fact<Value>;

    /// The parsed body of an API or service call.
    fn api_call(&self, call: &ApiCall) -> Fact<Value>;

    /// What `imageRegistry` entries read; the argument is the substituted block.
    fn image(&self, block: &Value) -> Fact<Value>;

    /// A GlobalContextEntry's data; `name` may hold a projection (`ENTRY.PROJECTION`).
    fn global(&self, name: &str) -> Fact<Value>;

    /// A live object, by apiVersion, kind, namespace (empty if cluster-scoped) and name: the target
    /// of a mutate-existing rule.
    fn object(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Fact<Option<Value>>;

    /// The live objects of a kind in a namespace, or in all of them when it is empty: the targets
    /// of a mutate-existing rule.
    fn objects(&self, api_version: &str, kind: &str, namespace: &str) -> Fact<Vec<Value>>;

    /// The source of a clone: a live object, unless the world has others for this.
    fn clone_source(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Fact<Option<Value>> {
        self.object(api_version, kind, namespace, name)
    }

    /// The sources of a `cloneList`: live objects, unless the world has others for this.
    fn clone_sources(&self, api_version: &str, kind: &str, namespace: &str) -> Fact<Vec<Value>> {
        self.objects(api_version, kind, namespace)
    }

    /// Who vouches for images: nobody is reached, unless the world says otherwise.
    fn registry(&self) -> &dyn Registry {
        &Offline
    }

    /// The time, one value for a whole decision, in nanoseconds since the epoch.
    fn now(&self) -> i128;

    /// 64 random bits.
    fn random(&self) -> u64;
}

/// A world with nothing behind it: no source of context entries, no live objects, nobody who knows a
/// namespace, and the clock at the epoch.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBackends;

impl Facts for NoBackends {
    fn namespace_labels(&self, namespace: &str) -> Fact<Map> {
        Fact::Unknown(format!("the labels of {namespace}"))
    }

    fn config_map(&self, _: &str, _: &str) -> Fact<Value> {
        Fact::NoBackend
    }

    fn api_call(&self, _: &ApiCall) -> Fact<Value> {
        Fact::NoBackend
    }

    fn image(&self, _: &Value) -> Fact<Value> {
        Fact::NoBackend
    }

    fn global(&self, _: &str) -> Fact<Value> {
        Fact::NoBackend
    }

    fn object(&self, _: &str, _: &str, _: &str, _: &str) -> Fact<Option<Value>> {
        Fact::NoBackend
    }

    fn objects(&self, _: &str, _: &str, _: &str) -> Fact<Vec<Value>> {
        Fact::NoBackend
    }

    fn now(&self) -> i128 {
        0
    }

    fn random(&self) -> u64 {
        0
    }
}

//! [`World`]: the engine's [`Facts`] over files. The supplied objects are the cluster, values files
//! know namespaces, tests may mock calls; whatever has nothing behind it says so, and a supplied
//! variable then stands in (chapter 60 §7.3).

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::document::{Map, Str, Value};
use crate::engine::facts::{ApiCall, Backend, Fact, Facts};
use crate::jmespath::FixedClock;

use super::resources::Identity;
use super::test_file::ApiCallResponse;
use super::values::Values;

/// What the engine may ask while `apply` or `test` runs.
#[derive(Debug, Default)]
pub struct World {
    /// Objects API calls find.
    pub objects: Vec<Value>,
    /// Whether API calls are answered from [`Self::objects`].
    pub answers_calls: bool,
    /// Whether ConfigMaps are found among [`Self::objects`].
    pub finds_config_maps: bool,
    /// Sources of clones.
    pub clone_sources: Vec<Value>,
    /// Mocked answers, tried before anything else.
    pub mocks: Vec<ApiCallResponse>,
    /// Mocked global context entries; a projection is `ENTRY.PROJECTION`.
    pub global: BTreeMap<String, Value>,
    /// Labels of namespaces.
    pub namespaces: BTreeMap<Str, Map>,
    now: i128,
}

impl World {
    /// An empty world at this moment.
    #[must_use]
    pub fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i128::try_from(d.as_nanos()).unwrap_or(0));
        Self { now, ..Self::default() }
    }

    /// The moment, as expressions see it.
    #[must_use]
    pub fn clock(&self) -> FixedClock {
        FixedClock(jiff::Timestamp::from_nanosecond(self.now).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
    }

    /// Learns the labels of the namespaces a values file describes.
    pub fn learn_namespaces(&mut self, values: &Values) {
        for namespace in values.namespaces() {
            let name = namespace.str_at(&["metadata", "name"]).unwrap_or_default();
            if let Some(labels) = values.namespace_labels(name) {
                self.namespaces.insert(name.into(), labels);
            }
        }
    }

    fn mock(&self, call: &ApiCall) -> Option<Fact<Value>> {
        let url = call.block.str_at(&["service", "url"]).unwrap_or(&call.url_path);
        let method = if call.method.is_empty() { "GET" } else { call.method.as_str() };
        let with_method = self.mocks.iter().find(|m| m.url == url && m.method.eq_ignore_ascii_case(method));
        let mock = with_method.or_else(|| self.mocks.iter().find(|m| m.url == url && m.method.is_empty()))?;
        Some(if (200..300).contains(&mock.status) {
            Fact::Known(mock.body.clone())
        } else {
            Fact::Failed(format!(
                "HTTP {} from apiCall mock for context entry (v1 apiCall treats non-2xx as failure)",
                mock.status
            ))
        })
    }
}

impl Facts for World {
    fn has(&self, backend: Backend) -> bool {
        match backend {
            Backend::ConfigMaps => self.finds_config_maps,
            Backend::ApiCalls => self.answers_calls || !self.mocks.is_empty(),
            Backend::Images => false,
        }
    }

    fn namespace_labels(&self, namespace: &str) -> Fact<Map> {
        if let Some(labels) = self.namespaces.get(namespace) {
            return Fact::Known(labels.clone());
        }
        let live = self.objects.iter().filter(|_| self.finds_config_maps).find(|object| {
            let id = Identity::of(object);
            id.api_version == "v1" && id.kind == "Namespace" && id.name == namespace
        });
        let labels = live.and_then(|object| object.at(&["metadata", "labels"])?.as_map().cloned());
        Fact::Known(labels.unwrap_or_default())
    }

    fn config_map(&self, namespace: &str, name: &str) -> Fact<Value> {
        if !self.finds_config_maps {
            return Fact::NoBackend;
        }
        let found = self.objects.iter().find(|object| {
            let id = Identity::of(object);
            let is_here = id.namespace == namespace || (id.namespace.is_empty() && namespace == "default");
            id.api_version == "v1" && id.kind == "ConfigMap" && id.name == name && is_here
        });
        match found {
            Some(object) => Fact::Known(Value::from([
                ("data", object.get("data").cloned().unwrap_or_else(Value::empty_map)),
                ("metadata", object.get("metadata").cloned().unwrap_or_default()),
            ])),
            None => {
                Fact::Failed(format!("failed to get configmap {namespace}/{name} : configmaps \"{name}\" not found"))
            }
        }
    }

    fn api_call(&self, call: &ApiCall) -> Fact<Value> {
        if let Some(answer) = self.mock(call) {
            return answer;
        }
        if !self.answers_calls {
            return Fact::NoBackend;
        }
        if call.url_path.is_empty() {
            return Fact::Failed("services are not called from the command line".to_owned());
        }
        if call.method != "GET" && !call.method.is_empty() {
            return Fact::Failed(format!("method {} not supported for fake client", call.method));
        }
        match ApiPath::parse(&call.url_path) {
            Some(path) => path.answer(&self.objects),
            None => Fact::Failed(format!("failed to parse path: {}", call.url_path.trim_start_matches('/'))),
        }
    }

    fn image(&self, _: &Value) -> Fact<Value> {
        Fact::NoBackend
    }

    fn global(&self, name: &str) -> Fact<Value> {
        match self.global.get(name) {
            Some(value) => Fact::Known(value.clone()),
            None if self.global.is_empty() => Fact::NoBackend,
            None => Fact::Failed(format!("failed to fetch entry key={name}")),
        }
    }

    fn object(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Fact<Option<Value>> {
        let found =
            of_kind(&self.objects, api_version, kind, namespace).find(|object| Identity::of(object).name == name);
        Fact::Known(found.cloned())
    }

    fn objects(&self, api_version: &str, kind: &str, namespace: &str) -> Fact<Vec<Value>> {
        Fact::Known(of_kind(&self.objects, api_version, kind, namespace).cloned().collect())
    }

    fn clone_source(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Fact<Option<Value>> {
        let mut sources = of_kind(&self.clone_sources, api_version, kind, namespace);
        match sources.find(|object| Identity::of(object).name == name) {
            Some(object) => Fact::Known(Some(object.clone())),
            // Kyverno's command line logs a missing source, makes nothing and counts a pass.
            None => Fact::NoBackend,
        }
    }

    fn clone_sources(&self, api_version: &str, kind: &str, namespace: &str) -> Fact<Vec<Value>> {
        Fact::Known(of_kind(&self.clone_sources, api_version, kind, namespace).cloned().collect())
    }

    fn now(&self) -> i128 {
        self.now
    }

    fn random(&self) -> u64 {
        getrandom::u64().unwrap_or_default()
    }
}

/// The objects of a kind in a namespace, or in all when it is empty.
fn of_kind<'a>(
    objects: &'a [Value],
    api_version: &str,
    kind: &str,
    namespace: &str,
) -> impl Iterator<Item = &'a Value> {
    let (api_version, kind, namespace) = (api_version.to_owned(), kind.to_owned(), namespace.to_owned());
    objects.iter().filter(move |object| {
        object.str_at(&["apiVersion"]) == Some(api_version.as_str())
            && object.str_at(&["kind"]) == Some(kind.as_str())
            && (namespace.is_empty() || object.str_at(&["metadata", "namespace"]) == Some(namespace.as_str()))
    })
}

/// A path of the Kubernetes API that reads objects.
#[derive(Debug, PartialEq, Eq)]
struct ApiPath<'a> {
    api_version: String,
    namespace: &'a str,
    resource: &'a str,
    name: &'a str,
}

impl<'a> ApiPath<'a> {
    /// Reads `/api/VERSION/...` and `/apis/GROUP/VERSION/...`.
    fn parse(path: &'a str) -> Option<Self> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (api_version, rest) = match parts.as_slice() {
            ["api", version, rest @ ..] => ((*version).to_owned(), rest),
            ["apis", group, version, rest @ ..] => (format!("{group}/{version}"), rest),
            _ => return None,
        };
        let (namespace, resource, name) = match *rest {
            ["namespaces", name] => ("", "namespaces", name),
            ["namespaces", namespace, resource] => (namespace, resource, ""),
            ["namespaces", namespace, resource, name] => (namespace, resource, name),
            [resource] => ("", resource, ""),
            [resource, name] => ("", resource, name),
            _ => return None,
        };
        (!resource.is_empty()).then_some(Self { api_version, namespace, resource, name })
    }

    fn answer(&self, objects: &[Value]) -> Fact<Value> {
        let found = objects.iter().filter(|object| {
            let id = Identity::of(object);
            id.api_version == self.api_version
                && plural(&id.kind) == self.resource
                && (self.namespace.is_empty() || id.namespace == self.namespace)
                && (self.name.is_empty() || id.name == self.name)
        });
        if self.name.is_empty() {
            let items: Vec<Value> = found.cloned().collect();
            let kind = items.first().and_then(|i| i.str_at(&["kind"])).unwrap_or_default();
            return Fact::Known(Value::from([
                ("apiVersion", Value::from(self.api_version.as_str())),
                ("kind", Value::from(format!("{kind}List"))),
                ("metadata", Value::from([("resourceVersion", Value::from(""))])),
                ("items", Value::list(items)),
            ]));
        }
        let mut found = found;
        match found.next() {
            Some(object) => Fact::Known(object.clone()),
            None => Fact::Failed(format!("{} \"{}\" not found", self.resource, self.name)),
        }
    }
}

/// The resource name of a kind, as a client without discovery guesses it.
fn plural(kind: &str) -> String {
    let lower = kind.to_lowercase();
    if let Some(stem) = lower.strip_suffix('y') {
        format!("{stem}ies")
    } else if ["s", "x", "ch", "sh"].iter().any(|end| lower.ends_with(end)) {
        format!("{lower}es")
    } else {
        format!("{lower}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config_map(namespace: &str, name: &str) -> Value {
        let metadata = Value::from([("namespace", Value::from(namespace)), ("name", name.into())]);
        let data = Value::from([("k", Value::from("v"))]);
        Value::from([("apiVersion", "v1".into()), ("kind", "ConfigMap".into()), ("metadata", metadata), ("data", data)])
    }

    fn call(path: &str) -> ApiCall {
        ApiCall { method: "GET".into(), url_path: path.into(), block: Value::Null }
    }

    #[test]
    fn calls_read_the_supplied_objects() {
        let mut world = World::new();
        world.objects = vec![config_map("a", "one"), config_map("b", "two")];
        assert_eq!(world.api_call(&call("/api/v1/namespaces/a/configmaps/one")), Fact::NoBackend);
        world.answers_calls = true;
        let items = |path: &str| match world.api_call(&call(path)) {
            Fact::Known(value) => value.get("items").and_then(Value::as_list).map(<[Value]>::len),
            other => panic!("{other:?}"),
        };
        assert_eq!(items("/api/v1/configmaps"), Some(2));
        assert_eq!(items("/api/v1/namespaces/b/configmaps"), Some(1));
        let missing = world.api_call(&call("/api/v1/namespaces/b/configmaps/one"));
        assert_eq!(missing, Fact::Failed("configmaps \"one\" not found".into()));
        assert!(matches!(world.api_call(&call("/api/v1/namespaces/a/configmaps/one")), Fact::Known(_)));
        assert!(matches!(world.api_call(&call("/version")), Fact::Failed(_)));
    }

    #[test]
    fn config_maps_are_found_only_with_a_cluster() {
        let mut world = World::new();
        world.objects = vec![config_map("a", "one")];
        assert_eq!(world.config_map("a", "one"), Fact::NoBackend);
        world.finds_config_maps = true;
        let Fact::Known(found) = world.config_map("a", "one") else { panic!("found") };
        assert_eq!(found.str_at(&["data", "k"]), Some("v"));
        assert!(matches!(world.config_map("a", "two"), Fact::Failed(_)));
    }

    #[test]
    fn mocks_come_first() {
        let mut world = World::new();
        let body = Value::from([("ok", Value::Bool(true))]);
        let mock = |method: &str, status| ApiCallResponse {
            url: "/x".into(),
            method: method.into(),
            status,
            body: body.clone(),
        };
        world.mocks = vec![mock("POST", 500), mock("", 200)];
        assert_eq!(world.api_call(&call("/x")), Fact::Known(body.clone()));
        let post = ApiCall { method: "POST".into(), ..call("/x") };
        assert!(matches!(world.api_call(&post), Fact::Failed(text) if text.starts_with("HTTP 500")));
    }

    #[test]
    fn kinds_have_their_plurals() {
        let plurals = ["NetworkPolicy", "Ingress", "Pod"].map(plural);
        assert_eq!(plurals, ["networkpolicies", "ingresses", "pods"]);
    }
}

//! Asking our webhook: HTTP requests into the router, without a socket.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rendergate::document::{Map, Value, json};
use rendergate::engine::facts::{ApiCall, Fact, Facts};
use rendergate::mutate::json_patch::JsonPatch;
use rendergate::policy::load::Loaded;
use rendergate::policy::rule::{Action, Exception, Policy, Rule};
use rendergate::policy::set::PolicySet;
use rendergate::webhook::{App, Gate, Limits, Snapshot, router};
use tower::ServiceExt;

/// The recorded cluster, as far as it is known: every namespace exists, with the label each one has.
struct RecordedCluster;

impl Gate for RecordedCluster {
    fn action(&self, _: &Policy, _: &Rule) -> Option<Action> {
        None
    }

    fn excuses(&self, _: &Exception, _: i128) -> bool {
        true
    }

    fn facts(&self) -> Box<dyn Facts + '_> {
        Box::new(Self)
    }
}

impl Facts for RecordedCluster {
    fn namespace_labels(&self, namespace: &str) -> Fact<Map> {
        let mut labels = Map::new();
        labels.insert("kubernetes.io/metadata.name", Value::string(namespace));
        Fact::Known(labels)
    }

    fn config_map(&self, namespace: &str, name: &str) -> Fact<Value> {
        Fact::Failed(format!("failed to get configmap {namespace}/{name} : configmaps \"{name}\" not found"))
    }

    fn api_call(&self, call: &ApiCall) -> Fact<Value> {
        Fact::Unknown(format!("the answer to {} {}", call.method, call.url_path))
    }

    fn image(&self, _: &Value) -> Fact<Value> {
        Fact::Unknown("an image registry".to_owned())
    }

    fn global(&self, name: &str) -> Fact<Value> {
        Fact::Unknown(format!("global context entry {name}"))
    }

    fn object(&self, _: &str, kind: &str, namespace: &str, name: &str) -> Fact<Option<Value>> {
        Fact::Unknown(format!("{kind} {namespace}/{name}"))
    }

    fn objects(&self, _: &str, kind: &str, namespace: &str) -> Fact<Vec<Value>> {
        Fact::Unknown(format!("the {kind}s of {namespace}"))
    }

    fn now(&self) -> i128 {
        i128::from(std::time::UNIX_EPOCH.elapsed().map_or(0, |d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)))
    }

    fn random(&self) -> u64 {
        4 // chosen by fair dice roll; no recorded answer depends on it
    }
}

/// Our webhook with the policies of one group.
pub struct Webhook {
    router: axum::Router,
}

/// One answer, in comparable form.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// Allowed, and the object after the patch.
    Allowed(Value),
    /// Denied, with the text.
    Denied(String),
}

impl Webhook {
    /// With every policy and exception that loaded, in name order as ours runs them.
    pub fn new(loaded: Loaded) -> Self {
        Self::starting_with(loaded, "")
    }

    /// The same, but the policy of that name comes first.
    pub fn starting_with(loaded: Loaded, first: &str) -> Self {
        let mut policies = loaded.policies;
        policies.sort_by_key(|p| (p.name != first, p.key()));
        let limits = Limits { deadline: std::time::Duration::from_secs(60), audits_waiting: 0, ..Limits::default() };
        let app = App::new(limits);
        let set = PolicySet::new(policies, loaded.exceptions);
        let snapshot = Snapshot { set, gate: Box::new(RecordedCluster), digest: String::new(), notes: Vec::new() };
        app.current.store(Some(Arc::new(snapshot)));
        Self { router: router(Arc::new(app)) }
    }

    /// Posts a review to `/validate/fail` or `/mutate/fail`.
    pub async fn ask(&self, door: &str, review: &Value) -> Said {
        let request = Request::post(format!("/{door}/fail"))
            .header("content-type", "application/json")
            .body(Body::from(json::to_string(review)))
            .expect("a request");
        let reply = self.router.clone().oneshot(request).await.expect("the router answers");
        assert!(reply.status().is_success(), "{}", reply.status());
        let body = to_bytes(reply.into_body(), usize::MAX).await.expect("a body");
        let reply = json::parse(&body).expect("the answer is JSON");
        let response = reply.get("response").expect("a response");
        assert_eq!(reply.at(&["request", "uid"]), response.get("uid"), "the request is echoed");
        said(response, object(review))
    }
}

/// The reviewed object.
pub fn object(review: &Value) -> &Value {
    review.at(&["request", "object"]).expect("an object")
}

/// Reads a `response`, ours or (with its patch decoded) a recorded one.
pub fn said(response: &Value, object: &Value) -> Said {
    if response.get("allowed") != Some(&Value::Bool(true)) {
        let message = response.str_at(&["message"]).or_else(|| response.str_at(&["status", "message"]));
        return Said::Denied(message.unwrap_or_default().to_owned());
    }
    let patch = match response.get("patch") {
        None => return Said::Allowed(object.clone()),
        Some(Value::String(text)) => {
            let text = STANDARD.decode(text.as_str()).expect("base64");
            json::parse(&text).expect("a patch is JSON")
        }
        Some(decoded) => decoded.clone(),
    };
    let patched = JsonPatch::from_value(&patch).expect("a patch").apply(object).expect("the patch applies");
    Said::Allowed(patched)
}

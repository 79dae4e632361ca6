use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use tower::ServiceExt;

use super::*;
use crate::document::{Manifest, Source, Value, json, yaml};
use crate::engine::facts::{Facts, NoBackends};
use crate::policy::load::load;
use crate::policy::rule::{Action, Exception, Policy, Rule};
use crate::policy::set::PolicySet;
use std::sync::Arc;

const POLICIES: &str = r#"
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: need-owner}
spec:
  rules:
  - name: owner
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {failureAction: Enforce, message: owner label missing, pattern: {metadata: {labels: {owner: "?*"}}}}
  - name: tier
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {failureAction: Audit, message: tier label missing, pattern: {metadata: {labels: {tier: "?*"}}}}
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: warn-only}
spec:
  emitWarning: true
  failurePolicy: Ignore
  rules:
  - name: zone
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {message: zone label missing, pattern: {metadata: {labels: {zone: "?*"}}}}
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: add-label}
spec:
  rules:
  - name: add
    match: {any: [{resources: {kinds: [Pod]}}]}
    mutate: {patchStrategicMerge: {metadata: {labels: {+(added): "yes"}}}}
"#;

/// What the gate does when it is asked for facts.
#[derive(Clone, Copy)]
enum Mood {
    Well,
    Slow(u64),
    Broken,
}

struct TestGate(Mood);

impl Gate for TestGate {
    fn action(&self, _: &Policy, _: &Rule) -> Option<Action> {
        None
    }

    fn excuses(&self, _: &Exception, _: i128) -> bool {
        true
    }

    fn facts(&self) -> Box<dyn Facts + '_> {
        match self.0 {
            Mood::Well => {}
            Mood::Slow(millis) => std::thread::sleep(Duration::from_millis(millis)),
            Mood::Broken => panic!("a bug in the engine"),
        }
        Box::new(NoBackends)
    }
}

fn snapshot(text: &str, mood: Mood) -> Snapshot {
    let documents = yaml::read(text, &yaml::Limits::default()).expect("YAML");
    let manifest = |d: yaml::Document| Manifest::new(d.value.clone(), Source::of("p.yaml".into(), text.into(), &d));
    let loaded = load(documents.into_iter().map(|d| manifest(d).expect("an object")));
    assert!(loaded.problems.is_empty() && loaded.rejected.is_empty(), "{loaded:?}");
    let set = PolicySet::new(loaded.policies, loaded.exceptions);
    Snapshot { set, gate: Box::new(TestGate(mood)), digest: "d".to_owned(), notes: Vec::new() }
}

fn app(text: &str, mood: Mood, limits: Limits) -> Arc<App> {
    let app = App::new(limits);
    app.current.store(Some(Arc::new(snapshot(text, mood))));
    Arc::new(app)
}

fn review(labels: &str) -> String {
    format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u1","operation":"CREATE",
        "kind":{{"group":"","version":"v1","kind":"Pod"}},"resource":{{"group":"","version":"v1","resource":"pods"}},
        "name":"web","namespace":"dev","userInfo":{{"username":"alice"}},"object":{{"apiVersion":"v1","kind":"Pod",
        "metadata":{{"name":"web","namespace":"dev","labels":{labels}}},"spec":{{"containers":[]}}}}}}}}"#
    )
}

async fn send(app: &Arc<App>, method: &str, path: &str, content_type: &str, body: String) -> (StatusCode, String) {
    let request = Request::builder().method(method).uri(path).header("content-type", content_type);
    let request = request.body(Body::from(body)).expect("a request");
    let reply = router(Arc::clone(app)).oneshot(request).await.expect("the router answers");
    let status = reply.status();
    let body = to_bytes(reply.into_body(), usize::MAX).await.expect("a body");
    (status, String::from_utf8(body.to_vec()).expect("text"))
}

async fn ask(app: &Arc<App>, path: &str, labels: &str) -> Value {
    let (status, body) = send(app, "POST", path, "application/json", review(labels)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    json::parse(body.as_bytes()).expect("JSON").get("response").expect("a response").clone()
}

fn allowed(response: &Value) -> bool {
    response.get("allowed") == Some(&Value::Bool(true))
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    value.and_then(Value::as_list).unwrap_or_default().iter().filter_map(Value::as_str).collect()
}

const BOTH: &str = r#"{"owner":"a","zone":"b"}"#;

#[tokio::test]
async fn what_is_no_review_is_refused_as_kyverno_refuses_it() {
    let app = app(POLICIES, Mood::Well, Limits { body: 4096, ..Limits::default() });
    let json = "application/json";
    for (method, path, content_type, body, expected) in [
        ("POST", "/validate", "text/plain", review("{}"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("POST", "/validate", "application/json; charset=utf-8", review("{}"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ("POST", "/validate", json, String::new(), StatusCode::EXPECTATION_FAILED),
        ("POST", "/mutate", json, "{".to_owned(), StatusCode::EXPECTATION_FAILED),
        ("POST", "/mutate/fail", json, "{}".to_owned(), StatusCode::BAD_REQUEST),
        ("POST", "/validate/ignore", json, "x".repeat(5000), StatusCode::PAYLOAD_TOO_LARGE),
        ("GET", "/validate", json, String::new(), StatusCode::METHOD_NOT_ALLOWED),
        ("POST", "/validate/other", json, review("{}"), StatusCode::NOT_FOUND),
    ] {
        let (status, text) = send(&app, method, path, content_type, body).await;
        assert_eq!(status, expected, "{method} {path} {content_type}: {text}");
    }
}

#[tokio::test]
async fn only_enforcing_rules_deny_and_only_they_are_named() {
    let app = app(POLICIES, Mood::Well, Limits::default());
    let response = ask(&app, "/validate/fail", "{}").await;
    assert!(!allowed(&response));
    assert_eq!(
        response.str_at(&["status", "message"]),
        Some(
            "\n\nresource Pod/dev/web was blocked due to the following policies \n\nneed-owner:\n  owner: \
             'validation error: owner label missing. rule owner failed at path /metadata/labels/owner/'\n"
        )
    );
    assert!(allowed(&ask(&app, "/validate/fail", r#"{"owner":"a"}"#).await), "tier is in audit");
}

#[tokio::test]
async fn a_path_stands_for_the_policies_of_its_failure_policy() {
    let app = app(POLICIES, Mood::Well, Limits::default());
    let response = ask(&app, "/validate/ignore", "{}").await;
    assert!(allowed(&response));
    let warning = "policy warn-only.zone: validation error: zone label missing. rule zone failed at path \
                   /metadata/labels/zone/";
    assert_eq!(texts(response.get("warnings")), [warning]);
    let response = ask(&app, "/validate", "{}").await;
    assert!(!allowed(&response) && response.get("warnings").is_none(), "a denial carries no warnings");
    assert!(ask(&app, "/validate", BOTH).await.get("warnings").is_none());
}

#[tokio::test]
async fn mutations_come_back_as_a_patch() {
    let app = app(POLICIES, Mood::Well, Limits::default());
    let response = ask(&app, "/mutate", r#"{"owner":"a"}"#).await;
    assert_eq!(response.str_at(&["patchType"]), Some("JSONPatch"));
    let patch = response.str_at(&["patch"]).expect("a patch");
    use base64::Engine as _;
    let patch = base64::engine::general_purpose::STANDARD.decode(patch).expect("base64");
    assert_eq!(String::from_utf8_lossy(&patch), r#"[{"op":"add","path":"/metadata/labels/added","value":"yes"}]"#);
    assert!(ask(&app, "/mutate/ignore", "{}").await.get("patch").is_none(), "add-label has failurePolicy Fail");
    assert!(ask(&app, "/mutate", r#"{"added":"mine"}"#).await.get("patch").is_none());
}

#[tokio::test]
async fn without_policies_nothing_is_ready_and_nothing_is_silently_allowed() {
    let app = Arc::new(App::new(Limits::default()));
    assert_eq!(send(&app, "GET", "/health/liveness", "", String::new()).await.0, StatusCode::OK);
    let (status, why) = send(&app, "GET", "/health/readiness", "", String::new()).await;
    assert_eq!((status, why.as_str()), (StatusCode::INTERNAL_SERVER_ERROR, "no policies are loaded"));
    assert!(!allowed(&ask(&app, "/validate", BOTH).await));
    assert!(!allowed(&ask(&app, "/mutate/fail", BOTH).await));
    let response = ask(&app, "/validate/ignore", BOTH).await;
    assert!(allowed(&response) && texts(response.get("warnings")).len() == 1);
}

#[tokio::test]
async fn a_panic_denies_or_warns() {
    let app = app(POLICIES, Mood::Broken, Limits::default());
    let response = ask(&app, "/validate/fail", BOTH).await;
    assert_eq!(response.str_at(&["status", "message"]), Some("rendergate could not decide: the engine panicked"));
    assert!(!allowed(&ask(&app, "/mutate", BOTH).await));
    let response = ask(&app, "/mutate/ignore", BOTH).await;
    assert!(allowed(&response) && texts(response.get("warnings")).len() == 1);
    let (_, text) = send(&app, "GET", "/metrics", "", String::new()).await;
    assert!(text.contains(r#"requests_total{door="validate",batch="fail",outcome="error"} 1"#), "{text}");
}

#[tokio::test]
async fn what_takes_too_long_is_answered_in_time() {
    let limits = Limits { deadline: Duration::from_millis(60), ..Limits::default() };
    let app = app(POLICIES, Mood::Slow(400), limits);
    let started = std::time::Instant::now();
    let response = ask(&app, "/validate", BOTH).await;
    assert!(started.elapsed() < Duration::from_millis(350), "{:?}", started.elapsed());
    assert_eq!(response.str_at(&["status", "message"]), Some("rendergate could not decide: not decided in time"));
}

#[tokio::test]
async fn the_api_servers_own_timeout_is_kept() {
    let app = app(POLICIES, Mood::Slow(700), Limits::default());
    assert!(!allowed(&ask(&app, "/validate?timeout=300ms", BOTH).await));
    assert!(allowed(&ask(&app, "/validate?timeout=30s", BOTH).await));
}

#[tokio::test]
async fn decisions_are_bounded() {
    let limits = Limits { decisions: 1, deadline: Duration::from_millis(150), ..Limits::default() };
    let app = app(POLICIES, Mood::Slow(400), limits);
    let first = {
        let app = Arc::clone(&app);
        tokio::spawn(async move { ask(&app, "/validate", BOTH).await })
    };
    tokio::time::sleep(Duration::from_millis(30)).await;
    let second = ask(&app, "/validate", BOTH).await;
    assert_eq!(
        second.str_at(&["status", "message"]),
        Some("rendergate could not decide: too many decisions are running"),
        "the first holds its place after it gave up waiting"
    );
    assert!(!allowed(&first.await.expect("an answer")));
}

#[tokio::test]
async fn audit_findings_are_counted_after_the_answer() {
    let app = app(POLICIES, Mood::Well, Limits::default());
    assert!(allowed(&ask(&app, "/validate/fail", BOTH).await));
    let line = r#"rendergate_rule_results_total{policy="need-owner",rule="tier",pass="audit",result="fail"} 1"#;
    for _ in 0..200 {
        if app.metrics.text().lines().any(|l| l == line) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{line} is not in\n{}", app.metrics.text());
}

#[tokio::test]
async fn a_secret_is_not_in_the_answer() {
    let policy = r#"
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: no-secrets}
spec:
  rules:
  - name: leak
    match: {any: [{resources: {kinds: [Secret]}}]}
    validate: {failureAction: Enforce, message: "has {{ request.object.data.token }}", deny: {}}
"#;
    let app = app(policy, Mood::Well, Limits::default());
    let review = review("{}")
        .replace("\"Pod\"", "\"Secret\"")
        .replace(r#""spec":{"containers":[]}"#, r#""data":{"token":"aHVudGVyMg=="}"#);
    let (status, body) = send(&app, "POST", "/validate", "application/json", review).await;
    assert_eq!(status, StatusCode::OK);
    let reply = json::parse(body.as_bytes()).expect("JSON");
    let message = reply.str_at(&["response", "status", "message"]).expect("a denial");
    assert!(message.contains("leak: has [redacted]"), "{message}");
    assert!(!message.contains("aHVudGVyMg") && !message.contains("hunter2"), "{message}");
}

/// A source whose content the test sets.
struct Files(Mutex<Result<String, String>>, AtomicUsize);

impl crate::operator::reload::Source<Snapshot> for Files {
    fn digest(&self) -> Result<String, String> {
        self.0.lock().expect("one thread").clone()
    }

    fn load(&self) -> Result<Snapshot, String> {
        self.1.fetch_add(1, Ordering::Relaxed);
        match self.0.lock().expect("one thread").as_deref() {
            Ok("broken") => Err("p.yaml:3: unknown field".to_owned()),
            Ok(text) => Ok(snapshot(text, Mood::Well)),
            Err(why) => Err(why.clone()),
        }
    }
}

#[test]
fn a_reload_that_loses_or_breaks_policies_is_refused() {
    use reload::{Outcome, Reloader};
    let app = Arc::new(App::new(Limits::default()));
    let files = Arc::new(Files(Mutex::new(Ok("broken".to_owned())), AtomicUsize::new(0)));
    let set = |content: Result<&str, &str>| {
        *files.0.lock().expect("one thread") = content.map(str::to_owned).map_err(str::to_owned);
    };
    let policies = |app: &App| app.current.load().as_ref().map(|s| s.set.policies().len());
    let mut reloader = Reloader::new(Arc::clone(&files) as Arc<reload::Source>, Arc::clone(&app));

    assert_eq!(reloader.look(), Outcome::Refused("p.yaml:3: unknown field".to_owned()));
    assert!(app.ready().is_err(), "nothing has loaded yet");
    set(Ok(POLICIES));
    assert_eq!(reloader.look(), Outcome::Loaded);
    assert_eq!((policies(&app), app.ready()), (Some(3), Ok(())));
    let loads = files.1.load(Ordering::Relaxed);
    assert_eq!(reloader.look(), Outcome::Unchanged);
    assert_eq!(files.1.load(Ordering::Relaxed), loads, "what did not change is not read again");
    for content in [Ok("broken"), Ok("# nothing"), Err("permission denied")] {
        set(content);
        assert!(matches!(reloader.look(), Outcome::Refused(_)), "{content:?}");
        assert_eq!((policies(&app), app.ready()), (Some(3), Ok(())), "{content:?}: the last good set stays");
    }
    set(Ok(
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec:\n  background: false\n  rules:\n  - name: r\n    \
            match: {any: [{resources: {kinds: [Pod]}, clusterRoles: [view]}]}\n    validate: {message: denied, deny: {}}\n",
    ));
    assert_eq!(
        reloader.look(),
        Outcome::Refused("rules that match by roles cannot be decided without the cluster: p/r".to_owned())
    );
    set(Ok(POLICIES.split("---").next().expect("the first policy")));
    assert_eq!(reloader.look(), Outcome::Loaded);
    assert_eq!(policies(&app), Some(1));
}

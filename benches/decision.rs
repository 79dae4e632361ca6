//! One admission decision of a Deployment, against 33 policies and against 330 of which 33 can
//! match, beside the time serde_json needs to parse that Deployment into its own value.
//!
//! `cargo bench --bench decision`: exits 1 when a bar is missed.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its figures")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::fmt::Write as _;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rendergate::document::yaml::{self, Limits};
use rendergate::document::{Manifest, Source, Value, json};
use rendergate::engine::{NoBackends, Numbers, OldObject, Operation, Outcome, Review, User, UserInfo, decide};
use rendergate::policy::load;
use rendergate::policy::set::PolicySet;

/// At most so many times the JSON parse.
const BAR_PARSE: f64 = 8.0;
/// 330 policies at most so many times 33.
const BAR_POLICIES: f64 = 1.3;

/// Counts allocations, so that the figure can be printed.
struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// The allocator trait is unsafe by definition; this one only counts and forwards.
#[expect(unsafe_code, reason = "a counting allocator cannot be written without")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A Deployment of about 1.7 KB of JSON.
fn deployment() -> String {
    let container = |name: &str, image: &str| {
        format!(
            r#"{{"name":"{name}","image":"{image}","ports":[{{"name":"http","containerPort":8080,"protocol":"TCP"}}],"env":[{{"name":"LOG_LEVEL","value":"info"}},{{"name":"REGION","value":"eu-central-1"}},{{"name":"FEATURES","value":"alpha,beta"}}],"resources":{{"requests":{{"cpu":"100m","memory":"128Mi"}},"limits":{{"cpu":"500m","memory":"256Mi"}}}},"securityContext":{{"runAsNonRoot":true,"allowPrivilegeEscalation":false,"capabilities":{{"drop":["ALL"]}}}},"livenessProbe":{{"httpGet":{{"path":"/healthz","port":8080}},"periodSeconds":10}},"volumeMounts":[{{"name":"data","mountPath":"/data"}}]}}"#
        )
    };
    format!(
        r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"web","namespace":"shop","labels":{{"app":"web","team":"storefront","environment":"prod"}},"annotations":{{"owner":"storefront@example.com"}}}},"spec":{{"replicas":3,"selector":{{"matchLabels":{{"app":"web"}}}},"template":{{"metadata":{{"labels":{{"app":"web"}}}},"spec":{{"serviceAccountName":"web","containers":[{},{}],"volumes":[{{"name":"data","emptyDir":{{}}}}]}}}}}}}}"#,
        container("web", "registry.example/web:1.4.2"),
        container("proxy", "registry.example/proxy:2.0.0")
    )
}

/// `matching` policies on Pods (autogen makes Deployment rules of them) and `others` on other kinds.
fn policies(matching: usize, others: usize) -> String {
    let bodies = [
        "      pattern: {spec: {containers: [{image: \"!*:latest\"}]}}\n",
        "      pattern: {spec: {containers: [{resources: {limits: {memory: \"?*\", cpu: \"?*\"}}}]}}\n",
        "      pattern: {spec: {=(hostNetwork): false, =(volumes): [{X(hostPath): \"null\"}]}}\n",
        "      pattern: {spec: {containers: [{image: \"registry.example/* | ghcr.io/*\"}]}}\n",
        "      pattern: {spec: {containers: [{=(securityContext): {=(runAsNonRoot): true}}]}}\n",
        "      anyPattern:\n      - spec: {securityContext: {runAsNonRoot: true}}\n      - spec: {containers: [{securityContext: {runAsNonRoot: true}}]}\n",
        "      deny: {conditions: {any: [{key: \"{{ request.object.spec.serviceAccountName || '' }}\", operator: Equals, value: default}]}}\n",
        "      foreach:\n      - list: request.object.spec.containers\n        deny: {conditions: {any: [{key: \"{{ element.image }}\", operator: AnyIn, value: [\"*:dev\"]}]}}\n",
    ];
    let mut out = String::new();
    for i in 0..matching + others {
        let kind = if i < matching { "Pod".to_owned() } else { format!("Kind{}", i % 20) };
        let _ = write!(
            out,
            "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: p{i}}}\nspec:\n  validationFailureAction: Enforce\n  rules:\n  - name: check\n    match: {{any: [{{resources: {{kinds: [{kind}]}}}}]}}\n    validate:\n      message: rule {i}\n{}---\n",
            bodies[i % bodies.len()]
        );
    }
    out
}

fn set(text: &str) -> PolicySet {
    let text: Arc<str> = text.into();
    let documents = yaml::read(&text, &Limits::default()).expect("the policies are YAML");
    let manifests = documents.into_iter().map(|document| {
        Manifest::new(document.value.clone(), Source::of("policies.yaml".into(), text.clone(), &document))
            .expect("a policy")
    });
    let loaded = load::load(manifests);
    assert!(loaded.problems.is_empty() && loaded.rejected.is_empty(), "{:?} {:?}", loaded.problems, loaded.rejected);
    PolicySet::new(loaded.policies, loaded.exceptions)
}

/// Microseconds of the fastest of many batches: the quiet figure on a noisy machine.
fn time(mut work: impl FnMut()) -> f64 {
    (0..200)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..20 {
                work();
            }
            start.elapsed().as_secs_f64() * 1e6 / 20.0
        })
        .fold(f64::INFINITY, f64::min)
}

fn review(object: &Value) -> Review {
    Review {
        object: Some(object.clone()),
        old_object: OldObject::Null,
        operation: Operation::Create,
        namespace: "shop".into(),
        subresource: "".into(),
        group: "apps".into(),
        version: "v1".into(),
        kind: "Deployment".into(),
        user: User::Known(UserInfo { username: "alice".into(), ..UserInfo::default() }),
        numbers: Numbers::Typed,
        request_fields: Vec::new(),
        variables: Vec::new(),
    }
}

fn main() {
    let text = deployment();
    let object = json::parse(text.as_bytes()).expect("the Deployment is JSON");
    let parse = time(|| {
        black_box(serde_json::from_str::<serde_json::Value>(black_box(&text)).expect("the Deployment is JSON"));
    });
    println!("serde_json parses {} bytes in {parse:.2} us", text.len());
    let mut figures = Vec::new();
    for others in [0, 297] {
        let set = set(&policies(33, others));
        let results: Vec<_> =
            decide(&set, &review(&object), &NoBackends).results().map(|(_, r)| r.outcome.clone()).collect();
        assert_eq!(results.len(), 33, "each of the 33 policies answers once");
        assert!(results.iter().all(|o| *o == Outcome::Pass), "the Deployment complies: {results:?}");
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        black_box(decide(&set, &review(&object), &NoBackends));
        let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
        let micros = time(|| {
            black_box(decide(&set, black_box(&review(&object)), &NoBackends));
        });
        println!(
            "{:>3} policies, 33 match: {micros:.2} us, {:.2} x the parse, {allocations} allocations",
            33 + others,
            micros / parse
        );
        figures.push(micros);
    }
    let growth = figures[1] / figures[0];
    println!("330 policies cost {growth:.2} x 33 (bar {BAR_POLICIES}); bar for one decision: {BAR_PARSE} x the parse");
    if figures[1] / parse > BAR_PARSE || growth > BAR_POLICIES {
        eprintln!("a bar is missed");
        std::process::exit(1);
    }
}

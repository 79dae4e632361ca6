//! The promise: what a render decides of an object, admission decides of its CREATE. The starter set, over
//! the workloads of the recordings and over random ones; the webhook as a process, through HTTPS.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rendergate::document::{Value, json, yaml};
use rendergate::mutate::json_patch::JsonPatch;

use crate::admission_recorded::recording::Recording;
use crate::webhook_process::Process;

/// Policy → rule → Kyverno's text.
pub type Findings = BTreeMap<String, BTreeMap<String, String>>;

#[test]
fn the_webhook_decides_random_workloads_as_the_render_does() {
    let mut runner = TestRunner::deterministic();
    let objects: Vec<Value> =
        (0..300).map(|n| workload().new_tree(&mut runner).expect("a workload").current().object(n)).collect();
    let compared = compare(&objects);
    assert!(compared.denied > 50 && compared.allowed > 20, "both answers occur: {compared:?}");
}

#[test]
fn the_webhook_decides_the_recorded_workloads_as_the_render_does() {
    let Some(recording) = Recording::open() else { return };
    let object = |review: &Value| review.at(&["request", "object"]).expect("an object").clone();
    let objects: Vec<Value> = recording.reviews.iter().map(|(_, review)| object(review)).collect();
    let compared = compare(&objects);
    assert!(compared.denied > 50 && compared.allowed > 20, "both answers occur: {compared:?}");
}

#[derive(Debug, Default)]
struct Compared {
    allowed: usize,
    denied: usize,
}

/// Renders all objects, asks the webhook for each, and compares mutations and denials.
fn compare(objects: &[Value]) -> Compared {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write_configuration(folder, objects);
    let tree = folder.join("tree");
    fs::create_dir(&tree).expect("a folder");
    for (n, object) in objects.iter().enumerate() {
        fs::write(tree.join(format!("{n:04}.json")), json::to_string(object)).expect("a file");
    }
    let mutated = rendered(folder);
    assert_eq!(mutated.len(), objects.len(), "every object is rendered");
    let blocked = blocked(folder);

    let webhook = Process::start(folder);
    let mut compared = Compared::default();
    for (object, mutated) in objects.iter().zip(&mutated) {
        let response = webhook.ask("/mutate", &review(object));
        let patched = patched(object, &response);
        assert_eq!(&patched, mutated, "the mutation of {}", identity(object));

        let response = webhook.ask("/validate", &review(&patched));
        let denied = denied(&response);
        let expected = blocked.get(&identity(object)).cloned().unwrap_or_default();
        assert_eq!(denied, expected, "the denial of {}: {}", identity(object), json::to_string(object));
        if denied.is_empty() { compared.allowed += 1 } else { compared.denied += 1 }
    }
    compared
}

/// `gate.yaml` enforces, `audit.yaml` lets everything through; the labels of every namespace are known.
pub fn write_configuration(folder: &Path, objects: &[Value]) {
    let spaces: BTreeSet<&str> = objects.iter().filter_map(|o| o.str_at(&["metadata", "namespace"])).collect();
    let label = |space: &str| if space.len().is_multiple_of(2) { "production" } else { "staging" };
    let namespace = |space: &&str| {
        format!(
            "---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: {space}\n  labels:\n    environment: {}\n",
            label(space)
        )
    };
    fs::write(folder.join("namespaces.yaml"), spaces.iter().map(namespace).collect::<String>()).expect("a file");
    for (name, enforcement) in [("gate.yaml", "enforce"), ("audit.yaml", "audit")] {
        let text = format!(
            "apiVersion: rendergate.dev/v1alpha1\nkind: GateConfiguration\npolicies: [{{path: {}/policies}}]\n\
             minimumPolicies: 7\nenforcement: {enforcement}\nfacts: {{namespaces: [namespaces.yaml]}}\n",
            env!("CARGO_MANIFEST_DIR")
        );
        fs::write(folder.join(name), text).expect("a file");
    }
}

pub fn generate(folder: &Path, configuration: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rendergate"));
    command.args(["generate", "tree", "--output", "json", "--config", configuration]).current_dir(folder);
    for (variable, _) in std::env::vars().filter(|(name, _)| name.starts_with("ARGOCD_")) {
        command.env_remove(variable);
    }
    command
}

/// The objects as the render prints them, without those it generated, in the order of the tree.
pub fn rendered(folder: &Path) -> Vec<Value> {
    let output = generate(folder, "audit.yaml").output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let generated = |o: &Value| o.at(&["metadata", "annotations", "rendergate.dev/generated-by"]).is_some();
    let objects = text.lines().map(|line| json::parse(line.as_bytes()).expect("a JSON line"));
    objects.filter(|object| !generated(object)).collect()
}

/// What blocks the render, by object.
fn blocked(folder: &Path) -> BTreeMap<String, Findings> {
    let output = generate(folder, "gate.yaml").args(["--report", "report.json"]).output().expect("the binary runs");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let report = json::parse(&fs::read(folder.join("report.json")).expect("a report")).expect("JSON");
    let list = |key: &str| report.get(key).and_then(Value::as_list).expect("a list").to_vec();
    assert!(list("deferred").is_empty(), "everything is known: {:?}", list("deferred").first());
    let mut blocked: BTreeMap<String, Findings> = BTreeMap::new();
    for finding in list("findings").iter().filter(|f| f.get("blocks") == Some(&Value::Bool(true))) {
        if finding.get("generatedBy").is_some() {
            continue;
        }
        let text = |keys: &[&str]| finding.str_at(keys).unwrap_or_default().to_owned();
        let message = finding.str_at(&["fullMessage"]).or_else(|| finding.str_at(&["message"])).expect("a message");
        let object =
            format!("{}/{}/{}", text(&["object", "kind"]), text(&["object", "namespace"]), text(&["object", "name"]));
        let rules = blocked.entry(object).or_default().entry(text(&["policy"])).or_default();
        rules.insert(text(&["rule"]), message.to_owned());
    }
    blocked
}

pub fn identity(object: &Value) -> String {
    let text = |keys: &[&str]| object.str_at(keys).unwrap_or_default();
    format!("{}/{}/{}", text(&["kind"]), text(&["metadata", "namespace"]), text(&["metadata", "name"]))
}

/// The AdmissionReview of an object's CREATE, as the API server makes it.
pub fn review(object: &Value) -> Value {
    let api_version = object.str_at(&["apiVersion"]).expect("an apiVersion");
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
    let text = |keys: &[&str]| Value::from(object.str_at(keys).unwrap_or_default());
    let kind =
        Value::from([("group", Value::from(group)), ("version", Value::from(version)), ("kind", text(&["kind"]))]);
    let request = Value::from([
        ("uid", Value::from("u")),
        ("kind", kind),
        ("name", text(&["metadata", "name"])),
        ("namespace", text(&["metadata", "namespace"])),
        ("operation", Value::from("CREATE")),
        ("userInfo", Value::from([("username", Value::from("alice"))])),
        ("object", object.clone()),
        ("oldObject", Value::Null),
        ("dryRun", Value::Bool(false)),
    ]);
    Value::from([
        ("apiVersion", Value::from("admission.k8s.io/v1")),
        ("kind", Value::from("AdmissionReview")),
        ("request", request),
    ])
}

pub fn patched(object: &Value, response: &Value) -> Value {
    use base64::Engine as _;
    assert_eq!(response.get("allowed"), Some(&Value::Bool(true)), "{response:?}");
    let Some(patch) = response.str_at(&["patch"]) else { return object.clone() };
    let patch = base64::engine::general_purpose::STANDARD.decode(patch).expect("base64");
    let patch = JsonPatch::from_value(&json::parse(&patch).expect("JSON")).expect("a patch");
    patch.apply(object).expect("the patch applies")
}

pub fn denied(response: &Value) -> Findings {
    let Some(message) = response.str_at(&["status", "message"]) else { return Findings::new() };
    let (_, text) = message.split_once("policies \n\n").expect("a denial by policies");
    let documents = yaml::read(text, &yaml::Limits::default()).expect("YAML");
    let policies = documents.first().and_then(|d| d.value.as_map()).expect("policies").clone();
    let rules = |value: &Value| {
        let rules = value.as_map().expect("rules").iter();
        rules.map(|(rule, text)| (rule.to_string(), text.as_str().expect("a text").to_owned())).collect()
    };
    policies.iter().map(|(policy, value)| (policy.to_string(), rules(value))).collect()
}

/// A random workload, by what the starter set looks at.
#[derive(Clone, Debug)]
pub struct Workload {
    kind: &'static str,
    namespace: &'static str,
    labels: Vec<(&'static str, &'static str)>,
    containers: Vec<(&'static str, bool, bool)>,
    init: Vec<(&'static str, bool, bool)>,
    logs: bool,
}

pub fn workload() -> impl Strategy<Value = Workload> {
    let kind = prop::sample::select(vec![
        "Pod",
        "Deployment",
        "StatefulSet",
        "DaemonSet",
        "Job",
        "CronJob",
        "ReplicaSet",
        "Service",
        "Namespace",
    ]);
    let namespace = prop::sample::select(vec!["prod", "prod-eu", "production", "shop", "payments", "dev"]);
    let labels = prop::sample::subsequence(
        vec![
            ("team", "checkout"),
            ("environment", "production"),
            ("cost-centre", "4711"),
            ("data-classification", "restricted"),
            ("app.kubernetes.io/managed-by", ""),
        ],
        0..=5,
    );
    let image = prop::sample::select(vec![
        "registry.example/web:1.4.2",
        "registry.example/web",
        "registry.example/web:latest",
        "registry.example:5000/web",
        "registry.k8s.io/pause:3.10",
        "nginx",
        "nginx:1.29",
        "quay.io/a/b@sha256:0000000000000000000000000000000000000000000000000000000000000000",
    ]);
    let container = (image, any::<bool>(), prop::bool::weighted(0.8));
    let containers = prop::collection::vec(container.clone(), 1..3);
    let init = prop::collection::vec(container, 0..2);
    (kind, namespace, labels, containers, init, any::<bool>()).prop_map(
        |(kind, namespace, labels, containers, init, logs)| Workload {
            kind,
            namespace,
            labels,
            containers,
            init,
            logs,
        },
    )
}

impl Workload {
    pub fn object(&self, n: usize) -> Value {
        let name = format!("w{n}");
        let strings =
            |pairs: &[(&str, &str)]| Value::map(pairs.iter().map(|(k, v)| ((*k).into(), Value::from(*v))).collect());
        let mut metadata = vec![("name", Value::from(name.as_str())), ("labels", strings(&self.labels))];
        if self.kind != "Namespace" {
            metadata.push(("namespace", Value::from(self.namespace)));
        }
        let metadata = Value::map(metadata.into_iter().map(|(k, v)| (k.into(), v)).collect());
        let pod = self.pod();
        let template = Value::from([
            (
                "metadata",
                Value::from([(
                    "annotations",
                    strings(if self.logs { &[("sidecar.example/logs", "enabled")] } else { &[] }),
                )]),
            ),
            ("spec", pod.clone()),
        ]);
        let (api_version, spec) = match self.kind {
            "Pod" => ("v1", pod),
            "Service" => ("v1", Value::from([("selector", strings(&[("app", "w")]))])),
            "Namespace" => ("v1", Value::empty_map()),
            "Job" => ("batch/v1", Value::from([("template", template)])),
            "CronJob" => {
                let job = Value::from([("spec", Value::from([("template", template)]))]);
                ("batch/v1", Value::from([("schedule", Value::from("5 4 * * *")), ("jobTemplate", job)]))
            }
            _ => ("apps/v1", Value::from([("replicas", Value::Int(2)), ("template", template)])),
        };
        Value::from([
            ("apiVersion", Value::from(api_version)),
            ("kind", Value::from(self.kind)),
            ("metadata", metadata),
            ("spec", spec),
        ])
    }

    fn pod(&self) -> Value {
        let container = |(n, (image, cpu, memory)): (usize, &(&str, bool, bool))| {
            let mut limits = Vec::new();
            if *cpu {
                limits.push(("cpu".into(), Value::from("500m")));
            }
            if *memory {
                limits.push(("memory".into(), Value::from("256Mi")));
            }
            let resources = Value::from([("limits", Value::map(limits.into_iter().collect()))]);
            Value::from([
                ("name", Value::from(format!("c{n}").as_str())),
                ("image", Value::from(*image)),
                ("resources", resources),
            ])
        };
        let list = |all: &[(&'static str, bool, bool)]| Value::list(all.iter().enumerate().map(container).collect());
        if self.init.is_empty() {
            return Value::from([("containers", list(&self.containers))]);
        }
        Value::from([("initContainers", list(&self.init)), ("containers", list(&self.containers))])
    }
}

//! No drift: what a render prints is what admission makes of it, so that Argo CD has nothing to report. The
//! starter set through the webhook as a process; the recorded policies through its router, where whatever
//! admission would still change must have been named by the render's own check.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use rendergate::config::{Application, Settings};
use rendergate::document::{Manifest, Source, Value, json, yaml};
use rendergate::engine::{User, UserInfo};
use rendergate::policy::load::load_for_cluster;
use rendergate::policy::rule::{Body, Policy};
use rendergate::policy::set::PolicySet;
use rendergate::render::{Render, RenderFacts, Stop};

use crate::admission_recorded::replay::{Said, Webhook};
use crate::doors_agree::{generate, review, workload, write_configuration};
use crate::webhook_process::Process;

#[test]
fn admission_changes_nothing_that_a_render_with_the_starter_set_printed() {
    let mut runner = TestRunner::deterministic();
    let mut objects: Vec<Value> =
        (0..200).map(|n| workload().new_tree(&mut runner).expect("a workload").current().object(n)).collect();
    for n in 0..5 {
        let text = format!(
            r#"{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"team{n}","labels":{{"team":"a"}}}}}}"#
        );
        objects.push(json::parse(text.as_bytes()).expect("JSON"));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write_configuration(folder, &objects);
    fs::create_dir(folder.join("tree")).expect("a folder");
    for (n, object) in objects.iter().enumerate() {
        fs::write(folder.join(format!("tree/{n:04}.json")), json::to_string(object)).expect("a file");
    }
    let output = generate(folder, "audit.yaml").output().expect("the binary runs");
    let (out, log) = (String::from_utf8(output.stdout).expect("text"), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{log}");
    let printed: Vec<Value> = out.lines().map(|line| json::parse(line.as_bytes()).expect("JSON")).collect();
    assert!(printed.len() >= objects.len() + 15, "three objects for the namespace of each team");
    assert!(!log.contains("drift") && !log.contains("on its own result"), "{log}");
    let changed = objects.iter().filter(|o| !printed.contains(o)).count();
    assert!(changed > 50, "only {changed} objects were changed by the render");

    let webhook = Process::start(folder);
    for object in &printed {
        let response = webhook.ask("/mutate", &review(object));
        assert_eq!(response.get("allowed"), Some(&Value::Bool(true)), "{response:?}");
        assert_eq!(response.get("patch"), None, "admission would change {}", json::to_string(object));
    }
}

/// Recorded policies whose mutation admission would do again, and why that is so.
const DRIFTING: &[(&str, &str)] = &[
    ("add-capabilities/add-setfcap-setuid", "appends to a list without looking whether the value is there"),
    ("add-external-secret-prefix/add-external-secret-prefix", "puts its prefix before its own result"),
    ("add-node-affinity/add-node-affinity-deployment", "appends to a list without looking whether the value is there"),
];

#[tokio::test]
async fn what_admission_would_change_again_of_the_recorded_policies_is_named_by_the_render() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("RENDERGATE_SHARED").map_or_else(beside, Into::into);
    if !shared.exists() {
        eprintln!("recorded mutations were not rendered: {} is absent", shared.display());
        return;
    }
    let resources = manifests(&shared.join("oracle/decisions/resources.yaml"));
    let mut files = Vec::new();
    yaml_files(&shared.join("corpus/policies"), &mut files);
    let (mut policies, mut mutated) = (0, 0);
    let mut named: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut missed = Vec::new();
    for file in files {
        let loaded = load_for_cluster(manifests(&file));
        if !loaded.policies.iter().any(mutates) {
            continue;
        }
        policies += loaded.policies.len();
        let set = PolicySet::new(loaded.policies.clone(), Vec::new());
        let webhook = Webhook::new(loaded);
        for resource in &resources {
            let Some((printed, drifts)) = rendered(&set, resource) else { continue };
            if printed == resource.value.with_integers() {
                continue;
            }
            mutated += 1;
            let review = review(&with_namespace(printed));
            let object = review.at(&["request", "object"]).expect("an object");
            let changes = match webhook.ask("mutate", &review).await {
                Said::Allowed(after) => after != *object,
                // What a render defers, a cluster without the asked objects refuses.
                Said::Denied(_) => continue,
            };
            if changes && drifts.is_empty() {
                missed.push(format!("{}: {}", file.display(), json::to_string(object)));
            }
            for (policy, message) in drifts {
                named.entry(policy).or_default().insert(message);
            }
        }
    }
    assert!(missed.is_empty(), "{} changes were not named:\n{}", missed.len(), missed.join("\n"));
    let expected: BTreeSet<&str> = DRIFTING.iter().map(|(policy, _)| *policy).collect();
    assert_eq!(named.keys().map(String::as_str).collect::<BTreeSet<_>>(), expected, "{named:#?}");
    eprintln!("{policies} policies that mutate, {mutated} mutated objects");
    assert!(policies >= 20 && mutated >= 200, "{policies} policies, {mutated} mutated objects");
}

fn mutates(policy: &Arc<Policy>) -> bool {
    policy.rules.iter().any(|r| matches!(&r.body, Body::Mutate(m) if m.targets.is_empty()))
}

/// The object as printed, and the rules that the render says drift. `None`: it cannot be printed.
fn rendered(set: &PolicySet, manifest: &Manifest) -> Option<(Value, Vec<(String, String)>)> {
    let render = Render {
        set,
        application: &Application::default(),
        settings: &Settings::default(),
        enforce: &[],
        facts: &RenderFacts::new(Arc::default(), 1_700_000_000_000_000_000),
        user: User::Known(UserInfo { username: "alice".into(), ..UserInfo::default() }),
        stop: &Stop::never(),
    };
    let verdict = render.run(std::slice::from_ref(manifest)).ok()?;
    let drifts = verdict.findings.iter().filter(|f| f.message.contains("Argo CD")).map(|f| {
        let what = f.message.split([':', '(']).next().unwrap_or_default().trim().to_owned();
        (format!("{}/{}", f.policy, f.rule), what)
    });
    Some((verdict.objects.first()?.clone(), drifts.collect()))
}

/// As Argo CD sends it: the destination's namespace filled in. The set is of namespaced kinds mostly, and
/// for others it makes no difference to a mutation.
fn with_namespace(mut object: Value) -> Value {
    if object.str_at(&["metadata", "namespace"]).is_none()
        && let Some(metadata) = object.as_map_mut().and_then(|o| o.get_mut("metadata")).and_then(Value::as_map_mut)
    {
        metadata.insert("namespace", Value::from("default"));
    }
    object
}

fn manifests(path: &Path) -> Vec<Manifest> {
    let text: Arc<str> = fs::read_to_string(path).expect("a file").into();
    let file: Arc<str> = path.display().to_string().into();
    let Ok(documents) = yaml::read(&text, &yaml::Limits::default()) else { return Vec::new() };
    let manifest = |d: &yaml::Document| Manifest::new(d.value.clone(), Source::of(file.clone(), text.clone(), d)).ok();
    documents.iter().filter_map(manifest).collect()
}

fn yaml_files(directory: &Path, found: &mut Vec<std::path::PathBuf>) {
    let mut entries: Vec<_> =
        fs::read_dir(directory).expect("a directory").map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        let hidden = path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        if path.is_dir() && !hidden {
            yaml_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            found.push(path);
        }
    }
}

//! Every policy of the shared corpus loads, or is refused when Kyverno refuses it.

use std::path::{Path, PathBuf};

use rendergate::document::manifest::{Manifest, Source};
use rendergate::document::{Map, Pointer, Value, yaml};
use rendergate::policy::load::{Loaded, load, load_for_cluster};
use rendergate::policy::request::{Operation, User};
use rendergate::policy::selector::{Candidate, NamespaceLabels};
use rendergate::policy::set::{CandidateRule, PolicySet};

/// The shared test data; `None` (said aloud) where it is absent.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn shared() -> Option<PathBuf> {
    let path = std::env::var_os("RENDERGATE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: no shared test data at {}", path.display());
    None
}

fn yaml_files(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(directory).expect("a directory").map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            yaml_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            found.push(path);
        }
    }
}

/// The manifests of one file; documents that are no objects are left out.
fn manifests(path: &Path) -> Vec<Manifest> {
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    let text: std::sync::Arc<str> = text.into();
    let file: std::sync::Arc<str> = path.display().to_string().into();
    let Ok(documents) = yaml::read(&text, &yaml::Limits::default()) else { return Vec::new() };
    documents
        .iter()
        .filter_map(|d| Manifest::expand(d.value.clone(), Source::of(file.clone(), text.clone(), d)).ok())
        .flatten()
        .collect()
}

fn load_file(path: &Path) -> Loaded {
    load(manifests(path))
}

#[test]
fn every_policy_of_the_library_is_accepted() {
    let Some(shared) = shared() else { return };
    let mut files = Vec::new();
    yaml_files(&shared.join("corpus/policies"), &mut files);
    files.retain(|f| !f.components().any(|c| c.as_os_str().to_string_lossy().starts_with(".chainsaw")));
    let (mut policies, mut refused) = (0, Vec::new());
    for file in &files {
        let loaded = load_file(file);
        policies += loaded.policies.len();
        refused.extend(loaded.problems.iter().map(|p| p.diagnostic.to_string()));
        refused.extend(loaded.rejected.iter().map(|r| r.diagnostic.to_string()));
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(policies > 200);
}

/// Names of the policies of a probe family for which Kyverno printed nothing.
fn without_result(family: &Path) -> Vec<String> {
    let Ok(text) = std::fs::read(family.join("no-result.json")) else { return Vec::new() };
    serde_json::from_slice(&text).expect("a list of names")
}

#[test]
fn probes_are_refused_only_where_kyverno_says_nothing() {
    let Some(shared) = shared() else { return };
    let probes = shared.join("oracle/probes");
    let mut families: Vec<PathBuf> =
        std::fs::read_dir(&probes).expect("probes").map(|e| e.expect("an entry").path()).collect();
    families.sort();
    for family in families.iter().filter(|f| f.join("policies.yaml").is_file() && !f.ends_with("cel")) {
        let silent = without_result(family);
        let loaded = load_file(&family.join("policies.yaml"));
        let name = |m: &str| silent.iter().any(|s| s == m);
        let refused: Vec<(String, String)> = loaded
            .rejected
            .iter()
            .map(|r| (r.name.to_string(), r.diagnostic.to_string()))
            .chain(loaded.problems.iter().map(|p| (p.name.to_string(), p.diagnostic.to_string())))
            .collect();
        let wrong: Vec<&String> = refused.iter().filter(|(n, _)| !name(n)).map(|(_, text)| text).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
        // Rules that match nothing, and loops over nothing, are silent as well.
        let silent_too = ["match", "foreach"].iter().any(|f| family.ends_with(f));
        let accepted: Vec<&str> = loaded.policies.iter().map(|p| p.name.as_str()).filter(|p| name(p)).collect();
        assert!(silent_too || accepted.is_empty(), "{}: accepted {accepted:?}", family.display());
    }
}

#[test]
fn suites_of_the_command_line_load() {
    let Some(shared) = shared() else { return };
    let mut files = Vec::new();
    yaml_files(&shared.join("corpus/kyverno-cli"), &mut files);
    let (mut policies, mut refused) = (0, Vec::new());
    for file in &files {
        let loaded = load_file(file);
        policies += loaded.policies.len();
        refused.extend(loaded.problems.iter().map(|p| p.diagnostic.to_string()));
        refused.extend(loaded.rejected.iter().map(|r| r.diagnostic.to_string()));
        refused.extend(loaded.refused_exceptions.iter().map(|(_, r)| r.diagnostic.to_string()));
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(policies > 50, "{policies}");
}

/// `POLICY RULE KIND/NAMESPACE/NAME` of every rule of the match probes that selects an object. All
/// their rules deny.
fn selected(family: &Path) -> Vec<String> {
    let loaded = load_file(&family.join("policies.yaml"));
    let set = PolicySet::new(loaded.policies, Vec::new());
    let mut found = Vec::new();
    for object in manifests(&family.join("resources.yaml")) {
        let labels = || NamespaceLabels::Known(Map::new());
        let candidate = Candidate {
            object: &object.value,
            group: &object.gvk().group,
            version: &object.gvk().version,
            kind: object.kind(),
            subresource: "",
            namespace: object.namespace(),
            operation: Operation::Create,
            user: &User::Absent,
            namespace_labels: &labels,
        };
        let place = format!("{}/{}/{}", object.kind(), object.namespace(), object.name());
        for CandidateRule { policy, rule, .. } in set.candidates(object.kind(), Operation::Create) {
            let excluded = rule.exclude.as_ref().is_some_and(|e| e.excludes(&candidate).is_yes());
            if rule.matches.matches(&candidate).is_yes() && !excluded {
                found.push(format!("{} {} {place}", policy.name, rule.name));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn match_probes_select_what_kyverno_selects() {
    let Some(shared) = shared() else { return };
    let family = shared.join("oracle/probes/match");
    let text = std::fs::read_to_string(family.join("expected.jsonl")).expect("recorded answers");
    let mut expected: Vec<String> = text
        .lines()
        .map(|line| {
            let answer: serde_json::Value = serde_json::from_str(line).expect("a line of JSON");
            let field = |name: &str| answer[name].as_str().expect("a text").to_owned();
            format!("{} {} {}", field("policy"), field("rule"), field("resource"))
        })
        .collect();
    expected.sort();
    let found = selected(&family);
    let missing: Vec<_> = expected.iter().filter(|e| !found.contains(e)).collect();
    let extra: Vec<_> = found.iter().filter(|f| !expected.contains(f)).collect();
    assert!(missing.is_empty() && extra.is_empty(), "missing {missing:#?}\nextra {extra:#?}");
}

/// Every place of a value, the root first.
fn places(value: &Value, here: &Pointer, found: &mut Vec<Pointer>) {
    found.push(here.clone());
    match value {
        Value::List(items) => items.iter().enumerate().for_each(|(i, v)| places(v, &here.with(i), found)),
        Value::Map(map) => map.iter().for_each(|(k, v)| places(v, &here.with(k.clone()), found)),
        _ => {}
    }
}

/// A policy that writes nearly every field, and an exception.
const EVERYTHING: &str = include_str!("policy_everything.yaml");

#[test]
fn nothing_in_the_place_of_anything_ends_in_a_panic() {
    let documents = yaml::read(EVERYTHING, &yaml::Limits::default()).expect("test YAML");
    let text: std::sync::Arc<str> = EVERYTHING.into();
    let strange = [
        Value::Null,
        Value::from("{{ x[ }} $(./../a) {{é"),
        Value::list(vec![Value::Null, Value::from("autogen-x"), Value::empty_map()]),
        Value::from([("any", Value::Int(1)), ("", Value::Null), ("resources", Value::list(vec![]))]),
    ];
    let mut read = 0;
    for document in &documents {
        let source = Source::of("everything.yaml".into(), text.clone(), document);
        let mut everywhere = Vec::new();
        places(&document.value, &Pointer::root(), &mut everywhere);
        for place in &everywhere {
            for value in &strange {
                let mut changed = document.value.clone();
                *place.walk_mut(&mut changed).expect("a place") = value.clone();
                if let Ok(manifest) = Manifest::new(changed, source.clone()) {
                    let loaded = load([manifest]);
                    let set = PolicySet::new(loaded.policies, loaded.exceptions);
                    read += set.policies().len() + set.exceptions().len();
                    read += set.candidates("Pod", Operation::Create).len();
                }
            }
        }
        let unchanged = load([Manifest::new(document.value.clone(), source).expect("an object")]);
        assert!(unchanged.problems.is_empty() && unchanged.rejected.is_empty(), "{unchanged:#?}");
    }
    assert!(read > 100, "{read}");
}

/// The files a conformance case applies, each with whether an error is expected.
fn applied(step: &Value, found: &mut Vec<(String, bool)>) {
    match step {
        Value::List(items) => items.iter().for_each(|item| applied(item, found)),
        Value::Map(map) => {
            for operation in ["apply", "create"] {
                let Some(operation) = map.get(operation) else { continue };
                let Some(file) = operation.str_at(&["file"]) else { continue };
                let checks = operation.get("expect").and_then(Value::as_list).unwrap_or_default();
                let fails = checks
                    .iter()
                    .filter_map(|c| c.get("check")?.as_map())
                    .any(|check| check.keys().any(|k| k.contains("error")));
                found.push((file.to_owned(), fails));
            }
            map.values().for_each(|value| applied(value, found));
        }
        _ => {}
    }
}

#[test]
fn conformance_cases_are_refused_only_where_the_cluster_refuses() {
    let Some(shared) = shared() else { return };
    let mut files = Vec::new();
    yaml_files(&shared.join("corpus/chainsaw"), &mut files);
    let (mut accepted, mut refused, mut wrong) = (0, 0, Vec::new());
    for case in files.iter().filter(|f| f.file_name().is_some_and(|n| n == "chainsaw-test.yaml")) {
        let folder = case.parent().expect("a folder");
        let mut steps = Vec::new();
        manifests(case).iter().for_each(|case| applied(&case.value, &mut steps));
        for (file, fails) in &steps {
            let loaded = load_for_cluster(manifests(&folder.join(file)));
            let found = loaded
                .problems
                .iter()
                .map(|p| &p.diagnostic)
                .chain(loaded.rejected.iter().map(|r| &r.diagnostic))
                .chain(loaded.refused_exceptions.iter().map(|(_, r)| &r.diagnostic));
            let found: Vec<String> = found.map(ToString::to_string).collect();
            let expected = *fails || steps.iter().any(|(other, fails)| other == file && *fails);
            match (found.is_empty(), expected) {
                (true, _) => accepted += loaded.policies.len(),
                (false, true) => refused += 1,
                (false, false) => wrong.extend(found),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // What else the suite expects to be refused needs a cluster: permissions, discovery, an old policy.
    assert!(accepted >= 60 && refused >= 25, "{accepted} accepted, {refused} refused");
}

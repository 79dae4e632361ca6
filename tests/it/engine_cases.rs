//! Engine cases: each file under `tests/engine` states its policies, its review, its world, and
//! what must come out. See `tests/engine/README.md` for the form.

use std::path::Path;
use std::sync::Arc;

use rendergate::document::yaml::{self, Limits};
use rendergate::document::{Manifest, Map, Source, Str, Value};
use rendergate::engine::registry::{Attested, Elsewhere, ImageQuestion, Offline, Registry, Verification};
use rendergate::engine::{
    ApiCall, Decision, Fact, Facts, Numbers, OldObject, Operation, Outcome, Review, User, UserInfo, decide,
};
use rendergate::policy::attestors::{Attestor, Proof};
use rendergate::policy::set::PolicySet;

/// The images a case describes: `{IMAGE: {digest, keys: [], statements: []}}`.
struct CaseRegistry(Value);

impl CaseRegistry {
    fn find<T>(&self, image: &str, found: impl FnOnce(&Value) -> Verification<T>) -> Verification<T> {
        self.0.get(image).map_or_else(|| Verification::Refused("no signatures found".to_owned()), found)
    }

    fn signed_by(image: &Value, attestor: &Attestor) -> bool {
        let keys = image.get("keys").and_then(Value::as_list).unwrap_or_default();
        match &attestor.proof {
            Proof::Keys(with) => keys.iter().any(|key| key.as_str() == Some(&with.public_keys)),
            Proof::Anybody => true,
            _ => false,
        }
    }
}

impl Registry for CaseRegistry {
    fn signature(&self, question: &ImageQuestion<'_>, attestor: &Attestor) -> Verification<Str> {
        self.find(question.image, |image| match Self::signed_by(image, attestor) {
            true => Verification::Verified(image.str_at(&["digest"]).unwrap_or_default().into()),
            false => Verification::Refused("no matching signatures".to_owned()),
        })
    }

    fn attestations(&self, question: &ImageQuestion<'_>, attestor: &Attestor, _: &str) -> Verification<Attested> {
        self.find(question.image, |image| match Self::signed_by(image, attestor) {
            true => Verification::Verified(Attested {
                digest: image.str_at(&["digest"]).unwrap_or_default().into(),
                statements: image.get("statements").and_then(Value::as_list).unwrap_or_default().to_vec(),
            }),
            false => Verification::Refused("no matching attestations".to_owned()),
        })
    }

    fn digest(&self, question: &ImageQuestion<'_>) -> Verification<Str> {
        self.find(question.image, |image| Verification::Verified(image.str_at(&["digest"]).unwrap_or_default().into()))
    }
}

/// The world a case describes: what it does not mention is unknown at a render, absent elsewhere.
struct CaseFacts<'a> {
    facts: &'a Value,
    render: bool,
    registry: Option<CaseRegistry>,
}

impl CaseFacts<'_> {
    fn missing<T>(&self, what: String) -> Fact<T> {
        if self.render { Fact::Unknown(what) } else { Fact::Failed(format!("{what} not found")) }
    }
}

impl Facts for CaseFacts<'_> {
    fn namespace_labels(&self, namespace: &str) -> Fact<Map> {
        match self.facts.at(&["namespaces", namespace]) {
            Some(labels) => Fact::Known(labels.as_map().cloned().unwrap_or_default()),
            None if self.render => Fact::Unknown(format!("the labels of namespace {namespace}")),
            None => Fact::Known(Map::new()),
        }
    }

    fn config_map(&self, namespace: &str, name: &str) -> Fact<Value> {
        let key = format!("{namespace}/{name}");
        match self.facts.at(&["configMaps", &key]) {
            Some(data) => Fact::Known(Value::from([("data", data.clone())])),
            None => self.missing(format!("ConfigMap {key}")),
        }
    }

    fn api_call(&self, call: &ApiCall) -> Fact<Value> {
        match self.facts.at(&["apiCalls", &call.url_path]) {
            Some(body) => Fact::Known(body.clone()),
            None => self.missing(format!("the API call {}", call.url_path)),
        }
    }

    fn image(&self, _: &Value) -> Fact<Value> {
        self.missing("the image registry".into())
    }

    fn global(&self, name: &str) -> Fact<Value> {
        self.missing(format!("global context entry {name}"))
    }

    fn object(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Fact<Option<Value>> {
        let found = self.facts.get("objects").and_then(Value::as_list).unwrap_or_default().iter().find(|o| {
            o.str_at(&["apiVersion"]) == Some(api_version)
                && o.str_at(&["kind"]) == Some(kind)
                && o.str_at(&["metadata", "namespace"]).unwrap_or_default() == namespace
                && o.str_at(&["metadata", "name"]) == Some(name)
        });
        match found {
            Some(object) => Fact::Known(Some(object.clone())),
            None if self.render => Fact::Unknown(format!("{kind} {namespace}/{name}")),
            None => Fact::Known(None),
        }
    }

    fn objects(&self, _: &str, kind: &str, namespace: &str) -> Fact<Vec<Value>> {
        self.missing(format!("the {kind} objects of namespace {namespace}"))
    }

    fn registry(&self) -> &dyn Registry {
        match &self.registry {
            Some(registry) => registry,
            None if self.render => &Elsewhere,
            None => &Offline,
        }
    }

    fn now(&self) -> i128 {
        1_750_000_000_000_000_000
    }

    fn random(&self) -> u64 {
        7
    }
}

fn review(case: &Value, render: bool) -> Review {
    let object = case.get("object").filter(|v| !v.is_null()).cloned();
    let old = case.get("oldObject").filter(|v| !v.is_null()).cloned();
    let candidate = object.clone().or_else(|| old.clone()).expect("a case has an object or an oldObject");
    let api_version = candidate.str_at(&["apiVersion"]).unwrap_or_default();
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let user = match case.get("user") {
        Some(user) => User::Known(UserInfo {
            username: user.str_at(&["username"]).unwrap_or_default().into(),
            groups: user
                .get("groups")
                .and_then(Value::as_list)
                .unwrap_or_default()
                .iter()
                .filter_map(|g| g.as_str().map(Str::from))
                .collect(),
            ..UserInfo::default()
        }),
        None if render => User::Unknown,
        None => User::Absent,
    };
    Review {
        old_object: match old {
            Some(old) => OldObject::Known(old),
            None if render => OldObject::Unknown,
            None => OldObject::Null,
        },
        operation: case
            .str_at(&["operation"])
            .map_or(Operation::Create, |o| Operation::parse(o).expect("an operation")),
        namespace: candidate.str_at(&["metadata", "namespace"]).unwrap_or_default().into(),
        subresource: Str::default(),
        group: group.into(),
        version: version.into(),
        kind: candidate.str_at(&["kind"]).unwrap_or_default().into(),
        object,
        user,
        numbers: if case.str_at(&["door"]) == Some("terminal") { Numbers::Floats } else { Numbers::Typed },
        request_fields: Vec::new(),
        variables: Vec::new(),
    }
}

fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Deferred(_) => "deferred",
        other => other.report_result(),
    }
}

/// Every difference between what the case expects and what the engine said.
fn differences(case: &Value, decision: &Decision) -> Vec<String> {
    let mut differences = Vec::new();
    let mut got: Vec<_> = decision.results().collect();
    for expected in case.get("expect").and_then(Value::as_list).unwrap_or_default() {
        let rule = expected.str_at(&["rule"]).expect("an expectation names a rule");
        let Some(at) = got.iter().position(|(_, result)| result.rule.name == rule) else {
            differences.push(format!("rule {rule} gave no result"));
            continue;
        };
        let (_, result) = got.remove(at);
        let want = expected.str_at(&["outcome"]).expect("an expectation has an outcome");
        if outcome(&result.outcome) != want {
            differences.push(format!("rule {rule}: {:?} ({}), want {want}", result.outcome, result.message));
        }
        for (field, text) in [
            ("message", result.message.clone()),
            ("path", result.path.as_ref().map(ToString::to_string).unwrap_or_default()),
        ] {
            if let Some(want) = expected.str_at(&[field])
                && text != want
            {
                differences.push(format!("rule {rule}: {field} is {text:?}, want {want:?}"));
            }
        }
        if let Some(generated) = expected.get("generated").and_then(Value::as_list)
            && result.generated != generated
        {
            differences.push(format!("rule {rule}: generated {:#?}, want {generated:#?}", result.generated));
        }
    }
    differences.extend(got.iter().map(|(_, r)| format!("unexpected result of rule {}: {:?}", r.rule.name, r.outcome)));
    if let Some(after) = case.get("after")
        && decision.object.as_ref() != Some(after)
    {
        differences.push(format!("object after: {:#?}, want {after:#?}", decision.object));
    }
    differences
}

fn run(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).expect("a case file reads");
    let documents = yaml::read(&text, &Limits::default()).expect("a case file is YAML");
    let file: Arc<str> = Arc::from(path.file_name().expect("a file name").to_string_lossy().as_ref());
    let source: Arc<str> = Arc::from(text.as_str());
    let (case, policies) = documents.split_first().expect("a case has a first document");
    let case = &case.value;
    let policies = policies.iter().map(|document| {
        Manifest::new(document.value.clone(), Source::of(file.clone(), source.clone(), document)).expect("a policy")
    });
    let loaded = rendergate::policy::load::load(policies);
    assert!(loaded.rejected.is_empty(), "{}: {:?}", path.display(), loaded.rejected);
    assert!(loaded.problems.is_empty(), "{}: {:?}", path.display(), loaded.problems);
    let set = PolicySet::new(loaded.policies, loaded.exceptions);
    let render = case.str_at(&["door"]).unwrap_or("render") == "render";
    let registry = case.at(&["facts", "registry"]).cloned().map(CaseRegistry);
    let facts = CaseFacts { facts: case.get("facts").unwrap_or(&Value::Null), render, registry };
    differences(case, &decide(&set, &review(case, render), &facts))
}

#[test]
fn every_case_comes_out_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/engine");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "yaml"))
        .collect();
    files.sort();
    assert!(files.len() >= 10, "cases went missing: {}", files.len());
    let failures: Vec<String> = files
        .iter()
        .flat_map(|path| run(path).into_iter().map(|d| format!("{}: {d}", path.file_name().unwrap().to_string_lossy())))
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

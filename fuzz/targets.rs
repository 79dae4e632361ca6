//! What must hold for any input, one function a target. `fuzz/run NAME` feeds it new inputs,
//! `tests/it/fuzz_corpus.rs` those of `corpus/NAME`.
//!
//! To add a target: a function here and its line in [`TARGETS`], a file in `fuzz_targets`, a `[[bin]]`
//! in `Cargo.toml`, and a few seeds in `corpus/NAME`.
//!
//! An input of two parts has a line `---` between them.

use std::sync::Arc;

use rendergate::document::manifest::{Manifest, Source};
use rendergate::document::{Map, Pointer, Str, Value, json, yaml};
use rendergate::engine::{ApiCall, Fact, Facts, Numbers, OldObject, Operation, Review, User, UserInfo, decide};
use rendergate::jmespath::{Budget, Expression, FixedClock, Runtime, SeededRandom, go};
use rendergate::mutate::equal;
use rendergate::mutate::json_patch::{JsonPatch, diff};
use rendergate::mutate::strategic_merge::StrategicMerge;
use rendergate::pattern::condition::Operator;
use rendergate::pattern::{Outcome, Pattern};
use rendergate::policy::load::{Loaded, load};
use rendergate::policy::set::PolicySet;
use rendergate::template::{Limits, Query, QueryError, Template};

/// A target: panics when what it promises does not hold.
pub type Target = fn(&[u8]);

/// Every target by name.
#[allow(dead_code, reason = "each fuzz target uses one of them, the replay all")]
pub const TARGETS: &[(&str, Target)] = &[
    ("yaml", yaml),
    ("json_patch", json_patch),
    ("strategic_merge", strategic_merge),
    ("jmespath", jmespath),
    ("template", template),
    ("pattern", pattern),
    ("policy", policy),
    ("decide", decisions),
];

/// The text, and the two parts of it.
fn parts(data: &[u8]) -> Option<(&str, &str)> {
    let text = std::str::from_utf8(data).ok()?;
    Some(text.split_once("\n---\n").unwrap_or((text, "{}")))
}

fn instant() -> FixedClock {
    FixedClock("2024-02-29T10:20:30Z".parse().expect("an instant"))
}

/// A text is read or refused with a place inside it; what is read is bounded, found again by its
/// place, and printed so that it is read back.
pub fn yaml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let limits = yaml::Limits { alias_nodes: 10_000, ..yaml::Limits::default() };
    let documents = match yaml::read(text, &limits) {
        Ok(documents) => documents,
        Err(error) => {
            assert!(error.position.offset <= text.len(), "{error}");
            assert!(text.is_char_boundary(error.position.offset), "{error}");
            return;
        }
    };
    for document in documents {
        assert!(document.value.depth() < limits.depth);
        assert!(yaml::locate(text, document.index, &Pointer::root()).is_some());
        for layout in [yaml::Layout::KUBECTL, yaml::Layout::KYVERNO] {
            let printed = yaml::write_with(&document.value, layout);
            let again = yaml::read(&printed, &limits).unwrap_or_else(|error| panic!("{error} in {printed:?}"));
            let again = again.into_iter().next().map(|document| document.value).unwrap_or_default();
            assert_eq!(as_json(&again), as_json(&document.value), "{printed:?}");
        }
    }
}

/// JSON makes no difference between 1 and 1.0, nor does the printed YAML.
fn as_json(value: &Value) -> String {
    let text = json::to_string(&value.with_floats());
    assert!(json::parse(text.as_bytes()).is_ok(), "{text}");
    text
}

/// A document and a patch: nothing panics, and the difference of the document and the result leads
/// from one to the other.
pub fn json_patch(data: &[u8]) {
    let Some((document, patch)) = parts(data) else { return };
    let Ok(document) = json::parse(document.as_bytes()) else { return };
    let Ok(patched) = JsonPatch::from_text(patch).and_then(|patch| patch.apply(&document)) else { return };
    let way = JsonPatch::from(diff(&document, &patched));
    match way.apply(&document) {
        Ok(reached) => assert!(equal(&reached, &patched)),
        // A change of the whole document to a scalar cannot be said in this dialect.
        Err(error) => assert!(patched.as_map().is_none() && patched.as_list().is_none(), "{error}"),
    }
}

/// A resource and a patch: merging ends, always with the same, and does not touch what it was given.
pub fn strategic_merge(data: &[u8]) {
    let Some((resource, patch)) = parts(data) else { return };
    let (Ok(resource), Ok(patch)) = (json::parse(resource.as_bytes()), json::parse(patch.as_bytes())) else { return };
    let Ok(patch) = StrategicMerge::compile(&patch) else { return };
    let before = resource.clone();
    let first = patch.apply(&resource);
    assert_eq!(before, resource);
    assert_eq!(first, patch.apply(&resource));
}

/// An expression and a document: compiling, printing and evaluating end within the budget, and a
/// compiled expression gives the same answer twice.
pub fn jmespath(data: &[u8]) {
    let Some((text, document)) = parts(data) else { return };
    let Ok(expression) = Expression::compile(text) else { return };
    let _ = expression.tree();
    let document = go::json::read(document).unwrap_or(Value::Null);
    let clock = instant();
    let answer = || {
        let (random, budget) = (SeededRandom::new(1), Budget::new(100_000, 1 << 20));
        let answer = expression.search(&document, &Runtime::new(&clock, &random).sharing(&budget));
        // Printed, because NaN equals nothing.
        format!("{answer:?}")
    };
    assert_eq!(answer(), answer());
}

/// A template and the data of its variables: compiling and resolving end.
pub fn template(data: &[u8]) {
    struct Data(Value, Budget);

    impl Query for Data {
        fn query(&self, expression: &Expression) -> Result<Value, QueryError> {
            let (clock, random) = (instant(), SeededRandom::new(1));
            Ok(expression.search(&self.0, &Runtime::new(&clock, &random).sharing(&self.1))?)
        }

        fn is_delete(&self) -> bool {
            false
        }

        fn limits(&self) -> Limits {
            Limits { bytes: 1 << 16, ..Limits::default() }
        }
    }

    let Some((template, data)) = parts(data) else { return };
    let read = |text: &str| go::json::read(text).unwrap_or_else(|_| Value::from(text));
    let data = Data(Value::from([("a", read(data))]), Budget::new(100_000, 1 << 20));
    let template = Template::compile(&read(template));
    let _ = template.resolve(&data);
    assert!(template.variables().all(|variable| !variable.expression.contains("{{")));
}

/// A pattern and a value: matching ends, always with the same, a failure names a place; and the two
/// as sides of a condition satisfy every operator or its opposite in the same way.
pub fn pattern(data: &[u8]) {
    let Some((pattern, value)) = parts(data) else { return };
    let (Ok(pattern), Ok(value)) = (json::parse(pattern.as_bytes()), json::parse(value.as_bytes())) else { return };
    for compiled in [Pattern::compile(&pattern), Pattern::compile_any(&pattern)] {
        let outcome = compiled.matches(&value);
        assert_eq!(outcome, compiled.matches(&value));
        if let Outcome::Failed(failure) = outcome {
            assert!(failure.path.is_empty() || failure.path.ends_with('/'), "{failure:?}");
        }
    }
    for name in ["Equals", "AnyIn", "AllIn", "AnyNotIn", "AllNotIn", "In", "NotIn", "GreaterThan", "DurationLessThan"] {
        let operator = Operator::parse(name).expect("an operator");
        assert_eq!(operator.evaluate(&value, &pattern), operator.evaluate(&value, &pattern));
    }
    let not_equals = Operator::parse("NotEquals").expect("an operator").evaluate(&value, &pattern);
    let equals = Operator::parse("Equals").expect("an operator").evaluate(&value, &pattern);
    assert!(value.is_null() || equals != not_equals);
}

fn load_stream(text: &str) -> Option<Loaded> {
    let shared: Arc<str> = text.into();
    let documents = yaml::read(text, &yaml::Limits { alias_nodes: 10_000, ..yaml::Limits::default() }).ok()?;
    let objects = documents.iter().filter_map(|document| {
        let source = Source::of("fuzz.yaml".into(), shared.clone(), document);
        Manifest::expand(document.value.clone(), source).ok()
    });
    Some(load(objects.flatten()))
}

/// A stream of policies: reading, checking, autogen and lowering never panic, and what is loaded can
/// be indexed and asked for candidates.
pub fn policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(loaded) = load_stream(text) else { return };
    let set = PolicySet::new(loaded.policies, loaded.exceptions);
    for kind in ["Pod", "Deployment", "CronJob", ""] {
        let candidates = set.candidates(kind, Operation::Create);
        assert!(candidates.iter().all(|candidate| candidate.rule.applies_to_kind(kind)));
        assert!(candidates.is_sorted_by_key(|candidate| candidate.at));
    }
}

/// A stream of policies and objects: every object is decided, at each door, always with the same
/// answer.
pub fn decisions(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(loaded) = load_stream(text) else { return };
    let set = PolicySet::new(loaded.policies, loaded.exceptions);
    for object in loaded.others.iter().take(2) {
        for numbers in [Numbers::Floats, Numbers::Typed] {
            let review = review(object, numbers);
            let answer = || format!("{:?}", decide(&set, &review, &NoWorld).results().map(|r| r.1).collect::<Vec<_>>());
            assert_eq!(answer(), answer());
        }
    }
}

/// The object as the terminal sees it created, or as the cluster sees it changed from itself.
pub fn review(object: &Manifest, numbers: Numbers) -> Review {
    let (gvk, terminal) = (object.gvk(), numbers == Numbers::Floats);
    Review {
        object: Some(if terminal { object.value.with_floats() } else { object.value.clone() }),
        old_object: if terminal { OldObject::Absent } else { OldObject::Known(object.value.clone()) },
        operation: if terminal { Operation::Create } else { Operation::Update },
        namespace: object.namespace().into(),
        subresource: Str::default(),
        group: gvk.group.clone(),
        version: gvk.version.clone(),
        kind: gvk.kind.clone(),
        user: if terminal { User::Absent } else { User::Known(UserInfo::default()) },
        numbers,
        request_fields: Vec::new(),
        variables: Vec::new(),
    }
}

/// A world of which little is known.
pub struct NoWorld;

impl Facts for NoWorld {
    fn namespace_labels(&self, _: &str) -> Fact<Map> {
        Fact::Known(Map::new())
    }

    fn config_map(&self, _: &str, name: &str) -> Fact<Value> {
        Fact::Known(Value::from([("data", Value::from([("key", Value::from(name))]))]))
    }

    fn api_call(&self, call: &ApiCall) -> Fact<Value> {
        Fact::Known(call.block.clone())
    }

    fn image(&self, _: &Value) -> Fact<Value> {
        Fact::NoBackend
    }

    fn global(&self, name: &str) -> Fact<Value> {
        Fact::Unknown(name.into())
    }

    fn object(&self, _: &str, _: &str, _: &str, name: &str) -> Fact<Option<Value>> {
        Fact::Failed(format!("{name} is not here"))
    }

    fn objects(&self, _: &str, _: &str, _: &str) -> Fact<Vec<Value>> {
        Fact::Known(Vec::new())
    }

    fn now(&self) -> i128 {
        1_750_000_000_000_000_000
    }

    fn random(&self) -> u64 {
        7
    }
}

//! Policies and objects of any shape: nothing panics, and every decision ends soon.
//!
//! `RENDERGATE_OBJECTS=10000 cargo test --test it any_object` looks at more objects.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rendergate::document::{Manifest, Map, Pointer, Source, Value, json, yaml};
use rendergate::engine::{Decision, Numbers, Outcome, Review, Selection, decide, decide_selected};
use rendergate::jmespath::{Random as _, SeededRandom};
use rendergate::policy::load::{Loaded, load};
use rendergate::policy::rule::{Policy, Rule, Stage};
use rendergate::policy::set::PolicySet;

use crate::fuzz_corpus::targets::{NoWorld, review};

/// For one object and all policies, in a test build on a busy machine.
const SOON: Duration = Duration::from_secs(20);

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            found.push(path);
        }
    }
}

/// Our own policies, and those of the shared corpus if it is there.
fn everything() -> Loaded {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for directory in ["policies", "tests/engine", "tests/it", "fuzz/corpus/decide"] {
        files(&root.join(directory), &mut paths);
    }
    // These use up their budgets on purpose.
    paths.retain(|path| !path.ends_with("cost-limits.yaml"));
    match crate::oracle::shared() {
        Some(shared) => ["corpus/policies", "corpus/kyverno-cli", "corpus/chainsaw", "oracle/probes"]
            .iter()
            .for_each(|part| files(&shared.join(part), &mut paths)),
        None => eprintln!("skipped: the policies of the shared corpus"),
    }
    let manifests = paths.iter().flat_map(|path| {
        let text: Arc<str> = std::fs::read_to_string(path).unwrap_or_default().into();
        let documents = yaml::read(&text, &yaml::Limits::default()).unwrap_or_default();
        let file: Arc<str> = path.display().to_string().into();
        let read = |d: &yaml::Document| {
            Manifest::expand(d.value.clone(), Source::of(file.clone(), text.clone(), d)).unwrap_or_default()
        };
        documents.iter().flat_map(read).collect::<Vec<_>>()
    });
    load(manifests)
}

struct Any(SeededRandom);

impl Any {
    fn below(&self, end: usize) -> usize {
        usize::try_from(self.0.random() % end as u64).expect("small")
    }

    /// A value that a field rarely holds.
    fn odd(&self) -> Value {
        let texts = [
            "",
            "*",
            "?",
            "?*",
            "!*",
            "null",
            "-5m",
            "1Gi",
            "1e400",
            "99999999999999999999Ei",
            "5-1",
            "a|b&c",
            "a:b:c/d@",
            "{{ request.object }}",
            "{{ @ }}{{",
            "$(./../../..)",
            "(x)",
            "\0\u{7f}",
            "2024-02-30T99:00:00Z",
            "[\"a\", 1]",
            "{\"a\": ",
            "é\u{301}🦀",
            "<<: *x",
        ];
        match self.below(16) {
            0 => Value::Null,
            1 => Value::Bool(self.below(2) == 0),
            2 => Value::Int(i64::MIN),
            3 => Value::Int(i64::MAX),
            4 => Value::Float(1e308),
            5 => Value::Float(-0.1),
            6 => Value::empty_map(),
            7 => Value::list(Vec::new()),
            8 => Value::list((0..300).map(|_| Value::from("a")).collect()),
            9 => (0..100).fold(Value::from("deep"), |inner, at| match at % 2 {
                0 => Value::list(vec![inner]),
                _ => Value::from([("a", inner)]),
            }),
            10 => Value::from("a".repeat(20_000).as_str()),
            11 => Value::list(vec![Value::Null, Value::from(""), Value::empty_map(), Value::list(Vec::new())]),
            _ => Value::from(texts[self.below(texts.len())]),
        }
    }

    /// The value with one place in it replaced, taken away, doubled or added.
    fn changed(&self, value: &Value) -> Value {
        if self.below(8) == 0 {
            return self.odd();
        }
        match value {
            Value::Map(map) if !map.is_empty() => {
                let at = self.below(map.len());
                let mut new = Map::new();
                for (place, (key, value)) in map.iter().enumerate() {
                    match (place == at, self.below(8)) {
                        (true, 0) => {}
                        (true, 1) => {
                            new.insert(key.clone(), value.clone());
                            new.insert(format!("{key}*"), self.odd());
                        }
                        (true, _) => {
                            new.insert(key.clone(), self.changed(value));
                        }
                        (false, _) => {
                            new.insert(key.clone(), value.clone());
                        }
                    }
                }
                Value::map(new)
            }
            Value::List(items) if !items.is_empty() => {
                let at = self.below(items.len());
                let mut new = items.to_vec();
                match self.below(4) {
                    0 => new.push(items[at].clone()),
                    1 => drop(new.remove(at)),
                    _ => new[at] = self.changed(&items[at]),
                }
                Value::list(new)
            }
            _ => self.odd(),
        }
    }
}

/// The policy that takes longest alone, and how long.
fn slowest(set: &PolicySet, decision: &Decision, review: &Review) -> Option<(Duration, String)> {
    let alone = |policy: &Policy| {
        let started = Instant::now();
        let rule = |other: &Policy, _: &Rule| std::ptr::eq(policy, other);
        let _ = decide_selected(
            set,
            review,
            &NoWorld,
            Selection {
                stages: &[Stage::Mutate, Stage::Validate, Stage::Generate],
                rule: &rule,
                ..Selection::default()
            },
        );
        (started.elapsed(), policy.source.place(&Pointer::root()).to_string() + " " + &policy.name)
    };
    decision.responses.iter().map(|response| alone(&response.policy)).max()
}

#[test]
fn every_decision_ends_soon_and_well() {
    let loaded = everything();
    let set = PolicySet::new(loaded.policies, loaded.exceptions);
    let objects: Vec<&Manifest> =
        loaded.others.iter().filter(|o| o.value.depth() < 40 && !o.kind().is_empty()).collect();
    assert!(objects.len() > 5, "{} objects", objects.len());
    let wanted = std::env::var("RENDERGATE_OBJECTS").ok().and_then(|n| n.parse().ok()).unwrap_or(400);
    let any = Any(SeededRandom::new(20_240_229));
    let (mut results, mut errors, mut longest) = (0, 0, Duration::ZERO);
    for number in 0..wanted {
        let base = objects[any.below(objects.len())];
        let mut value = base.value.clone();
        for _ in 0..=any.below(6) {
            value = any.changed(&value);
        }
        let Ok(object) = Manifest::new(value, base.source.clone()) else { continue };
        for numbers in [Numbers::Floats, Numbers::Typed] {
            let review = review(&object, numbers);
            let started = Instant::now();
            let decision = decide(&set, &review, &NoWorld);
            let took = started.elapsed();
            assert!(
                took < SOON,
                "object {number} took {took:?}: {:?} {}",
                slowest(&set, &decision, &review),
                json::to_string(&object.value)
            );
            longest = longest.max(took);
            results += decision.results().count();
            errors += decision.results().filter(|(_, result)| matches!(result.outcome, Outcome::Error)).count();
        }
    }
    eprintln!("{results} results, {errors} of them errors, longest decision {longest:?}");
    assert!(results > 0);
}

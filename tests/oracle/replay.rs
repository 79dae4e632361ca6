//! Replaying `apply`: policies over resources, results and objects against the recorded ones.

use std::collections::BTreeMap;
use std::path::Path;

use rendergate::document::{Value, json};
use rendergate::engine::review::User;
use rendergate::output::report;
use rendergate::policy::rule::{Body, Stage};
use rendergate::policy::set::PolicySet;
use rendergate::suite::evaluate::Session;
use rendergate::suite::policies::{Policies, load_forgiving};
use rendergate::suite::resources::{self, Identity};
use rendergate::suite::scope::Scopes;
use rendergate::suite::values::Values;
use rendergate::suite::world::World;

use super::Figures;
use super::recorded::{Answer, Objects, answer, lines, objects, text};

/// One directory of probes.
pub fn probes(directory: &Path, only: Option<&str>) -> Figures {
    let resources = load_resources(&directory.join("resources.yaml"));
    let mut sources = vec![directory.join("policies.yaml")];
    sources.push(directory.join("rejected.yaml"));
    sources.retain(|path| path.exists());
    let policies = load_forgiving(&sources, None);
    let exceptions = load_forgiving(&[directory.join("exceptions.yaml")], None);
    let (mut recorded, mut changed) = (Vec::new(), BTreeMap::new());
    for line in lines(&directory.join("expected.jsonl")) {
        if line.get("changed").is_some() {
            changed.insert(text(&line, "policy"), objects(&line));
        } else {
            recorded.push(answer(&line));
        }
    }
    let mut figures = Figures::default();
    let (mut ours, mut made) = (Vec::new(), BTreeMap::new());
    let world = world(&resources);
    for policy in &policies.loaded.policies {
        let set = PolicySet::new(vec![policy.clone()], exceptions.loaded.exceptions.clone());
        let (answers, objects) = apply(&set, &resources, &world);
        ours.extend(answers);
        made.insert(policy.name.to_string(), objects);
    }
    if let Some(only) = only {
        recorded.retain(|a: &Answer| a.policy.contains(only));
        ours.retain(|a| a.policy.contains(only));
        changed.retain(|name, _| name.contains(only));
    }
    compare_answers(&mut figures, "", recorded, ours);
    for (policy, recorded) in changed {
        let recorded = really_changed(recorded, &resources);
        compare_objects(&mut figures, &policy, &recorded, made.get(&policy).unwrap_or(&Objects::new()));
    }
    note_losses(&mut figures, &policies);
    figures
}

/// Every policy of the public library over one file of resources.
/// `classic` leaves out policies this build does not evaluate: other kinds, and rules by CEL, pod
/// security and image verification.
pub fn decisions(shared: &Path, only: Option<&str>, classic: bool) -> Figures {
    let directory = shared.join("oracle/decisions");
    let resources = load_resources(&directory.join("resources.yaml"));
    let world = world(&resources);
    let mut figures = Figures::default();
    for line in lines(&directory.join("expected.jsonl.gz")) {
        let path = text(&line, "policy");
        if line.get("usable") != Some(&Value::Bool(true)) || only.is_some_and(|only| !path.contains(only)) {
            continue;
        }
        let policies = load_forgiving(&[shared.join("corpus/policies").join(&path)], None);
        if classic && !is_classic(&policies) {
            continue;
        }
        let recorded: Vec<Answer> =
            line.get("results").and_then(Value::as_list).unwrap_or_default().iter().map(answer).collect();
        let set = PolicySet::new(policies.loaded.policies.clone(), Vec::new());
        let (ours, made) = apply(&set, &resources, &world);
        compare_answers(&mut figures, &path, recorded, ours);
        compare_objects(&mut figures, &path, &really_changed(objects(&line), &resources), &made);
        note_losses(&mut figures, &policies);
    }
    figures
}

/// Without the empty objects printed after failed mutations, and without those that a bare `y` or `n` makes look changed: the recorder read YAML 1.2.
fn really_changed(mut recorded: Objects, resources: &[Value]) -> Objects {
    recorded.retain(|_, object| object.as_map().is_none_or(|map| !map.is_empty()));
    for resource in resources {
        let id = Identity::of(resource);
        let path = format!("{}/{}/{}", id.kind, id.namespace, id.name);
        if recorded.get(&path).is_some_and(|object| object.with_floats() == resource.with_floats()) {
            recorded.remove(&path);
        }
    }
    recorded
}

fn load_resources(path: &Path) -> Vec<Value> {
    resources::read(path, &Scopes::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn is_classic(policies: &Policies) -> bool {
    let mut rules = policies.loaded.policies.iter().flat_map(|p| &p.rules);
    policies.loaded.unsupported.is_empty() && !rules.any(|rule| matches!(rule.body, Body::Unsupported { .. }))
}

fn world(resources: &[Value]) -> World {
    let mut world = World::new();
    world.objects = resources.to_vec();
    world.answers_calls = true;
    world
}

/// What `apply` says and makes.
fn apply(set: &PolicySet, resources: &[Value], world: &World) -> (Vec<Answer>, Objects) {
    let values = Values::default();
    let session = Session { set, values: &values, user: User::Absent, facts: world, every_policy: true };
    let (mut answers, mut made) = (Vec::new(), Objects::new());
    for resource in resources {
        let evaluation = session.evaluate(resource, None);
        let id = &evaluation.identity;
        let path = format!("{}/{}/{}", id.kind, id.namespace, id.name);
        for response in &evaluation.responses {
            for rule in &response.rules {
                let result = report::result_word(&response.policy, rule, false);
                answers.push(Answer {
                    policy: response.policy.key().to_string(),
                    resource: path.clone(),
                    rule: rule.rule.name.to_string(),
                    result: result.to_owned(),
                    message: report::message(rule, rule.outcome.report_result()),
                });
                for object in rule.generated.iter().chain(&rule.patched_targets) {
                    let id = Identity::of(object);
                    made.insert(format!("{}/{}/{}", id.kind, id.namespace, id.name), object.clone());
                }
            }
            if response.stage == Stage::Mutate
                && let Some(object) = &response.object
                && object != resource
            {
                made.insert(path.clone(), object.clone());
            }
        }
    }
    (answers, made)
}

fn compare_answers(figures: &mut Figures, context: &str, recorded: Vec<Answer>, ours: Vec<Answer>) {
    type Key = (String, String, String);
    let group = |answers: Vec<Answer>| {
        let mut map: BTreeMap<Key, Vec<Answer>> = BTreeMap::new();
        for a in answers {
            map.entry((a.policy.clone(), a.rule.clone(), a.resource.clone())).or_default().push(a);
        }
        map.values_mut().for_each(|list| list.sort());
        map
    };
    let (recorded, mut ours) = (group(recorded), group(ours));
    let mut differ = |key: &Key, expected: &str, got: &str| {
        let (policy, rule, resource) = key;
        let context = if context.is_empty() { String::new() } else { format!("{context}: ") };
        figures
            .differences
            .push(format!("{context}{policy} / {rule} on {resource}\n    recorded {expected}\n    ours     {got}"));
    };
    for (key, expected) in recorded {
        let got = ours.remove(&key).unwrap_or_default();
        for at in 0..expected.len().max(got.len()) {
            figures.results += 1;
            let show = |a: Option<&Answer>| a.map_or("nothing".to_owned(), |a| format!("{}: {}", a.result, a.message));
            match (expected.get(at), got.get(at)) {
                (Some(e), Some(g)) if e.result == g.result => {
                    figures.equal += 1;
                    if unordered(&e.message) == unordered(&g.message) {
                        figures.messages += 1;
                    } else {
                        differ(&key, &show(Some(e)), &show(Some(g)));
                    }
                }
                (e, g) => differ(&key, &show(e), &show(g)),
            }
        }
    }
    for (key, got) in ours {
        for g in got {
            figures.results += 1;
            differ(&key, "nothing", &format!("{}: {}", g.result, g.message));
        }
    }
}

/// A message whose parts come in random order from Kyverno (pod security checks), in a fixed one.
fn unordered(message: &str) -> String {
    let mut parts = message.split("(Forbidden reason: ");
    let head = parts.next().unwrap_or_default();
    let mut parts: Vec<&str> = parts.collect();
    parts.sort_unstable();
    std::iter::once(head).chain(parts).collect::<Vec<_>>().join("(Forbidden reason: ")
}

fn compare_objects(figures: &mut Figures, context: &str, recorded: &Objects, ours: &Objects) {
    let keys: std::collections::BTreeSet<&String> = recorded.keys().chain(ours.keys()).collect();
    for key in keys {
        figures.objects += 1;
        let (expected, got) = (recorded.get(key), ours.get(key));
        let equal = matches!((expected, got), (Some(e), Some(g)) if e.with_floats() == g.with_floats());
        if equal {
            figures.objects_equal += 1;
        } else {
            let show = |v: Option<&Value>| v.map_or("nothing".to_owned(), json::to_string);
            figures.differences.push(format!(
                "object {context}: {key}\n    recorded {}\n    ours     {}",
                show(expected),
                show(got)
            ));
        }
    }
}

/// Policies that did not load are differences too, if anything was recorded for them.
fn note_losses(figures: &mut Figures, policies: &Policies) {
    let notices = policies.notices.iter().map(ToString::to_string);
    let rejected = policies.loaded.rejected.iter().map(|r| format!("rejected: {}", r.diagnostic));
    figures.losses.extend(notices.chain(rejected).filter(|text| !text.contains("is no policy kind")));
}

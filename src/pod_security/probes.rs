//! The recorded answers of Kyverno: a grid of policies with exclusions over pods and controllers.
//! Kyverno puts the failed checks of one message in random order; they are compared as a set.

use std::collections::BTreeMap;

use crate::document::{Value, json, yaml};

use super::{PodSecurity, Verdict};

/// The parts of a message that come in random order, sorted; the text before them first.
fn parts(message: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = message.split("(Forbidden reason: ").collect();
    parts.sort_unstable();
    parts
}

fn rule_name(kind: &str) -> &'static str {
    match kind {
        "Pod" => "r",
        "CronJob" => "autogen-cronjob-r",
        _ => "autogen-r",
    }
}

fn answer(security: &PodSecurity, object: &Value, rule: &str) -> (&'static str, String) {
    match security.evaluate(object, &[]) {
        Err(text) => ("error", text),
        Ok(evaluation) if evaluation.verdict() == Verdict::Allowed => {
            ("pass", format!("Validation rule '{rule}' passed."))
        }
        Ok(evaluation) => ("fail", evaluation.message(security, rule)),
    }
}

#[test]
fn recorded_results_are_reproduced() {
    let shared = std::env::var("RENDERGATE_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned());
    let folder = format!("{shared}/oracle/probes/podsecurity");
    let text = |file: &str| std::fs::read_to_string(format!("{folder}/{file}"));
    let (Ok(policies), Ok(resources), Ok(expected)) =
        (text("policies.yaml"), text("resources.yaml"), text("expected.jsonl"))
    else {
        eprintln!("skipped: {folder} is not here");
        return;
    };
    let documents = |text: &str| yaml::read(text, &yaml::Limits::default()).unwrap().into_iter().map(|d| d.value);
    let resources: Vec<Value> = documents(&resources).collect();
    let mut recorded: BTreeMap<(String, String), (String, String, String)> = BTreeMap::new();
    for line in expected.lines() {
        let line = json::parse(line.as_bytes()).unwrap();
        let field = |name: &str| line.str_at(&[name]).unwrap().to_owned();
        recorded.insert((field("policy"), field("resource")), (field("rule"), field("result"), field("message")));
    }
    let (mut compared, mut different) = (0, Vec::new());
    for policy in documents(&policies) {
        let name = policy.str_at(&["metadata", "name"]).unwrap();
        let rule = &policy.at(&["spec", "rules"]).unwrap().as_list().unwrap()[0];
        let security = PodSecurity::compile(rule.at(&["validate", "podSecurity"]).unwrap());
        for resource in &resources {
            let kind = resource.str_at(&["kind"]).unwrap();
            let key = format!("{kind}/probe/{}", resource.str_at(&["metadata", "name"]).unwrap());
            // A policy Kyverno refuses has no results; that is the matter of policy validation.
            let Some((rule, result, message)) = recorded.remove(&(name.to_owned(), key.clone())) else { continue };
            assert_eq!(rule, rule_name(kind));
            compared += 1;
            let (ours, text) = answer(&security, resource, &rule);
            if ours != result || parts(&text) != parts(&message) {
                different.push(format!("{name} {key}\n  theirs {result} {message}\n  ours   {ours} {text}"));
            }
        }
    }
    assert!(recorded.is_empty(), "recorded and not compared: {:?}", recorded.keys().next());
    assert_eq!(compared, 1512);
    assert!(different.is_empty(), "{} of {compared} differ\n{}", different.len(), different.join("\n"));
}

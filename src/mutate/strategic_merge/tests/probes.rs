//! The recorded answers of Kyverno to mutate policies without variables: patches of both kinds, with
//! pod rules wrapped for controllers as autogen does.

use crate::document::{Value, json, yaml};
use crate::mutate::equal;
use crate::mutate::json_patch::JsonPatch;
use crate::mutate::strategic_merge::StrategicMerge;

fn apply(rule: &Value, kind: &str, resource: &Value) -> Option<Result<Value, String>> {
    let resources = rule.at(&["match", "any"]).unwrap().as_list().unwrap()[0].get("resources").unwrap();
    let kinds = resources.get("kinds").unwrap().as_list().unwrap();
    let matches = |kind: &str| kinds.iter().any(|k| k.as_str() == Some(kind));
    let mutate = rule.get("mutate").unwrap();
    if let Some(text) = mutate.str_at(&["patchesJson6902"]) {
        let patch = || JsonPatch::from_text(text)?.apply(resource);
        return matches(kind).then(|| patch().map_err(|e| e.to_string()));
    }
    let patch = mutate.get("patchStrategicMerge").unwrap();
    let controller = kind == "Deployment" && kinds.len() == 1 && matches("Pod");
    let patch = match controller {
        true => Value::from([("spec", Value::from([("template", patch.clone())]))]),
        false if matches(kind) => patch.clone(),
        false => return None,
    };
    Some(StrategicMerge::compile(&patch).and_then(|patch| patch.apply(resource)).map_err(|e| e.to_string()))
}

#[test]
fn recorded_mutations_are_reproduced() {
    let shared = std::env::var("RENDERGATE_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned());
    let folder = format!("{shared}/oracle/probes/mutate");
    let text = |file: &str| std::fs::read_to_string(format!("{folder}/{file}"));
    let (Ok(policies), Ok(resources), Ok(expected)) =
        (text("policies.yaml"), text("resources.yaml"), text("expected.jsonl"))
    else {
        eprintln!("skipped: {folder} is not here");
        return;
    };
    let documents = |text: &str| yaml::read(text, &yaml::Limits::default()).unwrap().into_iter().map(|d| d.value);
    let policies: Vec<Value> = documents(&policies).collect();
    let resources: Vec<Value> = documents(&resources).collect();
    let expected: Vec<Value> = expected.lines().map(|line| json::parse(line.as_bytes()).unwrap()).collect();
    let (mut compared, mut different) = (0, Vec::new());
    for policy in &policies {
        let name = policy.str_at(&["metadata", "name"]).unwrap();
        let rule = &policy.at(&["spec", "rules"]).unwrap().as_list().unwrap()[0];
        if json::to_string(rule).contains("{{") || rule.at(&["mutate", "foreach"]).is_some() {
            continue;
        }
        let of_policy = |line: &&Value| line.str_at(&["policy"]) == Some(name);
        let changed = expected.iter().filter(of_policy).find_map(|line| line.get("changed")).unwrap();
        for resource in &resources {
            let kind = resource.str_at(&["kind"]).unwrap();
            let key = format!("{kind}/probe/{}", resource.str_at(&["metadata", "name"]).unwrap());
            let error = expected.iter().filter(of_policy).find_map(|line| {
                let message = line.str_at(&["message"])?.strip_prefix("failed to patch resource: ")?;
                (line.str_at(&["resource"]) == Some(&key)).then_some(message)
            });
            let agrees = match (apply(rule, kind, resource), error) {
                (Some(Err(got)), wanted) => Some(got.as_str()) == wanted,
                (Some(Ok(got)), None) => equal(&got, changed.get(&key).unwrap_or(resource)),
                (None, None) => equal(resource, changed.get(&key).unwrap_or(resource)),
                (_, Some(_)) => false,
            };
            compared += 1;
            if !agrees {
                different.push(format!("{name} {key}"));
            }
        }
    }
    assert_eq!(different, Vec::<String>::new(), "of {compared}");
    assert_eq!(compared, 288);
}

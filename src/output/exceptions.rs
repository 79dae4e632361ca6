//! `apply --generate-exceptions`: a PolicyException for every violation (chapter 60 §5.6).

use crate::document::Value;
use crate::engine::decision::Outcome;

use super::report::{Reported, result_word};

/// The exceptions for every failed result of cluster-wide policies; `ttl` is a Go duration's text,
/// `None` for exceptions without end.
#[must_use]
pub fn exceptions(reported: &[Reported<'_>], audit_warn: bool, ttl: Option<&str>) -> Vec<Value> {
    let mut all = Vec::new();
    for Reported { resource, response } in reported.iter().filter(|r| r.response.policy.namespace.is_none()) {
        for rule in response.rules.iter().filter(|r| r.outcome == Outcome::Fail) {
            if result_word(&response.policy, rule, audit_warn) == "fail" {
                all.push(exception(&response.policy.name, &rule.rule.name, resource, ttl));
            }
        }
    }
    all
}

fn exception(policy: &str, rule: &str, resource: &Value, ttl: Option<&str>) -> Value {
    let text = |path: &[&str]| resource.str_at(path).unwrap_or_default().to_owned();
    let (kind, namespace, name) = (text(&["kind"]), text(&["metadata", "namespace"]), text(&["metadata", "name"]));
    let (mut kinds, mut rules, mut names) = (vec![kind.clone()], vec![rule.to_owned()], vec![name.clone()]);
    if let Some(base) = rule.strip_prefix("autogen-") {
        match base.strip_prefix("cronjob-").filter(|_| kind == "CronJob") {
            Some(base) => {
                kinds.extend(["Job".to_owned(), "Pod".to_owned()]);
                rules.extend([format!("autogen-{base}"), base.to_owned()]);
            }
            None => {
                kinds.push("Pod".to_owned());
                rules.push(base.to_owned());
            }
        }
        names.push(format!("{name}-*"));
    }
    let list = |items: Vec<String>| Value::list(items.into_iter().map(Value::from).collect());
    let resources =
        Value::from([("kinds", list(kinds)), ("names", list(names)), ("namespaces", list(vec![namespace.clone()]))]);
    let filter = Value::from([("resources", resources)]);
    let except = Value::from([("policyName", Value::from(policy)), ("ruleNames", list(rules))]);
    let spec = Value::from([
        ("match", Value::from([("all", Value::list(vec![filter]))])),
        ("exceptions", Value::list(vec![except])),
    ]);
    let mut metadata = Value::from([("name", Value::from(format!("{policy}-{rule}-{namespace}-{name}")))]);
    if let (Some(ttl), Some(metadata)) = (ttl, metadata.as_map_mut()) {
        metadata.insert("labels", Value::from([("cleanup.kyverno.io/ttl", Value::from(ttl))]));
    }
    Value::from([
        ("apiVersion", Value::from("kyverno.io/v2beta1")),
        ("kind", Value::from("PolicyException")),
        ("metadata", metadata),
        ("spec", spec),
    ])
}

//! Policy reports as `apply --policy-report` prints them (chapter 60 §5.6; result fields chapter 70
//! §9.3).

use crate::document::{Map, Value};
use crate::engine::decision::{Outcome, Response, RuleResult};
use crate::policy::rule::{Action, Policy};

/// One response about one object.
pub struct Reported<'a> {
    /// The object as given.
    pub resource: &'a Value,
    /// What a policy said of it.
    pub response: &'a Response,
}

/// The word a report has for a rule's outcome: a failure of an unscored policy is a warning, and
/// with `audit_warn` one that does not enforce.
#[must_use]
pub fn result_word(policy: &Policy, rule: &RuleResult, audit_warn: bool) -> &'static str {
    match rule.outcome {
        Outcome::Fail if !policy.scored() || (audit_warn && rule.action == Action::Audit) => "warn",
        _ => rule.outcome.report_result(),
    }
}

/// The message a report shows: the rule's, unless `reportProperties` replace it.
#[must_use]
pub fn message(rule: &RuleResult, word: &str) -> String {
    let property = |name: &str| {
        let found = rule.properties.iter().find(|(key, _)| key == name)?;
        (!found.1.is_empty()).then(|| found.1.to_string())
    };
    property("message").or_else(|| property(&format!("{word}Message"))).unwrap_or_else(|| rule.message.clone())
}

/// The reports of a run: one for all cluster-wide policies, if any, then one per namespaced policy.
/// `seconds` is the time of the evaluation, since the epoch.
#[must_use]
pub fn reports(reported: &[Reported<'_>], audit_warn: bool, seconds: i64) -> (Option<Value>, Vec<Value>) {
    let mut cluster = Vec::new();
    let mut namespaced: Vec<(&Policy, Vec<Value>)> = Vec::new();
    for Reported { resource, response } in reported {
        let policy = &*response.policy;
        let results = response.rules.iter().map(|rule| result(policy, rule, resource, audit_warn, seconds));
        if policy.namespace.is_none() {
            cluster.extend(results);
        } else if !response.rules.is_empty() {
            match namespaced.iter_mut().find(|(p, _)| std::ptr::eq(*p, policy)) {
                Some((_, all)) => all.extend(results),
                None => namespaced.push((policy, results.collect())),
            }
        }
    }
    let cluster = (!cluster.is_empty()).then(|| {
        let metadata = Value::from([("name", Value::from("merged"))]);
        report("ClusterReport", metadata, cluster)
    });
    let namespaced = namespaced.into_iter().map(|(policy, results)| {
        let namespace = policy.namespace.clone().unwrap_or_default();
        let metadata = [("name", Value::String(policy.name.clone())), ("namespace", Value::String(namespace))];
        report("PolicyReport", Value::from(metadata), results)
    });
    (cluster, namespaced.collect())
}

fn report(kind: &str, metadata: Value, results: Vec<Value>) -> Value {
    let count = |word: &str| {
        let n = results.iter().filter(|r| r.str_at(&["result"]) == Some(word)).count();
        Value::Int(i64::try_from(n).unwrap_or(i64::MAX))
    };
    let summary = ["error", "fail", "pass", "skip", "warn"].map(|word| (word, count(word)));
    Value::from([
        ("apiVersion", Value::from("openreports.io/v1alpha1")),
        ("kind", Value::from(kind)),
        ("metadata", metadata),
        ("summary", Value::from(summary)),
        ("source", Value::from("")),
        ("results", Value::list(results)),
    ])
}

/// One result, as Kyverno's reports have it.
#[must_use]
pub fn result(policy: &Policy, rule: &RuleResult, resource: &Value, audit_warn: bool, seconds: i64) -> Value {
    let word = result_word(policy, rule, audit_warn);
    // The message is chosen before an unscored failure becomes a warning.
    let text = message(rule, rule.outcome.report_result());
    let mut out = Map::new();
    let mut put = |key: &str, value: &str| {
        if !value.is_empty() {
            out.insert(key, Value::from(value));
        }
    };
    put("source", "kyverno");
    put("policy", &policy.key());
    put("rule", &rule.rule.name);
    put("category", policy.annotation("policies.kyverno.io/category").unwrap_or_default());
    let severity = policy.annotation("policies.kyverno.io/severity").unwrap_or_default();
    if ["critical", "high", "medium", "low", "info"].contains(&severity) {
        put("severity", severity);
    }
    put("message", &text);
    put("result", word);
    if policy.scored() {
        out.insert("scored", Value::Bool(true));
    }
    let timestamp = Value::from([("nanos", Value::Int(0)), ("seconds", Value::Int(seconds))]);
    out.insert("timestamp", timestamp);
    let mut reference = Map::new();
    for (field, path) in [
        ("apiVersion", &["apiVersion"][..]),
        ("kind", &["kind"]),
        ("name", &["metadata", "name"]),
        ("namespace", &["metadata", "namespace"]),
        ("resourceVersion", &["metadata", "resourceVersion"]),
        ("uid", &["metadata", "uid"]),
    ] {
        if let Some(text) = resource.str_at(path).filter(|text| !text.is_empty()) {
            reference.insert(field, Value::from(text));
        }
    }
    out.insert("resources", Value::list(vec![Value::map(reference)]));
    out.insert("properties", Value::map(properties(policy, rule)));
    Value::map(out)
}

fn properties(policy: &Policy, rule: &RuleResult) -> Map {
    let mut properties: Map = rule.properties.iter().map(|(k, v)| (k.clone(), Value::String(v.clone()))).collect();
    let process = match (policy.background, policy.admission) {
        (true, _) => "background scan",
        (false, true) => "admission review",
        (false, false) => "",
    };
    properties.insert("process", Value::from(process));
    if !rule.exceptions.is_empty() {
        let names: Vec<&str> = rule.exceptions.iter().map(|key| key.rsplit('/').next().unwrap_or(key)).collect();
        properties.insert("exceptions", Value::from(names.join(",")));
    }
    if let Outcome::Deferred(what) = &rule.outcome {
        properties.insert("rendergate.dev/deferred", Value::from(what.as_str()));
    }
    properties
}

//! Cleanup policies: read, checked, and asked about objects.

use std::sync::Arc;

use rendergate::document::yaml::{self, Limits};
use rendergate::document::{Manifest, Source, Value};
use rendergate::engine::{Numbers, OldObject, Operation, Outcome, Review, User, would_delete};
use rendergate::policy::load::{Loaded, load};
use rendergate::policy::rule::{Body, Stage};
use rendergate::suite::world::World;

const POLICY: &str = "apiVersion: kyverno.io/v2
kind: ClusterCleanupPolicy
metadata: {name: old}
spec:
  schedule: '*/5 * * * *'
  deletionPropagationPolicy: Orphan
  match: {any: [{resources: {kinds: [Pod], operations: [DELETE]}}]}
  exclude: {any: [{resources: {namespaces: [kube-*]}}]}
  conditions:
    all:
    - {key: '{{ target.spec.age }}', operator: GreaterThan, value: 2}
    - {key: '{{ request.namespace }}', operator: NotEquals, value: keep}
";

fn read(text: &str) -> Loaded {
    let source: Arc<str> = text.into();
    let documents = yaml::read(text, &Limits::default()).expect("YAML");
    load(documents.iter().map(|d| {
        Manifest::new(d.value.clone(), Source::of("policy.yaml".into(), source.clone(), d)).expect("an object")
    }))
}

fn said(policy: &str, kind: &str, namespace: &str, spec: &str) -> String {
    let loaded = read(policy);
    assert!(loaded.problems.is_empty() && loaded.rejected.is_empty(), "{:?}", loaded);
    assert!(loaded.policies.is_empty(), "cleanup policies are no part of renders and admission");
    let text = format!("{{apiVersion: v1, kind: {kind}, metadata: {{name: x, namespace: {namespace}}}, spec: {spec}}}");
    let object: Value = yaml::read(&text, &Limits::default()).expect("YAML").remove(0).value;
    let review = Review {
        object: Some(object),
        old_object: OldObject::Absent,
        operation: Operation::Create,
        namespace: namespace.into(),
        subresource: "".into(),
        group: "".into(),
        version: "v1".into(),
        kind: kind.into(),
        user: User::Absent,
        numbers: Numbers::Floats,
        request_fields: Vec::new(),
        variables: Vec::new(),
    };
    let response = would_delete(&loaded.cleanups[0], &review, &World::new());
    assert_eq!(response.stage, Stage::Delete);
    let [result] = &response.rules[..] else { panic!("one result") };
    assert_eq!(result.rule.name, loaded.cleanups[0].name);
    let outcome = if let Outcome::Error = result.outcome { "error" } else { result.outcome.report_result() };
    format!("{outcome}: {}", result.message)
}

#[test]
fn objects_that_match_would_go() {
    for (kind, namespace, spec, want) in [
        ("Pod", "shop", "{age: 3}", "pass: resource matched"),
        ("Pod", "shop", "{age: 1}", "fail: resource did not match"),
        ("Pod", "keep", "{age: 3}", "fail: resource did not match"),
        ("Pod", "kube-system", "{age: 3}", "fail: resource did not match"),
        ("Secret", "shop", "{age: 3}", "fail: resource did not match"),
    ] {
        assert_eq!(said(POLICY, kind, namespace, spec), want, "{kind} {namespace} {spec}");
    }
    assert!(said(POLICY, "Pod", "shop", "{}").starts_with("error: "));
}

#[test]
fn a_namespaced_policy_looks_at_its_namespace() {
    let policy = POLICY
        .replace("kyverno.io/v2", "kyverno.io/v2beta1")
        .replace("ClusterCleanupPolicy", "CleanupPolicy")
        .replace("{name: old}", "{name: old, namespace: shop}")
        .replace("{namespaces: [kube-*]}", "{names: [kept]}");
    assert_eq!(said(&policy, "Pod", "shop", "{age: 3}"), "pass: resource matched");
    assert_eq!(said(&policy, "Pod", "other", "{age: 3}"), "fail: resource did not match");
}

#[test]
fn what_the_cluster_refuses_is_refused() {
    for (from, to, want) in [
        ("'*/5 * * * *'", "'*/5 * *'", "schedule spec in the cleanupPolicy is not in proper cron format"),
        (
            "  conditions:",
            "  context: [{name: c, configMap: {name: c}}]\n  conditions:",
            "ConfigMap is not allowed in CleanUp Policy",
        ),
        ("{namespaces: [kube-*]}", "{kinds: [Pod], operations: [DELETE]}", "CleanupPolicy is matching an empty set"),
        (
            "operations: [DELETE]}}",
            "operations: [DELETE]}, subjects: [{kind: User, name: u}]}",
            "Usage of user info is forbidden",
        ),
    ] {
        let loaded = read(&POLICY.replace(from, to));
        let [rejection] = &loaded.rejected[..] else { panic!("{from} -> {to}: {loaded:?}") };
        assert!(rejection.message.contains(want), "{}", rejection.message);
        assert_eq!(rejection.name, "old");
    }
    assert_eq!(read(&POLICY.replace("schedule:", "shedule:")).problems.len(), 1);
    assert_eq!(read(&POLICY.replace("kyverno.io/v2", "kyverno.io/v9")).problems.len(), 1);
}

#[test]
fn schedule_and_propagation_are_kept() {
    let loaded = read(POLICY);
    let Body::Delete(delete) = &loaded.cleanups[0].rules[0].body else { panic!("a cleanup") };
    assert_eq!((delete.schedule.as_str(), format!("{:?}", delete.propagation)), ("*/5 * * * *", "Some(Orphan)".into()));
}

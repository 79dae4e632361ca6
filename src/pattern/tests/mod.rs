use proptest::prelude::*;

use super::*;
use crate::document::yaml;

mod oracle;
mod tricky;

fn read(text: &str) -> Value {
    yaml::read(text, &yaml::Limits::default()).unwrap().remove(0).value
}

fn outcome(pattern: &str, resource: &str) -> Outcome {
    Pattern::compile(&read(pattern)).matches(&read(resource))
}

fn path(outcome: Outcome) -> String {
    match outcome {
        Outcome::Failed(failure) => failure.path,
        other => format!("{other:?}"),
    }
}

#[test]
fn plain_trees() {
    assert_eq!(outcome("spec: {a: '*'}", "spec: {a: {b: 1}}"), Outcome::Matched);
    assert_eq!(path(outcome("spec: {a: '*'}", "spec: {a: null}")), "/spec/");
    assert_eq!(path(outcome("a: {b: x}", "a: {b: y}")), "/a/b/");
    assert_eq!(path(outcome("a: {b: x}", "c: 1")), "/a/");
    assert_eq!(path(outcome("a: [{b: x}]", "a: [{b: x}, {b: y}]")), "/a/1/b/");
    assert_eq!(outcome("a: [{b: x}]", "a: []"), Outcome::Matched);
    assert_eq!(path(outcome("a: [{b: x}]", "c: 1")), "/a/");
    assert_eq!(outcome("a: [x, y]", "a: [x, x]"), Outcome::Matched);
    assert_eq!(path(outcome("a: [x, y]", "a: [x, y]")), "/a/");
    assert_eq!(outcome("a: [[x], [y]]", "a: [[x], [y], [z]]"), Outcome::Matched);
    assert!(matches!(outcome("a: [[x], [y]]", "a: [[x]]"), Outcome::Error(_)));
    assert_eq!(path(outcome("a: []", "a: [x]")), "/a/");
}

#[test]
fn conditional_anchors_gate_their_siblings() {
    let pattern = "(image): '*:latest'\n(name): 'app-*'\nimagePullPolicy: Always";
    assert_eq!(outcome(pattern, "{image: 'a:latest', name: app-1, imagePullPolicy: Always}"), Outcome::Matched);
    assert_eq!(path(outcome(pattern, "{image: 'a:latest', name: app-1}")), "/imagePullPolicy/");
    assert!(matches!(outcome(pattern, "{image: 'a:latest', name: db}"), Outcome::Skipped(_)));
    assert_eq!(
        outcome(pattern, "{name: app-1}"),
        Outcome::Skipped("conditional anchor mismatch: conditional anchor key doesn't exist in the resource".into())
    );
}

#[test]
fn a_soft_skip_swallows_its_siblings_only_when_nothing_else_applied() {
    let alone = "{'=(init)': [{(name): '!mesh-*', image: 'reg/*'}], main: [{image: 'reg/*'}]}";
    let beside = "{'=(init)': [{(name): '!mesh-*', image: 'reg/*'}], '=(x)': 1, main: [{image: 'reg/*'}]}";
    let resource = "{init: [{name: mesh-init}], main: [{image: other}]}";
    assert!(matches!(outcome(alone, resource), Outcome::Skipped(_)));
    assert_eq!(path(outcome(beside, resource)), "/main/0/image/");
}

#[test]
fn anchored_subtrees_come_first_in_reverse_order() {
    let pattern = "{metadata: {labels: {'(tier)': web}}, spec: {'=(hostNetwork)': false}}";
    let resource = "{metadata: {labels: {tier: db}}, spec: {hostNetwork: true}}";
    assert_eq!(path(outcome(pattern, resource)), "/spec/hostNetwork/");
}

#[test]
fn a_conditional_list_is_judged_element_by_element() {
    let pattern = "c: [{(name): 'a*', x: 1}]";
    assert!(matches!(outcome(pattern, "c: [{name: b}]"), Outcome::Skipped(_)));
    assert_eq!(outcome(pattern, "c: [{name: b}, {name: a1, x: 1}]"), Outcome::Matched);
    assert_eq!(path(outcome(pattern, "c: [{name: a1, x: 1}, {name: a2, x: 2}]")), "/c/1/x/");
}

#[test]
fn global_anchors_skip_their_own_element() {
    let pattern = "c: [{'<(image)': 'reg/*', x: 1}]";
    assert_eq!(outcome(pattern, "c: [{image: reg/a, x: 1}, {image: b, x: 2}]"), Outcome::Matched);
    assert!(matches!(outcome(pattern, "c: [{image: b, x: 2}]"), Outcome::Skipped(_)));
}

#[test]
fn existence_anchors() {
    let pattern = "'^(l)': [{n: a}, {n: 'b*'}]";
    assert_eq!(outcome(pattern, "l: [{n: x}, {n: b1}, {n: a}]"), Outcome::Matched);
    assert_eq!(path(outcome(pattern, "l: [{n: a}]")), "/l/");
    assert_eq!(path(outcome(pattern, "l: []")), "/l/");
    assert_eq!(path(outcome(pattern, "l: x")), "/l/");
    assert_eq!(outcome(pattern, "m: 1"), Outcome::Matched);
    // Absent, it turns another failure into an error.
    let with_sibling = "{'^(l)': [{n: a}], h: false}";
    assert!(matches!(outcome(with_sibling, "h: true"), Outcome::Error(_)));
    assert_eq!(path(outcome(with_sibling, "{l: [{n: a}], h: true}")), "/h/");
}

#[test]
fn negation_and_equality_anchors() {
    let failure = outcome("spec: {'X(hostPath)': 'null'}", "spec: {hostPath: null}");
    assert_eq!(path(failure.clone()), "/spec/hostPath/");
    let Outcome::Failed(Failure { text, pointer, .. }) = failure else { panic!("it fails") };
    assert_eq!(text, "negation anchor matched in resource: /spec/hostPath/ is not allowed");
    assert_eq!(pointer.to_string(), "/spec/hostPath");
    assert_eq!(outcome("'=(a)': 5", "b: 1"), Outcome::Matched);
    assert_eq!(path(outcome("'=(a)': 5", "a: 6")), "/a/");
    assert_eq!(path(outcome("'=(a)': '*'", "a: {b: 1}")), "/a/");
    // `+()` is a plain key here.
    assert_eq!(outcome("'+(a)': null", "a: 6"), Outcome::Matched);
}

#[test]
fn words_in_a_value_decide_too() {
    let text = outcome("a: x", "a: conditional anchor mismatch");
    assert!(matches!(text, Outcome::Skipped(_)));
}

#[test]
fn label_keys_may_hold_wildcards() {
    let labels = |pattern: &str, resource: &str| {
        outcome(&format!("metadata: {{labels: {pattern}}}"), &format!("metadata: {{labels: {resource}}}"))
    };
    assert_eq!(labels("{'app*': x}", "{app.io/name: x}"), Outcome::Matched);
    assert_eq!(path(labels("{'app*': x}", "{app.io/name: z}")), "/metadata/labels/app.io/name/");
    assert_eq!(path(labels("{'app*': x}", "{team: z}")), "/metadata/labels/app*/");
    assert!(matches!(labels("{'(app*)': x}", "{team: z}"), Outcome::Skipped(_)));
    assert_eq!(labels("{'X(app*)': x}", "{team: z}"), Outcome::Matched);
    assert_eq!(labels("{a: null, b: x}", "{a: z, b: x}"), Outcome::Matched);
    assert_eq!(
        path(outcome("metadata: {annotations: {'test/b??': '*'}}", "metadata: {labels: {a: b}}")),
        "/metadata/annotations/"
    );
    // Replaced once, replaced for all later elements.
    let elements = "l: [{metadata: {labels: {'a*': '*'}}}]";
    assert_eq!(
        path(outcome(elements, "l: [{metadata: {labels: {a1: x}}}, {metadata: {labels: {a2: x}}}]")),
        "/l/1/metadata/labels/"
    );
    let expansions = &mut Expansions::default();
    let pattern = Pattern::compile(&read("metadata: {labels: {'a*': '*'}}"));
    assert_eq!(pattern.matches_in(expansions, &read("metadata: {labels: {a1: x}}")), Outcome::Matched);
    assert!(matches!(pattern.matches_in(expansions, &read("metadata: {labels: {a2: x}}")), Outcome::Failed(_)));
}

#[test]
fn integers_and_floats() {
    assert!(matches!(outcome("a: 8", "a: '8.0'"), Outcome::Failed(_)));
    assert_eq!(Pattern::compile_any(&read("a: 8")).matches(&read("a: '8.0'")), Outcome::Matched);
}

#[test]
fn deep_patterns_are_refused() {
    let deep = (0..MAX_DEPTH + 2).fold(Value::Null, |inner, _| Value::list(vec![inner]));
    assert!(matches!(Pattern::compile(&deep).matches(&deep), Outcome::Error(_)));
}

fn values() -> impl Strategy<Value = Value> {
    let text = "[ab*?|&!<>=0-9.GMimhs-]{0,8}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-3_i64..100).prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        text.prop_map(Value::from),
    ];
    let key = "[+<=X^]?\\(?(a|b|c|metadata|labels|a\\*)\\)?";
    leaf.prop_recursive(5, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::list),
            prop::collection::vec((key, inner), 0..4)
                .prop_map(|entries| Value::map(entries.into_iter().map(|(k, v)| (Str::from(k), v)).collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_pattern_meets_any_value(pattern in values(), resource in values()) {
        for pattern in [&pattern, &resource] {
            let compiled = Pattern::compile(pattern);
            prop_assert_eq!(compiled.matches(&resource), compiled.matches(&resource));
        }
    }
}

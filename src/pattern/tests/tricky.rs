//! The tricky cases of chapter 20 §8, by their numbers there.

use super::*;

#[derive(Debug, PartialEq)]
enum Expected {
    Pass,
    Skip,
    Error,
    Fail(&'static str),
}
use Expected::{Error, Fail, Pass, Skip};

#[test]
fn patterns() {
    let rows: &[(u32, &str, &str, Expected)] = &[
        (1, "replicas: '<5'", "{}", Pass),
        (2, "policy: '!Always'", "{}", Fail("/policy/")),
        (3, "x: ''", "{}", Fail("/x/")),
        (4, "x: null", "x: {}", Fail("/x/")),
        (4, "x: null", "x: 0", Pass),
        (4, "x: null", "x: false", Pass),
        (4, "x: null", "x: []", Pass),
        (4, "x: null", "x: ['']", Pass),
        (4, "x: null", "x: [[]]", Fail("/x/")),
        (8, "x: '8?'", "x: 80", Pass),
        (11, "l: [a, b]", "l: [a, a]", Pass),
        (11, "l: [a, b]", "l: [a, b]", Fail("/l/")),
        (12, "containers: [{image: x}]", "containers: []", Pass),
        (12, "containers: [{image: x}]", "{}", Fail("/containers/")),
        (13, "livenessProbe: '*'", "livenessProbe: {a: 1}", Pass),
        (13, "c: [{livenessProbe: '*'}]", "c: [{livenessProbe: null}]", Fail("/c/0/")),
        (14, "'=(livenessProbe)': '*'", "livenessProbe: {a: 1}", Fail("/livenessProbe/")),
        (17, "{'(k)': x, z: 1}", "{}", Skip),
        (18, "c: [{(name): 'a*', x: 1}]", "c: [{name: a, x: 1}, {name: b}]", Pass),
        (19, "{'=(i)': [{(name): a}], '=(c)': [{x: 1}]}", "{i: [{name: b}], c: [{x: 1}]}", Pass),
        (19, "{'=(i)': [{(name): a}], '=(c)': [{x: 1}]}", "{i: [{name: b}], c: [{x: 2}]}", Fail("/c/0/x/")),
        (20, "{'=(i)': [{(name): a}], c: [{x: 1}]}", "{i: [{name: b}], c: [{x: 2}]}", Skip),
        (22, "c: [{'<(image)': x}]", "c: [{image: x}, {image: z}]", Pass),
        (23, "c: [{'<(image)': x, k: 1}]", "c: [{image: z, k: 2}]", Skip),
        (24, "'^(l)': [{a: x}]", "{}", Pass),
        (24, "'^(l)': [{a: x}]", "l: []", Fail("/l/")),
        (24, "'^(l)': [{a: x}]", "l: {a: x}", Fail("/l/")),
        (25, "{'^(i)': [{a: x}], h: false}", "h: true", Error),
        (26, "'X(hostPath)': 'null'", "hostPath: null", Fail("/hostPath/")),
        (27, "a: z", "a: has conditional anchor mismatch inside", Skip),
    ];
    for (number, pattern, resource, expected) in rows {
        let actual = outcome(pattern, resource);
        let equal = match (&actual, expected) {
            (Outcome::Matched, Pass) | (Outcome::Skipped(_), Skip) | (Outcome::Error(_), Error) => true,
            (Outcome::Failed(failure), Fail(path)) => failure.path == *path,
            _ => false,
        };
        assert!(equal, "case {number}: {pattern} on {resource}: {actual:?}, not {expected:?}");
    }
}

#[test]
fn two_skipped_lists_are_told_in_one_text() {
    let pattern = "{'=(containers)': [{(name): a}], '=(initContainers)': [{(name): a}]}";
    let resource = "{containers: [{name: b}], initContainers: [{}]}";
    assert_eq!(
        outcome(pattern, resource),
        Outcome::Skipped(
            "conditional anchor mismatch: resource value 'b' does not match 'a' at path /containers/0/name/; \
             conditional anchor mismatch: conditional anchor key doesn't exist in the resource"
                .into()
        )
    );
}

#[test]
fn mismatches_in_words() {
    let text = |pattern: &str, resource: &str| match outcome(pattern, resource) {
        Outcome::Failed(Failure { text, .. }) | Outcome::Skipped(text) | Outcome::Error(text) => text,
        Outcome::Matched => String::new(),
    };
    assert_eq!(
        text("a: {b: 1}", "a: [1]"),
        "pattern and resource have different structures. Path: /a/. Expected map[string]interface {}, found []interface {}"
    );
    assert_eq!(
        text("a: [1]", "a: {}"),
        "validation rule failed at path /a/, resource does not satisfy the expected overlay pattern"
    );
    assert_eq!(text("a: x", "a: {c: [1, null]}"), "resource value 'map[c:[1 <nil>]]' does not match 'x' at path /a/");
    assert_eq!(text("a: {b: '*'}", "a: {}"), "/a//b not found");
    assert_eq!(text("a: []", "a: []"), "pattern Array empty");
    assert_eq!(
        text("'^(l)': [{a: x}]", "l: 5"),
        "invalid resource type int64: Existence ^ () anchor can be used only on list/array type resource"
    );
    assert_eq!(text("'^(l)': [{a: x}]", "l: [{a: z}]"), "existence anchor validation failed at path /l/");
    assert_eq!(
        text("a: [[1], [2]]", "a: [[1]]"),
        "validate Array failed, array length mismatch, resource Array len is 1 and pattern Array len is 2"
    );
}

use proptest::prelude::*;

use super::*;
use crate::document::yaml;

mod oracle;

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

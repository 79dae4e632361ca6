//! What typed reading accepts, and what its errors say.

use serde::Deserialize;

use super::*;
use crate::document::yaml;

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
struct Rule {
    name: String,
    failure_action: Option<Action>,
    count: u8,
    pattern: Option<Value>,
    nested: Vec<Rule>,
    either: Option<Either>,
}

#[derive(Debug, Deserialize, PartialEq)]
enum Action {
    Audit,
    Enforce,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(untagged)]
enum Either {
    Number(i64),
    Text(String),
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase")]
enum Source {
    Path { path: String },
    Url(String),
}

fn value(text: &str) -> Value {
    yaml::read(text, &yaml::Limits::default()).unwrap().remove(0).value
}

fn error(text: &str) -> String {
    from_value::<Rule>(&value(text)).unwrap_err().to_string()
}

#[test]
fn values_of_every_kind() {
    let rule: Rule = from_value(&value(
        "name: a\nfailureAction: Enforce\ncount: 2.0\npattern: {i: 1, f: 1.0, s: '1', z: null}\nnested: [{either: x}, {either: 3}]",
    ))
    .unwrap();
    assert_eq!((rule.name.as_str(), rule.failure_action, rule.count), ("a", Some(Action::Enforce), 2));
    let pattern = rule.pattern.unwrap();
    assert_eq!(pattern.get("i"), Some(&Value::Int(1)));
    assert_eq!(pattern.get("f"), Some(&Value::Float(1.0)));
    assert_eq!(pattern.get("s"), Some(&Value::from("1")));
    assert_eq!(pattern.get("z"), Some(&Value::Null));
    assert_eq!(rule.nested[0].either, Some(Either::Text("x".into())));
    assert_eq!(rule.nested[1].either, Some(Either::Number(3)));
    assert_eq!(from_value::<Source>(&value("path: {path: /x}")).unwrap(), Source::Path { path: "/x".into() });
    assert_eq!(from_value::<Source>(&value("url: u")).unwrap(), Source::Url("u".into()));
}

#[test]
fn null_fields_are_absent() {
    assert_eq!(from_value::<Rule>(&value("{name: null, nested: ~, pattern: }")).unwrap(), Rule::default());
    assert_eq!(error("{nam: null}"), "/nam: unknown field \"nam\"; did you mean \"name\"?");
}

#[test]
fn errors_name_the_place_and_not_the_value() {
    assert_eq!(
        error("nested: [{}, {failureaction: Audit}]"),
        "/nested/1/failureaction: unknown field \"failureaction\"; did you mean \"failureAction\"?"
    );
    assert_eq!(error("zzz: 1"), "/zzz: unknown field \"zzz\"");
    assert_eq!(error("name: [hunter2]"), "/name: expected a string, found a list");
    assert_eq!(error("name: 12345"), "/name: expected a string, found an integer");
    assert_eq!(error("count: hunter2"), "/count: expected an integer, found a string");
    assert_eq!(error("count: 256"), "/count: expected an integer, found an integer that does not fit");
    assert_eq!(
        error("failureAction: Enforced"),
        "/failureAction: expected one of Audit, Enforce; did you mean \"Enforce\"?"
    );
    assert_eq!(error("failureAction: 1"), "/failureAction: expected a name or a map of one key, found an integer");
    assert_eq!(error("nested: [[1]]"), "/nested/0: expected a map, found a list");
    assert_eq!(error("nested: {}"), "/nested: expected a list, found a map");
    let missing = from_value::<Source>(&value("path: {pth: /x}")).unwrap_err();
    assert_eq!(missing.to_string(), "/path: field \"path\" is missing");
}

#[test]
fn case_is_ignored_on_request_and_an_exact_name_is_kept() {
    let text = value("NAME: a\nFailureAction: Audit");
    assert!(from_value::<Rule>(&text).is_err());
    let rule: Rule = from_value_ignoring_case(&text).unwrap();
    assert_eq!((rule.name.as_str(), rule.failure_action), ("a", Some(Action::Audit)));
    assert!(from_value_ignoring_case::<Rule>(&value("nme: a")).is_err());
}

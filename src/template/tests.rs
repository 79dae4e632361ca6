//! The tables of spec 30 §1 and §6, over a small context.

use super::*;
use crate::jmespath::go::json;
use crate::jmespath::{Expression, FixedClock, Runtime, SeededRandom};

struct Context {
    data: Value,
    delete: bool,
}

impl Query for Context {
    fn query(&self, expression: &Expression) -> Result<Value, QueryError> {
        let clock = FixedClock(jiff::Timestamp::UNIX_EPOCH);
        let random = SeededRandom::new(1);
        Ok(expression.search(&self.data, &Runtime::new(&clock, &random))?)
    }

    fn is_delete(&self) -> bool {
        self.delete
    }
}

const DATA: &str = r#"{
    "n": 5, "z": null, "e": "", "s": "B", "back": "x\\", "quote": "{{ s }}", "m": {"k": "v"}, "d": "-{{ d }}",
    "nested": {"a": ["{{ s }}", "\\{{ s }}", 1], "{{ s }}": true}, "loop": {"again": "{{ loop }}"},
    "big": "{{ big }}{{ big }} ", "tiny": 1e-7,
    "request": {"object": {"a": 1, "spec": {"x": "y"}}, "oldObject": {"a": 2}}
}"#;

fn context() -> Context {
    Context { data: json::read(DATA).expect("valid"), delete: false }
}

fn resolve_value(value: &Value, context: &Context) -> Result<Value, String> {
    Template::compile(value).resolve(context).map_err(|e| e.to_string())
}

/// The result as JSON, or the error's text.
fn resolve(text: &str) -> String {
    match resolve_value(&Value::from(text), &context()) {
        Ok(value) => json::write(&value, json::Exponent::Short).expect("finite"),
        Err(error) => error,
    }
}

#[test]
fn strings_resolve_as_the_tables_say() {
    for (text, result) in [
        ("{{ n }}", "5"),
        ("v={{ n }}", "\"v=5\""),
        ("v={{ z }}", "\"v=null\""),
        ("{{ z }}", "null"),
        ("x {{ m }}", r#""x {\"k\":\"v\"}""#),
        ("t {{ tiny }}", "\"t 1e-07\""),
        ("{{ m }}", r#"{"k":"v"}"#),
        ("{{e}}{{n}}", "5"),
        ("{{back}}{{n}}", "\"x{{n}}\""),
        ("{{ quote }}", "\"{{ s }}\""),
        ("-{{ quote }}", "\"-B\""),
        (r"\{{ a }}", "\"{{ a }}\""),
        (r"\{{ a.{{s}} }}", "\"{{ a.B }}\""),
        (r"\\{{ a }}", r#""\\{{ a }}""#),
        ("{{- n }}", "5"),
        ("x {{- quote }}", "\"x {{ s }}\""),
        ("x {{- z }}", "\"x null\""),
        ("x {{- n }}", { "failed to resolve n at path : only a string can be inserted without further resolution" }),
        ("{{quote}} {{- s}}", "\"{{ s }} B\""),
        ("{{- quote}} {{s}}", "\"{{ s }} B\""),
        ("{{ m.{{ 'k' }} }}", "failed to resolve 'k' at path : JMESPath query failed: nothing"),
        ("{{ nope }}", "failed to resolve nope at path : JMESPath query failed: Unknown key \"nope\" in path"),
        ("{{ }}", "failed to resolve  at path : invalid query (nil)"),
        ("{{ 5 }}", "failed to resolve 5 at path : incorrect query 5: SyntaxError: Invalid token: tNumber"),
        ("é{{ n }}", {
            "failed to resolve \u{fffd} n at path : incorrect query \u{fffd} n: SyntaxError: Unknown char: '\\ufffd'"
        }),
        ("{{ n }} é{{ n }}", {
            "failed to resolve \u{fffd} n at path : incorrect query \u{fffd} n: SyntaxError: Unknown char: '\\ufffd'"
        }),
        (r#"{{ x || `{"a":{"b":1}}` }}"#, r#""{{ x || `{\"a\":{\"b\":1}}` }}""#),
        ("{{ @ }}", r#"{"a":1,"spec":{"x":"y"}}"#),
        ("{{ nested }}", r#"{"B":true,"a":["B","{{ s }}",1]}"#),
        ("plain", "\"plain\""),
        (r"\$(X)", "\"$(X)\""),
        ("$(x)", "got nil resolved variable $(x) at path : <nil>"),
    ] {
        // A nested variable yields text, not a quoted string: `m.k`.
        let result = if text.contains("'k'") { "\"v\"" } else { result };
        assert_eq!(resolve(text), result, "{text}");
    }
}

#[test]
fn endless_data_ends_with_an_error() {
    for text in ["{{ d }}!", "{{ loop }}", "{{ big }}!"] {
        let error = resolve(text);
        assert!(error.contains("do not come to an end"), "{text}: {error}");
    }
}

#[test]
fn a_delete_reads_the_old_object() {
    let context = Context { delete: true, ..context() };
    let value = Value::from("{{ request.object.a }}");
    assert_eq!(resolve_value(&value, &context), Ok(Value::Float(2.0)));
}

#[test]
fn keys_are_renamed_and_null_keys_stay() {
    let read = |text| json::read(text).expect("valid");
    let value = read(r#"{"{{ s }}": 1, "{{ z }}": 2, "c": 3}"#);
    let expected = read(r#"{"B": 1, "{{ z }}": 2, "c": 3}"#);
    assert_eq!(resolve_value(&value, &context()), Ok(expected));
    let error = resolve_value(&read(r#"{"{{ n }}": 1}"#), &context()).expect_err("a number");
    assert_eq!(error, "expected string after substituting variables in key \"{{ n }}\"");
}

#[test]
fn here_is_the_same_field_of_the_resource() {
    let value = json::read(r#"{"mutate": {"patch": {"spec": {"x": "{{ @ }}"}}}}"#).expect("valid");
    let resolved = resolve_value(&value, &context()).expect("resolves");
    assert_eq!(resolved.str_at(&["mutate", "patch", "spec", "x"]), Some("y"));
    let template = Template::compile(value.at(&["mutate", "patch"]).expect("there"));
    let at = template.resolve_at(&context(), &["mutate".into(), "patch".into()]).expect("resolves");
    assert_eq!(at.str_at(&["spec", "x"]), Some("y"));
}

#[test]
fn references_climb_from_the_leaf_and_targets_lose_their_anchors() {
    let text = r#"{"spec": {"resources": {
        "requests": {"memory": "$(<=./../../limits/memory)"}, "limits": {"(memory)": "2048Mi"}},
        "n": 3000.5, "m": "$(<=/spec/n)", "k": "$(/spec/resources/limits)", "l": "a $(/spec/resources/limits/memory)"}}"#;
    let template = Template::compile(&json::read(text).expect("valid"));
    let spec = template.constant().and_then(|v| v.get("spec")).expect("constant").clone();
    assert_eq!(spec.str_at(&["resources", "requests", "memory"]), Some("<=2048Mi"));
    assert_eq!(spec.str_at(&["m"]), Some("<=3000.500000"));
    assert_eq!(spec.str_at(&["l"]), Some("a 2048Mi"));
    assert_eq!(spec.str_at(&["k"]), Some("(memory)"), "a reference to a map is one of its keys");
    // The place itself keeps its anchors, so that climbing from below one finds nothing.
    let below = Template::compile(&json::read(r#"{"(a)": {"b": "$(./../c)", "c": "x"}}"#).expect("valid"));
    assert_eq!(below.reference_error(), Some("got nil resolved variable $(./../c) at path /(a)/b: <nil>"));
}

#[test]
fn constants_are_shared_and_uses_are_listed() {
    let constant = Value::from([("a", Value::list(vec!["x".into()]))]);
    let template = Template::compile(&constant);
    let (Value::Map(before), Ok(Value::Map(after))) = (&constant, template.resolve(&context())) else { panic!("maps") };
    assert!(Arc::ptr_eq(before, &after));

    let template = Template::compile(&Value::from([("a", Value::list(vec!["x {{ one.{{ two }} }} {{ f( }}".into()]))]));
    let uses: Vec<_> =
        template.variables().map(|u| (u.expression.as_str(), u.location.to_string(), u.error.is_some())).collect();
    assert_eq!(uses, [("two", "/a/0".to_owned(), false), ("f(", "/a/0".to_owned(), true)]);
    assert!(template.mentions("one") && template.mentions("two") && !template.mentions("three"));
    assert!(!template.is_constant());
}

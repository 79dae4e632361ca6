#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;
use crate::document::Map;
use crate::mutate::equal;

fn json(text: &str) -> Value {
    json::parse(text.as_bytes()).unwrap()
}

fn run(document: &str, patch: &str) -> Result<Value, String> {
    JsonPatch::from_value(&json(patch)).and_then(|patch| patch.apply(&json(document))).map_err(|e| e.to_string())
}

/// Lines of `document | patch | result`, a result starting with `!` being the error's text.
const CASES: &str = r#"
{"a":1} | [{"op":"add","path":"/b/c","value":2}] | {"a":1,"b":{"c":2}}
{"b":null} | [{"op":"add","path":"/b/c","value":2}] | {"b":{"c":2}}
{"b":1} | [{"op":"add","path":"/b/c","value":2}] | !invalid state detected
{} | [{"op":"add","path":"/x/-","value":1}] | {"x":[1]}
{"x":[0]} | [{"op":"add","path":"/x/-","value":1}] | {"x":[0,1]}
{} | [{"op":"add","path":"/x/0","value":1}] | {"x":[1]}
{} | [{"op":"add","path":"/x/-1","value":1}] | {"x":[1]}
{} | [{"op":"add","path":"/x/2","value":1}] | {"x":[null,null,1]}
{} | [{"op":"add","path":"/x/-2","value":1}] | !Unable to ensure path for negative index other than -1: -2: invalid index referenced
{} | [{"op":"add","path":"/x/2/y","value":1}] | {"x":[null,null,{"y":1}]}
{} | [{"op":"add","path":"/x/-/y","value":1}] | !add operation does not apply: doc is missing path: "/x/-/y": missing value
{"x":[7]} | [{"op":"add","path":"/x/3/y","value":1}] | {"x":[7,null,null,{"y":1}]}
{"x":[0,1]} | [{"op":"add","path":"/x/2","value":2}] | {"x":[0,1,2]}
{"x":[0,1]} | [{"op":"add","path":"/x/1","value":9}] | {"x":[0,9,1]}
{"x":[0,1]} | [{"op":"add","path":"/x/-1","value":2}] | {"x":[0,1,2]}
{"x":[0,1]} | [{"op":"add","path":"/x/-2","value":2}] | {"x":[0,2,1]}
{"x":[0]} | [{"op":"add","path":"/x/5","value":2}] | !error in add for path: '/x/5': Unable to access invalid index: 5: invalid index referenced
{"x":[0]} | [{"op":"add","path":"/x/y","value":2}] | !error in add for path: '/x/y': value was not a proper array index: 'y': strconv.Atoi: parsing "y": invalid syntax
{"a":1} | [{"op":"add","path":"/a","value":{"n":1}}] | {"a":{"n":1}}
{"metadata":{}} | [{"op":"add","path":"/metadata/annotations/3","value":"x"}] | {"metadata":{"annotations":[null,null,null,"x"]}}
{"metadata":{}} | [{"op":"add","path":"/metadata/annotations/999999999","value":"x"}] | !an array cannot be padded up to index 999999999
{"spec":{}} | [{"op":"add","path":"/spec/a~1b/c","value":1}] | !add operation does not apply: doc is missing path: "/spec/a~1b/c": missing value
{"spec":{}} | [{"op":"add","path":"/spec/c/a~1b","value":1}] | {"spec":{"c":{"a/b":1}}}
{"spec":{"a/b":{}}} | [{"op":"add","path":"/spec/a~1b/c~0","value":1}] | {"spec":{"a/b":{"c~":1}}}
{"spec":{}} | [{"op":"add","path":"/spec//c","value":1}] | !add operation does not apply: doc is missing path: "/spec//c": missing value
{"a":1} | [{"op":"add","path":"b","value":1}] | !add operation does not apply: doc is missing path: "b": missing value
{"a":1} | [{"op":"add","path":"","value":{"b":1}}] | {"b":1}
{"a":1} | [{"op":"remove","path":"/b"}] | {"a":1}
{"a":1} | [{"op":"remove","path":"/b/c/d"}] | {"a":1}
{"x":[1,2,3]} | [{"op":"remove","path":"/x/7"}] | {"x":[1,2,3]}
{"x":[1,2,3]} | [{"op":"remove","path":"/x/-7"}] | {"x":[1,2,3]}
{"x":[1,2,3]} | [{"op":"remove","path":"/x/-1"}] | {"x":[1,2]}
{"x":[1,2,3]} | [{"op":"remove","path":"/x/0"},{"op":"remove","path":"/x/1"}] | {"x":[2]}
{"x":[1]} | [{"op":"remove","path":"/x/-"}] | !error in remove for path: '/x/-': strconv.Atoi: parsing "-": invalid syntax
{"a":1} | [{"op":"replace","path":"/b","value":1}] | !replace operation does not apply: doc is missing key: /b: missing value
{"a":1} | [{"op":"replace","path":"/b/c","value":1}] | !replace operation does not apply: doc is missing path: /b/c: missing value
{"a":{"b":[1,2]}} | [{"op":"replace","path":"/a/b/-1","value":9}] | {"a":{"b":[1,9]}}
{"a":1} | [{"op":"replace","path":"/a","value":null}] | {"a":null}
{"a":1} | [{"op":"move","from":"/b","path":"/c"}] | !error in move for path: 'b': unable to get nonexistent key: b: missing value
{"a":1} | [{"op":"move","from":"/a","path":"/c/d"}] | !move operation does not apply: doc is missing destination path: /c/d: missing value
{"a":1,"c":[0]} | [{"op":"move","from":"/a","path":"/c/-"}] | {"c":[0,1]}
{"a":1} | [{"op":"copy","from":"/b/c","path":"/c"}] | !copy operation does not apply: doc is missing from path: "/b/c": missing value
{"a":1} | [{"op":"copy","from":"/a","path":"/c/d"}] | !copy operation does not apply: doc is missing destination path: /c/d: missing value
{"a":{"b":1}} | [{"op":"copy","from":"/a","path":"/c"},{"op":"add","path":"/c/b","value":2}] | {"a":{"b":1},"c":{"b":2}}
{"a":1} | [{"op":"test","path":"/a","value":2}] | !testing value /a failed: test failed
{"a":1} | [{"op":"test","path":"/b","value":null}] | {"a":1}
{"a":[]} | [{"op":"test","path":"/a/0","value":null}] | !error in test for path: '/a/0': Unable to access invalid index: 0: invalid index referenced
{"a":1.0} | [{"op":"test","path":"/a","value":1}] | {"a":1.0}
{} | null | {}
{} | {} | !failed to decode patches: json: cannot unmarshal object into Go value of type jsonpatch.Patch
{} | [{"op":"remove","path":"/a"},1] | !failed to decode patches: json: cannot unmarshal number into Go value of type jsonpatch.Operation
{} | [{"op":"ad","path":"/a"}] | !failed to decode patches: invalid operation {"op":"ad","path":"/a"}: unsupported operation
{} | [{"op":"add","path":"/a"}] | !failed to decode patches: invalid operation {"op":"add","path":"/a"}: failed to decode 'value': operation, missing value field: missing value
{} | [{"op":"copy","path":"/a"}] | !failed to decode patches: invalid operation {"op":"copy","path":"/a"}: failed to decode 'from': operation, missing from field: missing value
{} | [{"op":"remove"}] | !failed to decode patches: invalid operation {"op":"remove"}: failed to decode 'path': operation missing path field: missing value
{} | [{"op":"remove","path":1}] | !failed to decode patches: invalid operation {"op":"remove","path":1}: failed to decode 'path': json: cannot unmarshal number into Go value of type string
"#;

#[test]
fn operations_behave_as_kyvernos_options_say() {
    for line in CASES.trim().lines() {
        let parts: Vec<&str> = line.split(" | ").collect();
        let [document, patch, wanted] = parts[..] else { panic!("three columns: {line}") };
        match (run(document, patch), wanted.strip_prefix('!')) {
            (Ok(got), None) => assert_eq!(got, json(wanted), "{line}"),
            (Err(got), Some(text)) => assert_eq!(got, text, "{line}"),
            (got, _) => panic!("{line}: got {got:?}"),
        }
    }
}

#[test]
fn text_is_json_after_a_bracket_and_yaml_otherwise() {
    let document = json(r#"{"metadata":{}}"#);
    let wanted = json(r#"{"metadata":{"labels":{"n":5}}}"#);
    for text in [
        r#"[{"op":"add","path":"/metadata/labels/n","value":5}]"#,
        "- op: add\n  path: /metadata/labels/n\n  value: 5\n",
        "- {op: add, path: /metadata/labels/n, value: 0x5}\n",
    ] {
        assert_eq!(JsonPatch::from_text(text).unwrap().apply(&document).unwrap(), wanted, "{text}");
    }
    let error = JsonPatch::from_text("[{").unwrap_err().to_string();
    assert_eq!(error, "failed to decode patches: invalid state detected");
    let error = JsonPatch::from_text("- \"op").unwrap_err().to_string();
    assert!(error.starts_with("failed to convert patchesJSON6902 to JSON: "), "{error}");
}

#[test]
fn an_error_keeps_nothing_of_the_patch() {
    let document = json(r#"{"a":1}"#);
    let patch = json(r#"[{"op":"add","path":"/b","value":1},{"op":"replace","path":"/c","value":1}]"#);
    assert!(JsonPatch::from_value(&patch).unwrap().apply(&document).is_err());
    assert_eq!(document, json(r#"{"a":1}"#));
}

#[test]
fn doubling_copies_and_endless_nesting_are_refused() {
    let doubling: Vec<_> = (0..64).map(|i| format!(r#"{{"op":"copy","from":"","path":"/a{i}"}}"#)).collect();
    let error = run("{}", &format!("[{}]", doubling.join(","))).unwrap_err();
    assert_eq!(error, "the patch copies more than 1000000 values");
    let deep = "/a".repeat(MAX_DEPTH_PLUS);
    assert!(run("{}", &format!(r#"[{{"op":"add","path":"{deep}","value":1}}]"#)).is_err());
}

const MAX_DEPTH_PLUS: usize = crate::mutate::MAX_DEPTH + 1;

/// Cases of the public suite in which Kyverno's options, or its library, differ from RFC 6902.
const DIFFERENT: &[&str] = &[
    "spec_tests.json:0",  // add makes missing parents
    "spec_tests.json:12", // the same
    "tests.json:19",      // add at -1 appends
    "tests.json:66",      // remove below a missing element is no fault
    "tests.json:79",      // test without a value tests for null
    "tests.json:87",      // indices may have leading zeros
    "tests.json:88",      // the same
    "tests.json:89",      // remove of a missing member, path, index is no fault
    "tests.json:90",
    "tests.json:91",
];

#[test]
fn the_public_json_patch_suite_passes_where_the_options_agree() {
    let shared = std::env::var("RENDERGATE_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned());
    let mut different = Vec::new();
    for file in ["spec_tests.json", "tests.json"] {
        let path = format!("{shared}/corpus/languages/json-patch/{file}");
        let Ok(text) = std::fs::read(&path) else {
            eprintln!("skipped: {path} is not here");
            return;
        };
        let cases = json::parse(&text).unwrap();
        for (i, case) in cases.as_list().unwrap().iter().enumerate() {
            if case.get("disabled").is_some() {
                continue;
            }
            let patch = JsonPatch::from_value(case.get("patch").unwrap());
            let got = patch.and_then(|patch| patch.apply(case.get("doc").unwrap()));
            let agrees = match (&got, case.get("expected")) {
                (Ok(got), Some(wanted)) => equal(got, wanted),
                (Ok(_), None) => case.get("error").is_none(),
                (Err(_), _) => case.get("error").is_some(),
            };
            if !agrees {
                different.push(format!("{file}:{i}"));
            }
        }
    }
    assert_eq!(different, DIFFERENT);
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-3i64..3).prop_map(Value::Int),
        "[a~/]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::list),
            prop::collection::vec(("[ab0~/-]{0,2}", inner), 0..5)
                .prop_map(|entries| Value::map(entries.into_iter().map(|(k, v)| (k.into(), v)).collect::<Map>())),
        ]
    })
}

fn operation() -> impl Strategy<Value = Value> {
    let path = || "(/([ab0-3]|-1|-|~0|~1|)){0,4}";
    (prop::sample::select(vec!["add", "remove", "replace", "move", "copy", "test"]), path(), path(), value()).prop_map(
        |(op, path, from, value)| {
            Value::from([("op", op.into()), ("path", path.into()), ("from", from.into()), ("value", value)])
        },
    )
}

proptest! {
    #[test]
    fn applying_the_difference_gives_the_other_value(a in value(), b in value()) {
        let (a, b) = (Value::list(vec![a]), Value::list(vec![b]));
        let patch = JsonPatch::from(diff(&a, &b));
        prop_assert_eq!(patch.apply(&a).unwrap(), b);
        let printed = Value::list(patch.operations().iter().map(Operation::to_value).collect());
        prop_assert_eq!(JsonPatch::from_value(&printed).unwrap(), patch);
        prop_assert!(diff(&a, &a).is_empty());
    }

    #[test]
    fn any_patch_on_any_value_ends_without_panic(document in value(), operations in prop::collection::vec(operation(), 0..6)) {
        let patch = JsonPatch::from_value(&Value::list(operations)).unwrap();
        let _ = patch.apply(&document);
    }
}

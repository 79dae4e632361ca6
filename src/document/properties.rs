//! Properties of reading and printing: what is printed is read back as the same value, in every
//! layout, and no scalar changes its type on the way.

use proptest::prelude::*;

use super::{Map, Str, Value, json, yaml};

/// Texts that some reader could take for something else.
fn tricky_text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-zA-Z0-9./_-]{0,30}",
        3 => "[-+.0-9_xXobBeEnNyYtTfF~]{0,8}",
        2 => "[ab:#'\"|>&*!%@`?,{}\\[\\]\\\\ \t\n-]{0,16}",
        2 => "( {0,3}[a-c#-]{0,3} {0,2}\n){0,5}[ab]{0,2}",
        1 => any::<String>(),
        1 => "[\u{0}-\u{20}\u{7e}-\u{a1}\u{2027}-\u{202a}\u{d7ff}\u{e000}\u{fefe}-\u{ff00}\u{fffd}-\u{10001}\r\n]{0,6}",
        2 => prop::sample::select(vec![
            "y", "N", "yes", "No", "ON", "off", "true", "False", "null", "~", "", "<<", "=", ".inf", "-.INF", ".nan", "0644", "0x1F",
            "0b1", "0o17", "1_000", "1e3", ".5", "12:30", "12:30:45.5", "2001-01-01", "2001-01-01T10:00:00Z", "---", "...",
            "--- a", "- ", "? a", ": ", "a: b", "a #b", "!!str x", "&a", "*a", "|", ">-", "%YAML 1.1", "\u{feff}a", "9223372036854775808", "1e999",
        ])
        .prop_map(str::to_owned),
        1 => "[a-z ]{1000,1100}",
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        2 => any::<i64>().prop_map(Value::from),
        1 => prop::num::f64::NORMAL.prop_map(Value::from),
        1 => (-1000_i32..1000).prop_map(|n| Value::Float(f64::from(n) / 8.0)),
        1 => (0_i32..30).prop_map(|n| Value::Float(10_f64.powi(n))),
        6 => tricky_text().prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(12, 60, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::list),
            prop::collection::vec((tricky_text(), inner), 0..5)
                .prop_map(|entries| Value::map(entries.into_iter().map(|(k, v)| (Str::from(k), v)).collect::<Map>())),
        ]
    })
}

/// A whole float is printed without a fraction, and so read back as an integer where it fits one.
fn as_printed(value: &Value) -> Value {
    match value {
        Value::Float(f) if *f == 0.0 => Value::Int(0),
        Value::Float(f) => f.to_string().parse().map_or(Value::Float(*f), Value::Int),
        Value::List(items) => Value::list(items.iter().map(as_printed).collect()),
        Value::Map(map) => Value::map(map.iter().map(|(k, v)| (k.clone(), as_printed(v))).collect()),
        other => other.clone(),
    }
}

fn read_one(text: &str) -> Value {
    match yaml::read(text, &yaml::Limits::default()) {
        Ok(documents) => {
            assert!(documents.len() <= 1, "{} documents in {text:?}", documents.len());
            assert!(documents.iter().all(|d| d.duplicates.is_empty()), "duplicates in {text:?}");
            documents.into_iter().next().map(|d| d.value).unwrap_or_default()
        }
        Err(error) => panic!("{error}: {text}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn yaml_is_read_back(value in value()) {
        let expected = as_printed(&value);
        for text in [yaml::write(&value), yaml::write_sorted(&value), yaml::write_with_indent(&value)] {
            prop_assert_eq!(&read_one(&text), &expected, "{}", text);
        }
    }

    #[test]
    fn json_is_read_back_as_json_and_as_yaml(value in value()) {
        let expected = as_printed(&value);
        let go = json::to_string_go(&value).unwrap();
        for text in [json::to_string(&value), go, json::to_string_pretty(&value)] {
            prop_assert_eq!(as_printed(&json::parse(text.as_bytes()).unwrap()), expected.clone(), "{}", text);
        }
    }

    #[test]
    fn no_text_changes_its_type(text in tricky_text()) {
        let value = Value::from([(text.clone(), Value::list(vec![text.clone().into()]))]);
        prop_assert_eq!(read_one(&yaml::write(&value)), value.clone());
        let nested = Value::list(vec![Value::from([("a", Value::from([("b", Value::list(vec![value]))]))])]);
        prop_assert_eq!(read_one(&yaml::write_with_indent(&nested)), nested);
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,200}", yaml_like in "[ab0\n:\\-{}\\[\\], #&*!|>'\"?%.\t]{0,60}") {
        for text in [text, yaml_like] {
            let limits = yaml::Limits::default();
            for document in yaml::read(&text, &limits).unwrap_or_default() {
                prop_assert!(yaml::locate(&text, document.index, &super::Pointer::root()).is_some());
                prop_assert_eq!(read_one(&yaml::write(&document.value)), as_printed(&document.value));
            }
        }
    }
}

use proptest::prelude::*;

use super::*;
use crate::document::yaml;

/// `key operator value`, in YAML; scalar number literals are floats, as Kyverno makes them.
fn holds(key: &str, operator: &str, value: &str) -> bool {
    Operator::parse(operator).unwrap().evaluate(&side(key), &side(value)).unwrap()
}

fn side(text: &str) -> Value {
    let value = yaml::read(&format!("v: {text}"), &yaml::Limits::default()).unwrap().remove(0).value;
    match value.get("v").unwrap() {
        number @ Value::Int(_) => number.with_floats(),
        other => other.clone(),
    }
}

fn table(rows: &[(&str, &str, &str, bool)]) {
    for (key, operator, value, expected) in rows {
        assert_eq!(holds(key, operator, value), *expected, "{key} {operator} {value}");
    }
}

#[test]
fn equality() {
    table(&[
        ("null", "Equals", "x", false),
        ("null", "NotEquals", "x", false),
        ("null", "Equals", "null", false),
        ("true", "Equals", "true", true),
        ("true", "Equals", "'true'", false),
        ("true", "NotEquals", "'true'", true),
        ("10", "Equals", "'10'", true),
        ("'10'", "Equals", "10", false),
        ("10.5", "Equals", "10", false),
        ("'10'", "Equals", "'1*'", false),
        ("1.5.2", "Equals", "1.5.*", true),
        ("1h", "Equals", "3600", true),
        ("3600", "Equals", "1h", false),
        ("1h", "Equals", "'3600'", false),
        ("1h", "Equals", "60m", true),
        ("M", "Equals", "G", true),
        ("100Mi", "NotEquals", "not-a-quantity", true),
        ("[a, b]", "Equals", "[b, a]", false),
        ("{a: 1}", "Equals", "{a: 1}", true),
        ("{a: 1}", "Equals", "{a: 1.5}", false),
        ("[1]", "Equals", "x", false),
        ("a", "equal", "a*", true),
        ("a", "NOTEQUALS", "a*", false),
    ]);
    // An integer in one list and a float in the other differ.
    assert_eq!(Operator::Equals.evaluate(&side("[80]").with_floats(), &side("[80]")), Ok(false));
    assert_eq!(Operator::Equals.evaluate(&Value::Int(80), &Value::Float(80.5)), Ok(false));
    assert_eq!(Operator::NotEquals.evaluate(&Value::Int(80), &Value::Float(80.5)), Ok(true));
}

#[test]
fn membership_of_scalars() {
    table(&[
        ("a", "AnyIn", "[b, a*]", true),
        ("a*", "AnyIn", "[abc]", true),
        ("a*", "AnyIn", "abc", false),
        ("abc", "AllIn", "a*", true),
        ("abc", "AllNotIn", "a*", false),
        ("6", "AllNotIn", "'5'", false),
        ("6", "AnyIn", "1-10", true),
        ("6", "AnyNotIn", "1-10", false),
        ("16", "AllNotIn", "1-10", true),
        ("1000000", "AnyIn", "[1000000]", false),
        ("100000", "AnyIn", "[100000]", true),
        ("true", "AnyNotIn", "true", false),
        ("true", "AnyIn", "['true']", true),
        ("a", "AnyIn", "'[\"a\",\"b\"]'", true),
        ("a", "AnyIn", "'[\"a*\"]'", false),
        ("a", "AnyNotIn", "'[]'", true),
        ("a", "AnyNotIn", "'null'", true),
        ("a", "AnyNotIn", "'{}'", false),
        ("a", "AnyNotIn", "5", false),
        ("a", "AnyNotIn", "null", false),
        ("null", "AnyNotIn", "[a]", false),
        ("{a: b}", "AllNotIn", "[a]", false),
        ("a", "AllNotIn", "b", true),
    ]);
}

#[test]
fn membership_of_lists() {
    table(&[
        ("[a, b]", "AnyIn", "[b, c]", true),
        ("[a, b]", "AllIn", "[b, c]", false),
        ("[a, b]", "AllIn", "['*']", true),
        ("['*']", "AllIn", "[x]", true),
        ("[]", "AnyIn", "[x]", false),
        ("[]", "AllIn", "[x]", true),
        ("[]", "AnyNotIn", "[x]", false),
        ("[]", "AllNotIn", "[x]", true),
        ("[a, b]", "AnyNotIn", "[b]", true),
        ("[a, b]", "AllNotIn", "[b]", false),
        ("[a]", "AnyIn", "a", true),
        ("[a]", "AnyNotIn", "a", false),
        ("['1-2']", "AnyIn", "1-2", true),
        ("[5, 50]", "AnyIn", "1-10", true),
        ("[5, 50]", "AllIn", "1-10", false),
        ("[5, 50]", "AllNotIn", "1-10", false),
        ("[5, 50]", "AnyNotIn", "1-10", true),
        ("[5, 6]", "AnyNotIn", "1-10", false),
        ("[5]", "AnyNotIn", "-10-20", true),
        ("[5]", "AnyIn", "5", true),
        ("[5]", "AllIn", "5", false),
        ("[5]", "AllNotIn", "6", false),
        ("[5]", "AnyNotIn", "6", true),
        ("[ab, b]", "AllIn", "'[\"a*\",\"b\"]'", true),
        ("[ab, b]", "AllIn", "'{}'", false),
        ("[ab]", "AnyIn", "a*", true),
        ("[a]", "AllNotIn", "null", false),
    ]);
}

#[test]
fn the_deprecated_ones() {
    table(&[
        ("a", "In", "[a*]", true),
        ("abc", "In", "a*", true),
        ("a", "NotIn", "[b]", true),
        ("a", "NotIn", "b", false),
        ("a", "In", "'[\"a\"]'", true),
        ("[a]", "NotIn", "a", true),
        ("[a]", "In", "a", true),
        ("[a, b]", "In", "[a, b, c]", true),
        ("[a, b]", "NotIn", "[a]", true),
        ("[a]", "NotIn", "[a]", false),
        ("[a]", "In", "[a, 1]", false),
    ]);
    assert!(Operator::In.evaluate(&side("[1]"), &side("[a]")).is_err());
    assert_eq!(Operator::NotIn.replacements(), ["AllNotIn", "AnyNotIn"]);
}

#[test]
fn order() {
    table(&[
        ("5", "GreaterThan", "4", true),
        ("5", "GreaterThanOrEquals", "'5'", true),
        ("5", "LessThan", "1Ki", false),
        ("3600", "LessThanOrEquals", "1h", true),
        ("1.5", "LessThan", "2s", true),
        ("'1.10'", "GreaterThan", "'1.9'", false),
        ("1.10.0", "GreaterThan", "1.9.0", true),
        ("v1.2.3", "GreaterThan", "v1.0.0", false),
        ("1Gi", "GreaterThan", "1024", false),
        ("1Gi", "GreaterThan", "1Mi", true),
        ("'10'", "GreaterThan", "5", true),
        ("1h", "GreaterThan", "60", true),
        ("1h", "GreaterThan", "x", false),
        ("null", "LessThan", "5", false),
        ("true", "LessThan", "5", false),
        ("[1]", "LessThan", "5", false),
        ("5", "greaterthan", "4", false),
        ("2h", "DurationGreaterThan", "1h", true),
        ("'0'", "DurationLessThan", "1", true),
        ("1.9", "DurationLessThanOrEquals", "1", true),
        ("5", "DurationGreaterThan", "'4'", false),
        ("2h", "durationGreaterThan", "1h", false),
    ]);
}

#[test]
fn unknown_operators() {
    let text = Operator::parse("Contains").unwrap_err().to_string();
    assert_eq!(text, "failed to create handler for condition operator: %!w(<nil>)");
    assert_eq!(Operator::parse_exact("equals"), None);
}

#[test]
fn many_pairs_find_the_same() {
    let many = |n: usize| Value::list((0..n).map(|i| Value::from(format!("k{i}"))).collect());
    assert_eq!(Operator::AllIn.evaluate(&many(2000), &many(2000)), Ok(true));
    assert_eq!(Operator::AnyNotIn.evaluate(&many(2001), &many(2000)), Ok(true));
    let all = Value::list(vec!["k*".into(); 600]);
    assert_eq!(Operator::AllIn.evaluate(&many(2000), &all), Ok(true));
    assert_eq!(Operator::AllNotIn.evaluate(&all, &many(600)), Ok(false));
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        any::<f64>().prop_map(Value::Float),
        "[ab*?|&!<>=0-9.GMimhs\\[\\]\"-]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::list),
            inner.prop_map(|v| Value::from([("a", v)])),
        ]
    })
}

proptest! {
    #[test]
    fn any_operator_meets_any_values(key in values(), value in values(), index in 0..OPERATORS.len()) {
        let (_, operator) = OPERATORS[index];
        prop_assert_eq!(operator.evaluate(&key, &value), operator.evaluate(&key, &value));
    }
}

//! The tables of spec 30 §4.2, §4.3 and §6, the guard, and the limits.

use std::cell::RefCell;

use super::go::json;
use super::*;
use crate::document::Value;

const DATA: &str = r#"{
    "n": 5, "z": null, "s": "hello", "e": "", "l": [1, 2, 3], "o": {"a": 1, "b": {"c": "d"}},
    "lo": [{"k": "x", "v": 1}, {"k": "y"}, {"v": 3}], "mixed": [0, [0], false, [], {}, null, ""]
}"#;

fn search(text: &str, root: &dyn Root, budget: &Budget) -> Result<Value, EvalError> {
    let clock = FixedClock(jiff::Timestamp::UNIX_EPOCH);
    let random = SeededRandom::new(1);
    Expression::compile(text).expect(text).search(root, &Runtime::new(&clock, &random).sharing(budget))
}

/// The answer as JSON, or the error's text.
fn answer(text: &str) -> String {
    let data = json::read(DATA).expect("valid");
    match search(text, &data, &Budget::default()) {
        Ok(value) => json::write(&value, json::Exponent::Short).expect("finite"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn unknown_keys_travel_as_the_table_says() {
    let unknown = "Unknown key \"nope\" in path";
    for (text, expected) in [
        ("nope", unknown),
        ("o.nope.c", unknown),
        ("nope[0]", unknown),
        ("s && nope", unknown),
        ("nope && s", "null"),
        ("nope && s && n", "null"),
        ("nope || 'd'", "\"d\""),
        ("z || nope", "null"),
        ("o.nope || o.a", "1"),
        ("nope == z", "true"),
        ("!nope", "true"),
        ("[nope, s]", "[null,\"hello\"]"),
        ("{x: nope}", "{\"x\":null}"),
        ("not_null(nope, 'x')", "\"x\""),
        ("nope | @", "null"),
        ("s | nope", "null"),
        ("o | nope", "null"),
        ("nope[*]", "null"),
        ("nope[]", "null"),
        ("nope[1:]", "null"),
        ("nope[?a]", "null"),
        ("nope.*", "null"),
        ("lo[*].v", "[1,3]"),
        ("lo[?v].v", "[1,3]"),
        ("map(&v, lo)", "[1,null,3]"),
        ("s.nope", "null"),
        ("z.nope.nope", "null"),
        ("l.nope", "null"),
        ("parse_json('x')[]", "null"),
        ("parse_json('x')[*]", "invalid character 'x' looking for beginning of value"),
    ] {
        assert_eq!(answer(text), expected, "{text}");
    }
}

#[test]
fn values_behave_as_the_dialect_has_them() {
    for (text, expected) in [
        ("mixed[?!@]", "[false,[],{},\"\"]"),
        ("n && 'zero is true'", "\"zero is true\""),
        ("n == `5`", "true"),
        ("n == '5'", "false"),
        ("n < '6'", "null"),
        ("compare('a', 'b') < `0`", "null"),
        ("l[-1]", "3"),
        ("l[9]", "null"),
        ("l[::-1]", "[3,2,1]"),
        ("l[::0]", "Invalid slice, step cannot be 0"),
        ("s[0]", "null"),
        ("s[1:]", "null"),
        ("o.*.to_string(@)", r#"["null","null","1","{\"c\":\"d\"}"]"#),
        ("!o.b", "null"),
        ("!(o.b)", "false"),
        ("f(nope)", "unknown function: f"),
        ("length(n, n)", "incorrect number of args"),
        ("abs(&n.a)", {
            "Invalid type for: {{20 <nil> [{5 n []} {5 a []}]}}, expected: []jmespath.JpType{\"number\"}"
        }),
    ] {
        assert_eq!(answer(text), expected, "{text}");
    }
}

/// Knows `known`; refuses `secret`, and remembers what it was told before it was read.
struct Guarded(RefCell<Vec<String>>);

impl Root for Guarded {
    fn field(&self, name: &str) -> Result<Option<Value>, Unavailable> {
        Ok((name == "known").then(|| json::read(DATA).expect("valid")))
    }

    fn whole(&self) -> Result<Value, Unavailable> {
        Err(Unavailable("whole".to_owned()))
    }

    fn guard(&self, chain: &[&str]) -> Result<(), Unavailable> {
        self.0.borrow_mut().push(chain.join("."));
        if chain.first() == Some(&"secret") { Err(Unavailable("secret".to_owned())) } else { Ok(()) }
    }
}

#[test]
fn the_guard_hears_whole_chains_and_its_refusal_is_never_swallowed() {
    let root = Guarded(RefCell::default());
    let ask = |text: &str| search(text, &root, &Budget::default());
    ask("known.o.b.c || known.lo[0].k | known").expect("known");
    ask("length(known.l)").expect("known");
    assert_eq!(*root.0.borrow(), ["known.o.b.c", "known.l"]);
    let refused = |what: &str| Err(EvalError::Unavailable(Unavailable(what.to_owned())));
    for text in ["secret.a || 'd'", "secret[]", "secret[?a]", "secret.*", "!secret", "[secret]", "not_null(secret)"] {
        assert_eq!(ask(text), refused("secret"), "{text}");
    }
    assert_eq!(ask("keys(@) || 'd'"), refused("whole"));
}

#[test]
fn work_is_bounded() {
    let data = json::read(&format!("[{}]", vec!["1"; 400].join(","))).expect("valid");
    let budget = || Budget::new(100_000, 1 << 20);
    let deep = "$[?contains($[?contains($[?contains($, 'x')], 'x')], 'x')]"
        .replace('$', &format!("`{}`", { json::write(&data, json::Exponent::Short).expect("finite") }));
    assert_eq!(search(&deep, &data, &budget()), Err(Exhausted::Steps(100_000).into()));
    let doubled = (0..40).fold("'xxxxxxxxxxxxxxxx'".to_owned(), |text, _| format!("{text} | join('', [@, @])"));
    assert_eq!(search(&doubled, &data, &budget()), Err(Exhausted::Bytes(1 << 20).into()));
}

#[test]
fn the_deepest_expressions_fit_the_stack() {
    let data = json::read(DATA).expect("valid");
    let levels = MAX_EXPRESSION_DEPTH - 2;
    let calls = "to_array(".repeat(levels) + "s" + &")".repeat(levels);
    let nots = "!".repeat(levels) + "s";
    let lists = "[".repeat(levels) + "s" + &"]".repeat(levels);
    let ors = vec!["nope"; levels].join(" || ");
    let filters = "lo".to_owned() + &"[?k]".repeat(levels);
    for text in [calls, nots, lists, ors, filters] {
        search(&text, &data, &Budget::default()).expect("an answer");
        assert!(Expression::compile(&text).expect("parses").tree().len() > levels);
    }
}

//! What reading means, and what it refuses.

use super::*;
use crate::document::{Value, json};

fn all(text: &str) -> Result<Vec<Document>, YamlError> {
    read(text, &Limits::default())
}

fn refused(text: &str) -> (Problem, usize, usize) {
    let error = all(text).unwrap_err();
    (error.problem, error.position.line, error.position.column)
}

/// Each case is a text and the compact JSON of its only document.
#[track_caller]
fn means(text: &str, expected: &str) {
    let documents = all(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
    let values: Vec<String> = documents.iter().map(|d| json::to_string(&d.value)).collect();
    assert_eq!(values, [expected], "{text:?}");
}

#[test]
fn scalars_keys_and_tags() {
    means("n: yes\non: 'no'", r#"{"false":true,"true":"no"}"#);
    means("a: \"1\"\nb: |\n  2\nc: 0644\nd: 1_000\ne:", r#"{"a":"1","b":"2\n","c":420,"d":1000,"e":null}"#);
    means("1: a\n1.50: b\n~x: c\n'~': d", r#"{"1":"a","1.5":"b","~":"d","~x":"c"}"#);
    means(
        "a: !!str 1\nb: !!int \"2\"\nc: !!float 3\nd: !!bool 'yes'\ne: !!null ''",
        r#"{"a":"1","b":2,"c":3,"d":true,"e":null}"#,
    );
    means(
        "a: !!binary aGk=\nb: !local 1\nc: ! 1\nd: !<tag:yaml.org,2002:str> 1",
        r#"{"a":"hi","b":"1","c":"1","d":"1"}"#,
    );
    means("a: 2001-01-01\nb: !!timestamp 2001-01-01", r#"{"a":"2001-01-01","b":"2001-01-01"}"#);
    assert_eq!(refused("a: !!int x").0, Problem::TagMismatch("integer"));
    assert_eq!(refused("a: !!binary '*'").0, Problem::TagMismatch("base64 text"));
    assert_eq!(refused("a: 1\nb: .inf"), (Problem::NotFinite, 2, 4));
    assert_eq!(refused("{[a]: b}").0, Problem::KeyNotScalar);
    assert_eq!(refused("~: b").0, Problem::KeyNotScalar);
}

#[test]
fn documents() {
    let text = "\u{feff}# only comments\n---\n# nothing\n---\na: 1\n...\n%YAML 1.1\n---\nnull\n--- {b: 2}\n---\n";
    let found = all(text).unwrap();
    assert_eq!(
        found.iter().map(|d| (json::to_string(&d.value), d.index, d.start.line)).collect::<Vec<_>>(),
        [(r#"{"a":1}"#.to_owned(), 1, 5), (r#"{"b":2}"#.to_owned(), 3, 10),]
    );
    for empty in ["", "\n", "# c", "---", "---\n---\n", "\u{feff}", "...", "\r\n"] {
        assert_eq!(all(empty), Ok(Vec::new()), "{empty:?}");
    }
    means("a: 1\r\nb:\r\n- x\r\n- |\r\n  y\r\n", r#"{"a":1,"b":["x","y\n"]}"#);
    means("a:\t1\t\n# c\nb: [1,\t2]\nc: |\n  x:\ty\nd: \t\tz", r#"{"a":1,"b":[1,2],"c":"x:\ty\n","d":"z"}"#);
    means("a: |\n", r#"{"a":""}"#);
    means("a: >-\n\n", r#"{"a":""}"#);
    means("a: |+\n\n", r#"{"a":"\n"}"#);
    means("a: |\n  x", r#"{"a":"x\n"}"#);
    means("\n {\"a\": \"\\ud83e\\udd80\", \"b\": 1.0}\n", "{\"a\":\"🦀\",\"b\":1}");
    means("{\"a\": \"\\/\\u00e9\", \"b\": [1, 2.5]}", r#"{"a":"/é","b":[1,2.5]}"#);
}

#[test]
fn merge_keys() {
    means("d: &d {a: 1, b: 2}\ne:\n  <<: *d\n  b: 3", r#"{"d":{"a":1,"b":2},"e":{"a":1,"b":3}}"#);
    means("d: &d {a: 1, b: 2}\ne:\n  b: 3\n  <<: *d", r#"{"d":{"a":1,"b":2},"e":{"a":1,"b":2}}"#);
    means("<<: [{a: 1}, {a: 2, b: 2}]\nc: 3", r#"{"a":1,"b":2,"c":3}"#);
    means("'<<': {a: 1}", r#"{"<<":{"a":1}}"#);
    for text in ["<<: 1", "<<: [1]", "a: &a [{b: 1}]\n<<: *a"] {
        assert_eq!(refused(text).0, Problem::MergeNeedsMap, "{text:?}");
    }
    assert_eq!(all("d: &d {a: 1}\ne:\n  <<: *d\n  a: 3").unwrap()[0].duplicates, []);
}

#[test]
fn the_last_of_equal_keys_wins_and_is_reported() {
    let found = all("a: 1\nb: {x: 1,\n  x: 2}\n1: p\n\"1\": q\na: 3").unwrap().remove(0);
    assert_eq!(json::to_string(&found.value), r#"{"1":"q","a":3,"b":{"x":2}}"#);
    let places: Vec<_> =
        found.duplicates.iter().map(|d| (d.key.as_str(), d.position.line, d.position.column)).collect();
    assert_eq!(places, [("x", 3, 3), ("1", 5, 1), ("a", 6, 1)]);
}

#[test]
fn aliases() {
    means("a: &a [1]\nb: *a\nc: &k key\n*k : v", r#"{"a":[1],"b":[1],"c":"key","key":"v"}"#);
    assert_eq!(refused("a: &a\n  b: *a"), (Problem::AnchorInsideItself, 2, 6));
    assert_eq!(refused("a: &a 1\n---\nb: *a"), (Problem::UnknownAnchor, 3, 4));
    assert!(matches!(refused("b: *a").0, Problem::Syntax(_)));
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..10 {
        let before = vec![format!("*a{}", i - 1); 9].join(", ");
        bomb.push_str(&format!("a{i}: &a{i} [{before}]\n"));
    }
    assert_eq!(refused(&bomb).0, Problem::TooManyAliasNodes(100_000));
    // Each step nests one deeper through an alias: few values, but no depth a text could be seen to have.
    let mut ladder = "a0: &a0 [x]\n".to_owned();
    for i in 1..200 {
        ladder.push_str(&format!("a{i}: &a{i} [*a{}]\n", i - 1));
    }
    assert_eq!(refused(&ladder), (Problem::TooDeep(128), 127, 14));
}

#[test]
fn deep_nesting_is_refused_without_recursion() {
    let indented: String = (0..5_000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    let deep = [
        "[".repeat(10_000),
        format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)),
        "{a: ".repeat(10_000),
        format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)),
        "- ".repeat(10_000),
        "? ".repeat(10_000),
        indented,
    ];
    for text in &deep {
        let problem = refused(text).0;
        assert!(matches!(problem, Problem::TooDeep(128) | Problem::KeyNotScalar), "{problem:?}: {:.20}", text);
    }
    let full = format!("{}{}", "[".repeat(127), "]".repeat(127));
    assert_eq!(all(&full).unwrap()[0].value.depth(), 127);
    assert_eq!(refused(&format!("[{full}]")).0, Problem::TooDeep(128));
}

#[test]
fn a_long_text_of_short_values_is_refused_early() {
    let limits = Limits { values: 20_000, ..Limits::default() };
    for text in ["- []\n".repeat(30_000), "- a\n".repeat(30_000), format!("[{}1]", "[],".repeat(30_000))] {
        assert_eq!(read(&text, &limits).unwrap_err().problem, Problem::TooManyValues(20_000));
    }
}

#[test]
fn limits_of_size() {
    assert_eq!(
        read(&"a: 1\n".repeat(10), &Limits { bytes: 20, ..Limits::default() }).unwrap_err().problem,
        Problem::TooLong(20)
    );
    let many = "---\na: 1\n".repeat(4);
    let error = read(&many, &Limits { documents: 3, ..Limits::default() }).unwrap_err();
    assert_eq!((error.problem, error.position.line), (Problem::TooManyDocuments(3), 7));
    let counted = "a: &x [1, 2]\nb: *x\n";
    assert_eq!(read(counted, &Limits { values: 9, ..Limits::default() }).unwrap()[0].values, 9);
    let error = read(counted, &Limits { values: 8, ..Limits::default() }).unwrap_err();
    assert_eq!((error.problem, error.position.line), (Problem::TooManyValues(8), 2));
    let error = read("{\"a\": [1]}", &Limits { values: 3, ..Limits::default() }).unwrap_err();
    assert_eq!((error.problem, error.position.line), (Problem::TooManyValues(3), 1));
    let flow = format!("[{}1]", "1,".repeat(600_000));
    assert_eq!(all(&flow).unwrap()[0].value.as_list().map(<[Value]>::len), Some(600_001));
    assert_eq!(refused(&flow.replace("1]", "x]")).0, Problem::TooManyFlowTokens(250_000));
    let block = "- a,b,c,d\n".repeat(200_000);
    assert_eq!(all(&block).unwrap()[0].value.as_list().map(<[Value]>::len), Some(200_000));
}

#[test]
fn errors_have_a_place_and_never_the_text() {
    for (text, line, column) in [
        ("a: 1\n\tpassword: hunter2", 1, 4),
        ("a: \"hunter2", 1, 4),
        ("hunter2: a: b", 1, 11),
        ("- a\nhunter2: 1\n", 2, 1),
        ("a: 'x' hunter2", 1, 8),
        ("a: *hunter2", 1, 4),
        ("a: !hunter2! x", 1, 4),
        ("a: @hunter2", 1, 4),
        ("a: \"\\hunter2\"", 1, 4),
    ] {
        let error = all(text).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert_eq!((error.position.line, error.position.column), (line, column), "{text:?}: {error}");
    }
    assert_eq!(refused("a: b\nc: \0\nhidden: 1").0, Problem::ControlCharacter('\0'));
}

//! JMESPath against recordings: the answers of `kyverno jp query`, and the language's compliance suite.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rendergate::document::Value;
use rendergate::jmespath::{Expression, FixedClock, Runtime, SeededRandom, go};
use serde_json::Value as Json;

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("RENDERGATE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = root.join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is absent", path.display());
    None
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// What `jp query` would answer: the value, or the text it prints for an error.
fn query(text: &str, input: &Value) -> Result<Value, String> {
    let clock = FixedClock("2024-01-01T00:00:00Z".parse().expect("an instant"));
    let random = SeededRandom::new(7);
    let expression =
        Expression::compile(text).map_err(|e| format!("failed to compile JMESPath: {text}, error: {e}"))?;
    expression
        .search(input, &Runtime::new(&clock, &random))
        .map_err(|e| format!("error evaluating JMESPath expression: {e}"))
}

fn json(value: &Value) -> Json {
    match go::json::write(value, go::json::Exponent::TwoDigits) {
        Ok(text) => serde_json::from_str(&text).expect("valid"),
        Err(error) => Json::String(error.to_string()),
    }
}

/// Numbers compared as numbers.
fn floats(value: &Json) -> Json {
    match value {
        Json::Number(n) => n.as_f64().map_or(Json::Null, Json::from),
        Json::Array(items) => items.iter().map(floats).collect(),
        Json::Object(map) => map.iter().map(|(k, v)| (k.clone(), floats(v))).collect(),
        other => other.clone(),
    }
}

#[test]
fn answers_equal_the_recorded_ones() {
    let Some(folder) = shared("oracle/probes/jmespath") else { return };
    let input = go::json::read(&read(&folder.join("input.json"))).expect("valid input");
    let (mut total, mut different) = (0, Vec::new());
    for line in read(&folder.join("expected.jsonl")).lines() {
        let case: Json = serde_json::from_str(line).expect("valid line");
        let text = case["expression"].as_str().expect("an expression");
        let expected = match case["exit"].as_i64() {
            Some(0) => Ok(floats(&serde_json::from_str(case["output"].as_str().expect("output")).expect("JSON"))),
            _ => Err(case["error"].as_str().expect("an error").to_owned()),
        };
        total += 1;
        let actual = query(text, &input).map(|value| floats(&json(&value)));
        if actual != expected {
            different.push(format!("{text}\n  expected {expected:?}\n  got      {actual:?}"));
        }
    }
    let equal = total - different.len();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred cases")]
    let share = equal as f64 / total as f64;
    eprintln!("jmespath probes: {equal} of {total} equal ({:.2} %)", share * 100.0);
    for case in &different {
        eprintln!("{case}");
    }
    assert!(share >= 0.97, "fewer probes equal than before");
}

/// Cases of the compliance suite in which Kyverno's dialect (or the revision of the language it forked) differs, as
/// `file: expression`. A line that no longer differs must go; a new one needs a reason in `docs/compatibility.md`.
const DIALECT: &str = include_str!("jmespath_dialect.txt");

#[test]
fn compliance_differs_only_where_the_dialect_does() {
    let Some(folder) = shared("corpus/languages/jmespath") else { return };
    let known: BTreeSet<&str> = DIALECT.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).collect();
    let mut files: Vec<_> = fs::read_dir(&folder).expect("a folder").map(|e| e.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "json"));
    files.sort();
    let (mut total, mut different) = (0, BTreeSet::new());
    for file in files {
        let name = file.file_name().and_then(|n| n.to_str()).expect("a name").to_owned();
        let groups: Json = serde_json::from_str(&read(&file)).expect("valid suite");
        for group in groups.as_array().expect("groups") {
            let given = go::json::read(&group["given"].to_string()).expect("valid input");
            for case in group["cases"].as_array().expect("cases") {
                let text = case["expression"].as_str().expect("an expression");
                if case.get("bench").is_some() {
                    continue;
                }
                total += 1;
                let actual = query(text, &given).map(|value| floats(&json(&value)));
                let equal = match case.get("error") {
                    Some(_) => actual.is_err(),
                    None => actual.as_ref().ok() == Some(&floats(&case["result"])),
                };
                if !equal {
                    different.insert(format!("{name}: {}", text.replace('\n', "\\n")));
                }
            }
        }
    }
    eprintln!("jmespath compliance: {} of {total} equal", total - different.len());
    let different: BTreeSet<&str> = different.iter().map(String::as_str).collect();
    let new: Vec<_> = different.difference(&known).collect();
    let gone: Vec<_> = known.difference(&different).collect();
    assert!(new.is_empty() && gone.is_empty(), "new differences: {new:#?}\nno longer different: {gone:#?}");
}

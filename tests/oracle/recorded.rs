//! Reading what was recorded.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use rendergate::document::{Value, json};

/// One recorded or replayed result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Answer {
    pub policy: String,
    pub resource: String,
    pub rule: String,
    pub result: String,
    pub message: String,
}

/// Changed or generated objects by `Kind/namespace/name`.
pub type Objects = BTreeMap<String, Value>;

/// The lines of a JSON lines file, gzipped or not.
pub fn lines(path: &Path) -> Vec<Value> {
    let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut text = String::new();
    if path.extension().is_some_and(|e| e == "gz") {
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).expect("gzip");
    } else {
        text = String::from_utf8(bytes).expect("UTF-8");
    }
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| json::parse(line.as_bytes()).expect("recorded JSON")).collect()
}

pub fn text(value: &Value, key: &str) -> String {
    value.str_at(&[key]).unwrap_or_default().to_owned()
}

pub fn answer(value: &Value) -> Answer {
    Answer {
        policy: text(value, "policy"),
        resource: text(value, "resource"),
        rule: text(value, "rule"),
        result: text(value, "result"),
        message: text(value, "message"),
    }
}

pub fn objects(value: &Value) -> Objects {
    let map = value.get("changed").and_then(Value::as_map);
    map.into_iter().flat_map(|m| m.iter()).map(|(k, v)| (k.to_string(), v.clone())).collect()
}

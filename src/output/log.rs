//! Log lines: one JSON object a line on stderr.

use crate::document::{Map, Value, json};

/// How much a line matters.
#[derive(Clone, Copy, Debug)]
pub enum Level {
    /// What happened.
    Info,
    /// What needs somebody.
    Error,
}

/// Writes one line. Values never hold an object's content.
#[allow(clippy::print_stderr, reason = "this is the log")]
pub fn line(level: Level, message: &str, fields: &[(&str, &str)]) {
    let mut map = Map::new();
    map.insert("time", Value::string(jiff::Timestamp::now().to_string()));
    let level = match level {
        Level::Info => "info",
        Level::Error => "error",
    };
    map.insert("level", Value::string(level));
    map.insert("msg", Value::string(message));
    for (key, value) in fields {
        map.insert(*key, Value::string(*value));
    }
    eprintln!("{}", json::to_string(&Value::map(map)));
}

//! JSON text to and from [`super::Value`]. Keys are written in byte order, as Go prints maps.

use std::cell::Cell;
use std::fmt::Write as _;

use serde::de::DeserializeSeed as _;

use super::value_serde::Reader;
use super::{Map, Value, number};

/// Why a text is not JSON, or a value cannot be written as JSON. Never quotes the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The text breaks the grammar, nests deeper than 127 lists and maps, or is not UTF-8.
    #[error("{message} at line {line} column {column}")]
    Syntax {
        /// What is wrong.
        message: String,
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
    },
    /// More values and keys than allowed.
    #[error("more than {0} values and keys")]
    TooManyValues(usize),
    /// NaN or an infinity, which JSON has no text for.
    #[error("a number is not finite")]
    NotFinite,
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        let text = error.to_string();
        let message = text.rfind(" at line ").map_or(text.as_str(), |at| &text[..at]);
        Self::Syntax { message: message.to_owned(), line: error.line(), column: error.column() }
    }
}

/// Reads one JSON value. Integers that fit 64 bits stay integers, every other number becomes a
/// float; of equal keys the last wins.
///
/// # Errors
/// Anything that is not exactly one JSON value nesting at most 127 deep, of at most [`MAX_VALUES`].
pub fn parse(text: &[u8]) -> Result<Value, JsonError> {
    parse_counted(text, Keys::LastWins, MAX_VALUES).map(|(value, _)| value)
}

/// Values and keys a text may hold, unless its reader says otherwise: each takes about 50 bytes in
/// memory, and two in the text.
pub const MAX_VALUES: usize = 1_000_000;

/// What a key given twice in one object means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// It is an error.
    Unique,
    /// The last one counts.
    LastWins,
}

/// As [`parse`], with the number of values and keys, which may be at most `limit`.
///
/// # Errors
/// As [`parse`].
pub fn parse_counted(text: &[u8], keys: Keys, limit: usize) -> Result<(Value, usize), JsonError> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let left = Cell::new(Some(limit));
    let value = Reader { unique_keys: keys == Keys::Unique, left: Some(&left) }.deserialize(&mut json);
    let Some(left) = left.get() else { return Err(JsonError::TooManyValues(limit)) };
    let value = value?;
    json.end()?;
    Ok((value, limit - left))
}

/// Compact JSON: sorted keys, no HTML escapes. A number that is not finite is written as null.
#[must_use]
pub fn to_string(value: &Value) -> String {
    let mut out = Writer { text: String::new(), html: false, indent: None };
    out.value(value, 0);
    out.text
}

/// Compact JSON as Kyverno substitutes it into text (spec 30): sorted keys, `<`, `>`, `&`, U+2028
/// and U+2029 escaped, exponents of at least two digits.
///
/// # Errors
/// [`JsonError::NotFinite`].
pub fn to_string_go(value: &Value) -> Result<String, JsonError> {
    if !is_finite(value) {
        return Err(JsonError::NotFinite);
    }
    let mut out = Writer { text: String::new(), html: true, indent: None };
    out.value(value, 0);
    Ok(out.text)
}

/// JSON indented by two spaces, as Go's `MarshalIndent` lays it out; sorted keys, no HTML escapes.
#[must_use]
pub fn to_string_pretty(value: &Value) -> String {
    let mut out = Writer { text: String::new(), html: false, indent: Some("  ") };
    out.value(value, 0);
    out.text
}

/// The same with `<`, `>`, `&`, U+2028 and U+2029 escaped, as Go's `MarshalIndent` writes them.
#[must_use]
pub fn to_string_pretty_go(value: &Value) -> String {
    let mut out = Writer { text: String::new(), html: true, indent: Some("  ") };
    out.value(value, 0);
    out.text
}

/// A float as Go's `encoding/json` prints it: no exponent from 1e-6 up to 1e21, else `1e-7`, `1e+21`.
#[must_use]
pub fn number_text(number: f64) -> String {
    if !has_exponent(number) {
        return number::plain(number);
    }
    let text = number::scientific(number);
    match text.split_once("e-0") {
        Some((digits, exponent)) => format!("{digits}e-{exponent}"),
        None => text,
    }
}

fn has_exponent(number: f64) -> bool {
    let size = number.abs();
    size != 0.0 && !(1e-6..1e21).contains(&size)
}

fn is_finite(value: &Value) -> bool {
    match value {
        Value::Float(f) => f.is_finite(),
        Value::List(items) => items.iter().all(is_finite),
        Value::Map(map) => map.values().all(is_finite),
        _ => true,
    }
}

struct Writer {
    text: String,
    /// Escape what Go escapes for HTML, and print exponents with two digits.
    html: bool,
    indent: Option<&'static str>,
}

impl Writer {
    fn value(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Null => self.text.push_str("null"),
            Value::Bool(b) => self.text.push_str(if *b { "true" } else { "false" }),
            Value::Int(i) => {
                let _ = write!(self.text, "{i}");
            }
            Value::Float(f) => self.float(*f),
            Value::String(s) => self.string(s),
            Value::List(items) => self.list(items, depth),
            Value::Map(map) => self.map(map, depth),
        }
    }

    fn float(&mut self, number: f64) {
        if !number.is_finite() {
            self.text.push_str("null");
        } else if self.html && has_exponent(number) {
            self.text.push_str(&number::scientific(number));
        } else {
            self.text.push_str(&number_text(number));
        }
    }

    fn list(&mut self, items: &[Value], depth: usize) {
        if items.is_empty() {
            return self.text.push_str("[]");
        }
        for (i, item) in items.iter().enumerate() {
            self.text.push(if i == 0 { '[' } else { ',' });
            self.new_line(depth + 1);
            self.value(item, depth + 1);
        }
        self.new_line(depth);
        self.text.push(']');
    }

    fn map(&mut self, map: &Map, depth: usize) {
        if map.is_empty() {
            return self.text.push_str("{}");
        }
        for (i, (key, value)) in map.sorted().into_iter().enumerate() {
            self.text.push(if i == 0 { '{' } else { ',' });
            self.new_line(depth + 1);
            self.string(key);
            self.text.push_str(if self.indent.is_some() { ": " } else { ":" });
            self.value(value, depth + 1);
        }
        self.new_line(depth);
        self.text.push('}');
    }

    fn new_line(&mut self, depth: usize) {
        if let Some(indent) = self.indent {
            self.text.push('\n');
            (0..depth).for_each(|_| self.text.push_str(indent));
        }
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        let mut from = 0;
        for (at, c) in text.char_indices() {
            let plain = match c {
                '"' | '\\' | '\0'..='\x1f' => false,
                '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => !self.html,
                _ => true,
            };
            if !plain {
                self.text.push_str(&text[from..at]);
                from = at + c.len_utf8();
                self.escape(c);
            }
        }
        self.text.push_str(&text[from..]);
        self.text.push('"');
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\u{8}' => "\\b",
            '\u{c}' => "\\f",
            other => {
                let _ = write!(self.text, "\\u{:04x}", u32::from(other));
                return;
            }
        };
        self.text.push_str(short);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_stay_apart_from_floats() {
        let value = parse(b"[1, 1.0, 9007199254740993, 18446744073709551615, -0, 1e2]").unwrap();
        let expected = [
            Value::Int(1),
            Value::Float(1.0),
            Value::Int(9_007_199_254_740_993),
            Value::Float(18_446_744_073_709_551_615.0),
            Value::Float(-0.0),
            Value::Float(100.0),
        ];
        assert_eq!(value.as_list(), Some(expected.as_slice()));
    }

    #[test]
    fn numbers_as_go_prints_them() {
        for (number, text) in [
            (5.0, "5"),
            (0.5, "0.5"),
            (1e20, "100000000000000000000"),
            (1e21, "1e+21"),
            (1e-7, "1e-7"),
            (1e-6, "0.000001"),
        ] {
            assert_eq!(number_text(number), text);
        }
        assert_eq!(to_string_go(&Value::Float(1e-7)).unwrap(), "1e-07");
        assert_eq!(to_string_go(&Value::Float(1.5e-10)).unwrap(), "1.5e-10");
        assert_eq!(to_string_go(&Value::Float(f64::NAN)), Err(JsonError::NotFinite));
    }

    #[test]
    fn keys_are_sorted_and_html_is_escaped_only_as_go() {
        let value = Value::from([("b", "a<b>&\u{2028}\u{1}\"\\\n".into()), ("a", Value::list(vec![Value::Null]))]);
        assert_eq!(to_string(&value), "{\"a\":[null],\"b\":\"a<b>&\u{2028}\\u0001\\\"\\\\\\n\"}");
        assert_eq!(to_string_go(&value).unwrap(), r#"{"a":[null],"b":"a\u003cb\u003e\u0026\u2028\u0001\"\\\n"}"#);
    }

    #[test]
    fn pretty_is_laid_out_as_marshal_indent() {
        let value = parse(br#"{"b":[1,{}],"a":{"c":[]}}"#).unwrap();
        assert_eq!(to_string_pretty(&value), "{\n  \"a\": {\n    \"c\": []\n  },\n  \"b\": [\n    1,\n    {}\n  ]\n}");
    }

    #[test]
    fn values_and_keys_are_counted_and_limited() {
        let text = br#"{"a":[1,{"b":null}],"c":"d"}"#;
        let (value, counted) = parse_counted(text, Keys::Unique, 9).unwrap();
        assert_eq!((counted, value), (9, parse(text).unwrap()));
        assert_eq!(parse_counted(text, Keys::LastWins, 8), Err(JsonError::TooManyValues(8)));
        let many = "[],".repeat(MAX_VALUES);
        let many = format!("[{many}1]");
        assert_eq!(parse(many.as_bytes()), Err(JsonError::TooManyValues(MAX_VALUES)));
    }

    #[test]
    fn deep_nesting_is_refused() {
        let deep = "[".repeat(10_000);
        assert!(matches!(parse(deep.as_bytes()), Err(JsonError::Syntax { .. })));
        let full = format!("{}{}", "[".repeat(127), "]".repeat(127));
        assert_eq!(parse(full.as_bytes()).unwrap().depth(), 127);
    }

    #[test]
    fn errors_have_a_place_and_no_text() {
        let error = parse(b"{\n \"password\": hunter2}").unwrap_err();
        assert_eq!(error.to_string(), "expected value at line 2 column 14");
    }
}

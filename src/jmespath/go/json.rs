//! JSON as Go reads and writes it: every number a float, `encoding/json`'s error texts, keys sorted, HTML escaped.

use std::fmt::Write as _;

use super::print::float_json;
use crate::document::{Map, Str, Value};

/// Deepest nesting read; Go's own limit is 10,000.
const MAX_DEPTH: usize = 128;

/// A text that is not one JSON value; prints what `encoding/json` prints.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JsonError(String);

/// Reads one JSON value; numbers become floats, the last of duplicate keys wins.
///
/// # Errors
/// With the text of Go's `encoding/json` for anything else.
pub fn read(text: &str) -> Result<Value, JsonError> {
    let mut reader = Reader { bytes: text.as_bytes(), text, at: 0, range: None };
    let value = reader.value(0)?;
    reader.space();
    match (reader.peek(), reader.range) {
        (Some(_), _) => Err(reader.unexpected("after top-level value")),
        (None, Some(number)) => {
            Err(JsonError(format!("json: cannot unmarshal number {number} into Go value of type float64")))
        }
        (None, None) => Ok(value),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    text: &'a str,
    at: usize,
    /// The first number too large for a float: reported only when the syntax of the whole text is right.
    range: Option<&'a str>,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// The error for the byte at hand, or for the end of the text.
    fn unexpected(&self, context: &str) -> JsonError {
        // In the middle of a literal, a number or an escape Go takes the end for a space.
        let inside = context != "in string literal" && (context.starts_with("in ") || context.starts_with("after dec"));
        let byte = match self.peek() {
            Some(byte) => byte,
            None if inside => b' ',
            None => return JsonError("unexpected end of JSON input".to_owned()),
        };
        let quoted = match byte {
            b'\'' => r"'\''".to_owned(),
            b'"' => "'\"'".to_owned(),
            // Go takes the byte for a character.
            other => {
                let quoted = super::quote(&char::from(other).to_string());
                format!("'{}'", quoted.trim_matches('"'))
            }
        };
        JsonError(format!("invalid character {quoted} {context}"))
    }

    fn value(&mut self, depth: usize) -> Result<Value, JsonError> {
        if depth > MAX_DEPTH {
            return Err(JsonError("exceeded max depth".to_owned()));
        }
        self.space();
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => Ok(Value::String(self.string()?)),
            Some(b't') => self.literal("true", Value::Bool(true)),
            Some(b'f') => self.literal("false", Value::Bool(false)),
            Some(b'n') => self.literal("null", Value::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected("looking for beginning of value")),
        }
    }

    fn literal(&mut self, name: &str, value: Value) -> Result<Value, JsonError> {
        for expected in name.bytes() {
            if self.peek() != Some(expected) {
                let context = format!("in literal {name} (expecting '{}')", char::from(expected));
                return Err(self.unexpected(&context));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn digits(&mut self, context: &str) -> Result<(), JsonError> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.unexpected(context));
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits("in numeric literal")?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        let number = text.parse::<f64>().unwrap_or(f64::INFINITY);
        if number.is_infinite() {
            self.range.get_or_insert(text);
        }
        Ok(Value::Float(number))
    }

    fn array(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        let mut items = Vec::new();
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::list(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Value::list(items));
                }
                _ => return Err(self.unexpected("after array element")),
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, JsonError> {
        self.at += 1;
        let mut map = Map::new();
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::map(map));
        }
        loop {
            self.space();
            if self.peek() != Some(b'"') {
                return Err(self.unexpected("looking for beginning of object key string"));
            }
            let key = self.string()?;
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.unexpected("after object key"));
            }
            self.at += 1;
            let value = self.value(depth + 1)?;
            map.insert(key, value);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Value::map(map));
                }
                _ => return Err(self.unexpected("after object key:value pair")),
            }
        }
    }

    fn string(&mut self) -> Result<Str, JsonError> {
        self.at += 1;
        let mut out = String::new();
        let mut start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    out.push_str(self.text.get(start..self.at).unwrap_or_default());
                    self.at += 1;
                    return Ok(out.into());
                }
                Some(b'\\') => {
                    out.push_str(self.text.get(start..self.at).unwrap_or_default());
                    self.at += 1;
                    out.push(self.escape()?);
                    start = self.at;
                }
                Some(0..=0x1f) | None => return Err(self.unexpected("in string literal")),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let c = match self.peek() {
            Some(b'b') => '\x08',
            Some(b'f') => '\x0c',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'"') => '"',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return Err(self.unexpected("in string escape code")),
        };
        self.at += 1;
        Ok(c)
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|b| char::from(b).to_digit(16));
            code = code * 16 + digit.ok_or_else(|| self.unexpected("in \\u hexadecimal character escape"))?;
            self.at += 1;
        }
        Ok(code)
    }

    /// After `\u`; a half of a surrogate pair becomes U+FFFD.
    fn unicode(&mut self) -> Result<char, JsonError> {
        let high = self.hex4()?;
        if (0xd800..0xdc00).contains(&high) && self.bytes.get(self.at..self.at + 2) == Some(br"\u") {
            let before = self.at;
            self.at += 2;
            let low = self.hex4()?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = before;
        }
        Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER))
    }
}

/// Which of Go's two encoders is meant; they differ in the exponent of small numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exponent {
    /// `1e-7`, as `encoding/json` (`to_string`).
    Short,
    /// `1e-07`, as the encoder that renders variables into text.
    TwoDigits,
}

/// Compact JSON with sorted keys and `<`, `>`, `&`, U+2028, U+2029 escaped.
///
/// # Errors
/// For NaN and infinities, which JSON cannot express.
pub fn write(value: &Value, exponent: Exponent) -> Result<String, JsonError> {
    let mut out = String::new();
    write_value(&mut out, value, exponent)?;
    Ok(out)
}

fn write_value(out: &mut String, value: &Value, exponent: Exponent) -> Result<(), JsonError> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => {
            let _ = write!(out, "{b}");
        }
        Value::Int(i) => {
            let _ = write!(out, "{i}");
        }
        Value::Float(f) => out.push_str(&float(*f, exponent)?),
        Value::String(s) => string(out, s),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_value(out, item, exponent)?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (i, (key, item)) in map.sorted().into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                string(out, key);
                out.push(':');
                write_value(out, item, exponent)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

fn float(f: f64, exponent: Exponent) -> Result<String, JsonError> {
    let text = float_json(f);
    if !f.is_finite() {
        return Err(JsonError(format!("json: unsupported value: {text}")));
    }
    match (exponent, text.split_once("e-0")) {
        (Exponent::Short, Some((digits, power))) => Ok(format!("{digits}e-{power}")),
        _ => Ok(text),
    }
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_those_of_encoding_json() {
        for (text, error) in [
            ("", "unexpected end of JSON input"),
            ("nginx", "invalid character 'g' in literal null (expecting 'u')"),
            ("nul", "invalid character ' ' in literal null (expecting 'l')"),
            ("1.", "invalid character ' ' after decimal point in numeric literal"),
            ("\"\\u00", "invalid character ' ' in \\u hexadecimal character escape"),
            ("\"a", "unexpected end of JSON input"),
            ("[1", "unexpected end of JSON input"),
            ("/a", "invalid character '/' looking for beginning of value"),
            ("[1,]", "invalid character ']' looking for beginning of value"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("{a:1}", "invalid character 'a' looking for beginning of object key string"),
            ("{\"a\":1,}", "invalid character '}' looking for beginning of object key string"),
            ("[1 2]", "invalid character '2' after array element"),
            ("01", "invalid character '1' after top-level value"),
            ("-x", "invalid character 'x' in numeric literal"),
            ("\"\n\"", "invalid character '\\n' in string literal"),
            ("\"\\x\"", "invalid character 'x' in string escape code"),
            ("é", "invalid character 'Ã' looking for beginning of value"),
            ("1e999", "json: cannot unmarshal number 1e999 into Go value of type float64"),
        ] {
            assert_eq!(read(text).expect_err(text).to_string(), error, "{text}");
        }
        assert!(read(&"[".repeat(100_000)).is_err());
    }

    #[test]
    fn reads_and_writes() {
        let text = r#"{"b":[1,2.5,1e-7,1e+21,true,null],"a":"\u003cé\ud83d\ude00\ud800x"}"#;
        let value = read(text).expect("valid");
        assert_eq!(
            write(&value, Exponent::Short).expect("finite"),
            "{\"a\":\"\\u003cé\u{1F600}\u{fffd}x\",\"b\":[1,2.5,1e-7,1e+21,true,null]}"
        );
        assert_eq!(write(&Value::Float(1e-7), Exponent::TwoDigits).expect("finite"), "1e-07");
        assert!(write(&Value::Float(f64::NAN), Exponent::Short).is_err());
    }
}

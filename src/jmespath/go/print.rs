//! How Go prints numbers, characters and values (`strconv` and `%v`).

use std::fmt::Write as _;

use crate::document::Value;

/// The shortest digits that read back as `f`, in `d.dde±dd` form with at least two exponent digits.
fn exponent_form(f: f64) -> String {
    let text = format!("{f:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(rest) => ('-', rest),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

/// The shortest text that reads back as `f`: in exponent form from `huge` on and below `tiny`.
fn float_text(f: f64, tiny: f64, huge: f64) -> String {
    let size = f.abs();
    if f.is_nan() {
        "NaN".to_owned()
    } else if f.is_infinite() {
        if f > 0.0 { "+Inf".to_owned() } else { "-Inf".to_owned() }
    } else if size != 0.0 && (size < tiny || size >= huge) {
        exponent_form(f)
    } else {
        format!("{f}")
    }
}

/// A float as `%v` prints it: `1.5`, `1e+06`, `1e-05`.
#[must_use]
pub fn float_v(f: f64) -> String {
    float_text(f, 1e-4, 1e6)
}

/// A float as JSON has it: no exponent below 1e21, two exponent digits at least.
#[must_use]
pub fn float_json(f: f64) -> String {
    float_text(f, 1e-6, 1e21)
}

/// The shortest decimal text, without exponent, of `f` rounded to 32 bits: how Kyverno turns a number into text where
/// a function takes "string or number" (spec 30 §4.6).
#[must_use]
pub fn float32_text(f: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "the rounding is the behaviour copied")]
    let rounded = f as f32;
    if rounded.is_finite() { rounded.to_string() } else { float_v(f64::from(rounded)) }
}

fn escape(out: &mut String, c: char, quote: char, ascii: bool) {
    let code = u32::from(c);
    match c {
        '\x07' => out.push_str(r"\a"),
        '\x08' => out.push_str(r"\b"),
        '\x0c' => out.push_str(r"\f"),
        '\n' => out.push_str(r"\n"),
        '\r' => out.push_str(r"\r"),
        '\t' => out.push_str(r"\t"),
        '\x0b' => out.push_str(r"\v"),
        '\\' => out.push_str(r"\\"),
        _ if c == quote => {
            out.push('\\');
            out.push(c);
        }
        ' '..='~' => out.push(c),
        _ if code < 0x80 => {
            let _ = write!(out, "\\x{code:02x}");
        }
        _ if !ascii && !c.is_control() && !c.is_whitespace() => out.push(c),
        _ if code <= 0xffff => {
            let _ = write!(out, "\\u{code:04x}");
        }
        _ => {
            let _ = write!(out, "\\U{code:08x}");
        }
    }
}

/// A Go string literal of `text`.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        escape(&mut out, c, '"', false);
    }
    out.push('"');
    out
}

/// A Go character literal of `c`, in ASCII.
#[must_use]
pub fn quote_char(c: char) -> String {
    let mut out = String::from("'");
    escape(&mut out, c, '\'', true);
    out.push('\'');
    out
}

/// A value as Go's `%v` prints it: `<nil>`, `[1 two]`, `map[a:1]`.
#[must_use]
pub fn value_text(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value);
    out
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::Bool(b) => {
            let _ = write!(out, "{b}");
        }
        Value::Int(i) => {
            let _ = write!(out, "{i}");
        }
        Value::Float(f) => out.push_str(&float_v(*f)),
        Value::String(s) => out.push_str(s),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push_str("map[");
            for (i, (key, item)) in map.sorted().into_iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                write_value(out, item);
            }
            out.push(']');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_print_as_go_prints_them() {
        for (f, text) in
            [(5.0, "5"), (123_456.5, "123456.5"), (12_345_678_901.0, "1.2345678901e+10"), (0.000_01, "1e-05")]
        {
            assert_eq!(value_text(&Value::Float(f)), text);
        }
        assert_eq!(float_json(4.656_612_873_077_392_6e-9), "4.6566128730773926e-09");
        assert_eq!(float32_text(123_456_789.0), "123456790");
        assert_eq!(float32_text(0.1), "0.1");
    }

    #[test]
    fn values_print_as_percent_v() {
        let value = Value::from([("b", Value::list(vec![1.5.into(), "x".into()])), ("a", Value::Null)]);
        assert_eq!(value_text(&value), "map[a:<nil> b:[1.5 x]]");
        assert_eq!(quote("a\"\u{7f}é\u{2028}"), r#""a\"\x7fé\u2028""#);
    }
}

//! What a scalar means: go-yaml v2's resolution, which kubectl and Argo CD use.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use yaml_rust2::parser::Tag;
use yaml_rust2::scanner::TScalarStyle;

use super::error::Problem;
use crate::document::{Str, Value, number};

const YAML_TAGS: &str = "tag:yaml.org,2002:";

/// The value of a scalar. A float may be infinite or NaN here: only a key may be that.
pub(super) fn value(text: &str, style: TScalarStyle, tag: Option<&Tag>) -> Result<Value, Problem> {
    match tag {
        None if style == TScalarStyle::Plain => Ok(plain(text)),
        None => Ok(Value::String(Str::new(text))),
        Some(tag) => tagged(text, tag),
    }
}

/// The text of a key: a key that is not a string becomes one, as sigs.k8s.io/yaml turns it into JSON.
pub(super) fn key(value: Value) -> Result<Str, Problem> {
    Ok(match value {
        Value::String(text) => text,
        Value::Bool(true) => Str::new_static("true"),
        Value::Bool(false) => Str::new_static("false"),
        Value::Int(i) => Str::from(i.to_string()),
        Value::Float(f) if f.is_nan() => Str::new_static(".nan"),
        Value::Float(f) if f.is_infinite() => Str::new_static(if f > 0.0 { ".inf" } else { "-.inf" }),
        Value::Float(f) => Str::from(number::general_32(f)),
        Value::Null | Value::List(_) | Value::Map(_) => return Err(Problem::KeyNotScalar),
    })
}

/// The name after `!!`, whatever way the tag is written; `None` for local tags.
pub(super) fn core_tag(tag: &Tag) -> Option<&str> {
    match tag.handle.as_str() {
        YAML_TAGS => Some(&tag.suffix),
        "" => tag.suffix.strip_prefix(YAML_TAGS),
        _ => None,
    }
}

fn tagged(text: &str, tag: &Tag) -> Result<Value, Problem> {
    let string = || Value::String(Str::new(text));
    let expected = |name, meaning: Value, fits: bool| if fits { Ok(meaning) } else { Err(Problem::TagMismatch(name)) };
    let meaning = plain(text);
    match core_tag(tag) {
        Some("bool") => {
            let fits = matches!(meaning, Value::Bool(_));
            expected("boolean", meaning, fits)
        }
        Some("null") => {
            let fits = meaning.is_null();
            expected("null", meaning, fits)
        }
        Some("int") => {
            // An integer above 63 bits is a float to us, and still an integer to go-yaml.
            let fits = matches!(meaning, Value::Int(_)) || unsigned(&without_underscores(text)).is_some();
            expected("integer", meaning, fits)
        }
        Some("float") => match meaning {
            #[expect(clippy::cast_precision_loss, reason = "what the tag asks for")]
            Value::Int(i) => Ok(Value::Float(i as f64)),
            Value::Float(f) => Ok(Value::Float(f)),
            _ => Err(Problem::TagMismatch("float")),
        },
        Some("timestamp") => expected("timestamp", string(), looks_like_timestamp(text)),
        Some("binary") => {
            let joined: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'\n' | b'\r')).collect();
            let bytes = STANDARD.decode(joined).map_err(|_| Problem::TagMismatch("base64 text"))?;
            Ok(Value::from(String::from_utf8_lossy(&bytes).into_owned()))
        }
        // `!!str`, and every tag without a scalar meaning.
        _ => Ok(string()),
    }
}

/// The value of a plain scalar without a tag.
pub(super) fn plain(text: &str) -> Value {
    let string = || Value::String(Str::new(text));
    match text.as_bytes().first() {
        None => Value::Null,
        Some(b'0'..=b'9' | b'+' | b'-' | b'.') => numeric(text).unwrap_or_else(string),
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') if text.len() <= 5 => {
            word(text).unwrap_or_else(string)
        }
        Some(_) => string(),
    }
}

fn word(text: &str) -> Option<Value> {
    Some(match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Value::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Value::Bool(false),
        "~" | "null" | "Null" | "NULL" => Value::Null,
        _ => return None,
    })
}

fn numeric(text: &str) -> Option<Value> {
    match text {
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => return Some(Value::Float(f64::INFINITY)),
        "-.inf" | "-.Inf" | "-.INF" => return Some(Value::Float(f64::NEG_INFINITY)),
        ".nan" | ".NaN" | ".NAN" => return Some(Value::Float(f64::NAN)),
        _ => {}
    }
    if text.starts_with('.') {
        return if text.contains('_') { float(&between_digits(text)?) } else { float(text) }.map(Value::Float);
    }
    // Names such as 10.0.0.1, 5m and -x are the usual case: stop at the first byte no number has.
    if !text
        .bytes()
        .all(|b| b.is_ascii_hexdigit() || matches!(b, b'+' | b'-' | b'.' | b'_' | b'x' | b'X' | b'o' | b'O'))
    {
        return None;
    }
    let digits = without_underscores(text);
    if let Some(integer) = signed(&digits) {
        return Some(Value::Int(integer));
    }
    #[expect(clippy::cast_precision_loss, reason = "what reading it back from JSON does")]
    if let Some(integer) = unsigned(&digits) {
        return Some(Value::Float(integer as f64));
    }
    if let Some(number) = float(&digits) {
        return Some(Value::Float(number));
    }
    let binary = digits.strip_prefix("0b")?;
    i64::from_str_radix(binary, 2).ok().map(Value::Int)
}

fn without_underscores(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains('_') { text.replace('_', "").into() } else { text.into() }
}

/// Without underscores, if each stands between two digits: how Go reads floats.
fn between_digits(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let is_digit = |at: Option<&u8>| at.is_some_and(u8::is_ascii_digit);
    let placed = |at: usize| at > 0 && is_digit(bytes.get(at - 1)) && is_digit(bytes.get(at + 1));
    text.match_indices('_').all(|(at, _)| placed(at)).then(|| text.replace('_', ""))
}

/// Go's `ParseInt(text, 0, 64)` on a text without underscores.
fn signed(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let size = unsigned(digits)?;
    if negative { 0_i64.checked_sub_unsigned(size) } else { i64::try_from(size).ok() }
}

/// Go's `ParseUint(text, 0, 64)` on a text without underscores: `0x`, `0o`, `0b`, or octal after `0`.
fn unsigned(text: &str) -> Option<u64> {
    let (digits, radix) = match text.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&text[2..], 16),
        [b'0', b'o' | b'O', ..] => (&text[2..], 8),
        [b'0', b'b' | b'B', ..] => (&text[2..], 2),
        [b'0', _, ..] => (&text[1..], 8),
        _ => (text, 10),
    };
    // from_str_radix takes a sign, which is not allowed here.
    if digits.starts_with(['+', '-']) { None } else { u64::from_str_radix(digits, radix).ok() }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`, and within the range of a float.
fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mantissa = unsigned.find(['e', 'E']).map_or(unsigned, |at| &unsigned[..at]);
    let shape = mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'.') && mantissa != ".";
    // An infinity and NaN have no digit, so Rust's reading of their names never gets here.
    if shape { text.parse::<f64>().ok().filter(|f| f.is_finite()) } else { None }
}

/// `YYYY-M-D` with or without a time: what a YAML 1.1 reader takes for a timestamp.
pub(super) fn looks_like_timestamp(text: &str) -> bool {
    match text.split_once(['T', 't', ' ']) {
        None => is_date(text),
        Some((date, time)) => is_date(date) && is_time(time),
    }
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    numeral(parts.next(), 4..=4, 9999)
        && numeral(parts.next(), 1..=2, 12)
        && numeral(parts.next(), 1..=2, 31)
        && parts.next().is_none()
}

/// `H:M:S`, perhaps with a fraction and a zone.
fn is_time(text: &str) -> bool {
    let clock = &text[..text.find(['Z', '+', '-']).unwrap_or(text.len())];
    let whole = clock.split_once('.').map_or(clock, |(whole, _)| whole);
    let mut parts = whole.split(':');
    numeral(parts.next(), 1..=2, 23)
        && numeral(parts.next(), 1..=2, 59)
        && numeral(parts.next(), 1..=2, 60)
        && parts.next().is_none()
}

fn numeral(text: Option<&str>, length: std::ops::RangeInclusive<usize>, largest: u32) -> bool {
    text.is_some_and(|t| {
        length.contains(&t.len()) && t.bytes().all(|b| b.is_ascii_digit()) && t.parse().is_ok_and(|n: u32| n <= largest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_mean_what_they_mean_to_kubectl() {
        let (t, f) = (Value::Bool(true), Value::Bool(false));
        for text in ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"] {
            assert_eq!(plain(text), t, "{text}");
        }
        for text in ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"] {
            assert_eq!(plain(text), f, "{text}");
        }
        for text in ["", "~", "null", "Null", "NULL"] {
            assert_eq!(plain(text), Value::Null, "{text}");
        }
        for (text, integer) in [
            ("0", 0),
            ("-0", 0),
            ("+12", 12),
            ("0644", 420),
            ("-0644", -420),
            ("0o17", 15),
            ("0x1F", 31),
            ("-0x1f", -31),
            ("0b101", 5),
            ("-0b101", -5),
            ("0b-1", -1),
            ("1_000", 1000),
            ("0x_ff", 255),
            ("9223372036854775807", i64::MAX),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(plain(text), Value::Int(integer), "{text}");
        }
        for (text, number) in [
            ("1.0", 1.0),
            ("1.", 1.0),
            (".5", 0.5),
            ("-.5", -0.5),
            ("+1.5e3", 1500.0),
            ("1e3", 1000.0),
            ("6e-2", 0.06),
            ("08", 8.0),
            ("1_0.5", 10.5),
            (".1_0", 0.1),
            ("9223372036854775808", 9_223_372_036_854_775_808.0),
            ("18446744073709551616", 18_446_744_073_709_551_616.0),
        ] {
            assert_eq!(plain(text), Value::Float(number), "{text}");
        }
        assert_eq!(plain("-.inf"), Value::Float(f64::NEG_INFINITY));
        for text in [
            "yEs",
            "tRue",
            "nUll",
            "o",
            "t",
            "0x",
            "0xg",
            "1e",
            "1e400",
            ".",
            "-",
            "+",
            "..5",
            ".5_",
            "._5",
            ".5__0",
            "1.5.2",
            "10.0.0.1",
            "5m",
            "1Gi",
            "2001-01-01",
            "2001-01-01T10:00:00Z",
            "12:30:45",
            "0x1p-2",
            "infinity",
            "nan",
            "+-1",
            "1,000",
            "0b2",
            "<<",
            "=",
            "yesterday",
            "1e3e4",
            "-.",
            "._5",
        ] {
            assert_eq!(plain(text), Value::String(text.into()), "{text}");
        }
    }

    #[test]
    fn keys_become_text() {
        for (text, key_text) in
            [("n", "false"), ("on", "true"), ("1", "1"), ("0x10", "16"), ("1.10", "1.1"), ("1e7", "1e+07")]
        {
            assert_eq!(key(plain(text)).unwrap(), key_text);
        }
        assert_eq!(key(Value::Null), Err(Problem::KeyNotScalar));
        assert_eq!(key(plain(".inf")).unwrap(), ".inf");
    }
}

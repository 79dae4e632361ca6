//! How a text is written so that every reader gets the same text back.

use std::fmt::Write as _;

use super::scalar;
use crate::document::Value;

/// A key longer than this (as written) is marked with `?`: readers stop looking for the colon at 1024.
pub(super) const LONGEST_KEY: usize = 1000;

/// Where a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// The whole document.
    Root,
    /// Before a colon: one line.
    Key,
    /// After a colon or a dash: may be a block.
    Value,
}

/// Writes `text`; a block's lines stand at `column`, and a block ends with a line break.
pub(super) fn write(out: &mut String, text: &str, context: Context, column: usize) {
    match style(text, context) {
        Style::Plain => out.push_str(text),
        Style::Single => {
            out.push('\'');
            text.split('\'').enumerate().for_each(|(i, part)| {
                out.push_str(if i == 0 { "" } else { "''" });
                out.push_str(part);
            });
            out.push('\'');
        }
        Style::Double => double(out, text),
        Style::Literal => literal(out, text, column),
    }
}

enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// The style go-yaml chooses, except that a block never needs an indentation indicator.
fn style(text: &str, context: Context) -> Style {
    if !text.bytes().all(|b| matches!(b, b' '..=b'~')) && !text.chars().all(is_printable) {
        return Style::Double;
    }
    if text.contains('\n') {
        let block = context == Context::Value
            && !text.starts_with([' ', '\n'])
            && !text.ends_with(' ')
            && !text.contains(" \n");
        return if block { Style::Literal } else { Style::Double };
    }
    if is_something_else(text) {
        Style::Double
    } else if has_indicators(text) {
        Style::Single
    } else {
        Style::Plain
    }
}

/// What may stand unescaped; line breaks are dealt with apart.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}')
}

/// Whether some reader takes the plain text for a value that is not this text.
fn is_something_else(text: &str) -> bool {
    let Some(first) = text.bytes().next() else { return true };
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => {
            !matches!(scalar::plain(text), Value::String(_))
                || is_base_60(text)
                || scalar::looks_like_timestamp(text)
                || is_out_of_range(text)
        }
        b'<' | b'=' => matches!(text, "<<" | "="),
        _ => !matches!(scalar::plain(text), Value::String(_)),
    }
}

/// `12:30:45`: 45,045 to a YAML 1.1 reader.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let whole = unsigned.split_once('.').map_or(unsigned, |(whole, _)| whole);
    let fraction = &unsigned[whole.len()..];
    let digits = |text: &str, more: &[u8]| text.bytes().all(|b| b.is_ascii_digit() || more.contains(&b));
    let mut places = whole.split(':');
    places.next().is_some_and(|first| first.starts_with(|c: char| c.is_ascii_digit()) && digits(first, b"_"))
        && whole.contains(':')
        && places.all(|place| matches!(place.len(), 1 | 2) && digits(place, b"") && (place.len() == 1 || place < "60"))
        && digits(fraction, b"._")
}

/// A number too large for 64 bits, which other readers do take for one.
fn is_out_of_range(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_infinite)
}

/// Whether the plain text would not be read as one scalar.
fn has_indicators(text: &str) -> bool {
    let bytes = text.as_bytes();
    let blank_after = |at: usize| bytes.get(at + 1).is_none_or(|b| *b == b' ');
    let first = match bytes.first() {
        Some(
            b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@'
            | b'`' | b' ',
        )
        | None => true,
        Some(b'?' | b':' | b'-') => blank_after(0),
        Some(_) => false,
    };
    first
        || text.ends_with(' ')
        || text.starts_with("---")
        || text.starts_with("...")
        || text.bytes().enumerate().any(|(at, b)| match b {
            b':' => blank_after(at),
            b'#' => at > 0 && bytes[at - 1] == b' ',
            _ => false,
        })
}

fn double(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        let short = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\t' => "\\t",
            '\r' => "\\r",
            '\0' => "\\0",
            '\x07' => "\\a",
            '\x08' => "\\b",
            '\x0b' => "\\v",
            '\x0c' => "\\f",
            '\x1b' => "\\e",
            '\u{85}' => "\\N",
            '\u{2028}' => "\\L",
            '\u{2029}' => "\\P",
            c if is_printable(c) => {
                out.push(c);
                continue;
            }
            c => {
                let code = u32::from(c);
                let _ = match code {
                    0..=0xff => write!(out, "\\x{code:02X}"),
                    0x100..=0xffff => write!(out, "\\u{code:04X}"),
                    _ => write!(out, "\\U{code:08X}"),
                };
                continue;
            }
        };
        out.push_str(short);
    }
    out.push('"');
}

fn literal(out: &mut String, text: &str, column: usize) {
    let body = text.trim_end_matches('\n');
    let trailing = text.len() - body.len();
    out.push_str(match trailing {
        0 => "|-\n",
        1 => "|\n",
        _ => "|+\n",
    });
    for line in body.split('\n') {
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', column));
            out.push_str(line);
        }
        out.push('\n');
    }
    out.extend(std::iter::repeat_n('\n', trailing.saturating_sub(1)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut out = String::new();
        write(&mut out, text, Context::Value, 2);
        out
    }

    #[test]
    fn as_go_quotes() {
        for plain in [
            "nginx:1.25",
            "a b",
            "a,b",
            "-a",
            "?a",
            ":a",
            "10.0.0.1",
            "5m",
            "1Gi",
            "it's",
            "a#b",
            "é",
            "yEs",
            "0x1p-2",
            "~a",
            "/",
        ] {
            assert_eq!(written(plain), plain);
        }
        for single in [
            "a: b",
            "a:",
            "- a",
            "-",
            "*",
            "*.example.com",
            "#a",
            "a #b",
            " a",
            "a ",
            "{a}",
            "\"a",
            "%a",
            "---a",
            "@a",
            "!a",
            "|",
            ">=1",
        ] {
            assert_eq!(written(single), format!("'{single}'"));
        }
        assert_eq!(written("'a"), "'''a'");
        for double in [
            "",
            "y",
            "NO",
            "on",
            "null",
            "~",
            "1",
            "0644",
            "1e3",
            "1_000",
            "0b1",
            "0o17",
            ".5",
            ".inf",
            "12:30",
            "2001-01-01",
            "<<",
            "=",
            "1e999",
        ] {
            assert_eq!(written(double), format!("\"{double}\""));
        }
        assert_eq!(written("a\tb\u{7f}\u{85}🦀"), "\"a\\tb\\x7F\\N\\U0001F980\"");
        assert_eq!(written("a\n b\n\n"), "|+\n  a\n   b\n\n");
        assert_eq!(written("a \nb"), "\"a \\nb\"");
        assert_eq!(written("\na"), "\"\\na\"");
    }
}

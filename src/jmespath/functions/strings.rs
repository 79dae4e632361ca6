//! Strings: comparison, search, case, trimming, replacing, splitting.

use super::Type::{ArrayString, Bool, Number, String};
use super::{Args, Function, Origin, Params, gives};
use crate::document::Value;
use crate::jmespath::error::EvalError;

const TWO: Params = Params::Exactly(&[&[String], &[String]]);

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "starts_with",
        origin: Origin::Language,
        params: TWO,
        returns: &[Bool],
        note: "whether the first string begins with the second",
        examples: &[gives("starts_with('hello', 'he')", "true")],
        run: |args| two(args, |a, b| Value::Bool(a.starts_with(b))),
    },
    Function {
        name: "ends_with",
        origin: Origin::Language,
        params: TWO,
        returns: &[Bool],
        note: "whether the first string ends with the second",
        examples: &[gives("ends_with('hello', 'lo')", "true")],
        run: |args| two(args, |a, b| Value::Bool(a.ends_with(b))),
    },
    Function {
        name: "compare",
        origin: Origin::Kyverno,
        params: TWO,
        returns: &[Number],
        note: "-1, 0 or 1 by byte order; an integer, which equals no JMESPath number",
        examples: &[gives("compare('a', 'b')", "-1"), gives("compare('a', 'b') == `-1`", "false")],
        run: |args| two(args, |a, b| Value::Int(a.as_bytes().cmp(b.as_bytes()) as i64)),
    },
    Function {
        name: "equal_fold",
        origin: Origin::Kyverno,
        params: TWO,
        returns: &[Bool],
        note: "whether two strings differ in letter case only",
        examples: &[gives("equal_fold('Σ', 'ς')", "true"), gives("equal_fold('ß', 'SS')", "false")],
        run: |args| two(args, |a, b| Value::Bool(equal_fold(a, b))),
    },
    Function {
        name: "replace",
        origin: Origin::Kyverno,
        params: Params::Exactly(&[&[String], &[String], &[String], &[Number]]),
        returns: &[String],
        note: "replaces the first n occurrences of the second string by the third; all when n is negative",
        examples: &[
            gives("replace('hello', 'l', 'L', `1`)", "\"heLlo\""),
            gives("replace('ab', '', '-', `-1`)", "\"-a-b-\""),
        ],
        run: |args| {
            let limit = args.number(3)?;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturating, as meant")]
            let limit = if limit.trunc() < 0.0 { usize::MAX } else { limit as usize };
            replace(args, limit)
        },
    },
    Function {
        name: "replace_all",
        origin: Origin::Kyverno,
        params: Params::Exactly(&[&[String], &[String], &[String]]),
        returns: &[String],
        note: "replaces every occurrence of the second string by the third",
        examples: &[gives("replace_all('hello', 'l', 'L')", "\"heLLo\"")],
        run: |args| replace(args, usize::MAX),
    },
    Function {
        name: "to_upper",
        origin: Origin::Kyverno,
        params: Params::Exactly(&[&[String]]),
        returns: &[String],
        note: "every letter in upper case, letter by letter",
        examples: &[gives("to_upper('straße')", "\"STRAßE\"")],
        run: |args| args.produce(args.text(0)?.chars().map(simple_upper).collect::<std::string::String>()),
    },
    Function {
        name: "to_lower",
        origin: Origin::Kyverno,
        params: Params::Exactly(&[&[String]]),
        returns: &[String],
        note: "every letter in lower case, letter by letter",
        examples: &[gives("to_lower('ΟΔΟΣ')", "\"οδοσ\"")],
        run: |args| args.produce(args.text(0)?.chars().map(simple_lower).collect::<std::string::String>()),
    },
    Function {
        name: "trim",
        origin: Origin::Kyverno,
        params: TWO,
        returns: &[String],
        note: "strips the characters of the second string from both ends of the first",
        examples: &[gives("trim('xxhixy', 'yx')", "\"hi\"")],
        run: |args| {
            let (text, set) = (args.text(0)?, args.text(1)?);
            args.budget().step(text.len().saturating_mul(set.len()) / 64)?;
            args.produce(text.trim_matches(|c| set.contains(c)))
        },
    },
    Function {
        name: "trim_prefix",
        origin: Origin::Kyverno,
        params: TWO,
        returns: &[String],
        note: "removes the second string once from the front of the first",
        examples: &[gives("trim_prefix('v-v-1', 'v-')", "\"v-1\"")],
        run: |args| {
            let (text, prefix) = (args.text(0)?, args.text(1)?);
            args.produce(text.strip_prefix(prefix).unwrap_or(text))
        },
    },
    Function {
        name: "split",
        origin: Origin::Kyverno,
        params: TWO,
        returns: &[ArrayString],
        note: "the parts of the first string between occurrences of the second; its characters when that is empty",
        examples: &[
            gives("split('a,b', ',')", "[\"a\",\"b\"]"),
            gives("split('hé', '')", "[\"h\",\"é\"]"),
            gives("split('', ',')", "[\"\"]"),
            gives("split('', '')", "[]"),
        ],
        run: split,
    },
    Function {
        name: "truncate",
        origin: Origin::Kyverno,
        params: Params::Exactly(&[&[String], &[Number]]),
        returns: &[String],
        note: "the first n characters; write the number as a literal: truncate(name, `9`)",
        examples: &[
            gives("truncate('Lorem ipsum', `2.6`)", "\"Lo\""),
            gives("truncate('héllo', `2`)", "\"hé\""),
            gives("truncate('a', `-1`)", "\"\""),
        ],
        run: |args| {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturating, as meant")]
            let length = args.number(1)?.max(0.0) as usize;
            args.produce(args.text(0)?.chars().take(length).collect::<std::string::String>())
        },
    },
];

fn two(args: &Args<'_>, f: impl FnOnce(&str, &str) -> Value) -> Result<Value, EvalError> {
    let (a, b) = (args.text(0)?, args.text(1)?);
    args.budget().step((a.len() + b.len()) / 64)?;
    Ok(f(a, b))
}

/// The upper case of a letter when that is one letter, else the letter itself.
fn simple_upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next(), c) {
        (Some(one), None, _) => one,
        // Greek letters with iota subscript have a one-letter form beside the full mapping of two.
        (.., '\u{1f80}'..='\u{1f87}' | '\u{1f90}'..='\u{1f97}' | '\u{1fa0}'..='\u{1fa7}') => later(c, 8),
        (.., '\u{1fb3}' | '\u{1fc3}' | '\u{1ff3}') => later(c, 9),
        _ => c,
    }
}

fn later(c: char, by: u32) -> char {
    char::from_u32(u32::from(c) + by).unwrap_or(c)
}

fn simple_lower(c: char) -> char {
    let mut lower = c.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(one), None) => one,
        // U+0130: the one letter whose full mapping is longer.
        _ if c == '\u{130}' => 'i',
        _ => c,
    }
}

/// Equality under simple case folding: by upper case, then lower case, so that all forms of a letter meet.
fn equal_fold(a: &str, b: &str) -> bool {
    let fold = |c: char| match c {
        // The Turkish letters stand alone.
        '\u{130}' | '\u{131}' => c,
        _ => simple_lower(simple_upper(c)),
    };
    a.chars().map(fold).eq(b.chars().map(fold))
}

fn replace(args: &Args<'_>, limit: usize) -> Result<Value, EvalError> {
    let (text, old, new) = (args.text(0)?, args.text(1)?, args.text(2)?);
    let occurrences = if old.is_empty() { text.chars().count() + 1 } else { text.matches(old).count() };
    let growth = occurrences.min(limit).saturating_mul(new.len());
    args.budget().produce(text.len().saturating_add(growth))?;
    Ok(Value::from(text.replacen(old, new, limit)))
}

fn split(args: &Args<'_>) -> Result<Value, EvalError> {
    let (text, separator) = (args.text(0)?, args.text(1)?);
    args.budget().step(text.len() / 8)?;
    let parts = if separator.is_empty() {
        text.chars().map(|c| Value::string(c.to_string())).collect()
    } else {
        text.split(separator).map(Value::from).collect()
    };
    args.produce_list(parts)
}

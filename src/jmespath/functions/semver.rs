//! `semver_compare`: a version against a range in the syntax of blang/semver (spec 30 §4.11), quirks included.

use std::cmp::Ordering;

use super::Type::{Bool, String};
use super::{Args, Function, Origin, Params, fails, gives};
use crate::document::Value;
use crate::jmespath::error::EvalError;
use crate::jmespath::go::quote;

pub(super) static FUNCTIONS: &[Function] = &[Function {
    name: "semver_compare",
    origin: Origin::Kyverno,
    params: Params::Exactly(&[&[String], &[String]]),
    returns: &[Bool],
    note: "whether the version lies in the range; a text that is no strict version counts as 0.0.0",
    examples: &[
        gives("semver_compare('1.2.3', '<1.0.0 || >1.2.0')", "true"),
        gives("semver_compare('4.1.3', '>=4.1.x')", "true"),
        gives("semver_compare('v1.2.3', '<1.0.0')", "true"),
        gives("semver_compare('1.2.3-rc1', '>= 1.2.3')", "false"),
        gives("semver_compare('1.9.0', '1.x')", "true"),
        fails("semver_compare('1.2.3', 'x')", "Last element in range is '||'"),
        fails("semver_compare('1.2.3', '>=a')", "Could not get version from string: \">=a\""),
        fails(
            "semver_compare('1.2.3', '1.2')",
            "Could not parse Range \"1.2\": Could not parse version \"1.2\" in \"1.2\": No Major.Minor.Patch elements found",
        ),
    ],
    run: semver_compare,
}];

type Text = std::string::String;

fn semver_compare(args: &Args<'_>) -> Result<Value, EvalError> {
    let (version, range) = (args.text(0)?, args.text(1)?);
    args.budget().step(range.len())?;
    let version = semver::Version::parse(version).unwrap_or(semver::Version::new(0, 0, 0));
    let alternatives = parse_range(range).map_err(EvalError::Other)?;
    let holds = |bounds: &Vec<Bound>| bounds.iter().all(|bound| bound.holds(&version));
    Ok(Value::Bool(alternatives.iter().any(holds)))
}

struct Bound {
    accepts: fn(Ordering) -> bool,
    version: semver::Version,
}

impl Bound {
    fn holds(&self, version: &semver::Version) -> bool {
        (self.accepts)(version.cmp_precedence(&self.version))
    }
}

/// `||` separates alternatives, each of which is bounds that must all hold.
fn parse_range(text: &str) -> Result<Vec<Vec<Bound>>, Text> {
    let parts = split(text);
    if parts.first().is_some_and(|part| part == "||") {
        return Err("First element in range is '||'".to_owned());
    }
    if parts.last().is_none_or(|part| part == "||") {
        return Err("Last element in range is '||'".to_owned());
    }
    let mut alternatives = Vec::new();
    for alternative in parts.split(|part| part == "||") {
        let mut bounds = Vec::new();
        for part in alternative {
            for simple in expand(part)? {
                bounds.push(bound(&simple)?);
            }
        }
        alternatives.push(bounds);
    }
    Ok(alternatives)
}

/// Splits at spaces that do not follow a comparison sign; parts of one character are dropped.
fn split(text: &str) -> Vec<Text> {
    let mut parts = vec![Text::new()];
    let mut last = ' ';
    for c in text.chars() {
        if c == ' ' && !matches!(last, '>' | '<' | '=') {
            parts.push(Text::new());
        } else if c != ' ' {
            last = c;
            if let Some(part) = parts.last_mut() {
                part.push(c);
            }
        }
    }
    parts.retain(|part| part.len() > 1);
    parts
}

fn operator_and_version(part: &str) -> Result<(&str, &str), Text> {
    match part.find(char::is_numeric) {
        Some(at) => Ok(part.split_at(at)),
        None => Err(format!("Could not get version from string: {}", quote(part))),
    }
}

/// Turns a wildcard version into the bounds it stands for; everything else stays as it is.
fn expand(part: &str) -> Result<Vec<Text>, Text> {
    let (operator, version) = operator_and_version(part)?;
    if !part.contains(".x") {
        return Ok(vec![part.to_owned()]);
    }
    let flat = version.replacen(".x.x", ".x", 1).replacen(".x", ".0", 1);
    let low = if flat.split('.').count() == 2 { format!("{flat}.0") } else { flat };
    let numbers: Vec<&str> = version.split('.').collect();
    // The part that grows for the first version beyond; none when the wildcard is not last.
    let grown = match (numbers.last(), numbers.len()) {
        (Some(&"x"), 3) => incremented(&low, 1),
        (Some(&"x"), 2) => incremented(&low, 0),
        _ => Text::new(),
    };
    Ok(match operator {
        ">" => vec![format!(">={grown}")],
        ">=" => vec![format!(">={low}")],
        "<" => vec![format!("<{low}")],
        "<=" => vec![format!("<{grown}")],
        "" | "=" | "==" => vec![format!(">={low}"), format!("<{grown}")],
        // Both must hold, so this is never true; the original has it so.
        "!=" | "!" => vec![format!("<{low}"), format!(">={grown}")],
        _ => vec![low],
    })
}

fn incremented(version: &str, at: usize) -> Text {
    let parts: Option<Vec<Text>> = version
        .split('.')
        .enumerate()
        .map(|(i, part)| {
            if i == at { Some((part.parse::<u64>().ok()?.checked_add(1)?).to_string()) } else { Some(part.to_owned()) }
        })
        .collect();
    parts.map(|parts| parts.join(".")).unwrap_or_default()
}

fn bound(part: &str) -> Result<Bound, Text> {
    let (operator, version) = operator_and_version(part)?;
    let accepts: fn(Ordering) -> bool = match operator {
        "" | "=" | "==" => Ordering::is_eq,
        "!" | "!=" => Ordering::is_ne,
        ">" => Ordering::is_gt,
        ">=" => Ordering::is_ge,
        "<" => Ordering::is_lt,
        "<=" => Ordering::is_le,
        _ => {
            let (part, operator) = (quote(part), quote(operator));
            return Err(format!("Could not parse Range {part}: Could not parse comparator {operator} in {part}"));
        }
    };
    match semver::Version::parse(version) {
        Ok(version) => Ok(Bound { accepts, version }),
        Err(error) => {
            let (part, shown) = (quote(part), quote(version));
            let cause = complaint(version).unwrap_or_else(|| error.to_string());
            Err(format!("Could not parse Range {part}: Could not parse version {shown} in {part}: {cause}"))
        }
    }
}

/// What blang/semver finds wrong with the three numbers.
fn complaint(version: &str) -> Option<Text> {
    let parts: Vec<&str> = version.splitn(3, '.').collect();
    let [major, minor, rest] = parts.as_slice() else { return Some("No Major.Minor.Patch elements found".to_owned()) };
    let patch = rest.split(['-', '+']).next().unwrap_or_default();
    let numbers = [("major", "Major", *major), ("minor", "Minor", *minor), ("patch", "Patch", patch)];
    let number = numbers.into_iter().find_map(|(lower, upper, number)| {
        if number.contains(|c: char| !c.is_ascii_digit()) {
            Some(format!("Invalid character(s) found in {lower} number {}", quote(number)))
        } else if number.len() > 1 && number.starts_with('0') {
            Some(format!("{upper} number must not contain leading zeroes {}", quote(number)))
        } else {
            None
        }
    });
    number.or_else(|| identifiers_complaint(rest))
}

/// What it finds wrong with what follows the patch number.
fn identifiers_complaint(rest: &str) -> Option<Text> {
    let (before_build, build) = match rest.split_once('+') {
        Some((before, build)) => (before, Some(build)),
        None => (rest, None),
    };
    let allowed = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let prerelease = before_build.split_once('-').map(|(_, prerelease)| prerelease);
    for part in prerelease.into_iter().flat_map(|text| text.split('.')) {
        let numeric = part.bytes().all(|b| b.is_ascii_digit());
        if part.is_empty() {
            return Some("Prerelease is empty".to_owned());
        } else if numeric && part.len() > 1 && part.starts_with('0') {
            return Some(format!("Numeric PreRelease version must not contain leading zeroes {}", quote(part)));
        } else if !allowed(part) {
            return Some(format!("Invalid character(s) found in prerelease {}", quote(part)));
        }
    }
    build.into_iter().flat_map(|text| text.split('.')).find_map(|part| match part {
        "" => Some("Build meta data is empty".to_owned()),
        _ if !allowed(part) => Some(format!("Invalid character(s) found in build meta data {}", quote(part))),
        _ => None,
    })
}

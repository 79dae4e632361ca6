//! Go's regular expressions (RE2 syntax): parsed here with Go's rules and error texts, run by the `regex` crate, which
//! has the same linear-time matching (spec 30 §4.9).

pub(in crate::jmespath) mod ast;
mod class;
mod emit;
mod parse;

use std::convert::Infallible;

use regex::Captures;

pub(in crate::jmespath) use parse::{Mode, parse};

/// Largest compiled program, in bytes; beyond it a pattern is refused.
const SIZE_LIMIT: usize = 32 << 20;

/// Steps that compiling one matcher state may take.
const COMPILE_STEPS: usize = 64;

/// A compiled pattern.
#[derive(Debug)]
pub(in crate::jmespath) struct Regex {
    regex: regex::Regex,
    /// Group names; the whole match is group 0, unnamed groups are empty.
    names: Vec<String>,
    weight: usize,
}

impl Regex {
    /// Compiles `pattern`.
    ///
    /// # Errors
    /// Go's text: `error parsing regexp: …`.
    pub(in crate::jmespath) fn new(pattern: &str) -> Result<Self, String> {
        let Ok(result) = Self::new_within(pattern, |_| Ok::<_, Infallible>(()));
        result
    }

    /// Compiles `pattern`, if `allow` lets it, which is asked how many steps that may take.
    ///
    /// # Errors
    /// What `allow` says, else Go's text: `error parsing regexp: …`.
    pub(in crate::jmespath) fn new_within<E>(
        pattern: &str,
        allow: impl FnOnce(usize) -> Result<(), E>,
    ) -> Result<Result<Self, String>, E> {
        let parsed = match parse(pattern, Mode::Perl) {
            Ok(parsed) => parsed,
            Err(error) => return Ok(Err(error)),
        };
        let names = std::iter::once(String::new()).chain(parsed.groups).collect();
        let weight = parsed.re.weight();
        allow(weight.saturating_mul(COMPILE_STEPS))?;
        let regex = regex::RegexBuilder::new(&emit::emit(&parsed.re))
            .size_limit(SIZE_LIMIT)
            .nest_limit(2000)
            .build()
            .map_err(|_| format!("error parsing regexp: expression too large: `{pattern}`"));
        Ok(regex.map(|regex| Self { regex, names, weight }))
    }

    /// How many steps matching a text of that length may take.
    pub(in crate::jmespath) fn cost(&self, length: usize) -> usize {
        (length / 8 + 1).saturating_mul(1 + self.weight / 4)
    }

    pub(in crate::jmespath) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    pub(in crate::jmespath) fn captures_iter<'r, 't>(&'r self, text: &'t str) -> regex::CaptureMatches<'r, 't> {
        self.regex.captures_iter(text)
    }

    /// Appends `template` with `$1`, `${1}`, `$name` and `$$` replaced, as Go expands them.
    pub(in crate::jmespath) fn expand(&self, found: &Captures<'_>, template: &str, out: &mut String) {
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('$') {
            out.push_str(before);
            if let Some(after) = after.strip_prefix('$') {
                out.push('$');
                rest = after;
                continue;
            }
            let Some((name, after)) = group_name(after) else {
                out.push('$');
                rest = after;
                continue;
            };
            rest = after;
            let group = match group_number(name) {
                Some(number) => found.get(number),
                None => self.names.iter().enumerate().filter(|(_, n)| *n == name).find_map(|(i, _)| found.get(i)),
            };
            out.push_str(group.map_or("", |m| m.as_str()));
        }
        out.push_str(rest);
    }
}

/// The name after a `$`, with or without braces, and what follows it.
fn group_name(text: &str) -> Option<(&str, &str)> {
    let (braced, text) = match text.strip_prefix('{') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    match (name.is_empty(), braced) {
        (true, _) => None,
        (false, true) => rest.strip_prefix('}').map(|rest| (name, rest)),
        (false, false) => Some((name, rest)),
    }
}

/// A group by number; leading zeros make it a name.
fn group_number(name: &str) -> Option<usize> {
    let digits = name.bytes().all(|b| b.is_ascii_digit());
    let canonical = name == "0" || !name.starts_with('0');
    (digits && canonical && name.len() < 9).then(|| name.parse().ok()).flatten()
}

#[cfg(test)]
mod tests;

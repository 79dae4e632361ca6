//! A pattern to a syntax tree, by the rules and with the errors of Go's `regexp/syntax`.

use super::ast::{Class, ClassItem, Re};
use super::class;

/// Which of Go's flag sets is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::jmespath) enum Mode {
    /// `regexp.Compile`.
    Perl,
    /// No flags: no Perl escapes, no `(?…)`, no `\p` (what `random` reads).
    Plain,
}

/// A parsed pattern.
#[derive(Debug)]
pub(in crate::jmespath) struct Parsed {
    pub(in crate::jmespath) re: Re,
    /// The names of the groups from 1 on; empty for unnamed ones.
    pub(super) groups: Vec<String>,
}

/// An error: Go's code and the part of the pattern it is about.
pub(super) struct Failure {
    code: &'static str,
    part: String,
}

impl Failure {
    pub(super) fn new(code: &'static str, part: &str) -> Self {
        Self { code, part: part.to_owned() }
    }
}

/// Deepest nesting of groups.
const MAX_DEPTH: usize = 200;
const MAX_REPEAT: u32 = 1000;

/// Parses a pattern.
///
/// # Errors
/// Go's text: `error parsing regexp: CODE: `PART``.
pub(in crate::jmespath) fn parse(pattern: &str, mode: Mode) -> Result<Parsed, String> {
    let flags = Flags { fold: false, multiline: false, dot_newline: false, ungreedy: false };
    let mut parser = Parser { pattern, mode, at: 0, flags, groups: Vec::new(), depth: 0 };
    parser
        .whole()
        .map(|re| Parsed { re, groups: parser.groups })
        .map_err(|failure| format!("error parsing regexp: {}: `{}`", failure.code, failure.part))
}

#[derive(Clone, Copy)]
struct Flags {
    fold: bool,
    multiline: bool,
    dot_newline: bool,
    ungreedy: bool,
}

pub(super) struct Parser<'p> {
    pattern: &'p str,
    mode: Mode,
    at: usize,
    flags: Flags,
    groups: Vec<String>,
    depth: usize,
}

impl<'p> Parser<'p> {
    pub(super) fn rest(&self) -> &'p str {
        self.pattern.get(self.at..).unwrap_or_default()
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    pub(super) fn perl(&self) -> bool {
        self.mode == Mode::Perl
    }

    pub(super) fn take(&mut self, c: char) -> bool {
        let found = self.rest().starts_with(c);
        if found {
            self.skip(c.len_utf8());
        }
        found
    }

    fn whole(&mut self) -> Result<Re, Failure> {
        let re = self.alternation()?;
        if self.rest().starts_with(')') {
            return Err(Failure::new("unexpected )", self.pattern));
        }
        Ok(re)
    }

    /// Up to the end of the pattern or to a closing parenthesis, which is left.
    fn alternation(&mut self) -> Result<Re, Failure> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Failure::new("expression nests too deeply", self.pattern));
        }
        let mut alternatives = vec![self.concatenation()?];
        while self.take('|') {
            alternatives.push(self.concatenation()?);
        }
        self.depth -= 1;
        Ok(match alternatives.pop() {
            Some(only) if alternatives.is_empty() => only,
            Some(last) => {
                alternatives.push(last);
                Re::Alternate(alternatives)
            }
            None => Re::Empty,
        })
    }

    fn concatenation(&mut self) -> Result<Re, Failure> {
        let mut items: Vec<Re> = Vec::new();
        // The text from the last repetition operator on, when it came just before.
        let mut last_repeat: Option<&'p str> = None;
        while let Some(c) = self.rest().chars().next() {
            let before = self.rest();
            let mut repeated = None;
            match c {
                '|' | ')' => break,
                '(' => {
                    if let Some(group) = self.group()? {
                        items.push(group);
                    }
                }
                '^' => {
                    self.skip(1);
                    items.push(Re::Assertion(if self.lines() { "(?m:^)" } else { "\\A" }));
                }
                '$' => {
                    self.skip(1);
                    items.push(Re::Assertion(if self.lines() { "(?m:$)" } else { "\\z" }));
                }
                '.' => {
                    self.skip(1);
                    items.push(Re::Any { newline: self.flags.dot_newline });
                }
                '[' => {
                    let class = self.class()?;
                    items.push(Re::Class { class, fold: self.flags.fold });
                }
                '*' | '+' | '?' => {
                    self.skip(1);
                    let (min, max) = match c {
                        '*' => (0, None),
                        '+' => (1, None),
                        _ => (0, Some(1)),
                    };
                    self.repeat(&mut items, min, max, before, last_repeat)?;
                    repeated = Some(before);
                }
                '{' => match self.counts()? {
                    Some((min, max)) => {
                        self.repeat(&mut items, min, max, before, last_repeat)?;
                        repeated = Some(before);
                    }
                    None => {
                        self.skip(1);
                        items.push(Re::Literal { c, fold: false });
                    }
                },
                '\\' => self.backslash(&mut items)?,
                _ => {
                    self.skip(c.len_utf8());
                    items.push(Re::Literal { c, fold: self.flags.fold });
                }
            }
            last_repeat = repeated;
        }
        Ok(match items.pop() {
            Some(only) if items.is_empty() => only,
            Some(last) => {
                items.push(last);
                Re::Concat(items)
            }
            None => Re::Empty,
        })
    }

    /// Whether `^` and `$` match at line ends.
    fn lines(&self) -> bool {
        self.flags.multiline || !self.perl()
    }

    /// Applies a repetition to the last item; `before` is the text from its operator on.
    fn repeat(
        &mut self,
        items: &mut Vec<Re>,
        min: u32,
        max: Option<u32>,
        before: &str,
        last_repeat: Option<&str>,
    ) -> Result<(), Failure> {
        let mut greedy = !self.flags.ungreedy;
        if self.perl() {
            if self.take('?') {
                greedy = !greedy;
            }
            if let Some(last) = last_repeat {
                let length = last.len() - self.rest().len();
                let part = last.get(..length).unwrap_or(last);
                return Err(Failure::new("invalid nested repetition operator", part));
            }
        }
        let operator = before.get(..before.len() - self.rest().len()).unwrap_or(before);
        let Some(inner) = items.pop() else {
            return Err(Failure::new("missing argument to repetition operator", operator));
        };
        let re = Re::Repeat { inner: Box::new(inner), min, max, greedy };
        if (min >= 2 || max.is_some_and(|m| m >= 2)) && !re.repeats_within(MAX_REPEAT) {
            return Err(Failure::new("invalid repeat count", operator));
        }
        items.push(re);
        Ok(())
    }

    /// `{n}`, `{n,}` or `{n,m}` at the cursor, consumed; `None` when the brace is a literal.
    fn counts(&mut self) -> Result<Option<(u32, Option<u32>)>, Failure> {
        let rest = self.rest();
        let Some(end) = rest.find('}') else { return Ok(None) };
        let inner = rest.get(1..end).unwrap_or_default();
        let (low, high) = match inner.split_once(',') {
            Some((low, high)) => (low, Some(high)),
            None => (inner, None),
        };
        let is_number = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'))
        };
        if !is_number(low) || !high.is_none_or(|high| high.is_empty() || is_number(high)) {
            return Ok(None);
        }
        let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
        let min = number(low);
        let max = match high {
            None => Some(min),
            Some("") => None,
            Some(high) => Some(number(high)),
        };
        if min > MAX_REPEAT || max.is_some_and(|max| max > MAX_REPEAT || min > max) {
            let operator = rest.get(..=end).unwrap_or(rest);
            return Err(Failure::new("invalid repeat count", operator));
        }
        self.skip(end + 1);
        Ok(Some((min, max)))
    }

    /// A group or a flag setting at the cursor; `None` for the latter.
    fn group(&mut self) -> Result<Option<Re>, Failure> {
        let saved = self.flags;
        let mut captures = true;
        if self.perl() && self.rest().starts_with("(?") {
            match self.perl_group()? {
                PerlGroup::Named(name) => self.groups.push(name),
                PerlGroup::Open => captures = false,
                PerlGroup::FlagsOnly => return Ok(None),
            }
        } else {
            self.skip(1);
            self.groups.push(String::new());
        }
        let inner = self.alternation()?;
        if !self.take(')') {
            return Err(Failure::new("missing closing )", self.pattern));
        }
        self.flags = saved;
        Ok(Some(if captures { Re::Capture(Box::new(inner)) } else { Re::Concat(vec![inner]) }))
    }

    fn perl_group(&mut self) -> Result<PerlGroup, Failure> {
        let rest = self.rest();
        let named = rest.strip_prefix("(?P<").or_else(|| rest.strip_prefix("(?<"));
        if let Some(after) = named {
            let Some(end) = after.find('>') else { return Err(Failure::new("invalid named capture", rest)) };
            let name = after.get(..end).unwrap_or_default();
            let length = rest.len() - after.len() + end + 1;
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return Err(Failure::new("invalid named capture", rest.get(..length).unwrap_or(rest)));
            }
            self.skip(length);
            return Ok(PerlGroup::Named(name.to_owned()));
        }
        let (mut flags, mut set, mut saw_flag, mut length) = (self.flags, true, false, 2);
        for c in rest.get(2..).unwrap_or_default().chars() {
            length += c.len_utf8();
            match c {
                'i' => flags.fold = set,
                'm' => flags.multiline = set,
                's' => flags.dot_newline = set,
                'U' => flags.ungreedy = set,
                '-' if set => {
                    set = false;
                    saw_flag = false;
                    continue;
                }
                ':' | ')' if set || saw_flag => {
                    self.flags = flags;
                    self.skip(length);
                    return Ok(if c == ':' { PerlGroup::Open } else { PerlGroup::FlagsOnly });
                }
                _ => break,
            }
            saw_flag = true;
        }
        Err(Failure::new("invalid or unsupported Perl syntax", rest.get(..length).unwrap_or(rest)))
    }

    fn backslash(&mut self, items: &mut Vec<Re>) -> Result<(), Failure> {
        let rest = self.rest();
        if self.perl() {
            let assertion = match rest.as_bytes().get(1) {
                Some(b'A') => Some("\\A"),
                Some(b'z') => Some("\\z"),
                Some(b'b') => Some("(?-u:\\b)"),
                Some(b'B') => Some("(?-u:\\B)"),
                Some(b'C') => return Err(Failure::new("invalid escape sequence", "\\C")),
                Some(b'Q') => {
                    let (quoted, length) = match rest.find("\\E") {
                        Some(end) => (rest.get(2..end), end + 2),
                        None => (rest.get(2..), rest.len()),
                    };
                    let fold = self.flags.fold;
                    items.extend(quoted.unwrap_or_default().chars().map(|c| Re::Literal { c, fold }));
                    self.skip(length);
                    return Ok(());
                }
                _ => None,
            };
            if let Some(assertion) = assertion {
                self.skip(2);
                items.push(Re::Assertion(assertion));
                return Ok(());
            }
        }
        let fold = self.flags.fold;
        if let Some(item) = self.unicode_class()? {
            items.push(Re::Class { class: Class { negated: false, items: vec![item] }, fold });
        } else if let Some((ranges, negated)) = self.perl_escape() {
            let mut set: Vec<ClassItem> = Vec::new();
            class::push(&mut set, ranges, negated);
            items.push(Re::Class { class: Class { negated: false, items: set }, fold });
        } else {
            let c = self.escape()?;
            items.push(Re::Literal { c, fold });
        }
        Ok(())
    }

    /// `\d` and its kin at the cursor, consumed.
    pub(super) fn perl_escape(&mut self) -> Option<(&'static [(char, char)], bool)> {
        if !self.perl() {
            return None;
        }
        let letter = self.rest().strip_prefix('\\')?.chars().next()?;
        let found = class::perl(letter)?;
        self.skip(2);
        Some(found)
    }

    /// An escaped character at the cursor.
    pub(super) fn escape(&mut self) -> Result<char, Failure> {
        let start = self.rest();
        self.skip(1);
        let Some(c) = self.rest().chars().next() else {
            return Err(Failure::new("trailing backslash at end of expression", ""));
        };
        self.skip(c.len_utf8());
        let digit = |text: &str, radix: u32| text.chars().next().and_then(|c| c.to_digit(radix));
        let code = match c {
            '0'..='7' if c == '0' || digit(self.rest(), 8).is_some() => {
                let mut code = digit(start.get(1..).unwrap_or_default(), 8).unwrap_or_default();
                for _ in 0..2 {
                    if let Some(next) = digit(self.rest(), 8) {
                        code = code * 8 + next;
                        self.skip(1);
                    }
                }
                Some(code)
            }
            'x' => self.hexadecimal(),
            'a' => Some(7),
            'f' => Some(12),
            'n' => Some(10),
            'r' => Some(13),
            't' => Some(9),
            'v' => Some(11),
            _ if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(u32::from(c)),
            _ => None,
        };
        match code {
            Some(code) => Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
            None => {
                let length = start.len() - self.rest().len();
                Err(Failure::new("invalid escape sequence", start.get(..length).unwrap_or(start)))
            }
        }
    }

    /// After `\x`: two digits, or any number in braces.
    fn hexadecimal(&mut self) -> Option<u32> {
        let digit = |c: char| c.to_digit(16);
        if !self.take('{') {
            let high = self.rest().chars().next()?;
            self.skip(high.len_utf8());
            let high = digit(high)?;
            let low = self.rest().chars().next()?;
            self.skip(low.len_utf8());
            return Some(high * 16 + digit(low)?);
        }
        let (mut code, mut digits) = (0_u32, 0);
        loop {
            let c = self.rest().chars().next()?;
            self.skip(c.len_utf8());
            if c == '}' {
                return (digits > 0).then_some(code);
            }
            code = code * 16 + digit(c)?;
            digits += 1;
            if code > 0x0010_ffff {
                return None;
            }
        }
    }
}

enum PerlGroup {
    Named(String),
    Open,
    FlagsOnly,
}

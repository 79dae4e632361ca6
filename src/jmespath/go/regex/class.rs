//! Character classes: the named ones, and `[…]`.

use super::ast::{Class, ClassItem};
use super::parse::{Failure, Parser};

type Ranges = &'static [(char, char)];

pub(super) const DIGIT: Ranges = &[('0', '9')];
pub(super) const SPACE: Ranges = &[('\t', '\n'), ('\x0c', '\r'), (' ', ' ')];
pub(super) const WORD: Ranges = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];

/// `\d`, `\S`, …: the ranges, and whether they are negated.
pub(super) fn perl(letter: char) -> Option<(Ranges, bool)> {
    Some(match letter {
        'd' => (DIGIT, false),
        'D' => (DIGIT, true),
        's' => (SPACE, false),
        'S' => (SPACE, true),
        'w' => (WORD, false),
        'W' => (WORD, true),
        _ => return None,
    })
}

/// The ranges of `[:name:]`.
fn posix(name: &str) -> Option<Ranges> {
    Some(match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "ascii" => &[('\0', '\x7f')],
        "blank" => &[('\t', '\t'), (' ', ' ')],
        "cntrl" => &[('\0', '\x1f'), ('\x7f', '\x7f')],
        "digit" => DIGIT,
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => &[('\t', '\r'), (' ', ' ')],
        "upper" => &[('A', 'Z')],
        "word" => WORD,
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    })
}

pub(super) fn push(items: &mut Vec<ClassItem>, ranges: Ranges, negated: bool) {
    if negated {
        items.push(ClassItem::Outside(ranges));
    } else {
        items.extend(ranges.iter().map(|(low, high)| ClassItem::Range(*low, *high)));
    }
}

/// A `\p` name in the notation of the `regex` crate. Go knows categories and scripts by their exact names only.
fn unicode_name(name: &str) -> Option<String> {
    let mut chars = name.chars();
    let capital = chars.next().is_some_and(|c| c.is_ascii_uppercase());
    let plain = name.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    if !capital || !plain {
        return None;
    }
    let pattern = match name {
        "Any" => "Any".to_owned(),
        _ if name.len() <= 2 && name.chars().skip(1).all(|c| c.is_ascii_lowercase()) => format!("gc={name}"),
        _ if name.len() > 2 && name.chars().any(|c| c.is_ascii_lowercase()) => format!("sc={name}"),
        _ => return None,
    };
    regex::Regex::new(&format!(r"\p{{{pattern}}}")).is_ok().then_some(pattern)
}

impl Parser<'_> {
    /// `\pN`, `\p{Name}`, `\P{^Name}` at the cursor; `None` when something else is there.
    pub(super) fn unicode_class(&mut self) -> Result<Option<ClassItem>, Failure> {
        let rest = self.rest();
        if !self.perl() || !(rest.starts_with("\\p") || rest.starts_with("\\P")) {
            return Ok(None);
        }
        let range = |text: &str| Failure::new("invalid character class range", text);
        let after = rest.get(2..).unwrap_or_default();
        let (name, length) = match after.chars().next() {
            None => return Err(range(rest)),
            Some('{') => match rest.find('}') {
                Some(end) => (rest.get(3..end).unwrap_or_default(), end + 1),
                None => return Err(range(rest)),
            },
            Some(c) => (after.get(..c.len_utf8()).unwrap_or_default(), 2 + c.len_utf8()),
        };
        let (negated, name) = match name.strip_prefix('^') {
            Some(name) => (true, name),
            None => (false, name),
        };
        let negated = negated != rest.starts_with("\\P");
        let Some(pattern) = unicode_name(name) else {
            return Err(range(rest.get(..length).unwrap_or(rest)));
        };
        self.skip(length);
        Ok(Some(ClassItem::Unicode(format!("\\{}{{{pattern}}}", if negated { 'P' } else { 'p' }))))
    }

    /// `[…]` at the cursor.
    pub(super) fn class(&mut self) -> Result<Class, Failure> {
        let whole = self.rest();
        self.skip(1);
        let mut items = Vec::new();
        let negated = self.take('^');
        if negated && !self.perl() {
            // Without Perl's flags a negated class does not match a line feed.
            items.push(ClassItem::Range('\n', '\n'));
        }
        let mut first = true;
        while self.rest().is_empty() || !self.rest().starts_with(']') || first {
            let rest = self.rest();
            if rest.starts_with('-') && !self.perl() && !first && !rest.starts_with("-]") {
                let size = 1 + rest.chars().nth(1).map_or(0, char::len_utf8);
                return Err(Failure::new("invalid character class range", rest.get(..size).unwrap_or(rest)));
            }
            first = false;
            if self.named_class(&mut items)? {
                continue;
            }
            if let Some(item) = self.unicode_class()? {
                items.push(item);
                continue;
            }
            if let Some((ranges, negated)) = self.perl_escape() {
                push(&mut items, ranges, negated);
                continue;
            }
            let range = self.rest();
            let low = self.class_char(whole)?;
            let mut high = low;
            let rest = self.rest();
            if rest.len() >= 2 && rest.starts_with('-') && !rest.starts_with("-]") {
                self.skip(1);
                high = self.class_char(whole)?;
                if high < low {
                    let length = range.len() - self.rest().len();
                    let text = range.get(..length).unwrap_or(range);
                    return Err(Failure::new("invalid character class range", text));
                }
            }
            items.push(ClassItem::Range(low, high));
        }
        self.skip(1);
        Ok(Class { negated, items })
    }

    /// `[:name:]` or `[:^name:]` at the cursor.
    fn named_class(&mut self, items: &mut Vec<ClassItem>) -> Result<bool, Failure> {
        let rest = self.rest();
        let Some(length) = rest.strip_prefix("[:").and_then(|inner| inner.find(":]")) else { return Ok(false) };
        let name = rest.get(2..2 + length).unwrap_or_default();
        let (negated, plain) = match name.strip_prefix('^') {
            Some(plain) => (true, plain),
            None => (false, name),
        };
        let Some(ranges) = posix(plain) else {
            let text = rest.get(..length + 4).unwrap_or(rest);
            return Err(Failure::new("invalid character class range", text));
        };
        push(items, ranges, negated);
        self.skip(length + 4);
        Ok(true)
    }

    fn class_char(&mut self, whole: &str) -> Result<char, Failure> {
        match self.rest().chars().next() {
            None => Err(Failure::new("missing closing ]", whole)),
            Some('\\') => self.escape(),
            Some(c) => {
                self.skip(c.len_utf8());
                Ok(c)
            }
        }
    }
}

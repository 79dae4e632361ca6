//! The text before it is parsed: what must not be in it, and where its places are.

use yaml_rust2::scanner::Marker;

use super::error::{Position, Problem, YamlError};
use super::limits::Limits;

/// A checked text.
#[derive(Clone, Copy)]
pub(super) struct Text<'t> {
    /// Without the byte order mark.
    pub(super) body: &'t str,
    /// Bytes before `body`.
    skipped: usize,
    ascii: bool,
    /// How many brackets and commas the body has: an upper bound for its flow tokens.
    pub(super) flow_tokens: usize,
}

impl<'t> Text<'t> {
    /// Refuses what yaml-rust2 would take for the end of the text or let through.
    pub(super) fn check(text: &'t str, limits: &Limits) -> Result<Self, YamlError> {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.len() > limits.bytes {
            let position = Position { offset: 0, line: 1, column: 1 };
            return Err(YamlError { position, problem: Problem::TooLong(limits.bytes) });
        }
        let (suspect, flow_tokens) = scan(body.as_bytes());
        let checked = Self { body, skipped: text.len() - body.len(), ascii: body.is_ascii(), flow_tokens };
        if (suspect || !checked.ascii)
            && let Some((at, c)) = body.char_indices().find(|(_, c)| is_forbidden(*c))
        {
            return Err(YamlError { position: checked.position_of(at), problem: Problem::ControlCharacter(c) });
        }
        Ok(checked)
    }

    /// The position of a byte of the body.
    pub(super) fn position_of(&self, at: usize) -> Position {
        let before = &self.body[..at];
        let line_start = before.rfind('\n').map_or(0, |i| i + 1);
        Position {
            offset: self.skipped + at,
            line: 1 + before.bytes().filter(|b| *b == b'\n').count(),
            column: 1 + before[line_start..].chars().count(),
        }
    }
}

/// Whether an ASCII control character is there, and the number of brackets and commas. In pieces
/// whose count fits a byte, so that it is done many bytes at a time.
fn scan(bytes: &[u8]) -> (bool, usize) {
    let mut suspect = 0;
    let mut flow_tokens = 0;
    for piece in bytes.chunks(255) {
        let mut count = 0;
        for b in piece {
            suspect |= u8::from(*b < b' ') & u8::from(*b != b'\n') & u8::from(*b != b'\t') & u8::from(*b != b'\r')
                | u8::from(*b == 0x7f);
            count += u8::from(*b == b'[') | u8::from(*b == b'{') | u8::from(*b == b',');
        }
        flow_tokens += usize::from(count);
    }
    (suspect != 0, flow_tokens)
}

/// What go-yaml's reader refuses.
fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\x08' | '\x0b' | '\x0c' | '\x0e'..='\x1f' | '\x7f'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// Turns the parser's marks, which count characters, into positions; fast when asked in order.
pub(super) struct Places<'t> {
    text: Text<'t>,
    /// A place passed before: characters, bytes.
    cursor: (usize, usize),
}

impl<'t> Places<'t> {
    pub(super) fn new(text: Text<'t>) -> Self {
        Self { text, cursor: (0, 0) }
    }

    pub(super) fn position(&mut self, mark: &Marker) -> Position {
        Position { offset: self.text.skipped + self.offset(mark.index()), line: mark.line(), column: mark.col() + 1 }
    }

    /// Whether a block scalar without lines starts here that keeps no line break: yaml-rust2 gives
    /// it one at the end of the text.
    pub(super) fn is_clipped_block(&mut self, mark: &Marker) -> bool {
        let offset = self.offset(mark.index());
        let header = self.text.body[offset..].lines().next().unwrap_or("");
        let header = header.split(['#', ' ']).next().unwrap_or("");
        header.starts_with(['|', '>']) && !header.contains('+')
    }

    fn offset(&mut self, characters: usize) -> usize {
        let body = self.text.body;
        if self.text.ascii {
            return characters.min(body.len());
        }
        let (passed, bytes) = if characters < self.cursor.0 { (0, 0) } else { self.cursor };
        let rest = &body[bytes..];
        let step = rest.char_indices().nth(characters - passed).map_or(rest.len(), |(at, _)| at);
        self.cursor = (characters, bytes + step);
        self.cursor.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_characters_are_placed() {
        for (text, c, line, column) in
            [("a: b\nc: é\0", '\0', 2, 5), ("\u{feff}a\x1b", '\x1b', 1, 2), ("a: \u{80}", '\u{80}', 1, 4)]
        {
            let error = Text::check(text, &Limits::default()).err().unwrap();
            assert_eq!(
                (error.problem, error.position.line, error.position.column),
                (Problem::ControlCharacter(c), line, column)
            );
        }
        assert!(Text::check("\u{feff}a:\tb\r\n# \u{85}é\u{1f980}", &Limits::default()).is_ok());
    }
}

//! Text to tokens. Positions are byte offsets.

use super::error::CompileError;
use super::go;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Unknown,
    Star,
    Dot,
    Filter,
    Flatten,
    Lparen,
    Rparen,
    Lbracket,
    Rbracket,
    Lbrace,
    Rbrace,
    Or,
    Pipe,
    Number,
    UnquotedIdentifier,
    QuotedIdentifier,
    Comma,
    Colon,
    Lt,
    Lte,
    Gt,
    Gte,
    Eq,
    Ne,
    JsonLiteral,
    StringLiteral,
    Current,
    Expref,
    And,
    Not,
    Eof,
}

impl Kind {
    /// The name that error texts use.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Unknown => "tUnknown",
            Kind::Star => "tStar",
            Kind::Dot => "tDot",
            Kind::Filter => "tFilter",
            Kind::Flatten => "tFlatten",
            Kind::Lparen => "tLparen",
            Kind::Rparen => "tRparen",
            Kind::Lbracket => "tLbracket",
            Kind::Rbracket => "tRbracket",
            Kind::Lbrace => "tLbrace",
            Kind::Rbrace => "tRbrace",
            Kind::Or => "tOr",
            Kind::Pipe => "tPipe",
            Kind::Number => "tNumber",
            Kind::UnquotedIdentifier => "tUnquotedIdentifier",
            Kind::QuotedIdentifier => "tQuotedIdentifier",
            Kind::Comma => "tComma",
            Kind::Colon => "tColon",
            Kind::Lt => "tLT",
            Kind::Lte => "tLTE",
            Kind::Gt => "tGT",
            Kind::Gte => "tGTE",
            Kind::Eq => "tEQ",
            Kind::Ne => "tNE",
            Kind::JsonLiteral => "tJSONLiteral",
            Kind::StringLiteral => "tStringLiteral",
            Kind::Current => "tCurrent",
            Kind::Expref => "tExpref",
            Kind::And => "tAnd",
            Kind::Not => "tNot",
            Kind::Eof => "tEOF",
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) text: String,
    pub(super) position: usize,
}

/// Splits an expression into tokens; the last is always [`Kind::Eof`].
pub(super) fn tokenize(expression: &str) -> Result<Vec<Token>, CompileError> {
    Lexer { expression, at: 0 }.run()
}

struct Lexer<'a> {
    expression: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.expression.get(self.at..).and_then(|rest| rest.chars().next())
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// Consumes `expected` if it is next.
    fn take(&mut self, expected: char) -> bool {
        let found = self.peek() == Some(expected);
        if found {
            self.at += expected.len_utf8();
        }
        found
    }

    fn run(mut self) -> Result<Vec<Token>, CompileError> {
        let mut tokens = Vec::new();
        loop {
            let position = self.at;
            let Some(c) = self.next() else { break };
            let (kind, text) = match c {
                ' ' | '\t' | '\n' | '\r' => continue,
                'a'..='z' | 'A'..='Z' | '_' => {
                    (Kind::UnquotedIdentifier, self.run_of(position, |c| c.is_ascii_alphanumeric() || c == '_'))
                }
                '-' | '0'..='9' => (Kind::Number, self.run_of(position, |c| c.is_ascii_digit())),
                '"' => (Kind::QuotedIdentifier, self.quoted_identifier()?),
                '\'' => (Kind::StringLiteral, self.raw_string()?),
                '`' => (Kind::JsonLiteral, self.until('`')?.replace("\\`", "`")),
                other => match self.operator(other) {
                    Some(kind) => (kind, String::new()),
                    None => {
                        let message = format!("Unknown char: {}", go::quote_char(other));
                        return Err(CompileError::syntax(self.expression, position, &message));
                    }
                },
            };
            tokens.push(Token { kind, text, position });
        }
        tokens.push(Token { kind: Kind::Eof, text: String::new(), position: self.expression.len() });
        Ok(tokens)
    }

    fn operator(&mut self, first: char) -> Option<Kind> {
        Some(match first {
            '.' => Kind::Dot,
            '*' => Kind::Star,
            ',' => Kind::Comma,
            ':' => Kind::Colon,
            '{' => Kind::Lbrace,
            '}' => Kind::Rbrace,
            ']' => Kind::Rbracket,
            '(' => Kind::Lparen,
            ')' => Kind::Rparen,
            '@' => Kind::Current,
            '[' if self.take('?') => Kind::Filter,
            '[' if self.take(']') => Kind::Flatten,
            '[' => Kind::Lbracket,
            '|' if self.take('|') => Kind::Or,
            '|' => Kind::Pipe,
            '<' if self.take('=') => Kind::Lte,
            '<' => Kind::Lt,
            '>' if self.take('=') => Kind::Gte,
            '>' => Kind::Gt,
            '!' if self.take('=') => Kind::Ne,
            '!' => Kind::Not,
            '=' if self.take('=') => Kind::Eq,
            '=' => Kind::Unknown,
            '&' if self.take('&') => Kind::And,
            '&' => Kind::Expref,
            _ => return None,
        })
    }

    fn run_of(&mut self, start: usize, belongs: impl Fn(char) -> bool) -> String {
        while self.peek().is_some_and(&belongs) {
            self.next();
        }
        self.expression.get(start..self.at).unwrap_or_default().to_owned()
    }

    fn unclosed(&self, delimiter: char) -> CompileError {
        let message = format!("Unclosed delimiter: {delimiter}");
        CompileError::syntax(self.expression, self.expression.len(), &message)
    }

    /// The text up to `end`; a backslash protects the character after it and stays in the text.
    fn until(&mut self, end: char) -> Result<&str, CompileError> {
        let start = self.at;
        loop {
            let here = self.at;
            match self.next() {
                None => return Err(self.unclosed(end)),
                Some(c) if c == end => return Ok(self.expression.get(start..here).unwrap_or_default()),
                Some('\\') => {
                    self.next();
                }
                Some(_) => {}
            }
        }
    }

    fn quoted_identifier(&mut self) -> Result<String, CompileError> {
        let quoted = format!("\"{}\"", self.until('"')?);
        match go::json::read(&quoted) {
            Ok(value) => Ok(value.as_str().unwrap_or_default().to_owned()),
            Err(error) => Err(CompileError::plain(self.expression, error.to_string())),
        }
    }

    /// A raw string: only `\'` is an escape; every other backslash stands for itself.
    fn raw_string(&mut self) -> Result<String, CompileError> {
        let mut text = String::new();
        loop {
            match self.next() {
                None => return Err(self.unclosed('\'')),
                Some('\'') => return Ok(text),
                Some('\\') if self.take('\'') => text.push('\''),
                Some(c) => text.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        tokenize(text).expect("tokens").into_iter().map(|t| t.kind).collect()
    }

    #[test]
    fn longest_operators_win() {
        assert_eq!(
            kinds("[?a||b]"),
            [Kind::Filter, Kind::UnquotedIdentifier, Kind::Or, Kind::UnquotedIdentifier, Kind::Rbracket, Kind::Eof]
        );
        assert_eq!(
            kinds("[] [ ] & && = =="),
            [
                Kind::Flatten,
                Kind::Lbracket,
                Kind::Rbracket,
                Kind::Expref,
                Kind::And,
                Kind::Unknown,
                Kind::Eq,
                Kind::Eof
            ]
        );
    }

    #[test]
    fn strings_keep_all_backslashes_but_those_before_a_quote() {
        assert_eq!(tokenize(r"'a\'b\\c\d'").expect("tokens")[0].text, r"a'b\\c\d");
        assert_eq!(tokenize(r"'a\'").expect_err("open").to_string(), "SyntaxError: Unclosed delimiter: '");
        assert_eq!(tokenize(r#""a\nb\u00e9""#).expect("tokens")[0].text, "a\nbé");
    }

    #[test]
    fn unknown_characters_are_named_as_go_names_them() {
        for (text, name) in [("é", r"'\u00e9'"), ("a$", "'$'"), ("\u{1F600}", r"'\U0001f600'"), ("\0", r"'\x00'")] {
            assert_eq!(tokenize(text).expect_err("bad").to_string(), format!("SyntaxError: Unknown char: {name}"));
        }
    }
}

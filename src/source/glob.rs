//! The globs of Argo CD's Directory type: matched against the whole path with no separator, so that
//! `*` crosses slashes. `*`, `**`, `?`, `[abc]`, `[!a-z]`, `{one,two}`, and `\` before a special character.

/// A compiled glob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob {
    /// One list of tokens for each way through the braces.
    alternatives: Vec<Vec<Token>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// This character.
    One(char),
    /// Any character.
    Any,
    /// Any run.
    Run,
    /// A character in (or, negated, outside) the ranges.
    Class(bool, Vec<(char, char)>),
}

/// Why a text is not a glob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    /// `[` without `]`, or nothing between them.
    #[error("a glob's '[' must be closed by ']' and hold something")]
    Class,
    /// `{` without `}`.
    #[error("a glob's '{{' must be closed by '}}'")]
    Brace,
    /// `\` at the end.
    #[error("a glob must not end in a backslash")]
    Escape,
    /// Too many alternatives or too long.
    #[error("a glob may be 1024 characters long and have 64 alternatives")]
    TooLong,
}

const LONGEST: usize = 1024;
const MOST_ALTERNATIVES: usize = 64;

impl Glob {
    /// Compiles a glob.
    ///
    /// # Errors
    /// [`GlobError`].
    pub fn compile(text: &str) -> Result<Self, GlobError> {
        if text.chars().count() > LONGEST {
            return Err(GlobError::TooLong);
        }
        let alternatives = expand(text)?.iter().map(|t| tokens(t)).collect::<Result<_, _>>()?;
        Ok(Self { alternatives })
    }

    /// Whether the whole of `text` matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        self.alternatives.iter().any(|tokens| run(tokens, &text))
    }
}

/// Braces become alternatives; they may nest.
fn expand(text: &str) -> Result<Vec<String>, GlobError> {
    let mut done = Vec::new();
    let mut open = vec![text.to_owned()];
    while let Some(text) = open.pop() {
        let Some((from, to, commas)) = innermost(&text)? else {
            done.push(text);
            continue;
        };
        let mut start = from + 1;
        for end in commas.into_iter().chain([to]) {
            open.push(format!("{}{}{}", &text[..from], &text[start..end], &text[to + 1..]));
            start = end + 1;
        }
        if done.len() + open.len() > MOST_ALTERNATIVES {
            return Err(GlobError::TooLong);
        }
    }
    Ok(done)
}

/// Where a brace without braces inside opens and closes, and its commas.
fn innermost(text: &str) -> Result<Option<(usize, usize, Vec<usize>)>, GlobError> {
    let mut open: Option<(usize, Vec<usize>)> = None;
    let mut escaped = false;
    let mut class = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ']' => class = false,
            _ if class => {}
            '[' => class = true,
            '{' => open = Some((at, Vec::new())),
            ',' => {
                if let Some((_, commas)) = &mut open {
                    commas.push(at);
                }
            }
            '}' => {
                if let Some((from, commas)) = open {
                    return Ok(Some((from, at, commas)));
                }
            }
            _ => {}
        }
    }
    if open.is_some() { Err(GlobError::Brace) } else { Ok(None) }
}

fn tokens(text: &str) -> Result<Vec<Token>, GlobError> {
    let mut tokens = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        tokens.push(match c {
            '*' if tokens.last() == Some(&Token::Run) => continue,
            '*' => Token::Run,
            '?' => Token::Any,
            '\\' => Token::One(chars.next().ok_or(GlobError::Escape)?),
            '[' => class(&mut chars)?,
            other => Token::One(other),
        });
    }
    Ok(tokens)
}

fn class(chars: &mut std::str::Chars<'_>) -> Result<Token, GlobError> {
    let mut members: Vec<char> = Vec::new();
    loop {
        match chars.next().ok_or(GlobError::Class)? {
            ']' => break,
            '\\' => members.push(chars.next().ok_or(GlobError::Escape)?),
            c => members.push(c),
        }
    }
    let negated = matches!(members.first(), Some('!'));
    let mut rest = if negated { &members[1..] } else { &members[..] };
    if rest.is_empty() {
        return Err(GlobError::Class);
    }
    let mut ranges = Vec::new();
    loop {
        match rest {
            [] => return Ok(Token::Class(negated, ranges)),
            [low, '-', high, tail @ ..] => {
                ranges.push((*low, *high));
                rest = tail;
            }
            [one, tail @ ..] => {
                ranges.push((*one, *one));
                rest = tail;
            }
        }
    }
}

/// Backtracks to the last `*` only: linear in text × pattern at worst.
fn run(tokens: &[Token], text: &[char]) -> bool {
    let (mut t, mut c) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let hit = match (tokens.get(t), text.get(c)) {
            (None, None) => return true,
            (Some(Token::Run), _) => {
                retry = Some((t + 1, c));
                t += 1;
                continue;
            }
            (Some(Token::Any), Some(_)) => true,
            (Some(Token::One(want)), Some(have)) => want == have,
            (Some(Token::Class(negated, ranges)), Some(have)) => {
                ranges.iter().any(|(low, high)| low <= have && have <= high) != *negated
            }
            _ => false,
        };
        if hit {
            t += 1;
            c += 1;
        } else {
            match retry {
                Some((after, from)) if from < text.len() => {
                    retry = Some((after, from + 1));
                    t = after;
                    c = from + 1;
                }
                _ => return false,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn star_crosses_slashes() {
        for (glob, text, expected) in [
            ("*.yaml", "a/b.yaml", true),
            ("ci/**", "ci/a/b.yaml", true),
            ("ci/**", "xci/a.yaml", false),
            ("?.yaml", "a.yaml", true),
            ("?.yaml", "ab.yaml", false),
            ("{a,b/{c,d}}.yaml", "b/d.yaml", true),
            ("{a,b/{c,d}}.yaml", "c.yaml", false),
            ("[a-c]x", "bx", true),
            ("[!a-c]x", "bx", false),
            (r"\*x", "*x", true),
            (r"\*x", "ax", false),
            ("", "", true),
            ("", "a", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("*", "", true),
        ] {
            assert_eq!(Glob::compile(glob).unwrap().matches(text), expected, "{glob} on {text}");
        }
    }

    #[test]
    fn what_is_no_glob_is_said() {
        assert_eq!(Glob::compile("[a"), Err(GlobError::Class));
        assert_eq!(Glob::compile("[]"), Err(GlobError::Class));
        assert_eq!(Glob::compile("{a"), Err(GlobError::Brace));
        assert_eq!(Glob::compile("a\\"), Err(GlobError::Escape));
        assert_eq!(Glob::compile(&"{a,b}".repeat(20)), Err(GlobError::TooLong));
    }

    #[test]
    fn many_stars_stay_fast() {
        let glob = Glob::compile(&"*a".repeat(200)).unwrap();
        assert!(!glob.matches(&"a".repeat(150)));
        assert!(!Glob::compile(&format!("{}b", "*a".repeat(100))).unwrap().matches(&"a".repeat(20_000)));
    }
}

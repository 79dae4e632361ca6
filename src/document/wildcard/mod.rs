//! Kyverno wildcards: `*` any run (also an empty one), `?` exactly one character. The whole text
//! must match; there are no escapes and no classes; `/`, `.` and newlines are ordinary.
//!
//! Matching takes time linear in the text, but for pieces between stars that hold a `?`: short ones
//! are compared at each place, long ones in long texts are found by [`gaps`].

mod gaps;

use super::value::Str;

/// Pieces with `?` up to this many characters are compared at each place of any text, longer ones
/// only if that takes few comparisons.
const SHORT: usize = 64;
const FEW: usize = 1 << 22;

/// A pattern whose shape was recognised once, so that the common ones cost one comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wildcard {
    /// Only `*`: everything.
    Any,
    /// No wildcard.
    Exact(Str),
    /// `text*`
    Prefix(Str),
    /// `*text`
    Suffix(Str),
    /// `*text*`
    Contains(Str),
    /// Everything else.
    General(Box<General>),
}

/// The pieces between the stars.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct General {
    first: Piece,
    middle: Vec<Piece>,
    /// `None` when there is no star.
    last: Option<Piece>,
}

/// A run of the pattern without `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Str),
    /// Holds at least one `?`, as `None`.
    Characters(Vec<Option<char>>),
}

/// Whether `text` holds `*` or `?`.
#[must_use]
pub fn contains_wildcard(text: &str) -> bool {
    text.bytes().any(|b| matches!(b, b'*' | b'?'))
}

/// Whether all of `text` matches `pattern`. For a pattern used once; see [`Wildcard`].
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    if !contains_wildcard(pattern) {
        return pattern == text;
    }
    if pattern.len() > 64 {
        return Wildcard::new(pattern).matches(text);
    }
    greedy(pattern, text)
}

/// Follows both texts, returning to the last star on a mismatch.
fn greedy(pattern: &str, text: &str) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    let mut resume = None;
    loop {
        let before = (pattern.clone(), text.clone());
        match (pattern.next(), text.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                text = before.1;
                resume = Some((pattern.clone(), text.clone()));
                continue;
            }
            (Some('?'), Some(_)) => continue,
            (Some(p), Some(t)) if p == t => continue,
            _ => {}
        }
        let Some((after_star, start)) = &mut resume else { return false };
        if start.next().is_none() {
            return false;
        }
        (pattern, text) = (after_star.clone(), start.clone());
    }
}

impl Wildcard {
    /// Recognises the shape of `pattern`.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        if !contains_wildcard(pattern) {
            return Self::Exact(pattern.into());
        }
        let leading = pattern.starts_with('*');
        let trailing = pattern.ends_with('*');
        let inner = pattern.trim_matches('*');
        if contains_wildcard(inner) || !(leading || trailing) {
            return Self::General(Box::new(General::new(pattern)));
        }
        match (leading, trailing) {
            _ if inner.is_empty() => Self::Any,
            (true, true) => Self::Contains(inner.into()),
            (true, false) => Self::Suffix(inner.into()),
            _ => Self::Prefix(inner.into()),
        }
    }

    /// Whether all of `text` matches.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => exact == text,
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Self::Contains(part) => text.contains(part.as_str()),
            Self::General(general) => general.matches(text),
        }
    }

    /// The text that is the only match, if there is just one.
    #[must_use]
    pub fn as_exact(&self) -> Option<&str> {
        match self {
            Self::Exact(exact) => Some(exact),
            _ => None,
        }
    }
}

impl General {
    fn new(pattern: &str) -> Self {
        let mut pieces: Vec<Piece> = pattern.split('*').map(Piece::new).collect();
        let last = if pieces.len() > 1 { pieces.pop() } else { None };
        let mut pieces = pieces.into_iter();
        let first = pieces.next().unwrap_or_else(|| Piece::new(""));
        Self { first, middle: pieces.filter(|p| !p.is_empty()).collect(), last }
    }

    fn matches(&self, text: &str) -> bool {
        let Some(mut rest) = self.first.strip_prefix(text) else { return false };
        let Some(last) = &self.last else { return rest.is_empty() };
        // The leftmost place of each piece leaves the most for the next ones.
        for piece in &self.middle {
            match piece.find(rest) {
                Some(after) => rest = after,
                None => return false,
            }
        }
        last.is_suffix_of(rest)
    }
}

impl Piece {
    fn new(text: &str) -> Self {
        if text.contains('?') {
            Self::Characters(text.chars().map(|c| (c != '?').then_some(c)).collect())
        } else {
            Self::Text(text.into())
        }
    }

    fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }

    /// What follows this piece at the start of `text`.
    fn strip_prefix<'a>(&self, text: &'a str) -> Option<&'a str> {
        match self {
            Self::Text(prefix) => text.strip_prefix(prefix.as_str()),
            Self::Characters(characters) => {
                let mut rest = text.chars();
                let fits = characters.iter().all(|p| rest.next().is_some_and(|c| p.is_none_or(|p| p == c)));
                fits.then_some(rest.as_str())
            }
        }
    }

    /// What follows the first place of this piece in `text`.
    fn find<'a>(&self, text: &'a str) -> Option<&'a str> {
        match self {
            Self::Text(part) => text.split_once(part.as_str()).map(|(_, after)| after),
            Self::Characters(characters) if is_long(characters, text) => gaps::find(characters, text),
            Self::Characters(characters) => {
                let mut places = text.char_indices().take_while(|(at, _)| text.len() - at >= characters.len());
                places.find_map(|(at, _)| self.strip_prefix(&text[at..]))
            }
        }
    }

    fn is_suffix_of(&self, text: &str) -> bool {
        match self {
            Self::Text(suffix) => text.ends_with(suffix.as_str()),
            Self::Characters(characters) => {
                let mut rest = text.chars();
                characters.iter().rev().all(|p| rest.next_back().is_some_and(|c| p.is_none_or(|p| p == c)))
            }
        }
    }
}

fn is_long(piece: &[Option<char>], text: &str) -> bool {
    (SHORT + 1..=gaps::LONGEST).contains(&piece.len()) && piece.len().saturating_mul(text.len()) > FEW
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn naive(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|skip| naive(rest, &text[skip..])),
            Some((p, rest)) => text.split_first().is_some_and(|(t, text)| (*p == '?' || p == t) && naive(rest, text)),
        }
    }

    #[test]
    fn shapes_are_recognised() {
        assert_eq!(Wildcard::new("**"), Wildcard::Any);
        assert_eq!(Wildcard::new(""), Wildcard::Exact("".into()));
        assert_eq!(Wildcard::new("a**"), Wildcard::Prefix("a".into()));
        assert_eq!(Wildcard::new("*a"), Wildcard::Suffix("a".into()));
        assert_eq!(Wildcard::new("*a*"), Wildcard::Contains("a".into()));
        assert!(matches!(Wildcard::new("?*"), Wildcard::General(_)));
    }

    #[test]
    fn characters_are_code_points_and_slashes_ordinary() {
        for (pattern, text, expected) in [
            ("?", "é", true),
            ("??", "é", false),
            ("?*", "", false),
            ("*/*", "a/b/c", true),
            ("a.c", "abc", false),
            ("*:latest", "nginx:latest", true),
            ("", "", true),
            ("", "a", false),
            ("a*", "A", false),
            ("*", "a\nb", true),
            ("a?b*c?d", "axb--c-c_d", true),
            ("[ab]", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
            assert_eq!(Wildcard::new(pattern).matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = "*a".repeat(2000) + "b";
        assert!(!matches(&pattern, &"a".repeat(100_000)));
    }

    #[test]
    fn gaps_in_long_pieces_take_no_time() {
        let (half, text) = ("a".repeat(10_000), format!("é{}", "a".repeat(200_000)));
        let started = std::time::Instant::now();
        assert!(!matches(&format!("*{half}?{half}b*"), &text));
        assert!(matches(&format!("*{half}?{half}*a"), &text));
        assert!(matches(&format!("*?é?{half}*{half}?{half}*?"), &format!("x{text}")));
        assert!(started.elapsed() < std::time::Duration::from_secs(20), "{:?}", started.elapsed());
    }

    proptest! {
        #[test]
        fn agrees_with_the_definition(pattern in "[ab?*é]{0,9}", text in "[abé]{0,9}") {
            let characters = |s: &str| s.chars().collect::<Vec<_>>();
            let expected = naive(&characters(&pattern), &characters(&text));
            prop_assert_eq!(greedy(&pattern, &text), expected);
            prop_assert_eq!(Wildcard::new(&pattern).matches(&text), expected);
        }
    }
}

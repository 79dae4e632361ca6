//! The comparison operators and ranges inside string patterns (chapter 20 §1.5).

use std::cmp::Ordering;

/// How a value is compared with an operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// No operator.
    Equal,
    /// `!`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
}

impl Comparison {
    /// Whether the comparison holds for a value that stands in `ordering` to the operand.
    #[must_use]
    pub fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
        }
    }
}

/// One term of a string pattern, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermShape<'a> {
    /// An operator and its operand.
    Compare(Comparison, &'a str),
    /// `LOW-HIGH`, inclusive.
    Inside(&'a str, &'a str),
    /// `LOW!-HIGH`
    Outside(&'a str, &'a str),
}

/// Takes apart a term that is already trimmed of spaces.
#[must_use]
pub fn parse_term(term: &str) -> TermShape<'_> {
    const PREFIXES: [(&str, Comparison); 5] = [
        (">=", Comparison::GreaterOrEqual),
        ("<=", Comparison::LessOrEqual),
        (">", Comparison::Greater),
        ("<", Comparison::Less),
        ("!", Comparison::NotEqual),
    ];
    if term.len() >= 2 {
        for (prefix, comparison) in PREFIXES {
            if let Some(operand) = term.strip_prefix(prefix) {
                return TermShape::Compare(comparison, operand.trim());
            }
        }
        if let Some((low, high)) = parse_range(term, "!-") {
            return TermShape::Outside(low, high);
        }
        if let Some((low, high)) = parse_range(term, "-") {
            return TermShape::Inside(low, high);
        }
    }
    TermShape::Compare(Comparison::Equal, term.trim())
}

/// The ends of a range that `separator` divides, if the whole of `text` is one.
#[must_use]
pub fn parse_range<'a>(text: &'a str, separator: &str) -> Option<(&'a str, &'a str)> {
    let (low, rest) = range_end(text)?;
    let rest = rest.strip_prefix(separator)?;
    let (high, rest) = range_end(rest)?;
    rest.is_empty().then_some((low, high))
}

/// A range's end at the start of `text`: sign, digits, fraction, letters.
fn range_end(text: &str) -> Option<(&str, &str)> {
    let digits = |text: &'_ str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let mut end = usize::from(text.starts_with(['-', '+']));
    let whole = digits(&text[end..]);
    if whole == 0 {
        return None;
    }
    end += whole;
    if let Some(fraction) = text[end..].strip_prefix('.') {
        let count = digits(fraction);
        if count == 0 {
            return None;
        }
        end += 1 + count;
    }
    end = text.len() - text[end..].trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
    Some(text.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_and_operands() {
        use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
        for (term, comparison, operand) in [
            (">=5", GreaterOrEqual, "5"),
            ("<= 5", LessOrEqual, "5"),
            (">\n5", Greater, "5"),
            ("<5", Less, "5"),
            ("!a", NotEqual, "a"),
            ("!!a", NotEqual, "!a"),
            (">", Equal, ">"),
            ("!", Equal, "!"),
            ("\n>5", Equal, ">5"),
            ("", Equal, ""),
            ("a", Equal, "a"),
            ("1 - 2", Equal, "1 - 2"),
            (".5-1", Equal, ".5-1"),
            ("1e3-2e3", Equal, "1e3-2e3"),
            ("1h30m-2h", Equal, "1h30m-2h"),
            ("2024-01-02", Equal, "2024-01-02"),
            ("1.-2", Equal, "1.-2"),
        ] {
            assert_eq!(parse_term(term), TermShape::Compare(comparison, operand), "{term:?}");
        }
    }

    #[test]
    fn ranges() {
        assert_eq!(parse_term("10-20"), TermShape::Inside("10", "20"));
        assert_eq!(parse_term("-10--8"), TermShape::Inside("-10", "-8"));
        assert_eq!(parse_term("+2-+4"), TermShape::Inside("+2", "+4"));
        assert_eq!(parse_term("2021-01"), TermShape::Inside("2021", "01"));
        assert_eq!(parse_term("1.5Gi-2Gi"), TermShape::Inside("1.5Gi", "2Gi"));
        assert_eq!(parse_term("100Mi!-1Gi"), TermShape::Outside("100Mi", "1Gi"));
    }
}

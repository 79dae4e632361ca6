//! One scalar of a pattern against one value (chapter 20 §1.4, §1.5).

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::document::{GoDuration, Quantity, Str, Value, Wildcard, number};

use super::operator::{self, Comparison, TermShape};

/// A compiled scalar.
#[derive(Clone, Debug)]
pub enum Scalar {
    /// Matches null, `""`, zero and false.
    Null,
    /// Matches the same truth value.
    Bool(bool),
    /// Matches the same whole number in any notation.
    Int(i64),
    /// Matches the same number.
    Float(f64),
    /// A string expression.
    Text(TextPattern),
}

/// A compiled string expression: alternatives of terms that must all hold.
#[derive(Clone, Debug)]
pub struct TextPattern {
    whole: Str,
    alternatives: Vec<Vec<Term>>,
}

#[derive(Clone, Debug)]
enum Term {
    Compare(Comparison, Operand),
    Inside(Operand, Operand),
    Outside(Operand, Operand),
}

/// The right side of a comparison, read in every way it can be.
#[derive(Clone, Debug)]
struct Operand {
    duration: Option<GoDuration>,
    quantity: Option<Quantity>,
    glob: Wildcard,
}

impl Scalar {
    /// Compiles a scalar; `None` for lists and maps.
    #[must_use]
    pub fn compile(pattern: &Value) -> Option<Self> {
        Some(match pattern {
            Value::Null => Self::Null,
            Value::Bool(b) => Self::Bool(*b),
            Value::Int(i) => Self::Int(*i),
            Value::Float(f) => Self::Float(*f),
            Value::String(text) => Self::Text(TextPattern::new(text)),
            Value::List(_) | Value::Map(_) => return None,
        })
    }

    /// Whether `value` matches. Lists and maps match no scalar.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "exact equality is meant")]
    pub fn matches(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text(pattern), value) => pattern.matches(value),
            (Self::Null, Value::Null) => true,
            (Self::Null, Value::Bool(b)) => !b,
            (Self::Null, Value::Int(i)) => *i == 0,
            (Self::Null, Value::Float(f)) => *f == 0.0,
            (Self::Null, Value::String(text)) => text.is_empty(),
            (Self::Bool(a), Value::Bool(b)) => a == b,
            (Self::Int(a), Value::Int(b)) => a == b,
            (Self::Int(a), Value::Float(b)) => whole(*b) == Some(*a),
            (Self::Int(a), Value::String(text)) => text.parse::<i64>().is_ok_and(|b| *a == b),
            (Self::Float(a), Value::Int(b)) => whole(*a) == Some(*b),
            (Self::Float(a), Value::Float(b)) => a == b,
            (Self::Float(a), Value::String(text)) => parse_float(text).is_some_and(|b| *a == b),
            (Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_), _) => false,
        }
    }
}

/// A float without fraction as an integer.
#[expect(clippy::cast_possible_truncation, reason = "whole, and saturating")]
pub(super) fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0).then_some(number as i64)
}

/// Go's `ParseFloat`: out-of-range numbers are errors.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    let number: f64 = text.parse().ok()?;
    let spelled_out = text.bytes().any(|b| matches!(b, b'n' | b'N'));
    (number.is_finite() || spelled_out).then_some(number)
}

impl TextPattern {
    /// Compiles a string expression. Every text is one.
    #[must_use]
    pub fn new(pattern: &str) -> Self {
        let terms = |alternative: &str| {
            alternative.trim_matches(' ').split('&').map(|term| Term::new(term.trim_matches(' '))).collect()
        };
        Self { whole: pattern.into(), alternatives: pattern.split('|').map(terms).collect() }
    }

    /// The expression as written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.whole
    }

    /// Whether `value` matches. Lists and maps match no expression.
    #[must_use]
    pub fn matches(&self, value: &Value) -> bool {
        if value.as_str().is_some_and(|text| text == self.whole) {
            return true;
        }
        let subject = Subject::new(value);
        self.alternatives.iter().any(|terms| terms.iter().all(|term| term.matches(&subject)))
    }
}

/// Whether the text `value` matches the string expression `pattern`.
#[must_use]
pub fn text_matches(pattern: &str, value: &str) -> bool {
    pattern == value || TextPattern::new(pattern).matches(&Value::from(value))
}

impl Term {
    fn new(term: &str) -> Self {
        match operator::parse_term(term) {
            TermShape::Compare(comparison, operand) => Self::Compare(comparison, Operand::new(operand)),
            TermShape::Inside(low, high) => Self::Inside(Operand::new(low), Operand::new(high)),
            TermShape::Outside(low, high) => Self::Outside(Operand::new(low), Operand::new(high)),
        }
    }

    fn matches(&self, subject: &Subject<'_>) -> bool {
        let holds = |operand, comparison| subject.compare(comparison, operand);
        match self {
            Self::Compare(comparison, operand) => holds(operand, *comparison),
            Self::Inside(low, high) => holds(low, Comparison::GreaterOrEqual) && holds(high, Comparison::LessOrEqual),
            Self::Outside(low, high) => holds(low, Comparison::Less) || holds(high, Comparison::Greater),
        }
    }
}

impl Operand {
    fn new(text: &str) -> Self {
        Self { duration: GoDuration::parse(text).ok(), quantity: Quantity::parse(text).ok(), glob: Wildcard::new(text) }
    }
}

/// The value being matched, read as each kind of scalar at most once.
struct Subject<'a> {
    value: &'a Value,
    duration: OnceCell<Option<GoDuration>>,
    quantity: OnceCell<Option<Quantity>>,
}

impl<'a> Subject<'a> {
    fn new(value: &'a Value) -> Self {
        Self { value, duration: OnceCell::new(), quantity: OnceCell::new() }
    }

    /// A missing value counts as zero here, and only here.
    fn numeric_text(&self) -> Option<Cow<'a, str>> {
        match self.value {
            Value::Null => Some("0".into()),
            Value::Int(i) => Some(i.to_string().into()),
            Value::Float(f) => Some(format!("{f:.6}").into()),
            Value::String(text) => Some(text.as_str().into()),
            Value::Bool(_) | Value::List(_) | Value::Map(_) => None,
        }
    }

    fn glob_text(&self) -> Option<Cow<'a, str>> {
        match self.value {
            Value::Bool(b) => Some(if *b { "true" } else { "false" }.into()),
            Value::Int(i) => Some(i.to_string().into()),
            Value::Float(f) => Some(number::scientific(*f).to_ascii_uppercase().into()),
            Value::String(text) => Some(text.as_str().into()),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    fn duration(&self) -> Option<GoDuration> {
        *self.duration.get_or_init(|| GoDuration::parse(&self.numeric_text()?).ok())
    }

    fn quantity(&self) -> Option<&Quantity> {
        self.quantity.get_or_init(|| Quantity::parse(&self.numeric_text()?).ok()).as_ref()
    }

    /// Duration, then quantity, then text: the first way in which both sides can be read decides.
    fn compare(&self, comparison: Comparison, operand: &Operand) -> bool {
        if let Some(duration) = operand.duration
            && let Some(value) = self.duration()
        {
            return comparison.holds(value.cmp(&duration));
        }
        if let Some(quantity) = &operand.quantity
            && let Some(value) = self.quantity()
        {
            return comparison.holds(value.cmp(quantity));
        }
        let glob = || self.glob_text().map(|text| operand.glob.matches(&text));
        match comparison {
            Comparison::Equal => glob() == Some(true),
            Comparison::NotEqual => glob() == Some(false),
            Comparison::Greater | Comparison::GreaterOrEqual | Comparison::Less | Comparison::LessOrEqual => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: impl Into<Value>, value: impl Into<Value>) -> bool {
        Scalar::compile(&pattern.into()).is_some_and(|s| s.matches(&value.into()))
    }

    #[test]
    fn typed_scalars() {
        assert!(matches(true, true) && !matches(true, "true") && !matches(false, Value::Null));
        assert!(
            matches(Value::Int(8), Value::Int(8))
                && matches(Value::Int(8), 8.0)
                && matches(Value::Int(8), "8")
                && matches(Value::Int(8), "+8")
        );
        assert!(
            !matches(Value::Int(8), 8.5)
                && !matches(Value::Int(8), "8.0")
                && !matches(Value::Int(8), "8Gi")
                && !matches(Value::Int(0), Value::Null)
        );
        assert!(
            matches(8.0, Value::Int(8))
                && !matches(8.5, Value::Int(8))
                && matches(8.0, "8")
                && matches(8.0, "8.0")
                && matches(0.5, ".5")
        );
        assert!(!matches(8.0, true) && !matches(8.0, Value::Null) && !matches(f64::MAX, "1e999"));
        for zero in [Value::Null, "".into(), Value::Int(0), 0.0.into(), false.into()] {
            assert!(matches(Value::Null, zero));
        }
        for other in [Value::empty_map(), Value::list(vec![]), " ".into(), 1.into(), true.into()] {
            assert!(!matches(Value::Null, other));
        }
    }

    #[test]
    fn the_table_of_odd_strings() {
        let missing = Value::Null;
        for (pattern, value, expected) in [
            ("1Gi", "1024Mi".into(), true),
            ("1.10", "1.1".into(), true),
            ("01", "1".into(), true),
            ("1e3", "1000".into(), true),
            ("P", "T".into(), true),
            ("P", "0".into(), true),
            ("P", missing.clone(), true),
            ("e2", "e3".into(), true),
            ("!M", "G".into(), false),
            ("5m", "300s".into(), true),
            ("!5m", "300s".into(), false),
            ("100m", "0.1".into(), true),
            ("?*", missing.clone(), false),
            ("?*", "".into(), false),
            ("*", "".into(), true),
            ("*", missing.clone(), false),
            ("", "".into(), true),
            ("", missing.clone(), false),
            ("!foo", missing.clone(), false),
            ("!5", missing.clone(), true),
            ("<5", missing.clone(), true),
            (">=0", missing.clone(), true),
            ("0", missing.clone(), true),
            ("0-5", missing, true),
            ("!*", "x".into(), false),
            ("!*", "!*".into(), true),
            (">5", "abc".into(), false),
            (">5", true.into(), false),
            ("true", true.into(), true),
            ("true", "true".into(), true),
            ("1.2-3 | x", "1.2-3".into(), false),
            ("1.2-3", "1.2-3".into(), true),
            ("!5.10", "!5.10".into(), true),
            ("8?", Value::Int(80), true),
            ("8?", Value::Float(80.0), false),
            ("8E*", Value::Float(80.0), true),
            ("<6", Value::Float(6.000_000_001), false),
            (">1.4.0", "1.5.0".into(), false),
            ("*", Value::empty_map(), false),
            ("*", Value::list(vec![]), false),
        ] {
            assert_eq!(matches(pattern, value.clone()), expected, "{pattern:?} {value:?}");
        }
    }

    #[test]
    fn alternatives_and_terms() {
        for (pattern, value, expected) in [
            (">1 & <20 | >31 & <33", "32", true),
            (">1 & <20 | >31 & <33", "25", false),
            ("!a | !b", "a", true),
            ("!a & !b", "a", false),
            ("!a & !b", "c", true),
            ("a|b|", "", true),
            ("10!-20", "5", true),
            ("10!-20", "15", false),
            ("20-10", "15", false),
            ("-10--8", "-9", true),
            ("1Gi-2Gi", "1536Mi", true),
            ("1h-2h", "90m", true),
        ] {
            assert_eq!(matches(pattern, value), expected, "{pattern:?} {value:?}");
        }
        assert!(text_matches("n*|>5", "6") && !text_matches("n*|>5", "4"));
    }
}

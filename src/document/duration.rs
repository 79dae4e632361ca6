//! Go durations: `time.ParseDuration` and `Duration.String`.

use std::fmt;

/// A signed span of time in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GoDuration(pub i64);

/// Why a text is not a duration; the texts are Go's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not a sequence of numbers with units, or out of range.
    #[error("time: invalid duration {0:?}")]
    Invalid(String),
    /// A number without a unit.
    #[error("time: missing unit in duration {0:?}")]
    MissingUnit(String),
    /// A unit Go does not have; days are one.
    #[error("time: unknown unit {unit:?} in duration {text:?}")]
    UnknownUnit {
        /// The unit.
        unit: String,
        /// The whole text.
        text: String,
    },
}

/// The magnitude of the most negative duration.
const LIMIT: u64 = 1 << 63;
const SECOND: u64 = 1_000_000_000;

impl GoDuration {
    /// Reads `1h30m`, `-1.5s`, `0`, … as Go does.
    ///
    /// # Errors
    /// When Go would refuse the text, overflow included.
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        let invalid = || DurationError::Invalid(text.to_owned());
        let negative = text.starts_with('-');
        let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
        if rest == "0" {
            return Ok(Self(0));
        }
        if rest.is_empty() {
            return Err(invalid());
        }
        let mut total = 0_u64;
        while !rest.is_empty() {
            let (part, tail) = group(rest, text)?;
            rest = tail;
            total = total.checked_add(part).filter(|t| *t <= LIMIT).ok_or_else(invalid)?;
        }
        let nanos = if negative { 0_i64.checked_sub_unsigned(total) } else { i64::try_from(total).ok() };
        nanos.map(Self).ok_or_else(invalid)
    }

    /// Whole and fractional seconds.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "Go's Seconds() has the same")]
    pub fn seconds(self) -> f64 {
        let (whole, rest) = (self.0 / SECOND.cast_signed(), self.0 % SECOND.cast_signed());
        whole as f64 + rest as f64 / 1e9
    }

    /// From float seconds, cut toward zero at nanoseconds; out-of-range values saturate.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a saturating cast")]
    pub fn from_seconds(seconds: f64) -> Self {
        Self((seconds * 1e9) as i64)
    }
}

fn leading_digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len()))
}

/// One `number unit` at the start of `rest`: its nanoseconds, and what follows.
fn group<'a>(rest: &'a str, text: &str) -> Result<(u64, &'a str), DurationError> {
    let invalid = || DurationError::Invalid(text.to_owned());
    let (whole, mut tail) = leading_digits(rest);
    let mut fraction = "";
    if let Some(after) = tail.strip_prefix('.') {
        (fraction, tail) = leading_digits(after);
    }
    if whole.is_empty() && fraction.is_empty() {
        return Err(invalid());
    }
    let number = whole
        .bytes()
        .try_fold(0_u64, |n, d| n.checked_mul(10)?.checked_add(u64::from(d - b'0')).filter(|n| *n <= LIMIT))
        .ok_or_else(invalid)?;
    let end = tail.bytes().position(|b| b == b'.' || b.is_ascii_digit()).unwrap_or(tail.len());
    let (unit, tail) = tail.split_at(end);
    if unit.is_empty() {
        return Err(DurationError::MissingUnit(text.to_owned()));
    }
    let unit_nanos = match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND,
        "m" => 60 * SECOND,
        "h" => 3_600 * SECOND,
        _ => return Err(DurationError::UnknownUnit { unit: unit.to_owned(), text: text.to_owned() }),
    };
    let nanos = number.checked_mul(unit_nanos).filter(|n| *n <= LIMIT).ok_or_else(invalid)?;
    let nanos = nanos.checked_add(fraction_nanos(fraction, unit_nanos)).filter(|n| *n <= LIMIT).ok_or_else(invalid)?;
    Ok((nanos, tail))
}

/// The fraction of a unit, in floats as Go computes it; digits beyond 64 bits are dropped.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "Go's own arithmetic; the value is below one unit"
)]
fn fraction_nanos(digits: &str, unit_nanos: u64) -> u64 {
    let (mut number, mut scale) = (0_u64, 1.0_f64);
    for digit in digits.bytes() {
        let next = number.checked_mul(10).and_then(|n| n.checked_add(u64::from(digit - b'0')));
        let Some(next) = next.filter(|n| *n < LIMIT) else { break };
        number = next;
        scale *= 10.0;
    }
    if number == 0 { 0 } else { (number as f64 * (unit_nanos as f64 / scale)) as u64 }
}

/// Go's form: `1h0m0s`, `1.5s`, `250ms`, `1µs`, `0s`.
impl fmt::Display for GoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        if nanos < SECOND {
            return match nanos {
                0 => f.write_str("0s"),
                1..1_000 => write!(f, "{nanos}ns"),
                1_000..1_000_000 => with_fraction(f, nanos, 1_000, "µs"),
                _ => with_fraction(f, nanos, 1_000_000, "ms"),
            };
        }
        let minutes = nanos / (60 * SECOND);
        if minutes >= 60 {
            write!(f, "{}h", minutes / 60)?;
        }
        if minutes > 0 {
            write!(f, "{}m", minutes % 60)?;
        }
        with_fraction(f, nanos % (60 * SECOND), SECOND, "s")
    }
}

fn with_fraction(f: &mut fmt::Formatter<'_>, nanos: u64, unit: u64, name: &str) -> fmt::Result {
    let (whole, rest) = (nanos / unit, nanos % unit);
    if rest == 0 {
        return write!(f, "{whole}{name}");
    }
    let width = unit.ilog10() as usize;
    let fraction = format!("{rest:0width$}");
    write!(f, "{whole}.{}{name}", fraction.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nanos(text: &str) -> Option<i64> {
        GoDuration::parse(text).ok().map(|d| d.0)
    }

    #[test]
    fn parses_what_go_parses() {
        for (text, expected) in [
            ("0", 0),
            ("+0", 0),
            ("-0", 0),
            ("5m", 300_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("-1.5s", -1_500_000_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("1us", 1_000),
            ("1µs", 1_000),
            ("1μs", 1_000),
            ("3s2s", 5_000_000_000),
            ("-9223372036854775808ns", i64::MIN),
            ("9223372036854775807ns", i64::MAX),
            ("0.3333333333333333333h", 1_200_000_000_000),
        ] {
            assert_eq!(nanos(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_go_refuses() {
        for text in
            ["", "-", ".", "3", "1d", "s", ".s", "1h ", " 1h", "9223372036854775808ns", "3000000h", "1hm", "1e3s"]
        {
            assert_eq!(nanos(text), None, "{text}");
        }
        let message = |text| GoDuration::parse(text).map_err(|e| e.to_string());
        assert_eq!(message("1d"), Err("time: unknown unit \"d\" in duration \"1d\"".into()));
        assert_eq!(message("3"), Err("time: missing unit in duration \"3\"".into()));
        assert_eq!(message("x"), Err("time: invalid duration \"x\"".into()));
    }

    #[test]
    fn prints_as_go_prints() {
        for (text, expected) in [
            ("60m", "1h0m0s"),
            ("100s", "1m40s"),
            ("1500ms", "1.5s"),
            ("250ms", "250ms"),
            ("1us", "1µs"),
            ("1100ns", "1.1µs"),
            ("0", "0s"),
            ("-1h1ns", "-1h0m0.000000001s"),
            ("-9223372036854775808ns", "-2562047h47m16.854775808s"),
        ] {
            assert_eq!(GoDuration::parse(text).map(|d| d.to_string()).as_deref(), Ok(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn round_trips(nanos: i64) {
            let text = GoDuration(nanos).to_string();
            let back = GoDuration::parse(&text).map_err(|e| TestCaseError::fail(e.to_string()))?;
            // Fractions pass through floats, as in Go.
            prop_assert!((i128::from(back.0) - i128::from(nanos)).abs() <= 1, "{} {}", text, back.0);
        }

        #[test]
        fn never_panics(text in "[-+]?([0-9.]{0,25}(ns|us|ms|s|m|h|d|)){0,4}") {
            let _ = GoDuration::parse(&text);
        }
    }
}

//! The label `cleanup.kyverno.io/ttl` (chapter 40 §5.3): when an object that carries it goes.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::document::GoDuration;

/// The label.
pub const LABEL: &str = "cleanup.kyverno.io/ttl";

/// When an object goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// So many nanoseconds after it was created.
    After(i64),
    /// At a moment.
    At(Timestamp),
}

/// A label that is no time; the object stays. Prints as Kyverno's warning.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{LABEL} label value cannot be parsed as any recognizable format ({0})")]
pub struct TtlError(String);

impl Ttl {
    /// Reads the label: a Go duration, a loose duration, `2006-01-02T150405Z`, `2006-01-02`.
    ///
    /// # Errors
    /// It is none of them.
    pub fn parse(text: &str) -> Result<Self, TtlError> {
        if let Ok(duration) = GoDuration::parse(text) {
            return Ok(Self::After(duration.0));
        }
        if let Some(nanos) = loose(text) {
            return Ok(Self::After(nanos));
        }
        let moment = |at: DateTime| at.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
        let time = (text.len() == 18).then(|| DateTime::strptime("%Y-%m-%dT%H%M%SZ", text).ok()).flatten();
        let date = || (text.len() == 10).then(|| Date::strptime("%Y-%m-%d", text).ok()).flatten();
        time.or_else(|| date().map(|date| date.at(0, 0, 0, 0)))
            .and_then(moment)
            .map(Self::At)
            .ok_or_else(|| TtlError(text.to_owned()))
    }

    /// The moment the object goes, if it was created at `created`.
    #[must_use]
    pub fn deadline(self, created: Timestamp) -> Option<Timestamp> {
        match self {
            Self::After(nanos) => created.checked_add(jiff::SignedDuration::from_nanos(nanos)).ok(),
            Self::At(moment) => Some(moment),
        }
    }
}

/// Nanoseconds of each unit, and the words for it: the last also by its beginning.
const UNITS: [(i64, &[&str]); 8] = [
    (1, &["ns", "nano"]),
    (1_000, &["us", "µs", "micro"]),
    (1_000_000, &["ms", "milli"]),
    (1_000_000_000, &["s", "sec"]),
    (60_000_000_000, &["m", "min"]),
    (3_600_000_000_000, &["h", "hr", "hour"]),
    (86_400_000_000_000, &["d", "day"]),
    (604_800_000_000_000, &["w", "wk", "week"]),
];

/// The sum of all `<integer><unit>` anywhere in the text; `None` when there is none, or they overflow.
fn loose(text: &str) -> Option<i64> {
    let mut total: Option<i64> = None;
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        rest = rest.get(start..)?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, tail) = rest.split_at_checked(end)?;
        let tail = tail.trim_start();
        let end = tail.find(|c: char| !(c.is_ascii_alphabetic() || c == 'µ')).unwrap_or(tail.len());
        let (word, after) = tail.split_at_checked(end)?;
        rest = if word.is_empty() { tail } else { after };
        if word.is_empty() {
            continue;
        }
        let factor: i64 = digits.parse().ok()?;
        if let Some(unit) = unit(&word.to_lowercase()) {
            total = Some(total.unwrap_or(0).checked_add(factor.checked_mul(unit)?)?);
        }
    }
    total
}

fn unit(word: &str) -> Option<i64> {
    let named = |words: &[&str]| words.contains(&word) || words.last().is_some_and(|last| word.starts_with(last));
    UNITS.iter().find(|(_, words)| named(words)).map(|(nanos, _)| *nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000_000;

    #[test]
    fn durations_exact_and_loose() {
        for (text, nanos) in [
            ("90s", 90_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("1.5h", 5_400_000_000_000),
            ("2d", 2 * DAY),
            ("1.5d", 5 * DAY),
            ("10day_x", 10 * DAY),
            ("1 week 2 DAYS", 9 * DAY),
            ("3hr", 10_800_000_000_000),
            ("1wk", 7 * DAY),
            ("5 millis", 5_000_000),
        ] {
            assert_eq!(Ttl::parse(text), Ok(Ttl::After(nanos)), "{text}");
        }
    }

    #[test]
    fn moments() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a timestamp");
        assert_eq!(Ttl::parse("2023-07-19T120000Z"), Ok(Ttl::At(at("2023-07-19T12:00:00Z"))));
        assert_eq!(Ttl::parse("2023-07-19"), Ok(Ttl::At(at("2023-07-19T00:00:00Z"))));
        let created = at("2023-07-18T12:00:00Z");
        assert_eq!(Ttl::parse("2h30m").ok().and_then(|ttl| ttl.deadline(created)), Some(at("2023-07-18T14:30:00Z")));
        assert_eq!(Ttl::After(i64::MAX).deadline(Timestamp::MAX), None);
    }

    #[test]
    fn what_is_no_time_says_so() {
        for text in ["10ay", "invalid-value", "", "2023-13-01", "99999999999999999999d", "9999999999w"] {
            let error = Ttl::parse(text).expect_err(text).to_string();
            assert!(error.ends_with(&format!("cannot be parsed as any recognizable format ({text})")), "{error}");
        }
    }
}

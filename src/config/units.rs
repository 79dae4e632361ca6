//! Sizes and times as people write them.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::document::{GoDuration, Quantity};

/// A number of bytes: an integer, or text such as `256Mi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

/// A span of time: text such as `45s` or `1m30s`; longer than nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(pub Duration);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SizeVisitor;
        impl Visitor<'_> for SizeVisitor {
            type Value = Size;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a size such as 256Mi")
            }
            fn visit_i64<E: Error>(self, bytes: i64) -> Result<Size, E> {
                u64::try_from(bytes).map(Size).map_err(|_| E::custom("a size must not be negative"))
            }
            fn visit_u64<E>(self, bytes: u64) -> Result<Size, E> {
                Ok(Size(bytes))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Size, E> {
                parse_size(text)
                    .map(Size)
                    .ok_or_else(|| E::custom("expected a size such as 256Mi, or a number of bytes"))
            }
        }
        deserializer.deserialize_any(SizeVisitor)
    }
}

/// A whole number of bytes with one of the suffixes of Kubernetes quantities.
fn parse_size(text: &str) -> Option<u64> {
    Quantity::parse(text).ok()?;
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor: u64 = match &text[digits.len()..] {
        "" => 1,
        "k" => 1_000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match GoDuration::parse(&text).map(|d| u64::try_from(d.0)) {
            Ok(Ok(nanos)) if nanos > 0 => Ok(Self(Duration::from_nanos(nanos))),
            _ => Err(D::Error::custom("expected a time such as 45s, longer than nothing")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Value, de};

    #[test]
    fn sizes() {
        for (text, bytes) in [("256Mi", 256 << 20), ("1k", 1000), ("7", 7), ("2Gi", 2 << 30)] {
            assert_eq!(de::from_value::<Size>(&text.into()).unwrap(), Size(bytes));
        }
        assert_eq!(de::from_value::<Size>(&Value::Int(9)).unwrap(), Size(9));
        for bad in ["1.5Mi", "-1", "Mi", "1MB", "", "99999999999Gi"] {
            assert!(de::from_value::<Size>(&bad.into()).is_err(), "{bad}");
        }
        assert!(de::from_value::<Size>(&Value::Int(-1)).is_err());
    }

    #[test]
    fn times() {
        assert_eq!(de::from_value::<Period>(&"1m30s".into()).unwrap(), Period(Duration::from_secs(90)));
        for bad in ["0s", "-1s", "45", "x"] {
            assert!(de::from_value::<Period>(&bad.into()).is_err(), "{bad}");
        }
    }
}

//! The caller's deadline (`grpc-timeout`), and how much of it is ours: an answer that arrives after it is
//! read by nobody.

use std::time::{Duration, Instant};

use tonic::metadata::MetadataMap;

/// The most that is kept back so that the answer arrives in time.
const MARGIN: Duration = Duration::from_millis(500);

/// When an answer must be on its way, if the caller says; `started` is when the call came.
#[must_use]
pub fn answer_by(metadata: &MetadataMap, started: Instant) -> Option<Instant> {
    let timeout = parse(metadata.get("grpc-timeout")?.to_str().ok()?)?;
    started.checked_add(timeout.saturating_sub(MARGIN.min(timeout / 10)))
}

/// At most eight digits and a unit.
fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_as_grpc_writes_them() {
        assert_eq!(parse("59999999u"), Some(Duration::from_micros(59_999_999)));
        assert_eq!(parse("2S"), Some(Duration::from_secs(2)));
        assert_eq!(parse("1H"), Some(Duration::from_secs(3600)));
        for bad in ["", "S", "2", "2s", "-1S", "123456789n", "1é"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_answer_leaves_before_the_deadline() {
        let (mut metadata, now) = (MetadataMap::new(), Instant::now());
        assert_eq!(answer_by(&metadata, now), None);
        metadata.insert("grpc-timeout", "2000m".parse().expect("a value"));
        assert_eq!(answer_by(&metadata, now), Some(now + Duration::from_millis(1800)));
        metadata.insert("grpc-timeout", "60S".parse().expect("a value"));
        assert_eq!(answer_by(&metadata, now), Some(now + Duration::from_millis(59_500)));
    }
}

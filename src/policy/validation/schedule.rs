//! Schedules of cleanup policies: five cron fields or a descriptor (chapter 40 §5.1).

use crate::document::GoDuration;

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Least, greatest and the names of the numbers of each field.
const FIELDS: [(u32, u32, &[&str]); 5] = [(0, 59, &[]), (0, 23, &[]), (1, 31, &[]), (1, 12, &MONTHS), (0, 6, &DAYS)];

/// Whether the cluster takes the schedule.
#[must_use]
pub fn is_valid(text: &str) -> bool {
    let text = match text.strip_prefix("TZ=").or_else(|| text.strip_prefix("CRON_TZ=")) {
        // The zone's name is looked up where the schedule runs.
        Some(zoned) => zoned.split_once(' ').map_or("", |(_, rest)| rest).trim(),
        None => text,
    };
    if let Some(descriptor) = text.strip_prefix('@') {
        return match descriptor.strip_prefix("every ") {
            Some(duration) => GoDuration::parse(duration).is_ok(),
            None => ["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"].contains(&descriptor),
        };
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    fields.len() == FIELDS.len()
        && fields.iter().zip(FIELDS).all(|(field, bounds)| field.split(',').all(|part| range(part, bounds)))
}

/// `*`, `?`, `n`, `n-m`, each with `/step`.
fn range(text: &str, (least, greatest, names): (u32, u32, &[&str])) -> bool {
    let number = |text: &str| {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
        match named.and_then(|at| u32::try_from(at).ok()) {
            Some(at) => Some(at + least),
            None => text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten(),
        }
    };
    let (span, step) = match text.split_once('/') {
        Some((span, step)) => (span, Some(step)),
        None => (text, None),
    };
    let step_is_valid = step.is_none_or(|step| number(step).is_some_and(|step| step > 0));
    let (from, to) = match span.split_once('-') {
        _ if span == "*" || span == "?" => (Some(least), Some(greatest)),
        Some((from, to)) => (number(from), number(to)),
        None if step.is_some() => (number(span), Some(greatest)),
        None => (number(span), number(span)),
    };
    match (from, to) {
        (Some(from), Some(to)) => step_is_valid && least <= from && from <= to && to <= greatest,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_valid;

    #[test]
    fn schedules() {
        for good in
            ["* * * * *", "*/5 0-6/2 1,15 JAN-mar ?", "0 0 1 1 0", "@midnight", "@every 1h30m", "TZ=UTC 5 4 * * sun"]
        {
            assert!(is_valid(good), "{good}");
        }
        for bad in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* * 0 * *",
            "5-3 * * * *",
            "*/0 * * * *",
            "@every",
            "@now",
            "a * * * *",
            "/ * * * *",
            "-5 * * * *",
        ] {
            assert!(!is_valid(bad), "{bad}");
        }
    }
}

//! Instants as Go's `time.Time` has them: any offset, any year, nanoseconds.

mod layout;
mod parse;

pub(in crate::jmespath) use parse::parse;

/// The layout of RFC 3339.
pub(in crate::jmespath) const RFC3339: &str = "2006-01-02T15:04:05Z07:00";

const NANOS: i128 = 1_000_000_000;
const DAY: i64 = 86_400;

/// An instant and the offset it is shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::jmespath) struct Time {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    pub(in crate::jmespath) nanos: i128,
    /// Seconds east of UTC.
    pub(in crate::jmespath) offset: i64,
}

/// A date and a time of day.
pub(in crate::jmespath) struct Civil {
    pub(in crate::jmespath) year: i64,
    pub(in crate::jmespath) month: i64,
    pub(in crate::jmespath) day: i64,
    pub(in crate::jmespath) hour: i64,
    pub(in crate::jmespath) minute: i64,
    pub(in crate::jmespath) second: i64,
    /// Sunday is 0.
    pub(in crate::jmespath) weekday: i64,
}

impl Time {
    pub(in crate::jmespath) fn from_unix(seconds: i64) -> Self {
        Self { nanos: i128::from(seconds) * NANOS, offset: 0 }
    }

    /// The date and time at the instant's own offset.
    pub(in crate::jmespath) fn civil(&self) -> Civil {
        let seconds = i64::try_from(self.nanos.div_euclid(NANOS)).unwrap_or(i64::MAX / 2).saturating_add(self.offset);
        let (days, rest) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        let (year, month, day) = civil_from_days(days);
        let weekday = (days + 4).rem_euclid(7);
        Civil { year, month, day, hour: rest / 3600, minute: rest / 60 % 60, second: rest % 60, weekday }
    }

    /// In RFC 3339, without fractions of a second; `Z` for no offset.
    pub(in crate::jmespath) fn rfc3339(&self) -> String {
        let Civil { year, month, day, hour, minute, second, .. } = self.civil();
        let sign = if year < 0 { "-" } else { "" };
        let date = format!("{sign}{:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}", year.abs());
        if self.offset == 0 {
            return date + "Z";
        }
        let minutes = (self.offset / 60).abs();
        format!("{date}{}{:02}:{:02}", if self.offset < 0 { '-' } else { '+' }, minutes / 60, minutes % 60)
    }

    /// `self - earlier` in nanoseconds; saturates as Go's does.
    pub(in crate::jmespath) fn since(&self, earlier: &Self) -> i64 {
        let difference = self.nanos - earlier.nanos;
        i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
    }

    pub(in crate::jmespath) fn plus(&self, nanos: i64) -> Self {
        Self { nanos: self.nanos + i128::from(nanos), ..*self }
    }

    /// Down to a multiple of `step` nanoseconds, counted from the start of year 1 in UTC.
    pub(in crate::jmespath) fn truncate(&self, step: i64) -> Self {
        if step <= 0 {
            return *self;
        }
        let year_one = i128::from(days_from_civil(1, 1, 1)) * i128::from(DAY) * NANOS;
        Self { nanos: self.nanos - (self.nanos - year_one).rem_euclid(i128::from(step)), ..*self }
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
pub(super) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    // Years start in March, so that the leap day is the last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(super) fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_inverse() {
        for days in (-800_000..800_000).step_by(97) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days, "{year}-{month}-{day}");
            assert!((1..=days_in(year, month)).contains(&day));
        }
        assert_eq!(civil_from_days(0), (1970, 1, 1));
    }

    #[test]
    fn prints_and_parses_rfc3339() {
        let time = |text: &str| parse(RFC3339, text).expect(text);
        for text in ["2023-01-12T15:00:00Z", "2022-06-22T17:45:00+01:00", "0001-01-01T00:00:00-07:30"] {
            assert_eq!(time(text).rfc3339(), text);
        }
        assert_eq!(time("2023-01-12T15:00:00.999999999Z").rfc3339(), "2023-01-12T15:00:00Z");
        assert_eq!(time("2023-01-12T15:00:00Z").truncate(24 * 3600 * 1_000_000_000).rfc3339(), "2023-01-12T00:00:00Z");
    }

    #[test]
    fn layouts_are_read_as_go_reads_them() {
        for (layout, text, expected) in [
            ("Mon Jan 02 2006 15:04:05 -0700", "Fri Jun 22 2022 17:45:00 +0100", "2022-06-22T17:45:00+01:00"),
            ("Mon Jan _2 15:04:05 2006", "tue feb  3 04:05:06 2009", "2009-02-03T04:05:06Z"),
            ("Monday, 02-Jan-06 15:04:05 MST", "Monday, 02-Jan-69 15:04:05 PST", "1969-01-02T15:04:05Z"),
            ("3:04PM", "3:04AM", "0000-01-01T03:04:00Z"),
            ("2006-002", "2024-060", "2024-02-29T00:00:00Z"),
            ("2006-01-02T15:04:05.000Z07:00", "2024-01-02T03:04:05.678+02:00", "2024-01-02T03:04:05+02:00"),
            ("2006-01-02", "2024-12-31", "2024-12-31T00:00:00Z"),
            ("02 Jan 06 15:04 MST", "02 Jan 06 15:04 GMT+2", "2006-01-02T17:04:00+02:00"),
            ("2006-01-02 15:04:05 Z0700", "2024-01-02 3:04:05 Z", "2024-01-02T03:04:05Z"),
        ] {
            assert_eq!(parse(layout, text).map(|t| t.rfc3339()), Ok(expected.to_owned()), "{layout}");
        }
    }

    #[test]
    fn errors_are_those_of_go() {
        for (text, error) in [
            ("", "parsing time \"\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"2006\""),
            ("2024-13-01T00:00:00Z", "parsing time \"2024-13-01T00:00:00Z\": month out of range"),
            ("2024-02-30T00:00:00Z", "parsing time \"2024-02-30T00:00:00Z\": day out of range"),
            ("2024-01-01", "parsing time \"2024-01-01\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"T\""),
            ("2024-01-01T00:00:00Zx", "parsing time \"2024-01-01T00:00:00Zx\": extra text: \"x\""),
            ("2024-01-01T00:00:00", {
                "parsing time \"2024-01-01T00:00:00\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"Z07:00\""
            }),
        ] {
            assert_eq!(parse(RFC3339, text).expect_err(text), error);
        }
    }
}

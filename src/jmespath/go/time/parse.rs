//! A text to an instant by a layout (`time.Parse`), with Go's errors.

use super::layout::{Element, OffsetForm, next};
use super::{DAY, NANOS, Time, days_from_civil, days_in, is_leap};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Reads `text` by `layout`; without a zone it is UTC, a zone abbreviation nobody knows has no offset.
///
/// # Errors
/// Go's text: `parsing time "…" as "…": …`.
pub(in crate::jmespath) fn parse(layout: &str, text: &str) -> Result<Time, String> {
    let mut fields = Fields::default();
    let (mut layout_rest, mut value) = (layout, text);
    let cannot = |value: &str, element: &str| {
        format!(
            "parsing time {} as {}: cannot parse {} as {}",
            quote(text),
            quote(layout),
            quote(value),
            quote(element)
        )
    };
    let message = |what: &str| format!("parsing time {}: {what}", quote(text));
    loop {
        let chunk = next(layout_rest);
        value = skip(value, chunk.prefix).map_err(|rest| cannot(rest, chunk.prefix))?;
        let Some((element, written)) = chunk.element else {
            if !value.is_empty() {
                return Err(message(&format!("extra text: {}", quote(value))));
            }
            break;
        };
        layout_rest = chunk.rest;
        value = match fields.read(element, value, layout_rest) {
            Ok(rest) => rest,
            Err(Problem::Bad) => return Err(cannot(value, written)),
            Err(Problem::Range(what)) => return Err(message(&format!("{what} out of range"))),
        };
    }
    fields.instant().map_err(message)
}

/// A text in quotes, as Go's time errors show it: bytes that are not printable ASCII in hexadecimal.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=b'~' | 0x7f => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

enum Problem {
    /// The text does not have the form of the element.
    Bad,
    /// It has, but the number is too large or too small.
    Range(&'static str),
}

#[derive(Default)]
struct Fields<'t> {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: i64,
    afternoon: Option<bool>,
    utc: bool,
    offset: Option<i64>,
    zone: Option<&'t str>,
}

/// Skips literal text; a space in the layout stands for any run of spaces. The error is what is left.
fn skip<'t>(mut value: &'t str, prefix: &str) -> Result<&'t str, &'t str> {
    let mut prefix = prefix;
    while let Some(c) = prefix.chars().next() {
        if c == ' ' {
            if !value.is_empty() && !value.starts_with(' ') {
                return Err(value);
            }
            prefix = prefix.trim_start_matches(' ');
            value = value.trim_start_matches(' ');
            continue;
        }
        value = value.strip_prefix(c).ok_or(value)?;
        prefix = prefix.get(c.len_utf8()..).unwrap_or_default();
    }
    Ok(value)
}

fn digit(text: &str, at: usize) -> Option<i64> {
    text.as_bytes().get(at).filter(|b| b.is_ascii_digit()).map(|b| i64::from(b - b'0'))
}

/// A number of one or two digits, or of two when `padded`.
fn number(text: &str, padded: bool) -> Result<(i64, &str), Problem> {
    let first = digit(text, 0).ok_or(Problem::Bad)?;
    match digit(text, 1) {
        Some(second) => Ok((first * 10 + second, text.get(2..).unwrap_or_default())),
        None if padded => Err(Problem::Bad),
        None => Ok((first, text.get(1..).unwrap_or_default())),
    }
}

/// A name of the table, in any letter case, whole or cut to three letters: its place.
fn name<'t>(table: &[&str], text: &'t str, short: bool) -> Result<(i64, &'t str), Problem> {
    for (place, name) in (0..).zip(table) {
        let name = if short { name.get(..3).unwrap_or(name) } else { name };
        if text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
            return Ok((place, text.get(name.len()..).unwrap_or_default()));
        }
    }
    Err(Problem::Bad)
}

fn within(value: i64, low: i64, high: i64, what: &'static str) -> Result<i64, Problem> {
    if (low..=high).contains(&value) { Ok(value) } else { Err(Problem::Range(what)) }
}

/// The digits after a point, as nanoseconds; digits beyond nine do not count.
fn fraction(digits: &str) -> Result<i64, Problem> {
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Problem::Bad);
    }
    Ok((0..9).fold(0, |nanos, place| nanos * 10 + digit(digits, place).unwrap_or(0)))
}

/// Whether a point or comma and a digit come next; and how many digits.
fn fraction_length(text: &str) -> Option<usize> {
    let digits = text.strip_prefix(['.', ','])?.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0).then_some(digits)
}

impl<'t> Fields<'t> {
    /// Reads one element at the start of `text`; what is left.
    fn read(&mut self, element: Element, text: &'t str, layout_rest: &str) -> Result<&'t str, Problem> {
        Ok(match element {
            Element::Year => {
                let (year, rest) = number(text, true)?;
                self.year = year + if year >= 69 { 1900 } else { 2000 };
                rest
            }
            Element::LongYear => {
                let year = text.get(..4).filter(|y| y.bytes().all(|b| b.is_ascii_digit())).ok_or(Problem::Bad)?;
                self.year = year.parse().map_err(|_| Problem::Bad)?;
                text.get(4..).unwrap_or_default()
            }
            Element::Month | Element::LongMonth => {
                let (place, rest) = name(&MONTHS, text, element == Element::Month)?;
                self.month = Some(place + 1);
                rest
            }
            Element::NumMonth { padded } => {
                let (month, rest) = number(text, padded)?;
                self.month = Some(within(month, 1, 12, "month")?);
                rest
            }
            Element::Weekday | Element::LongWeekday => name(&DAYS, text, element == Element::Weekday)?.1,
            Element::Day { padded, spaced } => {
                let text = if spaced { text.strip_prefix(' ').unwrap_or(text) } else { text };
                let (day, rest) = number(text, padded)?;
                self.day = Some(day);
                rest
            }
            Element::YearDay { spaced } => self.year_day(text, spaced)?,
            Element::Hour => {
                let (hour, rest) = number(text, false)?;
                self.hour = within(hour, 0, 23, "hour")?;
                rest
            }
            Element::Hour12 { padded } => {
                let (hour, rest) = number(text, padded)?;
                self.hour = within(hour, 0, 12, "hour")?;
                rest
            }
            Element::Minute { padded } => {
                let (minute, rest) = number(text, padded)?;
                self.minute = within(minute, 0, 59, "minute")?;
                rest
            }
            Element::Second { padded } => {
                let (second, rest) = number(text, padded)?;
                self.second = within(second, 0, 59, "second")?;
                let in_layout = matches!(
                    next(layout_rest).element,
                    Some((Element::Fraction { .. } | Element::OptionalFraction, _))
                );
                match fraction_length(rest) {
                    Some(digits) if !in_layout => self.fraction(rest, digits)?,
                    _ => rest,
                }
            }
            Element::Fraction { digits } => {
                if !text.starts_with(['.', ',']) || text.len() < digits + 1 {
                    return Err(Problem::Bad);
                }
                self.fraction(text, digits)?
            }
            Element::OptionalFraction => match fraction_length(text) {
                Some(digits) => self.fraction(text, digits)?,
                None => text,
            },
            Element::Noon { upper } => {
                let (am, pm) = if upper { ("AM", "PM") } else { ("am", "pm") };
                self.afternoon = Some(text.starts_with(pm));
                text.strip_prefix(pm).or_else(|| text.strip_prefix(am)).ok_or(Problem::Bad)?
            }
            Element::ZoneName => match text.strip_prefix("UTC") {
                Some(rest) => {
                    self.utc = true;
                    rest
                }
                None => {
                    let length = zone_length(text).ok_or(Problem::Bad)?;
                    self.zone = text.get(..length);
                    text.get(length..).unwrap_or_default()
                }
            },
            Element::Offset { z: true, .. } if text.starts_with('Z') => {
                self.utc = true;
                text.get(1..).unwrap_or_default()
            }
            Element::Offset { form, .. } => self.offset(text, form)?,
        })
    }

    fn fraction(&mut self, text: &'t str, digits: usize) -> Result<&'t str, Problem> {
        self.nanos = fraction(text.get(1..=digits).ok_or(Problem::Bad)?)?;
        Ok(text.get(digits + 1..).unwrap_or_default())
    }

    fn year_day(&mut self, text: &'t str, spaced: bool) -> Result<&'t str, Problem> {
        let trimmed = text.trim_start_matches(' ');
        let text = if spaced { text.get((text.len() - trimmed.len()).min(2)..).unwrap_or_default() } else { text };
        let digits = text.bytes().take(3).take_while(u8::is_ascii_digit).count();
        if digits == 0 || (!spaced && digits != 3) {
            return Err(Problem::Bad);
        }
        self.year_day = text.get(..digits).and_then(|d| d.parse().ok());
        Ok(text.get(digits..).unwrap_or_default())
    }

    fn offset(&mut self, text: &'t str, form: OffsetForm) -> Result<&'t str, Problem> {
        let (colons, starts): (&[usize], [Option<usize>; 3]) = match form {
            OffsetForm::Hours => (&[], [Some(1), None, None]),
            OffsetForm::Minutes => (&[], [Some(1), Some(3), None]),
            OffsetForm::ColonMinutes => (&[3], [Some(1), Some(4), None]),
            OffsetForm::Seconds => (&[], [Some(1), Some(3), Some(5)]),
            OffsetForm::ColonSeconds => (&[3, 6], [Some(1), Some(4), Some(7)]),
        };
        let length = starts.iter().flatten().max().map_or(1, |last| last + 2);
        if !text.is_char_boundary(length) || colons.iter().any(|at| text.as_bytes().get(*at) != Some(&b':')) {
            return Err(Problem::Bad);
        }
        let mut parts = [0; 3];
        for (part, start) in parts.iter_mut().zip(starts) {
            if let Some(start) = start {
                *part = number(text.get(start..start + 2).ok_or(Problem::Bad)?, true)?.0;
            }
        }
        let [hours, minutes, seconds] = parts;
        // Some people write 24 hours or 60 minutes.
        within(hours, 0, 24, "time zone offset hour")?;
        within(minutes, 0, 60, "time zone offset minute")?;
        within(seconds, 0, 60, "time zone offset second")?;
        let offset = (hours * 60 + minutes) * 60 + seconds;
        self.offset = Some(match text.as_bytes().first() {
            Some(b'+') => offset,
            Some(b'-') => -offset,
            _ => return Err(Problem::Bad),
        });
        Ok(text.get(length..).unwrap_or_default())
    }

    fn instant(mut self) -> Result<Time, &'static str> {
        match self.afternoon {
            Some(true) if self.hour < 12 => self.hour += 12,
            Some(false) if self.hour == 12 => self.hour = 0,
            _ => {}
        }
        let (month, day) = self.month_and_day()?;
        if day < 1 || day > days_in(self.year, month) {
            return Err("day out of range");
        }
        let seconds = days_from_civil(self.year, month, day) * DAY + (self.hour * 60 + self.minute) * 60 + self.second;
        let offset = match (self.utc, self.offset, self.zone) {
            (true, ..) => 0,
            (_, Some(offset), _) => offset,
            (.., Some(zone)) => zone.strip_prefix("GMT").and_then(|h| h.parse::<i64>().ok()).unwrap_or(0) * 3600,
            _ => 0,
        };
        // An offset shifts the instant; an abbreviation only how it is shown.
        let shift = if self.offset.is_some() { offset } else { 0 };
        let nanos = i128::from(seconds - shift) * NANOS + i128::from(self.nanos);
        Ok(Time { nanos, offset })
    }

    fn month_and_day(&self) -> Result<(i64, i64), &'static str> {
        let Some(year_day) = self.year_day else {
            return Ok((self.month.unwrap_or(1), self.day.unwrap_or(1)));
        };
        if year_day < 1 || year_day > 365 + i64::from(is_leap(self.year)) {
            return Err("day-of-year out of range");
        }
        let (mut month, mut day) = (1, year_day);
        while day > days_in(self.year, month) {
            day -= days_in(self.year, month);
            month += 1;
        }
        if self.month.is_some_and(|m| m != month) {
            return Err("day-of-year does not match month");
        }
        if self.day.is_some_and(|d| d != day) {
            return Err("day-of-year does not match day");
        }
        Ok((month, day))
    }
}

/// The length of the zone abbreviation `text` starts with.
fn zone_length(text: &str) -> Option<usize> {
    if text.starts_with("ChST") || text.starts_with("MeST") {
        return Some(4);
    }
    if let Some(rest) = text.strip_prefix("GMT") {
        return Some(3 + signed_hours(rest));
    }
    if text.starts_with(['+', '-']) {
        return Some(signed_hours(text)).filter(|length| *length > 0);
    }
    let upper = text.bytes().take(6).take_while(u8::is_ascii_uppercase).count();
    match upper {
        3 => Some(3),
        4 if text.as_bytes().get(3) == Some(&b'T') || text.starts_with("WITA") => Some(4),
        5 if text.as_bytes().get(4) == Some(&b'T') => Some(5),
        _ => None,
    }
}

/// The length of a sign and up to 23 hours; 0 when something else is there.
fn signed_hours(text: &str) -> usize {
    let Some(digits) = text.strip_prefix(['+', '-']) else { return 0 };
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    let hours = digits.get(..length).and_then(|d| d.parse::<u32>().ok());
    if hours.is_some_and(|hours| hours <= 23) { 1 + length } else { 0 }
}

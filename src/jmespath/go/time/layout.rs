//! The elements of a layout: the parts of Go's reference time that stand for something.

/// What an element stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    LongMonth,
    Month,
    NumMonth {
        padded: bool,
    },
    LongWeekday,
    Weekday,
    Day {
        padded: bool,
        spaced: bool,
    },
    YearDay {
        spaced: bool,
    },
    LongYear,
    Year,
    Hour,
    Hour12 {
        padded: bool,
    },
    Minute {
        padded: bool,
    },
    Second {
        padded: bool,
    },
    Noon {
        upper: bool,
    },
    ZoneName,
    Offset {
        z: bool,
        form: OffsetForm,
    },
    /// `.000`: exactly so many digits.
    Fraction {
        digits: usize,
    },
    /// `.999`: any digits, or none.
    OptionalFraction,
}

/// How an offset is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OffsetForm {
    /// `-07`.
    Hours,
    /// `-0700`.
    Minutes,
    /// `-07:00`.
    ColonMinutes,
    /// `-070000`.
    Seconds,
    /// `-07:00:00`.
    ColonSeconds,
}

/// A layout cut at its first element.
pub(super) struct Chunk<'l> {
    /// The literal text before it.
    pub(super) prefix: &'l str,
    /// The element and how the layout writes it; none at the end of the layout.
    pub(super) element: Option<(Element, &'l str)>,
    pub(super) rest: &'l str,
}

/// Cuts `layout` at its first element.
pub(super) fn next(layout: &str) -> Chunk<'_> {
    for (at, _) in layout.char_indices() {
        let here = layout.get(at..).unwrap_or_default();
        // `_2006` is an underscore and a year.
        let (skip, here) = match here.strip_prefix('_') {
            Some(year) if year.starts_with("2006") => (1, year),
            _ => (0, here),
        };
        if let Some((element, length)) = element(here) {
            let start = at + skip;
            return Chunk {
                prefix: layout.get(..start).unwrap_or_default(),
                element: Some((element, here.get(..length).unwrap_or_default())),
                rest: layout.get(start + length..).unwrap_or_default(),
            };
        }
    }
    Chunk { prefix: layout, element: None, rest: "" }
}

/// The element `text` starts with, and its length.
fn element(text: &str) -> Option<(Element, usize)> {
    let lower_follows = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_lowercase);
    let fixed: &[(&str, Element)] = match text.as_bytes().first()? {
        b'J' if text.starts_with("Jan") && !text.starts_with("January") && lower_follows(3) => &[],
        b'J' => &[("January", Element::LongMonth), ("Jan", Element::Month)],
        b'M' if text.starts_with("Mon") && !text.starts_with("Monday") && lower_follows(3) => &[],
        b'M' => &[("Monday", Element::LongWeekday), ("Mon", Element::Weekday), ("MST", Element::ZoneName)],
        b'0' => &[
            ("01", Element::NumMonth { padded: true }),
            ("002", Element::YearDay { spaced: false }),
            ("02", Element::Day { padded: true, spaced: false }),
            ("03", Element::Hour12 { padded: true }),
            ("04", Element::Minute { padded: true }),
            ("05", Element::Second { padded: true }),
            ("06", Element::Year),
        ],
        b'1' => &[("15", Element::Hour), ("1", Element::NumMonth { padded: false })],
        b'2' => &[("2006", Element::LongYear), ("2", Element::Day { padded: false, spaced: false })],
        b'_' => &[("__2", Element::YearDay { spaced: true }), ("_2", Element::Day { padded: false, spaced: true })],
        b'3' => &[("3", Element::Hour12 { padded: false })],
        b'4' => &[("4", Element::Minute { padded: false })],
        b'5' => &[("5", Element::Second { padded: false })],
        b'P' => &[("PM", Element::Noon { upper: true })],
        b'p' => &[("pm", Element::Noon { upper: false })],
        b'-' | b'Z' => return offset(text),
        b'.' | b',' => return fraction(text),
        _ => &[],
    };
    fixed.iter().find(|(written, _)| text.starts_with(written)).map(|(written, element)| (*element, written.len()))
}

fn offset(text: &str) -> Option<(Element, usize)> {
    let z = text.starts_with('Z');
    let digits = text.get(1..)?;
    let forms = [
        ("070000", OffsetForm::Seconds),
        ("07:00:00", OffsetForm::ColonSeconds),
        ("0700", OffsetForm::Minutes),
        ("07:00", OffsetForm::ColonMinutes),
        ("07", OffsetForm::Hours),
    ];
    let (written, form) = forms.into_iter().find(|(written, _)| digits.starts_with(written))?;
    Some((Element::Offset { z, form }, 1 + written.len()))
}

/// A point or comma with a run of one digit, 0 or 9, which no other digit follows.
fn fraction(text: &str) -> Option<(Element, usize)> {
    let bytes = text.as_bytes();
    let digit = *bytes.get(1).filter(|b| matches!(b, b'0' | b'9'))?;
    let digits = bytes.get(1..)?.iter().take_while(|b| **b == digit).count();
    if bytes.get(1 + digits).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let element = if digit == b'0' { Element::Fraction { digits } } else { Element::OptionalFraction };
    Some((element, 1 + digits))
}

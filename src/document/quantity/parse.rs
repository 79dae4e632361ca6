//! Text to [`Quantity`].

use super::amount::{Amount, Magnitude};
use super::{Format, Quantity, QuantityError};

/// The smallest power of ten that is kept.
const NANO: i64 = -9;
/// Decimal digits that surely fit 64 bits: longer numbers are kept, and rounded, differently.
const EXACT_DIGITS: usize = 18;
/// Where amounts with a binary suffix are capped.
const BINARY_CAP: u128 = i64::MAX as u128;

struct Parts<'a> {
    negative: bool,
    /// Digits before the point, leading zeros stripped; `0` when none were left.
    whole: &'a str,
    fraction: &'a str,
    /// Whether any digit was written at all.
    has_digits: bool,
    suffix: &'a str,
}

enum Suffix {
    Decimal { exponent: i64, format: Format },
    Binary { shift: u32 },
}

pub(super) fn parse(text: &str) -> Result<Quantity, QuantityError> {
    if text.is_empty() {
        return Err(QuantityError::Format);
    }
    let parts = split(text)?;
    match suffix(parts.suffix).ok_or(QuantityError::Suffix)? {
        Suffix::Decimal { exponent, format } => decimal(&parts, exponent, format),
        Suffix::Binary { shift } => binary(&parts, shift),
    }
}

fn leading(text: &str, accept: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|b| !accept(b)).unwrap_or(text.len());
    text.split_at(end)
}

fn split(text: &str) -> Result<Parts<'_>, QuantityError> {
    let negative = text.starts_with('-');
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (digits, rest) = leading(unsigned, |b| b.is_ascii_digit());
    let whole = digits.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => leading(rest, |b| b.is_ascii_digit()),
        None => ("", rest),
    };
    // Only zeros, or nothing at all, up to the end counts as a written zero.
    let has_digits = !digits.is_empty() || !fraction.is_empty() || unsigned.is_empty();
    let (_, tail) = leading(rest, |b| b"eEinumkKMGTP".contains(&b));
    let tail = tail.strip_prefix(['-', '+']).unwrap_or(tail);
    if !tail.bytes().all(|b| b.is_ascii_digit()) {
        return Err(QuantityError::Format);
    }
    Ok(Parts { negative, whole, fraction, has_digits, suffix: rest })
}

fn suffix(text: &str) -> Option<Suffix> {
    let decimal = |exponent| Some(Suffix::Decimal { exponent, format: Format::DecimalSi });
    match text {
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "" => decimal(0),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => Some(Suffix::Binary { shift: 10 }),
        "Mi" => Some(Suffix::Binary { shift: 20 }),
        "Gi" => Some(Suffix::Binary { shift: 30 }),
        "Ti" => Some(Suffix::Binary { shift: 40 }),
        "Pi" => Some(Suffix::Binary { shift: 50 }),
        "Ei" => Some(Suffix::Binary { shift: 60 }),
        _ => {
            let digits = text.strip_prefix(['e', 'E'])?;
            let exponent: i64 = digits.parse().ok()?;
            #[expect(clippy::cast_possible_truncation, reason = "Kubernetes keeps the low 32 bits")]
            let exponent = i64::from(exponent as i32);
            Some(Suffix::Decimal { exponent, format: Format::DecimalExponent })
        }
    }
}

/// The power of ten of the last digit.
fn last_place(parts: &Parts<'_>, exponent: i64) -> i64 {
    exponent.saturating_sub(i64::try_from(parts.fraction.len()).unwrap_or(i64::MAX))
}

fn digits(parts: &Parts<'_>) -> Vec<u8> {
    [parts.whole.as_bytes(), parts.fraction.as_bytes()].concat()
}

#[expect(clippy::cast_possible_truncation, reason = "clamped to the range of i32")]
fn decimals(exponent: i64) -> i32 {
    exponent.saturating_neg().clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

fn decimal(parts: &Parts<'_>, exponent: i64, format: Format) -> Result<Quantity, QuantityError> {
    let digits = digits(parts);
    let place = last_place(parts, exponent);
    if digits.len() <= EXACT_DIGITS && place >= NANO {
        let magnitude = Magnitude::from_digits(&digits);
        let amount = Amount { negative: parts.negative, magnitude, exponent: place };
        return Ok(Quantity { amount, decimals: decimals(place), format });
    }
    rounded(parts, &digits, place, format)
}

fn binary(parts: &Parts<'_>, shift: u32) -> Result<Quantity, QuantityError> {
    let digits = digits(parts);
    let room = 14_usize.checked_sub(parts.whole.len()).and_then(|n| n.checked_sub(shift as usize * 3 / 10));
    if parts.fraction.is_empty() && room.is_some() {
        // At most 14 digits times 2^40: no overflow.
        let whole = parts.whole.parse::<u64>().map_err(|_| QuantityError::Numeric)?;
        let magnitude = Magnitude::Small(u128::from(whole) << shift);
        let amount = Amount { negative: parts.negative, magnitude, exponent: 0 };
        return Ok(Quantity { amount, decimals: 0, format: Format::BinarySi });
    }
    let digits = multiply(&digits, 1_u64 << shift);
    let mut quantity = rounded(parts, &digits, last_place(parts, 0), Format::BinarySi)?;
    let cap = Amount { negative: false, magnitude: Magnitude::Small(BINARY_CAP), exponent: 0 };
    let one = Amount { negative: false, magnitude: Magnitude::Small(1), exponent: 0 };
    quantity.amount.negative = false;
    if quantity.amount.cmp(&cap).is_gt() {
        quantity.amount = cap;
        quantity.decimals = 0;
    }
    if !quantity.is_zero() && quantity.amount.cmp(&one).is_lt() {
        quantity.format = Format::DecimalSi;
    }
    quantity.amount.negative = parts.negative;
    Ok(quantity)
}

/// Decimal digits times a factor.
fn multiply(digits: &[u8], factor: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(digits.len() + 20);
    let mut carry = 0_u128;
    for digit in digits.iter().rev() {
        carry += u128::from(digit - b'0') * u128::from(factor);
        out.push(b'0' + (carry % 10) as u8);
        carry /= 10;
    }
    while carry > 0 {
        out.push(b'0' + (carry % 10) as u8);
        carry /= 10;
    }
    out.reverse();
    out
}

/// Numbers that Kubernetes keeps as arbitrary decimals: cut at nanos, away from zero.
fn rounded(parts: &Parts<'_>, digits: &[u8], place: i64, format: Format) -> Result<Quantity, QuantityError> {
    if !parts.has_digits {
        return Err(QuantityError::Numeric);
    }
    let is_zero = digits.iter().all(|d| *d == b'0');
    if is_zero {
        return Ok(Quantity { amount: Amount::small(0, 0), decimals: decimals(place), format });
    }
    let cut = usize::try_from(NANO.saturating_sub(place)).unwrap_or(0);
    let (magnitude, exponent) = if cut == 0 {
        (Magnitude::from_digits(digits), place)
    } else {
        let (kept, lost) = digits.split_at(digits.len().saturating_sub(cut));
        let mut kept = kept.to_vec();
        if lost.iter().any(|d| *d != b'0') {
            increment(&mut kept);
        }
        (Magnitude::from_digits(&kept), NANO)
    };
    Ok(Quantity { amount: Amount { negative: parts.negative, magnitude, exponent }, decimals: 9, format })
}

fn increment(digits: &mut Vec<u8>) {
    for digit in digits.iter_mut().rev() {
        if *digit == b'9' {
            *digit = b'0';
        } else {
            *digit += 1;
            return;
        }
    }
    digits.insert(0, b'1');
}

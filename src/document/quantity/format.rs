//! [`Quantity`] to its canonical text.

use std::fmt;

use super::{Format, Quantity};

const DECIMAL_SUFFIXES: [(i64, &str); 10] =
    [(-9, "n"), (-6, "u"), (-3, "m"), (0, ""), (3, "k"), (6, "M"), (9, "G"), (12, "T"), (15, "P"), (18, "E")];
const BINARY_SUFFIXES: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// The canonical form: no fraction, the largest suffix that leaves none. A binary quantity below
/// 1024, or one with a fraction, is printed in decimal.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_zero() {
            return f.write_str("0");
        }
        if self.format == Format::BinarySi
            && let Some(whole) = self.amount.at_exponent(0)
            && whole.unsigned_abs() >= 1024
        {
            return binary(whole, f);
        }
        decimal(self, f)
    }
}

fn binary(mut whole: i128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut suffixes = BINARY_SUFFIXES.iter();
    let mut suffix = suffixes.next().copied().unwrap_or_default();
    while whole % 1024 == 0
        && let Some(larger) = suffixes.next()
    {
        whole /= 1024;
        suffix = larger;
    }
    write!(f, "{whole}{suffix}")
}

fn decimal(quantity: &Quantity, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut digits = quantity.amount.magnitude.digits();
    let mut exponent = quantity.amount.exponent;
    while digits.last() == Some(&b'0') {
        digits.pop();
        exponent += 1;
    }
    while exponent.rem_euclid(3) != 0 {
        digits.push(b'0');
        exponent -= 1;
    }
    if quantity.amount.negative {
        f.write_str("-")?;
    }
    f.write_str(&String::from_utf8_lossy(&digits))?;
    let suffix = DECIMAL_SUFFIXES.iter().find(|(power, _)| *power == exponent);
    match suffix {
        Some((_, suffix)) if quantity.format != Format::DecimalExponent => f.write_str(suffix),
        _ if exponent == 0 => Ok(()),
        _ => write!(f, "e{exponent}"),
    }
}

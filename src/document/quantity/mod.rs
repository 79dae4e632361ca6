//! Kubernetes quantities (`resource.Quantity`): exact decimal amounts with a suffix.
//!
//! Behaviour: chapter 20 §1.5 (what parses, comparison) and chapter 30 §4.7 (arithmetic, printing).

mod amount;
mod arithmetic;
mod format;
mod parse;

use std::cmp::Ordering;

use amount::Amount;
pub use arithmetic::ArithmeticError;

/// Which family of suffixes a quantity was written with, and is printed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `n u m k M G T P E`, or none.
    DecimalSi,
    /// `e` and a power of ten.
    DecimalExponent,
    /// `Ki Mi Gi Ti Pi Ei`.
    BinarySi,
}

/// An exact amount. Equality and order are numeric: `1Gi` equals `1024Mi`.
#[derive(Clone, Debug)]
pub struct Quantity {
    amount: Amount,
    /// Decimal places of the number as Kubernetes stores it (negative above the unit): decides
    /// where a division is cut off.
    decimals: i32,
    format: Format,
}

/// Why a text is not a quantity; the texts are those of Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// Not a number followed by a suffix, or empty.
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    Format,
    /// The number has no digits.
    #[error("unable to parse numeric part of quantity")]
    Numeric,
    /// The suffix is not one of the known ones.
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

impl Quantity {
    /// Reads a quantity. Kubernetes accepts more than it documents: `.5`, `5.`, `1.Gi`, and a missing
    /// number before a suffix (`M` is 0). Amounts below a nano are rounded away from zero.
    ///
    /// # Errors
    /// When Kubernetes would refuse the text.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        parse::parse(text)
    }

    /// The suffix family.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether the amount is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.amount.is_zero()
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.amount.cmp(&other.amount)
    }
}

#[cfg(test)]
mod tests;

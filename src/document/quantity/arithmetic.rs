//! What the JMESPath functions `add`, `subtract`, `multiply`, `divide` and `modulo` do with
//! quantities (chapter 30 §4.7).

use crate::document::number;

use super::amount::Amount;
use super::{Format, Quantity};

/// Why an operation has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArithmeticError {
    /// Division or modulo by zero.
    #[error("Zero divisor passed")]
    ZeroDivisor,
    /// Modulo of a number with a fraction.
    #[error("Non-integer argument(s) passed for modulo")]
    NonInteger,
    /// A result of more than 38 digits, or a factor that is not a number.
    #[error("quantity out of range")]
    OutOfRange,
}

/// Decimal digits and powers beyond this are refused rather than computed.
const LARGEST_SHIFT: i64 = 38;

impl Quantity {
    fn from_parts(value: i128, exponent: i64, format: Format) -> Self {
        let decimals = i32::try_from(exponent.saturating_neg()).unwrap_or(0);
        Self { amount: Amount::small(value, exponent), decimals, format }
    }

    /// A scalar factor, as Kyverno turns it into a quantity.
    fn from_scalar(scalar: f64) -> Result<Self, ArithmeticError> {
        if !scalar.is_finite() {
            return Err(ArithmeticError::OutOfRange);
        }
        Self::parse(&number::general(scalar)).map_err(|_| ArithmeticError::OutOfRange)
    }

    fn sum(&self, other: &Self, combine: fn(i128, i128) -> Option<i128>) -> Result<Self, ArithmeticError> {
        let format = if self.is_zero() { other.format } else { self.format };
        let exponent = match (self.is_zero(), other.is_zero()) {
            (true, _) => other.amount.exponent,
            (_, true) => self.amount.exponent,
            _ => self.amount.exponent.min(other.amount.exponent),
        };
        let at = |q: &Self| q.amount.at_exponent(exponent);
        let value = at(self).zip(at(other)).and_then(|(a, b)| combine(a, b));
        value.map(|v| Self::from_parts(v, exponent, format)).ok_or(ArithmeticError::OutOfRange)
    }

    /// `self + other`, in the format of `self` (of `other` when `self` is zero).
    ///
    /// # Errors
    /// When the result does not fit.
    pub fn add(&self, other: &Self) -> Result<Self, ArithmeticError> {
        self.sum(other, i128::checked_add)
    }

    /// `self - other`, in the format of `self` (of `other` when `self` is zero).
    ///
    /// # Errors
    /// When the result does not fit.
    pub fn subtract(&self, other: &Self) -> Result<Self, ArithmeticError> {
        self.sum(other, i128::checked_sub)
    }

    /// `self × scalar`, exactly.
    ///
    /// # Errors
    /// When the result does not fit.
    pub fn multiply(&self, scalar: f64) -> Result<Self, ArithmeticError> {
        let factor = Self::from_scalar(scalar)?;
        let unscaled = self.amount.unscaled().zip(factor.amount.unscaled());
        let value = unscaled.and_then(|(a, b)| a.checked_mul(b)).ok_or(ArithmeticError::OutOfRange)?;
        Ok(Self::from_parts(value, self.amount.exponent + factor.amount.exponent, self.format))
    }

    /// `self / other` as a number, computed in floats.
    ///
    /// # Errors
    /// When `other` is zero.
    pub fn divide(&self, other: &Self) -> Result<f64, ArithmeticError> {
        let divisor = other.approximate();
        if divisor == 0.0 {
            return Err(ArithmeticError::ZeroDivisor);
        }
        Ok(self.approximate() / divisor)
    }

    /// `self / scalar`, cut toward zero at the finer of the two decimal scales as written.
    ///
    /// # Errors
    /// When `scalar` is zero or the result does not fit.
    pub fn divide_by_scalar(&self, scalar: f64) -> Result<Self, ArithmeticError> {
        if scalar == 0.0 {
            return Err(ArithmeticError::ZeroDivisor);
        }
        let divisor = Self::from_scalar(scalar)?;
        let decimals = i64::from(self.decimals.max(divisor.decimals));
        let (a, b) = self.amount.unscaled().zip(divisor.amount.unscaled()).ok_or(ArithmeticError::OutOfRange)?;
        if b == 0 {
            return Err(ArithmeticError::ZeroDivisor);
        }
        let shift = self.amount.exponent - divisor.amount.exponent + decimals;
        if shift.abs() > LARGEST_SHIFT {
            return Err(ArithmeticError::OutOfRange);
        }
        #[expect(clippy::cast_possible_truncation, reason = "at most LARGEST_SHIFT")]
        let power = 10_i128.pow(shift.unsigned_abs() as u32);
        let value = if shift >= 0 {
            a.checked_mul(power).map(|a| a / b)
        } else {
            // The divisor grows instead; when it outgrows 128 bits the quotient is zero.
            Some(b.checked_mul(power).map_or(0, |b| a / b))
        };
        value.map(|v| Self::from_parts(v, -decimals, self.format)).ok_or(ArithmeticError::OutOfRange)
    }

    /// `self % other` for whole amounts; the sign follows `self`.
    ///
    /// # Errors
    /// When either has a fraction or does not fit 64 bits, or `other` is zero.
    pub fn modulo(&self, other: &Self) -> Result<Self, ArithmeticError> {
        let whole = |q: &Self| {
            let value = q.approximate();
            #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "compared back")]
            Some(value as i64).filter(|i| *i as f64 == value && value < 9.3e18).ok_or(ArithmeticError::NonInteger)
        };
        let (a, b) = (whole(self)?, whole(other)?);
        if b == 0 {
            return Err(ArithmeticError::ZeroDivisor);
        }
        Ok(Self::from_parts(i128::from(a.wrapping_rem(b)), 0, self.format))
    }

    /// The amount as a float, with the rounding Kubernetes has: the stored integer, then the power.
    #[must_use]
    pub fn approximate(&self) -> f64 {
        let digits = self.amount.magnitude.digits();
        if digits.is_empty() {
            return 0.0;
        }
        let number = |digits: &str, power: i64| format!("{digits}e{power}").parse::<f64>().unwrap_or(f64::INFINITY);
        let decimals = i64::from(self.decimals);
        let integer = number(&String::from_utf8_lossy(&digits), self.amount.exponent.saturating_add(decimals));
        let value = if decimals == 0 { integer } else { integer * number("1", -decimals) };
        if self.amount.negative { -value } else { value }
    }
}

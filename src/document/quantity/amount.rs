//! The number inside a quantity: an integer times a power of ten, compared exactly and without
//! ever writing out the power (`1e2000000000` is a valid quantity).

use std::cmp::Ordering;

/// `(-1)^negative × magnitude × 10^exponent`.
#[derive(Clone, Debug)]
pub(super) struct Amount {
    pub(super) negative: bool,
    pub(super) magnitude: Magnitude,
    pub(super) exponent: i64,
}

/// An unsigned integer; nearly every quantity in the world is `Small`.
#[derive(Clone, Debug)]
pub(super) enum Magnitude {
    Small(u128),
    /// ASCII digits without leading zeros, more than fit 128 bits.
    Huge(Box<[u8]>),
}

impl Magnitude {
    /// From ASCII digits, leading zeros allowed.
    pub(super) fn from_digits(digits: &[u8]) -> Self {
        let start = digits.iter().position(|d| *d != b'0').unwrap_or(digits.len());
        let digits = &digits[start..];
        let small = digits.iter().try_fold(0_u128, |n, d| n.checked_mul(10)?.checked_add(u128::from(d - b'0')));
        small.map_or_else(|| Self::Huge(digits.into()), Self::Small)
    }

    /// The decimal digits, empty for zero.
    pub(super) fn digits(&self) -> Vec<u8> {
        match self {
            Self::Small(0) => Vec::new(),
            Self::Small(n) => n.to_string().into_bytes(),
            Self::Huge(digits) => digits.to_vec(),
        }
    }

    fn digit_count(&self) -> i64 {
        match self {
            Self::Small(n) => n.checked_ilog10().map_or(0, |log| i64::from(log) + 1),
            Self::Huge(digits) => i64::try_from(digits.len()).unwrap_or(i64::MAX),
        }
    }
}

impl Amount {
    pub(super) fn small(value: i128, exponent: i64) -> Self {
        Self { negative: value < 0, magnitude: Magnitude::Small(value.unsigned_abs()), exponent }
    }

    pub(super) fn is_zero(&self) -> bool {
        matches!(self.magnitude, Magnitude::Small(0))
    }

    /// The signed integer, if it fits.
    pub(super) fn unscaled(&self) -> Option<i128> {
        let Magnitude::Small(n) = self.magnitude else { return None };
        let n = i128::try_from(n).ok()?;
        Some(if self.negative { -n } else { n })
    }

    /// The signed integer this is at `exponent`, if it is whole there and fits.
    pub(super) fn at_exponent(&self, exponent: i64) -> Option<i128> {
        let unscaled = self.unscaled()?;
        if unscaled == 0 {
            return Some(0);
        }
        let shift = self.exponent.checked_sub(exponent)?;
        let power = 10_i128.checked_pow(u32::try_from(shift.unsigned_abs()).ok()?)?;
        match shift {
            0.. => unscaled.checked_mul(power),
            _ if unscaled % power == 0 => Some(unscaled / power),
            _ => None,
        }
    }

    pub(super) fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return if other.negative { Ordering::Greater } else { Ordering::Less },
            (false, true) => return if self.negative { Ordering::Less } else { Ordering::Greater },
            (false, false) => {}
        }
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.cmp_magnitude(other),
            (true, true) => other.cmp_magnitude(self),
        }
    }

    /// Both non-zero.
    fn cmp_magnitude(&self, other: &Self) -> Ordering {
        if let (Magnitude::Small(a), Magnitude::Small(b)) = (&self.magnitude, &other.magnitude)
            && self.exponent == other.exponent
        {
            return a.cmp(b);
        }
        let top = |amount: &Self| amount.magnitude.digit_count().saturating_add(amount.exponent);
        top(self).cmp(&top(other)).then_with(|| {
            let (a, b) = (self.magnitude.digits(), other.magnitude.digits());
            let width = a.len().max(b.len());
            let padded = |digits: Vec<u8>| digits.into_iter().chain(std::iter::repeat(b'0')).take(width);
            padded(a).cmp(padded(b))
        })
    }
}

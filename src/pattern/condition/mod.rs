//! Operators of `deny` and `preconditions`: one key against one value, both already resolved.
//!
//! Behaviour: chapter 20 §3.2–3.4. Scalar number literals of a policy arrive as floats, numbers
//! inside literal lists and maps as integers (§0.3).

mod equality;
mod membership;
mod ordering;
mod seconds;

use crate::document::Value;

use super::operator::Comparison;

/// What a condition asks about its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `Equals`, `Equal`
    Equals,
    /// `NotEquals`, `NotEqual`
    NotEquals,
    /// `AnyIn`
    AnyIn,
    /// `AllIn`
    AllIn,
    /// `AnyNotIn`
    AnyNotIn,
    /// `AllNotIn`
    AllNotIn,
    /// `In`, deprecated
    In,
    /// `NotIn`, deprecated
    NotIn,
    /// `GreaterThan` and its kin
    Order(Comparison),
    /// `DurationGreaterThan` and its kin, deprecated
    Duration(Comparison),
    /// An ordering operator in another case: Kyverno accepts the name, and it never holds.
    NeverHolds,
}

/// A name that is no operator. The text is Kyverno's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to create handler for condition operator: %!w(<nil>)")]
pub struct UnknownOperator;

/// The exact spellings, which policy validation demands.
const OPERATORS: [(&str, Operator); 18] = [
    ("Equal", Operator::Equals),
    ("Equals", Operator::Equals),
    ("NotEqual", Operator::NotEquals),
    ("NotEquals", Operator::NotEquals),
    ("In", Operator::In),
    ("AnyIn", Operator::AnyIn),
    ("AllIn", Operator::AllIn),
    ("NotIn", Operator::NotIn),
    ("AnyNotIn", Operator::AnyNotIn),
    ("AllNotIn", Operator::AllNotIn),
    ("GreaterThanOrEquals", Operator::Order(Comparison::GreaterOrEqual)),
    ("GreaterThan", Operator::Order(Comparison::Greater)),
    ("LessThanOrEquals", Operator::Order(Comparison::LessOrEqual)),
    ("LessThan", Operator::Order(Comparison::Less)),
    ("DurationGreaterThanOrEquals", Operator::Duration(Comparison::GreaterOrEqual)),
    ("DurationGreaterThan", Operator::Duration(Comparison::Greater)),
    ("DurationLessThanOrEquals", Operator::Duration(Comparison::LessOrEqual)),
    ("DurationLessThan", Operator::Duration(Comparison::Less)),
];

impl Operator {
    /// Reads an operator in any case, as evaluation does.
    ///
    /// # Errors
    /// When there is no such operator.
    pub fn parse(name: &str) -> Result<Self, UnknownOperator> {
        if let Some(operator) = Self::parse_exact(name) {
            return Ok(operator);
        }
        let (_, operator) =
            OPERATORS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).ok_or(UnknownOperator)?;
        Ok(match operator {
            Self::Order(_) | Self::Duration(_) => Self::NeverHolds,
            other => *other,
        })
    }

    /// Reads an operator in its documented spelling only, as policy validation does.
    #[must_use]
    pub fn parse_exact(name: &str) -> Option<Self> {
        OPERATORS.iter().find(|(known, _)| *known == name).map(|(_, operator)| *operator)
    }

    /// The names a deprecated operator should give way to, with which Kyverno warns.
    #[must_use]
    pub fn replacements(self) -> &'static [&'static str] {
        match self {
            Self::In => &["AllIn", "AnyIn"],
            Self::NotIn => &["AllNotIn", "AnyNotIn"],
            _ => &[],
        }
    }

    /// Whether the condition holds.
    ///
    /// # Errors
    /// Where Kyverno would crash: `In` and `NotIn` with a key that lists something else than text.
    pub fn evaluate(self, key: &Value, value: &Value) -> Result<bool, String> {
        Ok(match self {
            Self::Equals => equality::equals(key, value),
            Self::NotEquals => !key.is_null() && !equality::equals(key, value),
            Self::AnyIn => membership::any_in(key, value),
            Self::AllIn => membership::all_in(key, value),
            Self::AnyNotIn => membership::any_not_in(key, value),
            Self::AllNotIn => membership::all_not_in(key, value),
            Self::In => return membership::deprecated_in(key, value),
            Self::NotIn => return membership::deprecated_not_in(key, value),
            Self::Order(comparison) => ordering::order(comparison, key, value),
            Self::Duration(comparison) => ordering::duration(comparison, key, value),
            Self::NeverHolds => false,
        })
    }
}

#[cfg(test)]
mod tests;

//! The syntax tree of a pattern.

/// A set of characters.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::jmespath) struct Class {
    pub(in crate::jmespath) negated: bool,
    pub(in crate::jmespath) items: Vec<ClassItem>,
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::jmespath) enum ClassItem {
    Range(char, char),
    /// Every character outside these ranges.
    Outside(&'static [(char, char)]),
    /// `\p{…}`, in the notation of the `regex` crate.
    Unicode(String),
}

#[derive(Clone, Debug, PartialEq)]
pub(in crate::jmespath) enum Re {
    Empty,
    Literal {
        c: char,
        fold: bool,
    },
    Class {
        class: Class,
        fold: bool,
    },
    /// `.`.
    Any {
        newline: bool,
    },
    /// An assertion, in the notation of the `regex` crate.
    Assertion(&'static str),
    Capture(Box<Re>),
    Repeat {
        inner: Box<Re>,
        min: u32,
        max: Option<u32>,
        greedy: bool,
    },
    Concat(Vec<Re>),
    Alternate(Vec<Re>),
}

impl Re {
    /// A rough count of matcher states.
    pub(super) fn weight(&self) -> usize {
        match self {
            Re::Empty | Re::Assertion(_) => 1,
            Re::Literal { fold, .. } => {
                if *fold {
                    2
                } else {
                    1
                }
            }
            Re::Any { .. } => 4,
            Re::Class { class, .. } => {
                let wide = class.negated || class.items.iter().any(|i| !matches!(i, ClassItem::Range(..)));
                class.items.len() + if wide { 50 } else { 1 }
            }
            Re::Capture(inner) => inner.weight() + 2,
            Re::Repeat { inner, min, max, .. } => {
                inner.weight().saturating_mul((*min).max(max.unwrap_or(1)).max(1) as usize).saturating_add(1)
            }
            Re::Concat(items) | Re::Alternate(items) => items.iter().map(Re::weight).fold(1, usize::saturating_add),
        }
    }

    /// Whether counted repetitions, multiplied where they nest, stay within `limit`.
    pub(super) fn repeats_within(&self, limit: u32) -> bool {
        match self {
            Re::Repeat { inner, min, max, .. } => {
                let count = max.unwrap_or(*min);
                match count {
                    _ if *max == Some(0) => true,
                    _ if count > limit => false,
                    0 => inner.repeats_within(limit),
                    _ => inner.repeats_within(limit / count),
                }
            }
            Re::Capture(inner) => inner.repeats_within(limit),
            Re::Concat(items) | Re::Alternate(items) => items.iter().all(|item| item.repeats_within(limit)),
            _ => true,
        }
    }
}

//! The answer of a filter: yes, no, or unknown.

/// Whether a filter applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// It depends on what cannot be known here; holds what.
    Unknown(String),
}

impl Verdict {
    pub(super) fn from(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    /// Whether this is a plain yes.
    #[must_use]
    pub fn is_yes(&self) -> bool {
        *self == Self::Yes
    }

    /// Both must hold. `No` wins over `Unknown`; the second is asked only if the first may hold.
    #[must_use]
    pub fn and(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::No => Self::No,
            Self::Yes => other(),
            Self::Unknown(what) => match other() {
                Self::No => Self::No,
                Self::Yes | Self::Unknown(_) => Self::Unknown(what),
            },
        }
    }

    /// One must hold. `Yes` wins over `Unknown`; the second is asked only if the first may not hold.
    #[must_use]
    pub fn or(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Yes => Self::Yes,
            Self::No => other(),
            Self::Unknown(what) => match other() {
                Self::Yes => Self::Yes,
                Self::No | Self::Unknown(_) => Self::Unknown(what),
            },
        }
    }

    /// The opposite; what is unknown stays so.
    #[must_use]
    pub fn negate(self) -> Self {
        match self {
            Self::Yes => Self::No,
            Self::No => Self::Yes,
            unknown @ Self::Unknown(_) => unknown,
        }
    }
}

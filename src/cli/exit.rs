//! The exit status, a contract with callers.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// 0: nothing to object to.
    Clean,
    /// 1: a policy said no, a test failed; for `apply`, `test` and `jp` also bad input or flags, as
    /// in Kyverno.
    PolicySaidNo,
    /// 2: the work could not be done: bad input, bad policy, bad flags, deadline. Never from
    /// `apply`, `test` or `jp`.
    CouldNotWork,
    /// A number the caller chose (`apply --warn-exit-code`).
    Chosen(u8),
}

impl ExitStatus {
    /// The number the process ends with.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::PolicySaidNo => 1,
            Self::CouldNotWork => 2,
            Self::Chosen(code) => code,
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status.code())
    }
}

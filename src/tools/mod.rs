//! Renders what is not plain: charts and kustomizations with the programs the operator names, jsonnet
//! in a process of our own.
//!
//! What a program gets was found and read before by [`crate::source`]: a directory of its own with those
//! files and no others, an empty environment, no search path, and by the kernel no network and no other file
//! ([`confined`]). It runs in a process group of its own that ends when the render does ([`process`]); what it prints is bounded, what it
//! complains about is told without values and without our paths ([`complaint`]).

pub mod complaint;
pub mod confined;
pub mod helm;
pub mod jsonnet;
pub mod kustomize;
pub mod process;
pub mod reachable_files;
mod system_calls;
pub mod workspace;

use std::path::Path;
use std::sync::OnceLock;

use crate::source::SourceError;

/// Why there are no manifests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolFault {
    /// What the repository holds, or what its options say.
    Repository(SourceError),
    /// What the program says of it.
    Complaint(String),
    /// The program cannot be run, or printed more than it may: the operator's concern.
    Gate(String),
    /// Time is up, or nobody waits any more.
    Stopped,
}

impl From<SourceError> for ToolFault {
    fn from(error: SourceError) -> Self {
        Self::Repository(error)
    }
}

impl ToolFault {
    /// What is wrong with an option.
    #[must_use]
    pub fn option(words: String) -> Self {
        Self::Repository(SourceError::of("", crate::source::Fault::Refused(words)))
    }
}

/// What every run needs to know.
#[derive(Clone, Copy)]
pub struct Bounds<'a> {
    /// What trees, and what is printed, may cost.
    pub limits: &'a crate::source::Limits,
    /// Whether somebody still waits.
    pub go_on: &'a (dyn Fn() -> bool + Sync),
    /// Our own program, which starts others confined and evaluates jsonnet; `None` starts them as they are.
    pub own: Option<&'a Path>,
}

/// Whether this process is our own program: set once, by its first function.
static OWN: OnceLock<&'static Path> = OnceLock::new();

/// Says that this process can be started again with the commands `confined` and `evaluate-jsonnet`. A program
/// that embeds this library knows neither.
pub fn this_is_our_own_program() {
    // Leads to the running program even when the file was replaced meanwhile.
    OWN.get_or_init(|| Path::new("/proc/self/exe"));
}

/// This program, as a path that can be started.
#[must_use]
pub fn own_program() -> Option<&'static Path> {
    OWN.get().copied()
}

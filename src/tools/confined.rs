//! Starts a program with less than we have ourselves: it dies with us, it writes no core, no endless file and
//! not more memory than it may, and the kernel refuses it every network ([`super::system_calls`]) and the
//! files of others ([`super::reachable_files`]).
//!
//! A process can only take such things from itself: so our own program is started first, as the hidden
//! command `confined`, takes them from itself and becomes the other.

use std::ffi::OsString;
use std::path::Path;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit};

use crate::source::Needs;

use super::complaint::{Values, cleaned};
use super::process::{Call, Failure, Printed};
use super::workspace::Workspace;
use super::{Bounds, ToolFault, reachable_files, system_calls};

/// The most memory a program may hold, in bytes.
pub const MEMORY: u64 = 1 << 30;

/// The longest file a program may write, in bytes.
const LONGEST_FILE: u64 = 1 << 30;

/// The command by which our own program is called.
pub const COMMAND: &str = "confined";

/// Runs `call` confined, and says what went wrong in words for people; `values` are not repeated.
pub(super) fn run(
    tool: &'static str,
    call: Call<'_>,
    bounds: &Bounds,
    workspace: &Workspace,
    needs: &Needs,
    values: &dyn Fn() -> Values,
) -> Result<Printed, ToolFault> {
    let program = call.program;
    if !program.is_absolute() {
        return Err(ToolFault::Gate(format!("tools.{tool}.path must begin with '/': {}", program.display())));
    }
    if !program.is_file() {
        return Err(ToolFault::Gate(format!("tools.{tool}.path: there is no program at {}", program.display())));
    }
    let call = through(bounds.own, Some(workspace.root()), call);
    call.run(bounds.go_on).map_err(|failure| match failure {
        Failure::NotStarted(why) => {
            ToolFault::Gate(format!("tools.{tool}.path: {} cannot be started: {why}", program.display()))
        }
        Failure::TooMuch => ToolFault::Complaint(format!(
            "{tool} prints more than {} bytes (limits.treeBytes)",
            bounds.limits.tree_bytes
        )),
        Failure::Stopped => ToolFault::Stopped,
        Failure::Failed { ending, complaint } => {
            let root = workspace.root().display().to_string();
            let known = |value: &str| {
                let in_path = |path: &String| {
                    path.split('/')
                        .any(|part| part == value || part.rsplit_once('.').is_some_and(|(stem, _)| stem == value))
                };
                needs.files.keys().any(in_path)
            };
            let words = cleaned(&complaint, &root, &values(), &known);
            let words = if words.is_empty() { ending } else { words };
            ToolFault::Complaint(format!("{tool}: {words}"))
        }
    })
}

/// The same call, started by our own program; it reads and writes in `workspace` and nowhere else.
pub(super) fn through<'a>(own: Option<&'a Path>, workspace: Option<&Path>, call: Call<'a>) -> Call<'a> {
    let Some(own) = own else { return call };
    let mut arguments = vec![OsString::from(COMMAND)];
    arguments.extend(workspace.into_iter().flat_map(|at| ["--workspace".into(), at.into()]));
    arguments.extend(["--".into(), call.program.into()]);
    arguments.extend(call.arguments);
    Call { program: own, arguments, ..call }
}

/// Why another program was not started.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// A bound of the system's was not taken.
    #[error("it cannot be bounded: {}", .0.kind())]
    Bounds(std::io::Error),
    /// The kernel did not take the filter of calls.
    #[error("its network cannot be closed, because the kernel takes no seccomp filter: {0}")]
    Calls(#[from] seccompiler::Error),
    /// The kernel knows Landlock, and did not take the rules.
    #[error("the files it reaches cannot be bounded by Landlock: {0}")]
    Files(#[from] landlock::RulesetError),
    /// The program itself.
    #[error("it cannot be started: {}", .0.kind())]
    Program(std::io::Error),
}

/// Takes from this process what the other must not have, and becomes it; `workspace` is where it may read
/// and write. Only returns when that fails: then nothing was run.
#[must_use]
pub fn become_program(program: &Path, arguments: &[OsString], workspace: Option<&Path>) -> NotStarted {
    use std::os::unix::process::CommandExt as _;
    if let Err(error) = bound() {
        return NotStarted::Bounds(error);
    }
    if let Err(error) = reachable_files::restrict(program, workspace) {
        return NotStarted::Files(error);
    }
    if let Err(error) = system_calls::refuse() {
        return NotStarted::Calls(error);
    }
    NotStarted::Program(std::process::Command::new(program).args(arguments).exec())
}

/// Bounds what this process may use, and lets it die with the one that started it.
fn bound() -> std::io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    for (resource, most) in [(Resource::Core, 0), (Resource::Fsize, LONGEST_FILE), (Resource::Data, MEMORY)] {
        // What is bounded more tightly already stays so.
        let most = getrlimit(resource).maximum.map_or(most, |now| now.min(most));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    Ok(())
}

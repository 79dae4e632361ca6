//! Hidden commands by which this program calls itself: `confined` starts a renderer with less than we
//! have, `evaluate-jsonnet` answers a question on standard input.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::tools::{confined, jsonnet};

use super::{ExitStatus, Io};

/// The longest question, in bytes.
const LONGEST: u64 = 1 << 30;

/// Arguments of `confined`.
#[derive(clap::Args, Debug)]
pub struct Confined {
    /// The directory in which it may read, and write to `home` and `tmp`.
    #[arg(long, value_name = "DIRECTORY")]
    workspace: Option<PathBuf>,

    /// The program and its arguments.
    #[arg(required = true, last = true)]
    command: Vec<OsString>,
}

/// Arguments of `evaluate-jsonnet`.
#[derive(clap::Args, Debug)]
pub struct EvaluateJsonnet {}

/// Becomes another program.
pub fn run_confined(args: &Confined, io: &mut Io) -> ExitStatus {
    let Some((program, arguments)) = args.command.split_first() else { return ExitStatus::CouldNotWork };
    let error = confined::become_program(Path::new(program), arguments, args.workspace.as_deref());
    io.say(format_args!("error: {}: {error}\n", program.to_string_lossy()));
    ExitStatus::CouldNotWork
}

/// Evaluates jsonnet.
pub fn run_evaluate_jsonnet(_: &EvaluateJsonnet, io: &mut Io) -> ExitStatus {
    let question = io.input.read_text(LONGEST).ok();
    let job: Option<jsonnet::Job> = question.and_then(|text| serde_json::from_str(&text).ok());
    let answer = job.and_then(|job| serde_json::to_string(&jsonnet::answer(&job)).ok());
    let Some(text) = answer else { return ExitStatus::CouldNotWork };
    io.print(text);
    ExitStatus::Clean
}

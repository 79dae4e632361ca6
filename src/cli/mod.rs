//! The command line: one file per command, each an `Args` struct and a
//! `run(args, &mut Io) -> ExitStatus`. To add a command: its file, a variant of [`Command`] and an
//! arm in [`dispatch`].

pub mod announce;
pub mod apply;
mod checkout;
#[cfg(feature = "cmp")]
pub mod cmp_server;
pub mod completion;
pub mod disk;
mod exit;
mod findings_format;
pub mod generate;
mod io;
pub mod jp;
pub mod panics;
mod pflag;
pub mod probe;
pub mod summarise;
pub mod test;
pub mod tools;
pub mod version;
#[cfg(feature = "webhook")]
pub mod webhook;

use std::ffi::OsString;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, error::ErrorKind};

pub use exit::ExitStatus;
pub use io::{Input, Io, Output};

/// Runs Kyverno policies as an Argo CD render gate, an admission webhook, and in the terminal.
#[derive(Debug, Parser)]
#[command(name = "rendergate", disable_version_flag = true, max_term_width = 100)]
pub struct Cli {
    /// Log level, as Kyverno takes it; accepted and ignored.
    #[arg(short = 'v', long = "v", global = true, hide = true, value_name = "LEVEL")]
    verbosity: Option<i64>,

    #[command(subcommand)]
    command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Succeed when somebody listens on a Unix socket (startup probe of the sidecar).
    #[command(hide = true)]
    Probe(probe::Args),
    /// Announce what an application's parameters may be, as JSON (parameters.dynamic of plugin.yaml).
    #[command(hide = true)]
    Announce(announce::Args),
    /// Start a program with less than this one has.
    #[command(hide = true, name = "confined")]
    Confined(tools::Confined),
    /// Answer a question about jsonnet on standard input.
    #[command(hide = true, name = "evaluate-jsonnet")]
    EvaluateJsonnet(tools::EvaluateJsonnet),
    /// Serve admission: decide what the API server asks, over HTTPS.
    #[cfg(feature = "webhook")]
    Webhook(webhook::Args),
    /// Apply policies to resources in files.
    Apply(Box<apply::Args>),
    /// Run Kyverno test suites.
    Test(test::Args),
    /// Work with JMESPath expressions as policies do.
    Jp(jp::Args),
    /// Render a directory: mutate, validate and print its manifests, or fail with what a policy says.
    Generate(generate::Args),
    /// Serve renders to Argo CD as a resident config management plugin.
    #[cfg(feature = "cmp")]
    CmpServer(cmp_server::Args),
    /// Sum up policy reports: counts, a table, the failures.
    Summarise(summarise::Args),
    /// Print the version.
    Version(version::Args),
    /// Print a shell's completion script.
    Completion(completion::Args),
}

/// The commands and flags, those of Kyverno's commands read as Kyverno reads them.
#[must_use]
pub fn definition() -> clap::Command {
    KYVERNOS.iter().fold(Cli::command(), |cli, name| cli.mut_subcommand(name, pflag::read_as_kyverno))
}

/// The commands that Kyverno has too.
const KYVERNOS: &[&str] = &["apply", "test", "jp"];

/// Parses `argv` (its first item is the program's name), runs the command and returns its status.
pub fn run(argv: impl IntoIterator<Item = OsString>, io: &mut Io) -> ExitStatus {
    let argv: Vec<OsString> = argv.into_iter().collect();
    let parsed = definition().try_get_matches_from(&argv).and_then(|matches| Cli::from_arg_matches(&matches));
    let status = match parsed {
        Ok(Cli { command: Some(command), .. }) => dispatch(command, io),
        Ok(Cli { command: None, .. }) => {
            io.print(Cli::command().render_help());
            ExitStatus::Clean
        }
        Err(error) => refuse(&argv, &error, io),
    };
    io.finish(status)
}

fn dispatch(command: Command, io: &mut Io) -> ExitStatus {
    match command {
        Command::Probe(args) => probe::run(&args, io),
        Command::Announce(args) => announce::run(&args, io),
        Command::Confined(args) => tools::run_confined(&args, io),
        Command::EvaluateJsonnet(args) => tools::run_evaluate_jsonnet(&args, io),
        #[cfg(feature = "webhook")]
        Command::Webhook(args) => webhook::run(&args, io),
        Command::Apply(args) => apply::run(&args, io),
        Command::Test(args) => test::run(&args, io),
        Command::Jp(args) => jp::run(&args, io),
        Command::Generate(args) => generate::run(&args, io),
        #[cfg(feature = "cmp")]
        Command::CmpServer(args) => cmp_server::run(&args, io),
        Command::Summarise(args) => summarise::run(&args, io),
        Command::Version(args) => version::run(&args, io),
        Command::Completion(args) => completion::run(&args, io),
    }
}

/// Prints what clap has to say. Help is success; a mistake is 1 for Kyverno's commands, whose exit
/// status callers know, and 2 for ours.
fn refuse(argv: &[OsString], error: &clap::Error, io: &mut Io) -> ExitStatus {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // Help shows switches without the value they may take.
        let plain = Cli::command().try_get_matches_from(argv).err().filter(|plain| plain.kind() == error.kind());
        io.print(plain.as_ref().unwrap_or(error).render());
        return ExitStatus::Clean;
    }
    let text = error.render().to_string();
    io.say(text.strip_prefix("error: ").map_or_else(|| text.clone(), |rest| format!("Error: {rest}")));
    let cli = Cli::command();
    let command = argv.iter().skip(1).filter_map(|a| a.to_str()).find(|a| cli.find_subcommand(a).is_some());
    match command {
        Some(command) if KYVERNOS.contains(&command) => ExitStatus::PolicySaidNo,
        _ => ExitStatus::CouldNotWork,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_definitions_are_sound() {
        definition().debug_assert();
    }

    #[test]
    fn no_arguments_print_help_and_succeed() {
        let (status, out, err) = io::capture("", |io| run(["rendergate".into()], io));
        assert_eq!(status, ExitStatus::Clean);
        assert!(out.contains("Usage: rendergate"), "{out}");
        assert_eq!(err, "");
    }

    #[test]
    fn mistakes_of_kyvernos_commands_exit_with_one() {
        for argv in [&["-v", "x", "apply"][..], &["apply", "--frobnicate"], &["test", "-o"], &["jp", "frobnicate"]] {
            let argv = std::iter::once("rendergate").chain(argv.iter().copied()).map(OsString::from);
            let (status, out, err) = io::capture("", |io| run(argv, io));
            assert_eq!((status, out.as_str()), (ExitStatus::PolicySaidNo, ""));
            assert!(err.starts_with("Error: "), "{err}");
        }
    }

    #[test]
    fn help_shows_switches_without_values() {
        let (status, out, _) = io::capture("", |io| run(["rendergate", "apply", "--help"].map(OsString::from), io));
        assert_eq!(status, ExitStatus::Clean);
        assert!(out.contains("-t, --table\n") && !out.contains("--table["), "{out}");
    }

    #[test]
    fn mistakes_exit_with_two() {
        let (status, out, err) = io::capture("", |io| run(["rendergate".into(), "frobnicate".into()], io));
        assert_eq!(status, ExitStatus::CouldNotWork);
        assert_eq!(out, "");
        assert!(err.starts_with("Error: unrecognized subcommand 'frobnicate'"), "{err}");
    }
}

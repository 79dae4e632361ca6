//! Kyverno's commands read their flags as its parser does (chapter 60 §1): a switch takes `=BOOL`, the
//! last use of a flag counts, a value may begin with a dash, and the flags of its logger are there.

use clap::{Arg, ArgAction, Command};

/// Switches of the logger; accepted and ignored, as all of them: nothing is logged.
const LOG_SWITCHES: &[&str] = &[
    "add_dir_header",
    "alsologtostderr",
    "legacy_stderr_threshold_behavior",
    "logtostderr",
    "one_output",
    "skip_headers",
    "skip_log_headers",
];

/// Flags of the logger that take a value.
const LOG_VALUES: &[&str] = &[
    "alsologtostderrthreshold",
    "log_backtrace_at",
    "log_dir",
    "log_file",
    "log_file_max_size",
    "stderrthreshold",
    "vmodule",
];

/// The command, and the commands below it, with flags that are read that way.
pub fn read_as_kyverno(command: Command) -> Command {
    let below: Vec<String> = command.get_subcommands().map(|c| c.get_name().to_owned()).collect();
    let command = command.args_override_self(true).mut_args(|arg| match arg.get_action() {
        ArgAction::SetTrue => switch(arg),
        _ if arg.is_positional() => arg,
        _ => arg.allow_hyphen_values(true),
    });
    let command = below.iter().fold(command, |command, name| command.mut_subcommand(name, read_as_kyverno));
    if !below.is_empty() {
        return command;
    }
    let hidden = |name: &'static str| Arg::new(name).long(name).hide(true);
    let switches = LOG_SWITCHES.iter().map(|name| switch(hidden(name)));
    command.args(switches).args(LOG_VALUES.iter().map(|name| hidden(name).allow_hyphen_values(true)))
}

/// `--flag`, `--flag=true`, `--flag=false`.
fn switch(arg: Arg) -> Arg {
    arg.action(ArgAction::Set)
        .num_args(0..=1)
        .require_equals(true)
        .value_parser(boolean)
        .default_missing_value("true")
        .default_value("false")
}

/// The words that Go reads as a boolean.
///
/// # Errors
/// Another word.
pub fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err("neither true nor false".to_owned()),
    }
}

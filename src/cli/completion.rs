//! `completion SHELL`: the shell's completion script.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::{Cli, ExitStatus, Io};

/// Arguments of `completion`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The shell to complete for.
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub fn run(args: &Args, io: &mut Io) -> ExitStatus {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "rendergate", &mut script);
    io.print(String::from_utf8_lossy(&script));
    ExitStatus::Clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_gets_a_script() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell] {
            let (status, out, _) = super::super::io::capture("", |io| run(&Args { shell }, io));
            assert_eq!(status, ExitStatus::Clean);
            assert!(out.contains("rendergate"), "{shell}");
        }
    }
}

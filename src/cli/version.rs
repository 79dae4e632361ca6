//! `version`: three lines, laid out as Kyverno's (chapter 60 §13).

use super::{ExitStatus, Io};

/// Arguments of `version`.
#[derive(clap::Args, Debug)]
pub struct Args {}

/// Prints version, build time and commit; what the build was not told prints as `unknown`.
pub fn run(_: &Args, io: &mut Io) -> ExitStatus {
    io.print(format_args!(
        "Version: {}\nTime: {}\nGit commit ID: {}\n",
        env!("CARGO_PKG_VERSION"),
        option_env!("RENDERGATE_BUILD_TIME").unwrap_or("unknown"),
        option_env!("RENDERGATE_BUILD_COMMIT").unwrap_or("unknown"),
    ));
    ExitStatus::Clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_three_lines() {
        let (status, out, _) = super::super::io::capture("", |io| run(&Args {}, io));
        assert_eq!(status, ExitStatus::Clean);
        let labels: Vec<_> = out.lines().filter_map(|l| l.split_once(": ")).map(|(label, _)| label).collect();
        assert_eq!(labels, ["Version", "Time", "Git commit ID"]);
    }
}

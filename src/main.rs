//! The `rendergate` binary: arguments in, exit status out.

use std::process::ExitCode;

use rendergate::cli::{self, Io};

fn main() -> ExitCode {
    cli::run(std::env::args_os(), &mut Io::process()).into()
}

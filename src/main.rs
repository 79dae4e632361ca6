//! The `rendergate` binary: arguments in, exit status out.

use std::process::ExitCode;

use rendergate::cli::{self, Io};

fn main() -> ExitCode {
    cli::panics::say_only_where();
    cli::run(std::env::args_os(), &mut Io::process()).into()
}

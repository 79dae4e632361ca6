//! The `rendergate` binary: arguments in, exit status out.

use std::process::ExitCode;

use rendergate::cli::{self, Io};

/// Values are many small allocations, made and dropped on both cores; the system's allocator, and
/// musl's in the static image, spends a quarter of a run on them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::panics::say_only_where();
    rendergate::tools::this_is_our_own_program();
    cli::run(std::env::args_os(), &mut Io::process()).into()
}

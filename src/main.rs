//! The `rendergate` binary: arguments in, exit status out.

fn main() {}

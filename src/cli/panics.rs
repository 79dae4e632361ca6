//! What a panic says: where, and nothing of what was being worked on, which may hold secrets.

use std::io::Write as _;

/// Sets the process's panic message to one line with the place in our code.
pub fn say_only_where() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |l| format!(" at {}:{}", l.file(), l.line()));
        let _ = writeln!(std::io::stderr(), "rendergate: internal error{place}; please report it");
    }));
}

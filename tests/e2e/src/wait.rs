//! Waiting for what happens soon.

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Result};

/// How long anything may take on a slow machine that is busy with something else.
pub const PATIENCE: Duration = Duration::from_secs(90);

const BETWEEN: Duration = Duration::from_millis(400);

/// Asks again until `ask` says `Ok`; its last `Err` is what the failure says.
///
/// # Errors
/// When [`PATIENCE`] has run out.
pub fn until<T>(what: &str, ask: impl FnMut() -> std::result::Result<T, String>) -> Result<T> {
    until_within(PATIENCE, what, ask)
}

/// The same for what may take longer or shorter.
///
/// # Errors
/// When `patience` has run out.
pub fn until_within<T>(
    patience: Duration,
    what: &str,
    mut ask: impl FnMut() -> std::result::Result<T, String>,
) -> Result<T> {
    let start = Instant::now();
    loop {
        match ask() {
            Ok(found) => return Ok(found),
            Err(last) if start.elapsed() > patience => {
                return Err(Failure(format!("{what}: not within {}s; last: {last}", patience.as_secs())));
            }
            Err(_) => sleep(BETWEEN),
        }
    }
}

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
pub fn until<T>(what: &str, mut ask: impl FnMut() -> std::result::Result<T, String>) -> Result<T> {
    let start = Instant::now();
    loop {
        match ask() {
            Ok(found) => return Ok(found),
            Err(last) if start.elapsed() > PATIENCE => {
                return Err(Failure(format!("{what}: not within {}s; last: {last}", PATIENCE.as_secs())));
            }
            Err(_) => sleep(BETWEEN),
        }
    }
}

//! [`Stop`]: when a render that nobody waits for any more ends. It is asked between files and between
//! objects; what is between two questions is bounded by the limits on files and by the engine's own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Why a render stopped before it had a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// It ran into `limits.time`.
    #[error("it took longer than {}s (limits.time)", .0.as_secs_f64())]
    Limit(Duration),
    /// It ran into the time its caller gave it.
    #[error(
        "timed out: it took longer than Argo CD waits for it (--repo-server-timeout-seconds of Argo CD's components)"
    )]
    Caller,
    /// Its turn did not come in time.
    #[error("timed out: other renders took all the time that Argo CD waits for it")]
    Waiting,
    /// Its caller is gone.
    #[error("Argo CD no longer waits for it")]
    Cancelled,
}

/// When a render must end.
#[derive(Debug, Default)]
pub struct Stop {
    at: Option<(Instant, Stopped)>,
    cancelled: AtomicBool,
}

impl Stop {
    /// Ends a render at `at`, for this reason.
    #[must_use]
    pub fn at(at: Instant, why: Stopped) -> Self {
        Self { at: Some((at, why)), cancelled: AtomicBool::new(false) }
    }

    /// Never, unless cancelled.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    /// The time, and why.
    #[must_use]
    pub fn deadline(&self) -> Option<(Instant, Stopped)> {
        self.at
    }

    /// Ends it now: nobody waits.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the render may go on.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self) -> Result<(), Stopped> {
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(Stopped::Cancelled);
        }
        match self.at {
            Some((at, why)) if Instant::now() >= at => Err(why),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_why() {
        assert_eq!(Stop::never().check(), Ok(()));
        let past = Stop::at(Instant::now(), Stopped::Limit(Duration::from_millis(1500)));
        assert_eq!(past.check().unwrap_err().to_string(), "it took longer than 1.5s (limits.time)");
        past.cancel();
        assert_eq!(past.check(), Err(Stopped::Cancelled));
    }
}

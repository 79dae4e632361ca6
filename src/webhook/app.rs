//! [`App`]: what all requests share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::Semaphore;

use super::{Metrics, Snapshot};

/// Bounds of one process.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest body read, in bytes. An UPDATE carries two objects of up to 3 MiB each.
    pub body: usize,
    /// Longest time from the request's head to its answer. The API server's own `?timeout=` is kept
    /// when it is shorter.
    pub deadline: Duration,
    /// Decisions running at once; others wait for a place under their deadline.
    pub decisions: usize,
    /// Audit passes running at once.
    pub audits: usize,
    /// Audit passes waiting; one more is dropped, and counted.
    pub audits_waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let decisions = std::thread::available_parallelism().map_or(4, |n| n.get() * 4);
        Self { body: 16 << 20, deadline: Duration::from_secs(9), decisions, audits: 2, audits_waiting: 1000 }
    }
}

/// What all requests share.
pub struct App {
    /// The policies in force; `None` until a first set has loaded.
    pub current: ArcSwapOption<Snapshot>,
    /// Counters.
    pub metrics: Metrics,
    /// Bounds.
    pub limits: Limits,
    pub(super) decisions: Arc<Semaphore>,
    pub(super) audits: Arc<Semaphore>,
    pub(super) audits_waiting: Arc<Semaphore>,
    draining: AtomicBool,
}

impl App {
    /// An application without policies: not ready.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            current: ArcSwapOption::empty(),
            metrics: Metrics::default(),
            decisions: Arc::new(Semaphore::new(limits.decisions.max(1))),
            audits: Arc::new(Semaphore::new(limits.audits.max(1))),
            audits_waiting: Arc::new(Semaphore::new(limits.audits_waiting)),
            limits,
            draining: AtomicBool::new(false),
        }
    }

    /// Says on the readiness probe that no more requests should come; those that come are answered.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Why no requests should come, if so.
    ///
    /// # Errors
    /// While there are no policies, and once the process shuts down.
    pub fn ready(&self) -> Result<(), &'static str> {
        if self.draining.load(Ordering::Relaxed) {
            return Err("shutting down");
        }
        if self.current.load().is_none() { Err("no policies are loaded") } else { Ok(()) }
    }
}

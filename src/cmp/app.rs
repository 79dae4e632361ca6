//! [`App`]: what all calls share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwapOption;

use crate::config::BuildEnvironment;
use crate::operator::{Bundle, Section};
use crate::render::{Application, Refusal, Stop, Verdict};
use crate::source::Files;

use super::metrics::Metrics;
use super::places::Places;

/// Bounds of one process; sizes in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// One archive as it is sent.
    pub archive_bytes: u64,
    /// One archive when expanded, `.git` and all.
    pub expanded_bytes: u64,
    /// Renders running at once.
    pub renders: usize,
    /// How long a caller that names no deadline is served until it has said which application it is about.
    pub patience: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let renders = std::thread::available_parallelism().map_or(2, |n| n.get() * 2);
        Self { archive_bytes: 512 << 20, expanded_bytes: 4 << 30, renders, patience: Duration::from_secs(60) }
    }
}

/// Decides what one checkout comes to. The engine is one; tests have slow and broken ones.
pub trait Renderer: Send + Sync {
    /// Renders one application.
    ///
    /// # Errors
    /// When there can be no verdict.
    fn render(&self, checkout: &Checkout<'_>) -> Result<Verdict, Refusal>;
}

/// One application on its way through a renderer.
pub struct Checkout<'a> {
    /// The operator's word.
    pub bundle: &'a Bundle,
    /// What of it holds here.
    pub section: &'a Section,
    /// The checkout.
    pub files: &'a dyn Files,
    /// The application's directory in it.
    pub directory: &'a str,
    /// What Argo CD says.
    pub build: &'a BuildEnvironment,
    /// When to give up.
    pub stop: &'a Stop,
}

/// The engine.
#[derive(Clone, Copy, Debug)]
pub struct Engine;

impl Renderer for Engine {
    fn render(&self, checkout: &Checkout<'_>) -> Result<Verdict, Refusal> {
        let Checkout { bundle, section, files, directory, build, stop } = *checkout;
        let (configuration, known) = (&bundle.configuration, &bundle.known);
        Application { configuration, section, known, files, directory, build, stop }.render()
    }
}

/// What all calls share.
pub struct App {
    /// The operator's word; `None` until it has loaded.
    pub current: ArcSwapOption<Bundle>,
    /// Counters.
    pub metrics: Metrics,
    /// Bounds.
    pub limits: Limits,
    pub(super) places: Places,
    pub(super) renderer: Box<dyn Renderer>,
    draining: AtomicBool,
}

impl App {
    /// A process without policies: not ready.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self::with(limits, Box::new(Engine))
    }

    /// A process that renders in another way.
    #[must_use]
    pub fn with(limits: Limits, renderer: Box<dyn Renderer>) -> Self {
        Self {
            current: ArcSwapOption::empty(),
            metrics: Metrics::default(),
            places: Places::new(limits.renders),
            limits,
            renderer,
            draining: AtomicBool::new(false),
        }
    }

    /// Says on the readiness probe that no more calls should come; those that come are answered.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// The operator's word.
    ///
    /// # Errors
    /// While nothing is loaded.
    pub fn bundle(&self) -> Result<Arc<Bundle>, &'static str> {
        self.current.load_full().ok_or("no policies are loaded yet")
    }

    /// Why no calls should come, if so.
    ///
    /// # Errors
    /// While nothing is loaded, and once the process shuts down.
    pub fn ready(&self) -> Result<(), &'static str> {
        if self.draining.load(Ordering::Relaxed) { Err("shutting down") } else { self.bundle().map(drop) }
    }
}

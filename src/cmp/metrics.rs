//! Counters and latencies, in Prometheus' text format.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::output::prometheus::{Histogram, Reloads, escaped, head, single};

/// A part of a call's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The archive arrives.
    Receive,
    /// Other renders run.
    Wait,
    /// From the archive to the verdict.
    Render,
    /// The whole call.
    All,
}

impl Stage {
    fn as_str(self) -> &'static str {
        match self {
            Self::Receive => "receive",
            Self::Wait => "wait",
            Self::Render => "render",
            Self::All => "all",
        }
    }
}

/// All counters of one process.
#[derive(Debug, Default)]
pub struct Metrics {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    renders: BTreeMap<&'static str, u64>,
    stages: BTreeMap<Stage, Histogram>,
    running: u64,
    waiting: u64,
    bytes: u64,
    reloads: Reloads,
    policies: usize,
    digest: String,
}

/// Counts a call among those that wait or run, until it is dropped.
pub struct Among<'m> {
    metrics: &'m Metrics,
    running: bool,
}

impl Drop for Among<'_> {
    fn drop(&mut self) {
        let running = self.running;
        self.metrics.change(|state| {
            let count = if running { &mut state.running } else { &mut state.waiting };
            *count = count.saturating_sub(1);
        });
    }
}

impl Metrics {
    fn change(&self, change: impl FnOnce(&mut State)) {
        // Counters stay usable after a panic elsewhere.
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// One answered render.
    pub(super) fn answered(&self, outcome: &'static str, took: Duration) {
        self.change(|state| {
            *state.renders.entry(outcome).or_default() += 1;
            state.stages.entry(Stage::All).or_default().add(took);
        });
    }

    /// One part of a call.
    pub(super) fn stage(&self, stage: Stage, took: Duration) {
        self.change(|state| state.stages.entry(stage).or_default().add(took));
    }

    /// A call that waits for its place.
    pub(super) fn waiting(&self) -> Among<'_> {
        self.change(|state| state.waiting += 1);
        Among { metrics: self, running: false }
    }

    /// A render that runs.
    pub(super) fn running(&self) -> Among<'_> {
        self.change(|state| state.running += 1);
        Among { metrics: self, running: true }
    }

    /// Bytes of one archive.
    pub(super) fn received(&self, bytes: u64) {
        self.change(|state| state.bytes += bytes);
    }

    /// One attempt to load policies: `loaded` or `refused`.
    pub(super) fn reload(&self, outcome: &'static str) {
        self.change(|state| state.reloads.add(outcome));
    }

    /// What is in force.
    pub(super) fn in_force(&self, policies: usize, digest: &str) {
        self.change(|state| {
            state.policies = policies;
            digest.clone_into(&mut state.digest);
        });
    }

    /// The text a scraper reads.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.change(|state| state.write(&mut text));
        text
    }
}

impl State {
    fn write(&self, text: &mut String) {
        let name = "rendergate_renders_total";
        head(text, name, "counter", "Renders, by outcome.");
        for (outcome, count) in &self.renders {
            let _ = writeln!(text, "{name}{{outcome=\"{outcome}\"}} {count}");
        }
        let name = "rendergate_render_duration_seconds";
        head(text, name, "histogram", "Time of renders, by stage; `all` from the call to its answer.");
        for (stage, histogram) in &self.stages {
            histogram.write(text, name, &format!("stage=\"{}\"", stage.as_str()));
        }
        single(text, "rendergate_renders_running", "gauge", "Renders that run.", self.running);
        single(text, "rendergate_renders_waiting", "gauge", "Renders that wait for others.", self.waiting);
        single(text, "rendergate_archive_bytes_total", "counter", "Bytes of archives, as sent.", self.bytes);
        self.reloads.write(text);
        single(text, "rendergate_policies", "gauge", "Policies in force outside all sections.", self.policies);
        let name = "rendergate_policy_bundle_info";
        head(text, name, "gauge", "The digest of configuration and policies in force.");
        let _ = writeln!(text, "{name}{{digest=\"{}\"}} 1", escaped(&self.digest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_printed_for_prometheus() {
        let metrics = Metrics::default();
        metrics.answered("blocked", Duration::from_millis(3));
        metrics.reload("loaded");
        metrics.in_force(7, "abc");
        let running = metrics.running();
        drop(metrics.waiting());
        let text = metrics.text();
        for line in [
            r#"rendergate_renders_total{outcome="blocked"} 1"#,
            r#"rendergate_render_duration_seconds_bucket{stage="all",le="0.005"} 1"#,
            "rendergate_renders_running 1",
            "rendergate_renders_waiting 0",
            r#"rendergate_policy_bundle_info{digest="abc"} 1"#,
            "rendergate_policies 7",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
        drop(running);
        assert!(metrics.text().contains("rendergate_renders_running 0"));
    }
}

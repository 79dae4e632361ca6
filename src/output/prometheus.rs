//! Prometheus' text format.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0];

/// Latencies.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    seconds: f64,
}

impl Histogram {
    /// Adds one.
    pub fn add(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        for (count, bound) in self.buckets.iter_mut().zip(BUCKETS) {
            *count += u64::from(seconds <= bound);
        }
        self.count += 1;
        self.seconds += seconds;
    }

    /// Writes its lines; `labels` such as `door="validate"`.
    pub fn write(&self, text: &mut String, name: &str, labels: &str) {
        for (bound, count) in BUCKETS.iter().zip(self.buckets) {
            let _ = writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {count}");
        }
        let _ = writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {}", self.count);
        let _ = writeln!(text, "{name}_sum{{{labels}}} {}", self.seconds);
        let _ = writeln!(text, "{name}_count{{{labels}}} {}", self.count);
    }
}

/// Attempts to load policies, by outcome.
#[derive(Debug, Default)]
pub struct Reloads(BTreeMap<&'static str, u64>);

impl Reloads {
    /// Adds one: `loaded` or `refused`.
    pub fn add(&mut self, outcome: &'static str) {
        *self.0.entry(outcome).or_default() += 1;
    }

    /// Writes its head and lines.
    pub fn write(&self, text: &mut String) {
        let name = "rendergate_policy_reloads_total";
        head(text, name, "counter", "Attempts to load policies; a refused one left the last good set in force.");
        for (outcome, count) in &self.0 {
            let _ = writeln!(text, "{name}{{outcome=\"{outcome}\"}} {count}");
        }
    }
}

/// What stands before a metric's lines.
pub fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// One line without labels, and its head.
pub fn single(text: &mut String, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
    head(text, name, kind, help);
    let _ = writeln!(text, "{name} {value}");
}

/// A label value (backslash, quote and newline escaped).
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

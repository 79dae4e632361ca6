//! Counters and latencies, in Prometheus' text format.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of the latency buckets, in seconds.
const BUCKETS: [f64; 11] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// All counters of one process.
#[derive(Debug, Default)]
pub struct Metrics {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    requests: BTreeMap<(&'static str, &'static str, &'static str), u64>,
    latency: BTreeMap<&'static str, Histogram>,
    results: BTreeMap<(String, String, &'static str, &'static str), u64>,
    reloads: BTreeMap<&'static str, u64>,
    audits_dropped: u64,
    policies: usize,
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    seconds: f64,
}

impl Metrics {
    fn change(&self, change: impl FnOnce(&mut State)) {
        // Counters stay usable after a panic elsewhere.
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// One answered request.
    pub(super) fn request(&self, door: &'static str, batch: &'static str, outcome: &'static str, took: Duration) {
        self.change(|state| {
            *state.requests.entry((door, batch, outcome)).or_default() += 1;
            let histogram = state.latency.entry(door).or_default();
            let seconds = took.as_secs_f64();
            for (count, bound) in histogram.buckets.iter_mut().zip(BUCKETS) {
                *count += u64::from(seconds <= bound);
            }
            histogram.count += 1;
            histogram.seconds += seconds;
        });
    }

    /// One rule's result. `pass` names the pass that evaluated it: `enforce` or `audit`.
    pub(super) fn result(&self, policy: &str, rule: &str, pass: &'static str, result: &'static str) {
        self.change(|state| {
            *state.results.entry((policy.to_owned(), rule.to_owned(), pass, result)).or_default() += 1;
        });
    }

    /// One attempt to load policies: `loaded` or `refused`.
    pub(super) fn reload(&self, outcome: &'static str) {
        self.change(|state| *state.reloads.entry(outcome).or_default() += 1);
    }

    /// The number of policies in force.
    pub(super) fn policies(&self, count: usize) {
        self.change(|state| state.policies = count);
    }

    /// An audit pass that was not run, for want of a place in the queue.
    pub(super) fn audit_dropped(&self) {
        self.change(|state| state.audits_dropped += 1);
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
        let head = |text: &mut String, name: &str, kind: &str, help: &str| {
            let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
        };
        let name = "rendergate_admission_requests_total";
        head(text, name, "counter", "Admission requests, by path and outcome.");
        for ((door, batch, outcome), count) in &self.requests {
            let _ = writeln!(text, "{name}{{door=\"{door}\",batch=\"{batch}\",outcome=\"{outcome}\"}} {count}");
        }
        let name = "rendergate_admission_duration_seconds";
        head(text, name, "histogram", "Time from the request's last byte to the answer.");
        for (door, histogram) in &self.latency {
            for (bound, count) in BUCKETS.iter().zip(histogram.buckets) {
                let _ = writeln!(text, "{name}_bucket{{door=\"{door}\",le=\"{bound}\"}} {count}");
            }
            let _ = writeln!(text, "{name}_bucket{{door=\"{door}\",le=\"+Inf\"}} {}", histogram.count);
            let _ = writeln!(text, "{name}_sum{{door=\"{door}\"}} {}", histogram.seconds);
            let _ = writeln!(text, "{name}_count{{door=\"{door}\"}} {}", histogram.count);
        }
        let name = "rendergate_rule_results_total";
        head(text, name, "counter", "Results of rules, by the pass that evaluated them.");
        for ((policy, rule, pass, result), count) in &self.results {
            let (policy, rule) = (escaped(policy), escaped(rule));
            let labels = format!("policy=\"{policy}\",rule=\"{rule}\",pass=\"{pass}\",result=\"{result}\"");
            let _ = writeln!(text, "{name}{{{labels}}} {count}");
        }
        let name = "rendergate_policy_reloads_total";
        head(text, name, "counter", "Attempts to load policies; a refused one left the last good set in force.");
        for (outcome, count) in &self.reloads {
            let _ = writeln!(text, "{name}{{outcome=\"{outcome}\"}} {count}");
        }
        let name = "rendergate_audits_dropped_total";
        head(text, name, "counter", "Audit passes not run because too many were waiting.");
        let _ = writeln!(text, "{name} {}", self.audits_dropped);
        let name = "rendergate_policies";
        head(text, name, "gauge", "Policies in force.");
        let _ = writeln!(text, "{name} {}", self.policies);
    }
}

/// A label value (backslash, quote and newline escaped).
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_printed_for_prometheus() {
        let metrics = Metrics::default();
        metrics.request("validate", "fail", "denied", Duration::from_millis(3));
        metrics.request("validate", "fail", "denied", Duration::from_secs(9));
        metrics.result("a\"b", "r", "audit", "fail");
        metrics.reload("refused");
        metrics.policies(7);
        let text = metrics.text();
        for line in [
            r#"rendergate_admission_requests_total{door="validate",batch="fail",outcome="denied"} 2"#,
            r#"rendergate_admission_duration_seconds_bucket{door="validate",le="0.0025"} 0"#,
            r#"rendergate_admission_duration_seconds_bucket{door="validate",le="0.005"} 1"#,
            r#"rendergate_admission_duration_seconds_bucket{door="validate",le="+Inf"} 2"#,
            r#"rendergate_admission_duration_seconds_count{door="validate"} 2"#,
            r#"rendergate_rule_results_total{policy="a\"b",rule="r",pass="audit",result="fail"} 1"#,
            r#"rendergate_policy_reloads_total{outcome="refused"} 1"#,
            "rendergate_policies 7",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }
}

//! Counters and latencies, in Prometheus' text format.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::output::prometheus::{Histogram, Reloads, escaped, head, single};

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
    reloads: Reloads,
    audits_dropped: u64,
    policies: usize,
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
            state.latency.entry(door).or_default().add(took);
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
        self.change(|state| state.reloads.add(outcome));
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
        let name = "rendergate_admission_requests_total";
        head(text, name, "counter", "Admission requests, by path and outcome.");
        for ((door, batch, outcome), count) in &self.requests {
            let _ = writeln!(text, "{name}{{door=\"{door}\",batch=\"{batch}\",outcome=\"{outcome}\"}} {count}");
        }
        let name = "rendergate_admission_duration_seconds";
        head(text, name, "histogram", "Time from the request's last byte to the answer.");
        for (door, histogram) in &self.latency {
            histogram.write(text, name, &format!("door=\"{door}\""));
        }
        let name = "rendergate_rule_results_total";
        head(text, name, "counter", "Results of rules, by the pass that evaluated them.");
        for ((policy, rule, pass, result), count) in &self.results {
            let (policy, rule) = (escaped(policy), escaped(rule));
            let labels = format!("policy=\"{policy}\",rule=\"{rule}\",pass=\"{pass}\",result=\"{result}\"");
            let _ = writeln!(text, "{name}{{{labels}}} {count}");
        }
        self.reloads.write(text);
        let help = "Audit passes not run because too many were waiting.";
        single(text, "rendergate_audits_dropped_total", "counter", help, self.audits_dropped);
        single(text, "rendergate_policies", "gauge", "Policies in force.", self.policies);
    }
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

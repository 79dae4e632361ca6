//! The webhook, by its own router, against what the real Kyverno 1.19.1 webhook answered.
//!
//! Used by the integration test (a sample) and by `cargo run --release --example oracle_admission` (all of
//! it). Recordings: `oracle/admission` of the shared folder; every policy was set to Enforce.

pub mod compare;
pub mod recording;
pub mod replay;

/// A sample, so that a test build answers in seconds; the example replays all.
#[cfg(test)]
#[test]
fn recorded_answers_are_equal() {
    let Some(recording) = recording::Recording::open() else { return };
    let report = compare::run(&recording, 6);
    assert!(report.all.all > 1000, "only {} answers were compared", report.all.all);
    assert!(report.telling().percent() >= 85.0, "whole answers: {}", report.telling());
    assert!(report.evaluated_any_order.percent() >= 99.0, "evaluated policies: {}", report.evaluated_any_order);
}

//! The webhook, by its own router, against what the real Kyverno 1.19.1 webhook answered.
//!
//! Used by the integration test (a sample) and by `cargo run --release --example oracle_admission` (all of
//! it). Recordings: `oracle/admission` of the shared folder; every policy was set to Enforce.

pub mod compare;
pub mod random_order;
pub mod recording;
pub mod replay;

/// A sample, so that a test build answers in seconds; the example replays all.
#[cfg(test)]
#[test]
fn recorded_answers_are_equal() {
    let Some(recording) = recording::Recording::open() else { return };
    let report = compare::run(&recording, 6);
    assert!(report.all.exact.all > 1000, "only {} answers were compared", report.all.exact.all);
    assert!(report.telling.exact.percent() >= 92.0, "to the letter: {}", report.telling.exact);
    let left = &report.differences;
    assert!(report.telling.any_order.percent() >= 99.8, "in any order: {}\n{left:#?}", report.telling.any_order);
}

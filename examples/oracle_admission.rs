//! Replays the recorded answers of the real Kyverno webhook and prints the share that is equal.
//!
//! ```text
//! cargo run --release --example oracle_admission [-- --differences]
//! ```

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a report for people")]

#[path = "../tests/it/admission_recorded/mod.rs"]
mod admission_recorded;

use admission_recorded::{compare, recording::Recording};

fn main() {
    let Some(recording) = Recording::open() else { return };
    let report = compare::run(&recording, 1);
    println!("admission: recorded answers of Kyverno 1.19.1's webhook that ours equals");
    println!("  every answer                                  {}", report.all);
    println!("  validate, where either did not plainly allow  {}", report.validate);
    println!("  mutate, where either did not plainly allow    {}", report.mutate);
    println!("  both                                          {}", report.telling());
    println!("  both, without the policies not evaluated      {}", report.evaluated);
    println!("  the same, random order of Kyverno set aside   {}", report.evaluated_any_order);
    println!("policies not evaluated by this build: {}", report.not_evaluated.len());
    let mut differences: Vec<_> = report.differences.into_iter().collect();
    differences.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
    println!("differences: {} policies", differences.len());
    for (name, (count, example)) in differences {
        println!("{count:6} {name}");
        if std::env::args().any(|a| a == "--differences") {
            println!("       {example}");
        }
    }
}

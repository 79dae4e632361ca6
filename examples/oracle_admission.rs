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
    println!("{:52}{:26}in any order of what is random there", "", "to the letter");
    for (name, shares) in [
        ("all answers", report.all),
        ("telling answers: either side did not plainly allow", report.telling),
        ("  of them validate", report.validate),
        ("  of them mutate", report.mutate),
    ] {
        println!("{name:52}{:26}{}", shares.exact.to_string(), shares.any_order);
    }
    println!("answers that differ only in random order:");
    for (reason, count) in &report.random {
        println!("{count:6} {reason}");
    }
    println!("answers that differ in more, by policy:");
    for (name, (count, example)) in &report.differences {
        println!("{count:6} {name}");
        if std::env::args().any(|a| a == "--differences") {
            println!("       {example}");
        }
    }
}

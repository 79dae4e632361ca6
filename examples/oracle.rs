//! Prints how rendergate compares with the recorded answers of Kyverno 1.19.1, family by family:
//! `cargo run --release --example oracle -- [FAMILY...] [--show N] [--only TEXT] [--results]`.
//!
//! `--show N` prints the first N differences of each family, `--results` only those in the result
//! (not in the message), `--only` keeps policies whose name or path contains the text.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this program prints")]

#[path = "../tests/oracle/mod.rs"]
mod oracle;

use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let (mut families, mut show, mut only, mut results) = (Vec::new(), 0, None, false);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--show" => show = args.next().and_then(|n| n.parse().ok()).unwrap_or(10),
            "--only" => only = args.next(),
            "--results" => results = true,
            _ => families.push(arg),
        }
    }
    let Some(shared) = oracle::shared() else {
        eprintln!("no recordings: set RENDERGATE_SHARED to the shared directory");
        return ExitCode::FAILURE;
    };
    if families.is_empty() {
        families = oracle::families(&shared);
    }
    println!(
        "{:<22} {:>8} {:>8} {:>9} {:>8} {:>9} {:>7}",
        "family", "results", "equal", "messages", "objects", "equal", "time"
    );
    for family in families {
        let start = Instant::now();
        let figures = oracle::replay(&shared, &family, only.as_deref());
        println!(
            "{:<22} {:>8} {:>7.2}% {:>8.2}% {:>8} {:>8.2}% {:>6.1}s",
            figures.family,
            figures.results,
            figures.percent(),
            oracle::ratio(figures.messages, figures.results),
            figures.objects,
            oracle::ratio(figures.objects_equal, figures.objects),
            start.elapsed().as_secs_f64()
        );
        if show > 0 {
            figures.losses.iter().take(show).for_each(|loss| println!("  lost: {loss}"));
            let wanted = figures.differences.iter().filter(|d| !results || is_result(d));
            wanted.take(show).for_each(|difference| println!("  {difference}"));
        }
    }
    ExitCode::SUCCESS
}

/// Whether the recorded and our result differ, rather than only the message.
fn is_result(difference: &str) -> bool {
    let word = |label: &str| {
        let line = difference.lines().find_map(|l| l.trim_start().strip_prefix(label))?;
        Some(line.trim_start().split(':').next().unwrap_or_default().to_owned())
    };
    difference.starts_with("object ") || word("recorded") != word("ours")
}

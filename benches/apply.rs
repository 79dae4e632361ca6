//! `rendergate apply` over generated input, against the floor: yaml-rust2's bare token loop over
//! the same bytes, in the same run.
//!
//! `cargo bench --bench apply`: exits 1 when a bar is missed, so that it can be run as a check.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its figures")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use yaml_rust2::parser::{Event, Parser};

#[path = "support/manifests.rs"]
mod manifests;
#[path = "support/policies.rs"]
mod policies;

/// How often each thing is measured; the median counts.
const RUNS: usize = 7;
/// At most so many times the floor, in wall time on two cores.
const BAR_WALL: f64 = 4.0;
/// At most so many times the floor, in CPU time.
const BAR_CPU: f64 = 6.0;
/// At most so much memory, in kibibytes.
const BAR_PEAK_KIB: u64 = 60 * 1024;

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// What the bare token loop takes, in wall time and in CPU time: beside other work on the machine
/// they differ, and each counts for its own bar.
fn floor(text: &str) -> (Duration, Duration) {
    let before = own_cpu();
    let wall = median(
        (0..RUNS)
            .map(|_| {
                let start = Instant::now();
                let mut parser = Parser::new_from_str(text);
                loop {
                    match parser.next_token() {
                        Ok((Event::StreamEnd, _)) => break,
                        Ok(token) => {
                            std::hint::black_box(token);
                        }
                        Err(error) => panic!("the generated manifests do not parse: {error}"),
                    }
                }
                start.elapsed()
            })
            .collect(),
    );
    let runs = u32::try_from(RUNS).expect("a few runs");
    let cpu = before.zip(own_cpu()).map_or(wall, |(before, after)| (after - before) / runs);
    (wall, cpu)
}

/// CPU time of this thread so far; `None` where the kernel does not tell.
fn own_cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

/// CPU time of all children waited for so far, user and system, from `/proc/self/stat`.
fn children_cpu() -> Duration {
    /// What Linux reports in, everywhere.
    const TICKS_PER_SECOND: u64 = 100;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
}

/// One run of the binary: wall time and peak resident memory, read while it runs.
fn apply(policies: &Path, manifests: &Path) -> (Duration, u64) {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_rendergate"))
        .arg("apply")
        .arg(policies)
        .arg("-r")
        .arg(manifests)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the release binary starts");
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    let exit = loop {
        if let Ok(text) = std::fs::read_to_string(&status) {
            let kib =
                text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
            peak = peak.max(kib.unwrap_or(0));
        }
        if let Some(exit) = child.try_wait().expect("the child can be waited for") {
            break exit;
        }
        std::thread::sleep(Duration::from_micros(500));
    };
    assert_eq!(exit.code(), Some(1), "the generated manifests violate the generated policies");
    (start.elapsed(), peak)
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let policies = folder.path().join("policies.yaml");
    std::fs::write(&policies, policies::policies()).expect("policies are written");
    let mut missed = false;
    for count in [100, 400, 1_600, 6_400] {
        let text = manifests::manifests(count);
        let manifests = folder.path().join(format!("manifests-{count}.yaml"));
        std::fs::write(&manifests, &text).expect("manifests are written");
        let (floor, floor_cpu) = floor(&text);
        let before = children_cpu();
        let runs: Vec<_> = (0..RUNS).map(|_| apply(&policies, &manifests)).collect();
        let wall = median(runs.iter().map(|r| r.0).collect());
        let peak = runs.iter().map(|r| r.1).max().unwrap_or(0);
        let cpu = (children_cpu() - before) / u32::try_from(RUNS).expect("a few runs");
        let ratio = wall.as_secs_f64() / floor.as_secs_f64();
        let cpu_ratio = cpu.as_secs_f64() / floor_cpu.as_secs_f64();
        println!(
            "{count:>5} manifests {:>8} bytes, 33 policies: floor {:>7.2} ms, apply {:>7.2} ms, {ratio:>5.2} x the floor, CPU {cpu_ratio:>5.2} x, peak {:>6.1} MiB",
            text.len(),
            floor.as_secs_f64() * 1e3,
            wall.as_secs_f64() * 1e3,
            peak as f64 / 1024.0,
        );
        if count == 1_600 {
            missed |= ratio > BAR_WALL || cpu_ratio > BAR_CPU || peak > BAR_PEAK_KIB;
        }
    }
    println!("bars at 1,600 manifests: {BAR_WALL} x the floor, CPU {BAR_CPU} x, {} MiB", BAR_PEAK_KIB / 1024);
    if missed {
        eprintln!("a bar is missed");
        std::process::exit(1);
    }
}

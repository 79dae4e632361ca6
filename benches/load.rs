//! Loading: reading, checking, autogen and compiling of every policy of the public library when it
//! is at hand (`RENDERGATE_SHARED`, else `../shared`), of the starter set and of 330 generated ones.
//!
//! `cargo bench --bench load`

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rendergate::document::yaml::{self, Limits};
use rendergate::document::{Manifest, Source};
use rendergate::policy::load;
use rendergate::policy::set::PolicySet;

#[path = "support/policies.rs"]
mod policies;

const RUNS: usize = 7;

/// The texts of all YAML files below a folder that hold a policy of `kyverno.io`.
fn policy_files(folder: &Path, found: &mut Vec<Arc<str>>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            policy_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            if text.contains("apiVersion: kyverno.io/") && text.contains("Policy") {
                found.push(text.into());
            }
        }
    }
}

fn load_all(texts: &[Arc<str>]) -> PolicySet {
    let manifests = texts.iter().flat_map(|text| {
        let documents = yaml::read(text, &Limits::default()).unwrap_or_default();
        documents.into_iter().filter_map(|document| {
            Manifest::new(document.value.clone(), Source::of("p.yaml".into(), text.clone(), &document)).ok()
        })
    });
    PolicySet::new(load::load(manifests).policies, Vec::new())
}

fn measure(name: &str, texts: &[Arc<str>]) {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(load_all(texts));
            start.elapsed()
        })
        .collect();
    times.sort();
    let set = load_all(texts);
    assert!(!set.policies().is_empty(), "{name}: nothing was loaded");
    let rules: usize = set.policies().iter().map(|p| p.rules.len()).sum();
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    let median = times[RUNS / 2].as_secs_f64();
    println!(
        "{name:<15} {:>4} policies {rules:>5} rules {bytes:>8} bytes: {:>7.2} ms, {:>6.1} us a policy",
        set.policies().len(),
        median * 1e3,
        median * 1e6 / set.policies().len() as f64
    );
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut starter = Vec::new();
    policy_files(&root.join("policies"), &mut starter);
    measure("starter set", &starter);
    measure("generated", &vec![Arc::from(policies::policies()); 10]);
    let shared = std::env::var_os("RENDERGATE_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    let mut library = Vec::new();
    policy_files(&shared.join("corpus/policies"), &mut library);
    if library.is_empty() {
        println!("the public library was not loaded: {} holds no corpus", shared.display());
    } else {
        measure("public library", &library);
    }
}

//! Kyverno's own conformance cases of podSecurity exclusions and exceptions, through the binary.
//! The name of a pod's file says what the cluster answered.

use std::path::{Path, PathBuf};
use std::process::Command;

const FOLDERS: [&str; 4] = [
    "exceptions",
    "validate/clusterpolicy/standard/psa",
    "validate/clusterpolicy/standard/psa-deprecated",
    "validate/clusterpolicy/cornercases",
];

/// Whether the cluster refuses the pod of this file; `None` for a file that is no such pod.
fn refused(file: &str) -> Option<bool> {
    if file.starts_with("bad-pod") || file.starts_with("pod-rejected") {
        return Some(true);
    }
    let allowed = ["good-pod", "excluded-pod", "pod-allowed"].iter().any(|start| file.starts_with(start));
    allowed.then_some(false)
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

/// Whether `apply` counts a failure. Anything but a pass, a failure or a skip is an error of the test.
fn fails(case: &Path, pod: &Path) -> bool {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rendergate"));
    command.arg("apply").arg(case.join("policy.yaml")).arg("--resource").arg(pod);
    let exception = case.join("exception.yaml");
    if exception.exists() {
        command.arg("--exception").arg(exception);
    }
    let output = command.output().expect("the binary runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let summary = text.lines().last().unwrap_or_default();
    let count = |word: &str| {
        let (_, rest) = summary.split_once(&format!("{word}: ")).unwrap_or_else(|| panic!("{}: {text}", pod.display()));
        rest.split(',').next().and_then(|n| n.trim().parse::<u32>().ok()).expect("a count")
    };
    assert_eq!(count("error"), 0, "{}: {text}", pod.display());
    assert_eq!(count("pass") + count("fail") + count("skip"), 1, "{}: {text}", pod.display());
    count("fail") == 1
}

#[test]
fn pods_are_refused_as_the_cluster_refuses_them() {
    let shared = std::env::var_os("RENDERGATE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let corpus = shared.join("corpus/chainsaw");
    if !corpus.exists() {
        eprintln!("skipped: {} is not here", corpus.display());
        return;
    }
    let (mut compared, mut different) = (0, Vec::new());
    for case in FOLDERS.iter().flat_map(|folder| children(&corpus.join(folder))) {
        let policy = std::fs::read_to_string(case.join("policy.yaml")).unwrap_or_default();
        if !policy.contains("podSecurity:") {
            continue;
        }
        for pod in children(&case) {
            let file = pod.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Some(refused) = refused(&file) else { continue };
            compared += 1;
            if fails(&case, &pod) != refused {
                different.push(pod.display().to_string());
            }
        }
    }
    assert!(different.is_empty(), "decided otherwise: {different:#?}");
    assert!(compared >= 80, "only {compared} pods compared");
}

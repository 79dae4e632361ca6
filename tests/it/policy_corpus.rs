//! Every policy of the shared corpus loads, or is refused when Kyverno refuses it.

use std::path::{Path, PathBuf};

use rendergate::document::manifest::{Manifest, Source};
use rendergate::document::yaml;
use rendergate::policy::load::{Loaded, load};

/// The shared test data; `None` (said aloud) where it is absent.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn shared() -> Option<PathBuf> {
    let path = std::env::var_os("RENDERGATE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: no shared test data at {}", path.display());
    None
}

fn yaml_files(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(directory).expect("a directory").map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            yaml_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
            found.push(path);
        }
    }
}

/// The manifests of one file; documents that are no objects are left out.
fn manifests(path: &Path) -> Vec<Manifest> {
    let Ok(text) = std::fs::read_to_string(path) else { return Vec::new() };
    let text: std::sync::Arc<str> = text.into();
    let file: std::sync::Arc<str> = path.display().to_string().into();
    let Ok(documents) = yaml::read(&text, &yaml::Limits::default()) else { return Vec::new() };
    documents
        .iter()
        .filter_map(|d| Manifest::expand(d.value.clone(), Source::of(file.clone(), text.clone(), d)).ok())
        .flatten()
        .collect()
}

fn load_file(path: &Path) -> Loaded {
    load(manifests(path))
}

#[test]
fn every_policy_of_the_library_is_accepted() {
    let Some(shared) = shared() else { return };
    let mut files = Vec::new();
    yaml_files(&shared.join("corpus/policies"), &mut files);
    files.retain(|f| !f.components().any(|c| c.as_os_str().to_string_lossy().starts_with(".chainsaw")));
    let (mut policies, mut refused) = (0, Vec::new());
    for file in &files {
        let loaded = load_file(file);
        policies += loaded.policies.len();
        refused.extend(loaded.problems.iter().map(|p| p.diagnostic.to_string()));
        refused.extend(loaded.rejected.iter().map(|r| r.diagnostic.to_string()));
    }
    eprintln!("{policies} policies in {} files", files.len());
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(policies > 200);
}

//! Every YAML file of the shared corpus is read, and every document of it is printed so that it is
//! read back, in both layouts.

use std::fs;
use std::path::{Path, PathBuf};

use rendergate::document::{Pointer, json, yaml};

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            found.push(path);
        }
    }
}

#[test]
fn every_file_is_read_and_printed_back() {
    let shared = std::env::var_os("RENDERGATE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let mut files = Vec::new();
    files_below(&shared.join("corpus"), &mut files);
    if files.is_empty() {
        eprintln!("yaml_corpus did not run: no corpus in {}", shared.display());
        return;
    }
    let limits = yaml::Limits::default();
    let mut documents = 0;
    for path in files {
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let read = yaml::read(&text, &limits).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if let Some(last) = read.last() {
            assert_eq!(yaml::locate(&text, last.index, &Pointer::root()), Some(last.start), "{}", path.display());
        }
        for document in read {
            documents += 1;
            let expected = json::to_string(&document.value);
            for layout in [yaml::Layout::KUBECTL, yaml::Layout::KYVERNO] {
                let printed = yaml::write_with(&document.value, layout);
                let again = yaml::read(&printed, &limits).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                let again: Vec<String> = again.iter().map(|document| json::to_string(&document.value)).collect();
                assert_eq!(again, [expected.as_str()], "{}", path.display());
            }
        }
    }
    assert!(documents > 1000, "only {documents} documents in the corpus");
}

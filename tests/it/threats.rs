//! `docs/threats.md` names tests; they are there, and no threat is without one.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// What stands in backticks and begins with one of the three kinds of tests.
fn named(text: &str) -> Vec<&str> {
    let is_test = |span: &&str| ["it::", "lib::", "e2e::"].iter().any(|kind| span.starts_with(kind));
    text.split('`').skip(1).step_by(2).filter(is_test).filter(|span| !span.chars().any(char::is_uppercase)).collect()
}

fn rust_files(path: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(path).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// The files of a module: its own, those beside it that hold its tests, and those below it.
fn files_of(folder: &Path, modules: &[&str]) -> Vec<PathBuf> {
    let base = modules.iter().fold(folder.to_path_buf(), |path, module| path.join(module));
    let beside = |suffix: &str| PathBuf::from(format!("{}{suffix}", base.display()));
    let mut files: Vec<PathBuf> = [".rs", "_tests.rs"].map(beside).into_iter().filter(|path| path.exists()).collect();
    rust_files(&base, &mut files);
    files
}

/// Whether `text` defines the test `name`: a function behind an attribute of tests.
fn defines(text: &str, name: &str) -> bool {
    text.match_indices(&format!("fn {name}(")).any(|(at, _)| {
        let before = &text[..at];
        let attributes = &before[before.rfind("\n\n").unwrap_or(0)..];
        attributes.contains("#[test]") || attributes.contains("#[tokio::test")
    })
}

fn exists(test: &str) -> bool {
    let parts: Vec<&str> = test.split("::").collect();
    match parts.as_slice() {
        ["e2e", scenario] => {
            let folder = root().join("tests/e2e/src/scenarios");
            let listed = fs::read_to_string(folder.join("mod.rs")).unwrap_or_default();
            folder.join(format!("{scenario}.rs")).exists() && listed.contains(&format!("name: \"{scenario}\""))
        }
        [kind, modules @ .., name] => {
            let folder = if *kind == "it" { root().join("tests/it") } else { root().join("src") };
            let files = files_of(&folder, modules);
            files.iter().any(|file| defines(&fs::read_to_string(file).expect("a source file"), name))
        }
        _ => false,
    }
}

#[test]
fn every_named_test_exists() {
    let text = fs::read_to_string(root().join("docs/threats.md")).expect("docs/threats.md");
    let tests = named(&text);
    assert!(tests.len() > 80, "only {} tests are named", tests.len());
    let missing: Vec<&str> = tests.into_iter().filter(|test| !exists(test)).collect();
    assert!(missing.is_empty(), "docs/threats.md names what is not there:\n{}", missing.join("\n"));
}

#[test]
fn every_threat_has_a_test_or_says_why_not() {
    let text = fs::read_to_string(root().join("docs/threats.md")).expect("docs/threats.md");
    let is_head = |line: &str| ["| threat |", "| way |", "| what |"].iter().any(|head| line.starts_with(head));
    let all: Vec<&str> = text.lines().filter(|line| line.starts_with("| ") && !is_head(line)).collect();
    assert!(all.len() >= 50, "only {} rows", all.len());
    for row in all {
        assert!(!named(row).is_empty() || row.contains("**not proven**: "), "no proof: {row}");
    }
}

#[test]
fn a_name_that_is_nowhere_is_noticed() {
    assert!(
        exists("it::threats::every_named_test_exists")
            && exists("lib::render::drift::time_and_random_numbers_are_found")
    );
    for dead in ["it::threats::nothing", "it::nowhere::every_named_test_exists", "lib::render::run::text", "e2e::mod"] {
        assert!(!exists(dead), "{dead}");
    }
}

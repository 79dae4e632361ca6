//! What may be linked in: the licences and sources of `deny.toml`, checked without cargo-deny and
//! without a network.

use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).expect("a project file is readable")
}

/// The strings of `allow = [ … ]` in deny.toml.
fn allowed() -> Vec<String> {
    let text = read("deny.toml");
    let list = text.split_once("allow = [").and_then(|(_, rest)| rest.split_once(']')).expect("deny.toml has allow").0;
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_dependency_comes_from_the_registry() {
    let lock = read("Cargo.lock");
    let sources: Vec<&str> = lock.lines().filter_map(|l| l.strip_prefix("source = ")).collect();
    assert!(sources.len() > 20, "Cargo.lock lists the dependencies");
    for source in sources {
        assert_eq!(source, "\"registry+https://github.com/rust-lang/crates.io-index\"");
    }
}

#[test]
fn every_linked_licence_is_allowed() {
    let Some(packages) = metadata() else { return };
    let allowed = allowed();
    let refused: Vec<String> = packages
        .iter()
        .map(|(name, licence)| (name, licence, Expression::new(licence).holds(&allowed)))
        .filter(|(_, _, fine)| !fine)
        .map(|(name, licence, _)| format!("{name}: {licence}"))
        .collect();
    assert!(packages.len() > 20, "cargo metadata lists the dependencies");
    assert!(refused.is_empty(), "licences outside deny.toml: {refused:?}");
}

#[test]
fn licence_expressions_are_read() {
    let allowed = ["MIT".to_owned(), "Apache-2.0".to_owned(), "Unicode-3.0".to_owned()];
    for good in ["MIT", "MIT/GPL-3.0", "(MIT OR GPL-2.0) AND Unicode-3.0", "GPL-2.0 OR Apache-2.0"] {
        assert!(Expression::new(good).holds(&allowed), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-2.0", "(MIT OR GPL-2.0) AND LGPL-3.0", "Apache-2.0 WITH Classpath"] {
        assert!(!Expression::new(bad).holds(&allowed), "{bad}");
    }
}

/// Name and licence of what this platform builds; `None`, said aloud, when a crate is not on disk.
fn metadata() -> Option<Vec<(String, String)>> {
    let rustc = Command::new("rustc").arg("-vV").output().expect("rustc runs");
    let rustc = String::from_utf8_lossy(&rustc.stdout).into_owned();
    let host = rustc.lines().find_map(|l| l.strip_prefix("host: ")).expect("rustc names its host");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline", "--filter-platform", host])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    if !output.status.success() {
        eprintln!("licences were not checked: {}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let packages = document["packages"].as_array().expect("packages is a list");
    let text = |v: &serde_json::Value| v.as_str().unwrap_or_default().to_owned();
    Some(packages.iter().map(|p| (text(&p["name"]), text(&p["license"]))).collect())
}

/// An SPDX expression: `OR` binds weaker than `AND`; the old `/` is `OR`.
struct Expression {
    words: Vec<String>,
    at: usize,
}

impl Expression {
    fn new(text: &str) -> Self {
        let spaced = text.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        Self { words: spaced.split_whitespace().map(str::to_owned).collect(), at: 0 }
    }

    fn holds(mut self, allowed: &[String]) -> bool {
        self.any(allowed) && self.at == self.words.len()
    }

    fn word(&self) -> &str {
        self.words.get(self.at).map_or("", String::as_str)
    }

    fn any(&mut self, allowed: &[String]) -> bool {
        let mut holds = self.all(allowed);
        while self.word() == "OR" {
            self.at += 1;
            holds |= self.all(allowed);
        }
        holds
    }

    fn all(&mut self, allowed: &[String]) -> bool {
        let mut holds = self.one(allowed);
        while self.word() == "AND" {
            self.at += 1;
            holds &= self.one(allowed);
        }
        holds
    }

    fn one(&mut self, allowed: &[String]) -> bool {
        if self.word() == "(" {
            self.at += 1;
            let holds = self.any(allowed);
            self.at += 1;
            return holds;
        }
        let mut name = self.word().to_owned();
        self.at += 1;
        if self.word() == "WITH" {
            self.at += 1;
            name = format!("{name} WITH {}", self.word());
            self.at += 1;
        }
        allowed.contains(&name)
    }
}

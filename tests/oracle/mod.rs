//! Replays the recorded answers of Kyverno 1.19.1 in-process and says what is equal.
//!
//! Used by `examples/oracle.rs`, which prints every figure, and by the integration tests, which hold
//! the bars. The recordings are not part of the repository: `RENDERGATE_SHARED`, else `../shared`.

#![allow(dead_code, reason = "the two users need different parts")]

mod expressions;
mod recorded;
mod replay;

use std::path::PathBuf;

/// How one family compares.
#[derive(Debug, Default)]
pub struct Figures {
    /// The family's name.
    pub family: String,
    /// Results recorded, plus results of ours that are not recorded.
    pub results: usize,
    /// Of these, equal in policy, rule, object and result.
    pub equal: usize,
    /// Of the equal ones, equal in message too.
    pub messages: usize,
    /// Objects recorded as changed or generated, plus those of ours that are not.
    pub objects: usize,
    /// Of these, equal.
    pub objects_equal: usize,
    /// Policies that were not loaded, and why.
    pub losses: Vec<String>,
    /// What differs, in words.
    pub differences: Vec<String>,
}

impl Figures {
    /// Equal results in percent; 100 when there are none.
    pub fn percent(&self) -> f64 {
        ratio(self.equal, self.results)
    }
}

/// `part` of `whole` in percent.
#[allow(clippy::cast_precision_loss, reason = "a figure for people")]
pub fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 100.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// The shared directory, if it is there.
pub fn shared() -> Option<PathBuf> {
    let path = std::env::var_os("RENDERGATE_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    path.join("oracle").is_dir().then_some(path)
}

/// The names of all families: the probes, then the decisions over the public policy library, and of
/// these the ones by kinds and rules that this build evaluates.
pub fn families(shared: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(shared.join("oracle/probes"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names.extend(["decisions".to_owned(), "decisions-classic".to_owned()]);
    names
}

/// Replays one family. `only` keeps the policies whose name or path contains it.
pub fn replay(shared: &std::path::Path, family: &str, only: Option<&str>) -> Figures {
    let mut figures = match family {
        "jmespath" => expressions::replay(&shared.join("oracle/probes/jmespath")),
        "decisions" => replay::decisions(shared, only, false),
        "decisions-classic" => replay::decisions(shared, only, true),
        _ => replay::probes(&shared.join("oracle/probes").join(family), only),
    };
    figures.family = family.to_owned();
    figures
}

//! Policies change while the process runs: what was read is digested every few seconds, and a new set that
//! loads is swapped in whole. One that does not load, or holds nothing, leaves the last good set in force.

use std::sync::Arc;

use super::log::{Level, line};
use super::{App, Snapshot};

/// Where policies come from. Both calls block.
pub trait Source: Send + Sync {
    /// A digest of the bytes of every file that [`Source::load`] would read, symlinks followed.
    ///
    /// # Errors
    /// When something cannot be read.
    fn digest(&self) -> Result<String, String>;

    /// Reads and compiles everything.
    ///
    /// # Errors
    /// When anything in it does not load, with file and line.
    fn load(&self) -> Result<Snapshot, String>;
}

/// What one look at the source led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing changed since the last look.
    Unchanged,
    /// A new set is in force.
    Loaded,
    /// A new set was refused, for this reason; the last good one, if any, stays in force.
    Refused(String),
}

/// Looks at the source again and again.
pub struct Reloader {
    source: Arc<dyn Source>,
    app: Arc<App>,
    loaded: Option<String>,
    said: Option<String>,
}

impl Reloader {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(source: Arc<dyn Source>, app: Arc<App>) -> Self {
        Self { source, app, loaded: None, said: None }
    }

    /// Reads the source and swaps in what it holds, if that changed. Blocks. A refused set is tried again
    /// at the next look, and reported again when the reason changes.
    pub fn look(&mut self) -> Outcome {
        let digest = match self.source.digest() {
            Ok(digest) if self.loaded.as_ref() == Some(&digest) => {
                self.said = None;
                return Outcome::Unchanged;
            }
            Ok(digest) => digest,
            Err(why) => return self.refuse(why),
        };
        let snapshot = match self.source.load() {
            Ok(snapshot) if snapshot.set.is_empty() => return self.refuse("it holds no policies".to_owned()),
            Ok(snapshot) => snapshot,
            Err(why) => return self.refuse(why),
        };
        let by_roles = snapshot.rules_that_match_by_roles();
        if !by_roles.is_empty() {
            let rules = by_roles.join(", ");
            return self.refuse(format!("rules that match by roles cannot be decided without the cluster: {rules}"));
        }
        let count = snapshot.set.policies().len();
        line(Level::Info, "policies are in force", &[("policies", &count.to_string()), ("digest", &snapshot.digest)]);
        for note in &snapshot.notes {
            line(Level::Info, note, &[]);
        }
        self.app.metrics.policies(count);
        self.app.metrics.reload("loaded");
        self.app.current.store(Some(Arc::new(snapshot)));
        self.loaded = Some(digest);
        self.said = None;
        Outcome::Loaded
    }

    fn refuse(&mut self, why: String) -> Outcome {
        if self.said.as_ref() != Some(&why) {
            let kept = if self.loaded.is_some() { "the last good set stays in force" } else { "not ready" };
            line(Level::Error, "policies were refused", &[("why", &why), ("now", kept)]);
            self.app.metrics.reload("refused");
            self.said = Some(why.clone());
        }
        Outcome::Refused(why)
    }
}

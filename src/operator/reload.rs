//! The operator's word changes while a process runs: what was read is digested again and again, and a new
//! one that loads is handed out whole. One that does not load, or is not accepted, leaves the last in force.

use std::sync::Arc;

use crate::output::log::{Level, line};

/// Where a word comes from. Both calls block.
pub trait Source<T>: Send + Sync {
    /// A digest of the bytes of every file that [`Source::load`] would read, symlinks followed.
    ///
    /// # Errors
    /// When something cannot be read.
    fn digest(&self) -> Result<String, String>;

    /// Reads and compiles everything.
    ///
    /// # Errors
    /// When anything in it does not load, with file and line.
    fn load(&self) -> Result<T, String>;
}

/// What one look at the source led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look<T> {
    /// Nothing changed since the last look.
    Unchanged,
    /// A new one.
    Loaded(T),
    /// A new one was refused.
    Refused {
        /// Why.
        why: String,
        /// Whether the last look was not refused for the same reason.
        is_new: bool,
    },
}

/// Looks at a source again and again.
pub struct Reloader<T> {
    source: Arc<dyn Source<T>>,
    loaded: Option<String>,
    said: Option<String>,
}

impl<T> Reloader<T> {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(source: Arc<dyn Source<T>>) -> Self {
        Self { source, loaded: None, said: None }
    }

    /// Reads the source if it changed. Blocks. What `accept` refuses, or does not load, is tried again at the
    /// next look, and logged again when the reason changes.
    pub fn look(&mut self, accept: impl FnOnce(&T) -> Result<(), String>) -> Look<T> {
        let digest = match self.source.digest() {
            Ok(digest) if self.loaded.as_ref() == Some(&digest) => {
                self.said = None;
                return Look::Unchanged;
            }
            Ok(digest) => digest,
            Err(why) => return self.refuse(why),
        };
        let loaded = self.source.load().and_then(|loaded| accept(&loaded).map(|()| loaded));
        match loaded {
            Ok(loaded) => {
                self.loaded = Some(digest);
                self.said = None;
                Look::Loaded(loaded)
            }
            Err(why) => self.refuse(why),
        }
    }

    fn refuse(&mut self, why: String) -> Look<T> {
        let is_new = self.said.as_ref() != Some(&why);
        if is_new {
            let kept = if self.loaded.is_some() { "the last good set stays in force" } else { "not ready" };
            line(Level::Error, "policies were refused", &[("why", &why), ("now", kept)]);
            self.said = Some(why.clone());
        }
        Look::Refused { why, is_new }
    }
}

/// What the log says of a word that has come into force.
pub fn log_in_force<'n>(policies: usize, digest: &str, notes: impl IntoIterator<Item = &'n String>) {
    line(Level::Info, "policies are in force", &[("policies", &policies.to_string()), ("digest", digest)]);
    notes.into_iter().for_each(|note| line(Level::Info, note, &[]));
}

/// The first problem, and how many there are besides.
#[must_use]
pub fn first(problems: Vec<String>) -> String {
    match problems.as_slice() {
        [] => "unknown problem".to_owned(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
    }
}

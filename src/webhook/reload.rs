//! New policies come into force whole; a set without policies, or with rules that cannot be decided here,
//! leaves the last good one in force.

use std::sync::Arc;

use crate::operator::reload::{self, Look};

use super::{App, Snapshot};

/// Where policies come from.
pub type Source = dyn reload::Source<Snapshot>;

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
    inner: reload::Reloader<Snapshot>,
    app: Arc<App>,
}

impl Reloader {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(source: Arc<Source>, app: Arc<App>) -> Self {
        Self { inner: reload::Reloader::new(source), app }
    }

    /// Reads the source and swaps in what it holds, if that changed. Blocks.
    pub fn look(&mut self) -> Outcome {
        match self.inner.look(accept) {
            Look::Unchanged => Outcome::Unchanged,
            Look::Refused { why, is_new } => {
                if is_new {
                    self.app.metrics.reload("refused");
                }
                Outcome::Refused(why)
            }
            Look::Loaded(snapshot) => {
                let count = snapshot.set.policies().len();
                reload::log_in_force(count, &snapshot.digest, &snapshot.notes);
                self.app.metrics.policies(count);
                self.app.metrics.reload("loaded");
                self.app.current.store(Some(Arc::new(snapshot)));
                Outcome::Loaded
            }
        }
    }
}

fn accept(snapshot: &Snapshot) -> Result<(), String> {
    if snapshot.set.is_empty() {
        return Err("it holds no policies".to_owned());
    }
    let by_roles = snapshot.rules_that_match_by_roles();
    if by_roles.is_empty() {
        return Ok(());
    }
    Err(format!("rules that match by roles cannot be decided without the cluster: {}", by_roles.join(", ")))
}

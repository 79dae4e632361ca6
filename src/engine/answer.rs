//! [`Answer`]: what a rule's body says, before it is put together with the rule's name and action.

use crate::document::{Pointer, Str, Value};

use super::decision::Outcome;
use super::interrupt::Interrupt;
use super::validate::Subject;

/// What a rule's body says.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    pub(super) message: String,
    /// The policy author's own message, resolved.
    pub(super) author: Option<String>,
    pub(super) path: Option<Pointer>,
    /// The object a mutate rule makes of the reviewed one.
    pub(super) object: Option<Value>,
    pub(super) generated: Vec<Value>,
    pub(super) patched_targets: Vec<Value>,
    /// See [`super::decision::RuleResult::notices`].
    pub(super) notices: Vec<String>,
    /// The exceptions that excused it, as `namespace/name`.
    pub(super) exceptions: Vec<String>,
    /// What reports say besides the rule's own properties.
    pub(super) properties: Vec<(Str, Str)>,
}

impl Answer {
    pub(super) fn new(outcome: Outcome, message: impl Into<String>) -> Self {
        Self {
            outcome,
            message: message.into(),
            author: None,
            path: None,
            object: None,
            generated: Vec::new(),
            patched_targets: Vec::new(),
            notices: Vec::new(),
            exceptions: Vec::new(),
            properties: Vec::new(),
        }
    }

    pub(super) fn error(message: impl Into<String>) -> Self {
        Self::new(Outcome::Error, message)
    }

    /// Notes where in the reviewed object the rule failed: `path` inside `subject`.
    pub(super) fn at(mut self, subject: &Subject<'_>, path: Option<&Pointer>) -> Self {
        self.path = match (subject.at.pointer(), path) {
            (Some(base), Some(path)) => Some(base.segments().iter().chain(path.segments()).cloned().collect()),
            (Some(base), None) => Some(base),
            (None, _) => None,
        };
        self
    }
}

impl From<Interrupt> for Answer {
    fn from(interrupt: Interrupt) -> Self {
        match interrupt {
            Interrupt::Error(text) => Self::new(Outcome::Error, text),
            Interrupt::Deferred(what) => {
                let message = format!("deferred to admission: needs {what}");
                Self::new(Outcome::Deferred(what), message)
            }
        }
    }
}

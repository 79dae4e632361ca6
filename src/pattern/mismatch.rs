//! Why a pattern does not match: the text Kyverno composes, its class, and the place.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::document::{Pointer, Segment};

/// Prepared once: preparing a search costs more than searching so short a text.
static ANCHOR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(" anchor m"));

const CONDITIONAL: &str = "conditional anchor mismatch";
const GLOBAL: &str = "global anchor mismatch";
const NEGATION: &str = "negation anchor matched in resource";

/// A place during a match; printed only when something does not match.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl Path<'_> {
    pub(super) fn pointer(&self) -> Pointer {
        let mut steps: Vec<Segment> = Vec::with_capacity(self.length());
        let mut at = self;
        loop {
            match at {
                Path::Root => break,
                Path::Key(parent, key) => {
                    steps.push((*key).into());
                    at = parent;
                }
                Path::Index(parent, index) => {
                    steps.push((*index).into());
                    at = parent;
                }
            }
        }
        steps.reverse();
        Pointer::from(steps)
    }

    fn length(&self) -> usize {
        match self {
            Path::Root => 0,
            Path::Key(parent, _) | Path::Index(parent, _) => 1 + parent.length(),
        }
    }

    /// As Kyverno prints it: `/spec/containers/0/image/`.
    pub(super) fn text(&self) -> String {
        let mut text = String::with_capacity(64);
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Path::Root => {}
            Path::Key(parent, key) => {
                parent.write(text);
                text.push_str(key);
            }
            Path::Index(parent, index) => {
                parent.write(text);
                push_index(text, *index);
            }
        }
        text.push('/');
    }
}

pub(super) fn path_text(pointer: &Pointer) -> String {
    let mut text = String::from("/");
    for segment in pointer.segments() {
        match segment {
            Segment::Key(key) => text.push_str(key),
            Segment::Index(index) => push_index(&mut text, *index),
        }
        text.push('/');
    }
    text
}

fn push_index(text: &mut String, index: usize) {
    match u8::try_from(index) {
        Ok(digit @ 0..=9) => text.push(char::from(b'0' + digit)),
        _ => text.push_str(&index.to_string()),
    }
}

/// A mismatch on its way up.
pub(super) struct Mismatch {
    pub(super) text: String,
    /// `None` is Kyverno's empty path, which makes an error of a failure.
    pub(super) place: Option<Pointer>,
    /// Whether a list or map already gathered this from its parts: such a skip is soft.
    pub(super) gathered: bool,
}

/// What a mismatch means. Kyverno decides by words in the text, wherever they come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Skip,
    Negation,
    Failure,
}

impl Mismatch {
    pub(super) fn at(path: &Path<'_>, text: String) -> Box<Self> {
        Box::new(Self { text, place: Some(path.pointer()), gathered: false })
    }

    pub(super) fn class(&self) -> Class {
        // All three texts hold this word; nearly no other does.
        if ANCHOR.find(self.text.as_bytes()).is_none() {
            Class::Failure
        } else if self.text.contains(CONDITIONAL) || self.text.contains(GLOBAL) {
            Class::Skip
        } else if self.text.contains(NEGATION) {
            Class::Negation
        } else {
            Class::Failure
        }
    }

    pub(super) fn missing_condition(path: &Path<'_>) -> Box<Self> {
        Self::at(path, format!("{CONDITIONAL}: conditional anchor key doesn't exist in the resource"))
    }

    pub(super) fn into_conditional(self: Box<Self>) -> Box<Self> {
        self.under(CONDITIONAL)
    }

    pub(super) fn into_global(self: Box<Self>) -> Box<Self> {
        self.under(GLOBAL)
    }

    fn under(mut self: Box<Self>, prefix: &str) -> Box<Self> {
        self.text.insert_str(0, ": ");
        self.text.insert_str(0, prefix);
        self.gathered = false;
        self
    }

    pub(super) fn negation(path: &Path<'_>) -> Box<Self> {
        Self::at(path, format!("{NEGATION}: {} is not allowed", path.text()))
    }

    /// One skip out of those of the parts.
    pub(super) fn gather(path: &Path<'_>, skips: &[Box<Self>]) -> Box<Self> {
        let texts: Vec<&str> = skips.iter().map(|skip| skip.text.as_str()).collect();
        Box::new(Self { text: texts.join("; "), place: Some(path.pointer()), gathered: true })
    }
}

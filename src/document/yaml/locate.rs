//! Where a value stands: the text is read again, only when a finding needs its place.

use std::cell::Cell;

use yaml_rust2::Event;
use yaml_rust2::parser::Parser;
use yaml_rust2::scanner::Marker;

use super::error::{Position, Problem, YamlError};
use super::limits::Limits;
use super::read::{self, Metered};
use super::scalar;
use super::text::{Places, Text};
use crate::document::Str;
use crate::document::path::{Pointer, Segment};

/// A container on the way; `matched` is how many of the pointer's steps lead to it, if it is on it.
struct Frame {
    matched: Option<usize>,
    child: Child,
    /// A block map's mark until its first key: the mark is at the first colon, the place is the key's.
    start: Option<Marker>,
}

enum Child {
    Index(usize),
    Key,
    Value(Option<Str>),
}

/// The place of the key (in a list, of the item) that `pointer` leads to in document number
/// `document` (from 0, empty ones counted); of its deepest existing ancestor if it leads nowhere;
/// of the document's start for the root. `None` if there is no such document.
#[must_use]
pub fn locate(text: &str, document: usize, pointer: &Pointer) -> Option<Position> {
    found(text, document, pointer).0
}

/// The places of all items of the list that `pointer` leads to, in one reading; fewer if the text
/// breaks off.
#[must_use]
pub fn locate_items(text: &str, document: usize, pointer: &Pointer) -> Vec<Position> {
    found(text, document, pointer).1
}

/// The place of the pointer and those of the items of its value.
type Found = (Option<Position>, Vec<Position>);

fn found(text: &str, document: usize, pointer: &Pointer) -> Found {
    let limits = Limits { bytes: usize::MAX, ..Limits::default() };
    search(text, document, pointer, &limits).unwrap_or_else(|error| {
        let (mended, _) = read::mend(text, &limits, error);
        search(&mended, document, pointer, &limits).unwrap_or_default()
    })
}

/// # Errors
/// A tab after a colon, which can be mended, or a text that is refused whole.
fn search(text: &str, document: usize, pointer: &Pointer, limits: &Limits) -> Result<Found, YamlError> {
    let text = Text::check(text, limits)?;
    let left = Cell::new(0);
    let mut parser = Parser::new(Metered::new(text, &left));
    let mut index = 0;
    let mut search = Search { segments: pointer.segments(), stack: Vec::new(), best: None, items: Vec::new() };
    while search.stack.len() <= limits.depth {
        match parser.next_token() {
            Ok((Event::StreamEnd, _)) => break,
            Ok((Event::DocumentEnd, _)) if index == document => break,
            Ok((Event::DocumentEnd, _)) => index += 1,
            Ok((Event::DocumentStart | Event::StreamStart, _)) => {}
            Ok((event, mark)) if index == document => search.event(event, mark),
            Ok(_) => {}
            Err(error) => {
                let problem = Problem::Syntax(error.info().to_owned());
                if read::is_tab_after_colon(&problem) {
                    return Err(YamlError { position: Places::new(text).position(error.marker()), problem });
                }
                // A text that breaks off further down still has the places above.
                break;
            }
        }
        if Metered::is_spent(&left) {
            break;
        }
    }
    let mut places = Places::new(text);
    let items = search.items.iter().map(|mark| places.position(mark)).collect();
    Ok((search.best.map(|mark| places.position(&mark)), items))
}

struct Search<'p> {
    segments: &'p [Segment],
    stack: Vec<Frame>,
    best: Option<Marker>,
    /// The items of the list that the whole pointer leads to.
    items: Vec<Marker>,
}

impl Search<'_> {
    fn event(&mut self, event: Event, mark: Marker) {
        match event {
            Event::Scalar(text, style, _, tag) => {
                if let Some(Frame { child: child @ Child::Key, matched, start }) = self.stack.last_mut() {
                    if let Some(start) = start.take().filter(|start| mark.index() < start.index()) {
                        self.best
                            .iter_mut()
                            .chain(self.items.last_mut())
                            .filter(|m| **m == start)
                            .for_each(|m| *m = mark);
                    }
                    let key = scalar::value(&text, style, tag.as_ref()).and_then(scalar::key).ok();
                    if let (Some(at), Some(key)) = (*matched, &key)
                        && self.segments.get(at).is_some_and(|segment| is_key(segment, key))
                    {
                        self.best = Some(mark);
                    }
                    *child = Child::Value(key);
                } else {
                    self.step(mark);
                }
            }
            Event::Alias(_) => {
                if let Some(Frame { child: child @ Child::Key, .. }) = self.stack.last_mut() {
                    *child = Child::Value(None);
                } else {
                    self.step(mark);
                }
            }
            Event::MappingStart(..) => self.open(Child::Key, mark),
            Event::SequenceStart(..) => self.open(Child::Index(0), mark),
            Event::MappingEnd | Event::SequenceEnd => {
                self.stack.pop();
            }
            _ => {}
        }
    }

    fn open(&mut self, child: Child, mark: Marker) {
        let matched = self.step(mark);
        let start = matches!(child, Child::Key).then_some(mark);
        self.stack.push(Frame { matched, child, start });
    }

    /// Passes one value of the innermost container; how many steps lead to it if it is on the way.
    fn step(&mut self, mark: Marker) -> Option<usize> {
        let Some(Frame { matched, child, .. }) = self.stack.last_mut() else {
            self.best = Some(mark);
            return Some(0);
        };
        let segment = matched.and_then(|at| self.segments.get(at));
        let hit = match child {
            Child::Index(index) => {
                if *matched == Some(self.segments.len()) {
                    self.items.push(mark);
                }
                let hit = segment.is_some_and(|segment| *segment == Segment::Index(*index));
                if hit {
                    self.best = Some(mark);
                }
                *index += 1;
                hit
            }
            Child::Value(key) => {
                let hit = segment.is_some_and(|segment| key.as_ref().is_some_and(|key| is_key(segment, key)));
                *child = Child::Key;
                hit
            }
            // A container as a key, which reading refuses.
            Child::Key => {
                *child = Child::Value(None);
                false
            }
        };
        if hit { matched.map(|at| at + 1) } else { None }
    }
}

fn is_key(segment: &Segment, key: &str) -> bool {
    match segment {
        Segment::Key(text) => text == key,
        Segment::Index(index) => index.to_string() == key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, document: usize, pointer: &str) -> Option<(usize, usize)> {
        locate(text, document, &Pointer::parse(pointer).unwrap()).map(|p| (p.line, p.column))
    }

    #[test]
    fn keys_items_ancestors_and_documents() {
        let text =
            "# head\na:\n  b:\n  - x\n  - {c: 1, \"d\": 2}\n---\n---\nspec: &s\n  n: é\n  n: [1, {k: v}]\nother: *s\n";
        assert_eq!(at(text, 0, ""), Some((2, 1)));
        assert_eq!(at(text, 0, "/a/b"), Some((3, 3)));
        assert_eq!(at(text, 0, "/a/b/0"), Some((4, 5)));
        assert_eq!(at(text, 0, "/a/b/1/d"), Some((5, 12)));
        assert_eq!(at(text, 0, "/a/b/1/missing/deep"), Some((5, 5)));
        assert_eq!(at(text, 0, "/zzz"), Some((2, 1)));
        assert_eq!(at(text, 2, "/spec/false/1/k"), Some((10, 11)));
        assert_eq!(at(text, 2, "/other/false"), Some((11, 1)));
        assert_eq!(at(text, 3, "/a"), None);
    }

    #[test]
    fn items_of_a_list_in_one_reading() {
        let text = "\u{feff}items:\n- a:\t1\n  b: 2\n- [x]\n-\n  - y\nrest: []\n";
        let items = locate_items(text, 0, &Pointer::parse("/items").unwrap());
        assert_eq!(items.iter().map(|p| (p.line, p.column)).collect::<Vec<_>>(), [(2, 3), (4, 3), (6, 3)]);
        assert_eq!(items[0].offset, 3 + 9);
        assert_eq!(locate_items(text, 0, &Pointer::parse("/rest").unwrap()), []);
        assert_eq!(locate_items(text, 1, &Pointer::parse("/items").unwrap()), []);
    }

    #[test]
    fn offsets_count_bytes() {
        let place = locate("é: 1\nb: 2", 0, &Pointer::parse("/b").unwrap()).unwrap();
        assert_eq!((place.offset, place.line, place.column), (6, 2, 1));
    }
}

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
use super::wanted::{At, Wanted};
use crate::document::path::Pointer;

/// The place of the key (in a list, of the item) that `pointer` leads to in document number
/// `document` (from 0, empty ones counted); of its deepest existing ancestor if it leads nowhere;
/// of the document's start for the root. `None` if there is no such document.
#[must_use]
pub fn locate(text: &str, document: usize, pointer: &Pointer) -> Option<Position> {
    locate_all(text, &[(document, pointer)]).pop().flatten()
}

/// The same for many values, in their order and in one reading.
#[must_use]
pub fn locate_all(text: &str, values: &[(usize, &Pointer)]) -> Vec<Option<Position>> {
    let mut wanted = Wanted::default();
    for (document, pointer) in values {
        wanted.add(*document, pointer);
    }
    let mended = search_mended(text, &mut wanted);
    let marks = values.iter().map(|(document, pointer)| wanted.place(*document, pointer));
    positions(mended.as_deref().unwrap_or(text), marks)
}

/// The places of all items of the list that `pointer` leads to, in one reading; fewer if the text
/// breaks off.
#[must_use]
pub fn locate_items(text: &str, document: usize, pointer: &Pointer) -> Vec<Position> {
    let mut wanted = Wanted::default();
    let list = wanted.add(document, pointer);
    wanted.add_items(list);
    let mended = search_mended(text, &mut wanted);
    let marks = wanted.items(list).iter().copied().map(Some);
    positions(mended.as_deref().unwrap_or(text), marks).into_iter().flatten().collect()
}

/// The mended text, if it had to be mended.
fn search_mended(text: &str, wanted: &mut Wanted) -> Option<String> {
    let limits = Limits { bytes: usize::MAX, ..Limits::default() };
    let error = search(text, wanted, &limits).err()?;
    let (mended, _) = read::mend(text, &limits, error);
    wanted.forget();
    // A text that breaks off once more still has the places above, one that is refused whole has none.
    let _ = search(&mended, wanted, &limits);
    Some(mended)
}

/// Asked for in the order of the text, whatever the order of `marks`.
fn positions(text: &str, marks: impl Iterator<Item = Option<Marker>>) -> Vec<Option<Position>> {
    let limits = Limits { bytes: usize::MAX, ..Limits::default() };
    let marks: Vec<Option<Marker>> = marks.collect();
    let mut found = vec![None; marks.len()];
    let Ok(text) = Text::check(text, &limits) else { return found };
    let mut ordered: Vec<_> =
        marks.iter().zip(&mut found).filter_map(|(mark, to)| Some((mark.as_ref()?, to))).collect();
    ordered.sort_by_key(|(mark, _)| mark.index());
    let mut places = Places::new(text);
    ordered.into_iter().for_each(|(mark, to)| *to = Some(places.position(mark)));
    found
}

/// # Errors
/// A tab after a colon, which can be mended, or a text that is refused whole.
fn search(text: &str, wanted: &mut Wanted, limits: &Limits) -> Result<(), YamlError> {
    let text = Text::check(text, limits)?;
    let left = Cell::new(0);
    let mut parser = Parser::new(Metered::new(text, &left));
    let mut search = Search { wanted, document: 0, stack: Vec::new() };
    while search.stack.len() <= limits.depth {
        match parser.next_token() {
            Ok((Event::StreamEnd, _)) => break,
            Ok((Event::DocumentEnd, _)) if search.wanted.is_last(search.document) => break,
            Ok((Event::DocumentEnd, _)) => search.document += 1,
            Ok((event, mark)) => search.event(event, mark),
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
    Ok(())
}

/// One reading.
struct Search<'w> {
    wanted: &'w mut Wanted,
    document: usize,
    stack: Vec<Frame>,
}

/// A container that is open.
struct Frame {
    /// What it is, if it is on the way to a value that is looked for.
    at: Option<At>,
    child: Child,
    /// A block map's mark until its first key: the mark is at the first colon, the place is the key's.
    start: Option<Marker>,
}

enum Child {
    Index(usize),
    Key,
    Value(Option<At>),
}

impl Search<'_> {
    fn event(&mut self, event: Event, mark: Marker) {
        // Nothing is looked for in this document.
        if self.wanted.root(self.document).is_none() {
            return;
        }
        match event {
            Event::Scalar(text, style, _, tag) => {
                if let Some(Frame { child: Child::Key, .. }) = self.stack.last() {
                    self.begin(mark);
                    let key = scalar::value(&text, style, tag.as_ref()).and_then(scalar::key).ok();
                    self.key(key.as_deref(), mark);
                } else {
                    self.step(mark);
                }
            }
            Event::Alias(_) => {
                if let Some(Frame { child: Child::Key, .. }) = self.stack.last() {
                    self.key(None, mark);
                } else {
                    self.step(mark);
                }
            }
            Event::MappingStart(..) => self.open(Child::Key, mark),
            Event::SequenceStart(..) => self.open(Child::Index(0), mark),
            Event::MappingEnd | Event::SequenceEnd => {
                self.stack.pop();
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart | Event::DocumentEnd => {}
        }
    }

    fn open(&mut self, child: Child, mark: Marker) {
        let at = self.step(mark);
        let start = matches!(child, Child::Key).then_some(mark);
        self.stack.push(Frame { at, child, start });
    }

    /// The innermost map begins with the key at `mark`, if this is its first.
    fn begin(&mut self, mark: Marker) {
        let Some(Frame { at, start, .. }) = self.stack.last_mut() else { return };
        let at = *at;
        let Some(start) = start.take().filter(|start| mark.index() < start.index()) else { return };
        let list = self.stack.iter().rev().nth(1).and_then(|parent| parent.at);
        for at in at.into_iter().chain(list) {
            self.wanted.correct(at, start, mark);
        }
    }

    /// Passes one key of the innermost map; `None` for one that is not looked for by its text.
    fn key(&mut self, key: Option<&str>, mark: Marker) {
        let Some(Frame { at, child, .. }) = self.stack.last_mut() else { return };
        let value = at.zip(key).and_then(|(at, key)| self.wanted.key(at, key));
        if let Some(value) = value {
            self.wanted.see(value, *at, mark);
        }
        *child = Child::Value(value);
    }

    /// Passes one value of the innermost container; what it is, if it is on the way.
    fn step(&mut self, mark: Marker) -> Option<At> {
        let Some(Frame { at, child, .. }) = self.stack.last_mut() else {
            let root = self.wanted.root(self.document)?;
            self.wanted.see(root, None, mark);
            return Some(root);
        };
        match child {
            Child::Index(index) => {
                let list = (*at)?;
                self.wanted.see_item(list, mark);
                let item = self.wanted.item(list, *index);
                if let Some(item) = item {
                    self.wanted.see(item, Some(list), mark);
                }
                *index += 1;
                item
            }
            Child::Value(value) => {
                let value = *value;
                *child = Child::Key;
                value
            }
            // A container as a key, which reading refuses.
            Child::Key => {
                *child = Child::Value(None);
                None
            }
        }
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
    fn many_values_in_one_reading_stand_where_each_stands_alone() {
        let text = "- 1: é\n  1: {a: 1, \"0\": 2}\n- m: {a: 1}\n  m: 2\n---\nlate: [[x], {y: z}]\n---\n- k:\tv\n";
        let pointers = ["/0/1/0", "/1/m/a", "/0", "", "/1/m", "/late/1/y", "/late/0/0", "/0/k", "/0/1/a", "/nowhere"];
        let pointers: Vec<Pointer> = pointers.iter().map(|p| Pointer::parse(p).unwrap()).collect();
        let values: Vec<(usize, &Pointer)> =
            (0..4).rev().flat_map(|document| pointers.iter().map(move |p| (document, p))).collect();
        let alone: Vec<_> = values.iter().map(|(document, p)| locate(text, *document, p)).collect();
        assert_eq!(locate_all(text, &values), alone);
        assert_eq!(at(text, 0, "/1/m/a"), Some((4, 3)), "of equal keys the last one counts");
        assert_eq!(at(text, 1, "/late/1/y"), Some((6, 13)));
        assert_eq!(at(text, 2, "/0/k"), Some((8, 3)));
        assert!(alone.iter().rev().take(10).all(Option::is_some) && alone.iter().take(10).all(Option::is_none));
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

//! [`Wanted`]: the values whose places are looked for, as one tree of steps from the root of each document.

use std::collections::BTreeMap;

use yaml_rust2::scanner::Marker;

use crate::document::path::{Pointer, Segment};

/// The values looked for in one text, and where they were seen.
#[derive(Default)]
pub(super) struct Wanted {
    nodes: Vec<Node>,
    /// The roots, by the number of their document.
    roots: BTreeMap<usize, usize>,
}

/// The number of a value on the way to one that is looked for.
pub(super) type At = usize;

struct Node {
    children: BTreeMap<Segment, At>,
    place: Option<Marker>,
    /// How often it was seen: of several equal keys the last one counts.
    seen: usize,
    /// How often what it stands in had been seen by then.
    parent_seen: usize,
    /// The places of its items, when they are looked for.
    items: Option<Vec<Marker>>,
}

impl Wanted {
    /// Looks for what `pointer` leads to in a document.
    pub(super) fn add(&mut self, document: usize, pointer: &Pointer) -> At {
        let mut at = match self.roots.get(&document) {
            Some(root) => *root,
            None => {
                let root = self.node();
                self.roots.insert(document, root);
                root
            }
        };
        for segment in pointer.segments() {
            let segment = normal(segment);
            at = match self.nodes[at].children.get(&segment) {
                Some(child) => *child,
                None => {
                    let child = self.node();
                    self.nodes[at].children.insert(segment, child);
                    child
                }
            };
        }
        at
    }

    /// Nothing was seen yet.
    pub(super) fn forget(&mut self) {
        for node in &mut self.nodes {
            (node.place, node.seen, node.parent_seen) = (None, 0, 0);
            node.items.iter_mut().for_each(Vec::clear);
        }
    }

    /// Looks for the items of the list at `at` too.
    pub(super) fn add_items(&mut self, at: At) {
        self.nodes[at].items.get_or_insert_default();
    }

    fn node(&mut self) -> At {
        self.nodes.push(Node { children: BTreeMap::new(), place: None, seen: 0, parent_seen: 0, items: None });
        self.nodes.len() - 1
    }

    /// The root of a document, if something is looked for there.
    pub(super) fn root(&self, document: usize) -> Option<At> {
        self.roots.get(&document).copied()
    }

    /// Whether nothing is looked for behind a document.
    pub(super) fn is_last(&self, document: usize) -> bool {
        self.roots.last_key_value().is_none_or(|(last, _)| *last <= document)
    }

    /// The value under a key of the map at `at`.
    pub(super) fn key(&self, at: At, key: &str) -> Option<At> {
        self.nodes[at].children.get(&normal(&Segment::Key(key.into()))).copied()
    }

    /// An item of the list at `at`.
    pub(super) fn item(&self, at: At, index: usize) -> Option<At> {
        self.nodes[at].children.get(&Segment::Index(index)).copied()
    }

    /// The value at `at`, which stands in `parent`, was seen.
    pub(super) fn see(&mut self, at: At, parent: Option<At>, place: Marker) {
        let parent_seen = parent.map_or(0, |parent| self.nodes[parent].seen);
        let node = &mut self.nodes[at];
        (node.place, node.parent_seen) = (Some(place), parent_seen);
        node.seen += 1;
        if let Some(items) = &mut node.items {
            items.clear();
        }
    }

    /// An item of the list at `at` was seen.
    pub(super) fn see_item(&mut self, at: At, place: Marker) {
        if let Some(items) = &mut self.nodes[at].items {
            items.push(place);
        }
    }

    /// What was seen at one place stands at another: a block map begins with its first key.
    pub(super) fn correct(&mut self, at: At, from: Marker, to: Marker) {
        let node = &mut self.nodes[at];
        let items = node.items.iter_mut().flat_map(|items| items.last_mut());
        node.place.iter_mut().chain(items).filter(|place| **place == from).for_each(|place| *place = to);
    }

    /// Where what `pointer` leads to was seen, or else its deepest ancestor that was.
    pub(super) fn place(&self, document: usize, pointer: &Pointer) -> Option<Marker> {
        let mut node = &self.nodes[self.root(document)?];
        let mut place = node.place?;
        for segment in pointer.segments() {
            let Some(child) = node.children.get(&normal(segment)).map(|child| &self.nodes[*child]) else { break };
            let Some(seen) = child.place.filter(|_| child.parent_seen == node.seen) else { break };
            (node, place) = (child, seen);
        }
        Some(place)
    }

    /// The places of the items of the list at `at`.
    pub(super) fn items(&self, at: At) -> &[Marker] {
        self.nodes[at].items.as_deref().unwrap_or_default()
    }
}

/// An index is also the key of the same digits.
fn normal(segment: &Segment) -> Segment {
    match segment {
        Segment::Key(key) => match key.parse::<usize>() {
            Ok(index) if index.to_string() == key.as_str() => Segment::Index(index),
            Ok(_) | Err(_) => segment.clone(),
        },
        Segment::Index(_) => segment.clone(),
    }
}

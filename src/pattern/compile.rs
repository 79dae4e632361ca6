//! A pattern's tree, with keys in the order in which they are evaluated (chapter 20 §2.2).

use std::collections::VecDeque;
use std::sync::Arc;

use crate::document::{Map, Str, Value, wildcard};

use super::anchor::{self, Anchor};
use super::scalar::Scalar;
use super::{MAX_DEPTH, Pattern};

#[derive(Clone, Debug)]
pub(super) enum Node {
    Map(Arc<MapPattern>),
    List(ListPattern),
    Scalar(Scalar, Value),
}

/// A map: anchors first, then global anchors and plain keys.
#[derive(Clone, Debug)]
pub(super) struct MapPattern {
    pub(super) anchored: Vec<Entry>,
    pub(super) rest: Vec<Entry>,
    /// Labels and annotations below whose keys are replaced before matching.
    pub(super) metadata: Vec<Rewrite>,
    /// Where its rewritten form is kept, if it has one.
    pub(super) rewrite: Option<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Str,
    pub(super) rule: KeyRule,
    pub(super) node: Node,
    /// The slot that remembers whether the key was ever present.
    pub(super) tracked: Option<usize>,
}

/// How a key is looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyRule {
    Anchored(Anchor),
    Plain,
    /// A plain key whose pattern is `*`: anything but null.
    Present,
}

/// One `labels` or `annotations` map under `metadata`.
#[derive(Clone, Debug)]
pub(super) struct Rewrite {
    pub(super) tag: &'static str,
    pub(super) slot: usize,
    pub(super) source: Arc<Map>,
}

#[derive(Clone, Debug)]
pub(super) enum ListPattern {
    Empty,
    /// Every element must match this map or scalar.
    Each(Box<Node>),
    /// Element by element.
    Positional(Vec<Node>),
}

#[derive(Default)]
struct Compiler {
    tracked: Vec<Str>,
    rewritable: usize,
    too_deep: bool,
}

pub(super) fn compile(pattern: &Value) -> Pattern {
    let mut compiler = Compiler::default();
    let root = compiler.node(pattern, 0, None).0;
    let Compiler { tracked, rewritable, too_deep } = compiler;
    Pattern { root, tracked, rewritable, too_deep }
}

impl Compiler {
    /// The node, and whether an anchor is in it.
    fn node(&mut self, pattern: &Value, depth: usize, rewrite: Option<&Rewrite>) -> (Node, bool) {
        if depth > MAX_DEPTH {
            self.too_deep = true;
            return (Node::Scalar(Scalar::Null, Value::Null), false);
        }
        match pattern {
            Value::Map(map) => {
                let (map, has_anchor) = self.map(map, depth, rewrite);
                (Node::Map(Arc::new(map)), has_anchor)
            }
            Value::List(items) => {
                let (list, has_anchor) = self.list(items, depth);
                (Node::List(list), has_anchor)
            }
            scalar => (Node::Scalar(Scalar::compile(scalar).unwrap_or(Scalar::Null), scalar.clone()), false),
        }
    }

    fn list(&mut self, items: &[Value], depth: usize) -> (ListPattern, bool) {
        // Only the first element decides, but the others count when anchors are looked for.
        let nodes: Vec<_> = items.iter().map(|item| self.node(item, depth + 1, None)).collect();
        let has_anchor = nodes.iter().any(|(_, has_anchor)| *has_anchor);
        let mut nodes: Vec<Node> = nodes.into_iter().map(|(node, _)| node).collect();
        let list = match nodes.first() {
            None => ListPattern::Empty,
            Some(Node::List(_)) => ListPattern::Positional(nodes),
            Some(Node::Map(_) | Node::Scalar(..)) => ListPattern::Each(Box::new(nodes.swap_remove(0))),
        };
        (list, has_anchor)
    }

    fn map(&mut self, map: &Map, depth: usize, rewrite: Option<&Rewrite>) -> (MapPattern, bool) {
        let sorted = map.sorted();
        let metadata_key = sorted.iter().map(|(raw, _)| *raw).find(|raw| bare(raw) == "metadata");
        let mut metadata = Vec::new();
        let mut builder = Builder::default();
        for (raw, value) in &sorted {
            let children = match value {
                Value::Map(below) if Some(*raw) == metadata_key => self.rewrites(below),
                _ => Vec::new(),
            };
            let (node, has_anchor) = match value {
                Value::Map(below) if !children.is_empty() => self.metadata(below, depth + 1, &children),
                _ => self.entry_node(raw, value, depth + 1),
            };
            metadata.extend(children.into_iter().map(|(_, rewrite)| rewrite));
            builder.add(raw, node, has_anchor, |raw| self.track(raw));
        }
        let (mut pattern, has_anchor) = builder.finish();
        pattern.metadata = metadata;
        pattern.rewrite = rewrite.map(|rewrite| rewrite.slot);
        (pattern, has_anchor)
    }

    /// The existence anchor takes its list apart itself.
    fn entry_node(&mut self, raw: &str, value: &Value, depth: usize) -> (Node, bool) {
        match (anchor::parse(raw), value) {
            (Some((Anchor::Existence, _)), Value::List(items)) => {
                let nodes: Vec<_> = items.iter().map(|item| self.node(item, depth + 1, None)).collect();
                let has_anchor = nodes.iter().any(|(_, has_anchor)| *has_anchor);
                let nodes = nodes.into_iter().map(|(node, _)| node).collect();
                (Node::List(ListPattern::Positional(nodes)), has_anchor)
            }
            _ => self.node(value, depth, None),
        }
    }

    /// The map under `metadata`, whose labels and annotations may be rewritten.
    fn metadata(&mut self, map: &Map, depth: usize, children: &[(Str, Rewrite)]) -> (Node, bool) {
        let mut builder = Builder::default();
        for (raw, value) in map.sorted() {
            let rewrite = children.iter().find(|(key, _)| key == raw).map(|(_, rewrite)| rewrite);
            let (node, has_anchor) = match rewrite {
                Some(rewrite) => self.node(value, depth + 1, Some(rewrite)),
                None => self.entry_node(raw, value, depth + 1),
            };
            builder.add(raw, node, has_anchor, |raw| self.track(raw));
        }
        let (pattern, has_anchor) = builder.finish();
        (Node::Map(Arc::new(pattern)), has_anchor)
    }

    /// The label and annotation maps that matching must rewrite: those with a wildcard in a key, or
    /// with a value that is not a string (which Kyverno drops).
    fn rewrites(&mut self, metadata: &Map) -> Vec<(Str, Rewrite)> {
        let mut found = Vec::new();
        for tag in ["labels", "annotations"] {
            let entry = metadata.sorted().into_iter().find(|(raw, _)| bare(raw) == tag);
            if let Some((raw, Value::Map(source))) = entry
                && source.iter().any(|(key, value)| wildcard::contains_wildcard(key) || value.as_str().is_none())
            {
                let rewrite = Rewrite { tag, slot: self.rewritable, source: Arc::clone(source) };
                self.rewritable += 1;
                found.push((raw.clone(), rewrite));
            }
        }
        found
    }

    fn track(&mut self, raw: &Str) -> usize {
        self.tracked.iter().position(|known| known == raw).unwrap_or_else(|| {
            self.tracked.push(raw.clone());
            self.tracked.len() - 1
        })
    }
}

fn bare(raw: &str) -> &str {
    anchor::parse(raw).map_or(raw, |(_, bare)| bare)
}

/// Sorts the entries of one map into the two phases; entries come in byte order.
#[derive(Default)]
struct Builder {
    anchored: Vec<Entry>,
    rest: VecDeque<Entry>,
    has_anchor: bool,
}

impl Builder {
    fn add(&mut self, raw: &Str, node: Node, has_anchor: bool, track: impl FnOnce(&Str) -> usize) {
        let anchor = anchor::parse(raw).filter(|(anchor, _)| *anchor != Anchor::AddIfNotPresent);
        self.has_anchor |= has_anchor || anchor.is_some();
        let Some((anchor, key)) = anchor else {
            let present = matches!(&node, Node::Scalar(_, Value::String(text)) if text == "*");
            let rule = if present { KeyRule::Present } else { KeyRule::Plain };
            let entry = Entry { key: raw.clone(), rule, node, tracked: None };
            if has_anchor {
                self.rest.push_front(entry);
            } else {
                self.rest.push_back(entry);
            }
            return;
        };
        let tracked = matches!(anchor, Anchor::Conditional | Anchor::Existence).then(|| track(raw));
        let entry = Entry { key: key.into(), rule: KeyRule::Anchored(anchor), node, tracked };
        if anchor.is_first_phase() {
            self.anchored.push(entry);
        } else {
            self.rest.push_front(entry);
        }
    }

    fn finish(self) -> (MapPattern, bool) {
        let rest = self.rest.into();
        (MapPattern { anchored: self.anchored, rest, metadata: Vec::new(), rewrite: None }, self.has_anchor)
    }
}

/// The map that stands in for a labels or annotations pattern, given the resource's own map: only
/// string entries survive, and a wildcard key becomes the first matching key in byte order.
pub(super) fn rewritten(source: &Map, resource: &Map, tracked: &[Str]) -> (MapPattern, Map) {
    let mut entries = Map::with_capacity(source.len());
    for (raw, value) in source.sorted() {
        if value.as_str().is_none() {
            continue;
        }
        entries.insert(expand_key(raw, resource).unwrap_or_else(|| raw.clone()), value.clone());
    }
    let mut builder = Builder::default();
    for (raw, value) in entries.sorted() {
        let node = Node::Scalar(Scalar::compile(value).unwrap_or(Scalar::Null), value.clone());
        // An expanded key is present by construction, so only keys known before can be missing.
        builder.add(raw, node, false, |raw| tracked.iter().position(|known| known == raw).unwrap_or(usize::MAX));
    }
    (builder.finish().0, entries)
}

fn expand_key(raw: &Str, resource: &Map) -> Option<Str> {
    if !wildcard::contains_wildcard(raw) {
        return None;
    }
    let (anchor, bare) = anchor::parse(raw).map_or((None, raw.as_str()), |(anchor, bare)| (Some(anchor), bare));
    let candidates = resource.sorted();
    let (key, _) = candidates
        .into_iter()
        .find(|(key, value)| matches!(value, Value::String(_)) && wildcard::matches(bare, key))?;
    Some(anchor.map_or_else(|| key.clone(), |anchor| anchor::wrap(anchor, key).into()))
}

//! From events to a value, on an explicit stack.

use std::collections::{HashMap, HashSet};

use yaml_rust2::Event;
use yaml_rust2::parser::Tag;
use yaml_rust2::scanner::{Marker, TScalarStyle};

use super::error::Problem;
use super::limits::Limits;
use super::scalar;
use crate::document::map::{INDEX_FROM, Map};
use crate::document::{Str, Value};

/// A problem and the mark it was found at.
pub(super) type Refused = (Problem, Marker);

/// A finished value and what it costs to repeat it.
#[derive(Clone)]
struct Anchored {
    value: Value,
    nodes: usize,
    depth: usize,
}

/// What the next event of a map is.
enum Slot {
    Key,
    Value(Str, Marker),
    Merge,
}

enum Container {
    /// Its items wait in `Builder::items`.
    List,
    /// Its entries wait in `Builder::entries`.
    Map(Slot),
    /// A map that is long or has merge keys.
    Grown(Slot, Box<Grown>),
}

#[derive(Default)]
struct Grown {
    map: Map,
    /// The keys that only `<<` has set so far; writing them out is no repetition.
    merged: HashSet<Str>,
}

struct Frame {
    container: Container,
    anchor: usize,
    /// Where the container's own items or entries begin.
    from: usize,
    /// `Builder::nodes` when the container began.
    nodes_before: usize,
    /// The depth of the deepest child.
    depth: usize,
}

impl Frame {
    /// The slot of a map.
    fn slot(&mut self) -> Option<&mut Slot> {
        match &mut self.container {
            Container::List => None,
            Container::Map(slot) | Container::Grown(slot, _) => Some(slot),
        }
    }

    /// Sets `key` in a map whose entries wait in `entries`; gives the key back if it was written before.
    fn enter(&mut self, key: Str, value: Value, entries: &mut Vec<(Str, Value)>) -> Option<Str> {
        if let Container::Grown(_, grown) = &mut self.container {
            let repeats = grown.map.insert(key.clone(), value).is_some() && !grown.merged.remove(&key);
            return repeats.then_some(key);
        }
        if let Some((_, earlier)) = entries[self.from..].iter_mut().find(|(earlier, _)| *earlier == key) {
            *earlier = value;
            return Some(key);
        }
        entries.push((key, value));
        if entries.len() - self.from > INDEX_FROM {
            self.grow(entries);
        }
        None
    }

    /// Turns a map into one that is grown; `None` for a list.
    fn grow(&mut self, entries: &mut Vec<(Str, Value)>) -> Option<&mut Grown> {
        if let Container::Map(_) = self.container {
            let map = Map::from_unique(entries.drain(self.from..).collect());
            self.container = Container::Grown(Slot::Key, Box::new(Grown { map, merged: HashSet::new() }));
        }
        match &mut self.container {
            Container::Grown(_, grown) => Some(grown),
            Container::List | Container::Map(_) => None,
        }
    }
}

impl Grown {
    /// `<<` as in go-yaml v2: merged keys replace those written before and are replaced by those
    /// written after; of a list of maps the first wins.
    fn merge(&mut self, value: &Value, is_alias: bool) -> Result<(), Problem> {
        match value {
            Value::Map(map) => self.merge_map(map),
            Value::List(items) if !is_alias => {
                for item in items.iter().rev() {
                    self.merge_map(item.as_map().ok_or(Problem::MergeNeedsMap)?);
                }
            }
            _ => return Err(Problem::MergeNeedsMap),
        }
        Ok(())
    }

    fn merge_map(&mut self, map: &Map) {
        for (key, value) in map.iter() {
            self.map.insert(key.clone(), value.clone());
            self.merged.insert(key.clone());
        }
    }
}

/// Builds the documents of one stream, one after the other.
pub(super) struct Builder<'l> {
    limits: &'l Limits,
    stack: Vec<Frame>,
    /// Finished children of the open lists, and of the open maps: gathered here, they are moved
    /// into an allocation of the right size when their container closes.
    items: Vec<Value>,
    entries: Vec<(Str, Value)>,
    root: Option<Value>,
    anchors: HashMap<usize, Anchored>,
    /// Values so far, those behind aliases counted each time.
    pub(super) nodes: usize,
    alias_nodes: usize,
    /// Keys written more than once in the current document.
    pub(super) repeated: Vec<(Str, Marker)>,
}

impl<'l> Builder<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            stack: Vec::new(),
            items: Vec::new(),
            entries: Vec::new(),
            root: None,
            anchors: HashMap::new(),
            nodes: 0,
            alias_nodes: 0,
            repeated: Vec::new(),
        }
    }

    /// Ends the document: its value, with the anchors forgotten.
    pub(super) fn finish(&mut self) -> Value {
        self.anchors.clear();
        self.stack.clear();
        self.items.clear();
        self.entries.clear();
        self.root.take().unwrap_or_default()
    }

    /// Takes one event of a document's content.
    pub(super) fn event(&mut self, event: &Event, mark: Marker) -> Result<(), Refused> {
        match event {
            Event::Scalar(text, style, anchor, tag) => self.scalar(text, *style, *anchor, tag.as_ref(), mark),
            Event::MappingStart(anchor, _) => self.open(Container::Map(Slot::Key), *anchor),
            Event::SequenceStart(anchor, _) => self.open(Container::List, *anchor),
            Event::MappingEnd | Event::SequenceEnd => self.close(),
            Event::Alias(id) => self.alias(*id, mark),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart | Event::DocumentEnd => {
                Ok(())
            }
        }
        .map_err(|problem| (problem, mark))
    }

    fn scalar(
        &mut self,
        text: &str,
        style: TScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        mark: Marker,
    ) -> Result<(), Problem> {
        self.count(1)?;
        let slot = self.stack.last_mut().and_then(Frame::slot).filter(|slot| matches!(slot, Slot::Key));
        if let Some(slot) = slot {
            if text == "<<" && is_merge(style, tag) {
                *slot = Slot::Merge;
                return Ok(());
            }
            let value = scalar::value(text, style, tag)?;
            if anchor != 0 {
                self.anchors.insert(anchor, Anchored { value: value.clone(), nodes: 1, depth: 0 });
            }
            *slot = Slot::Value(scalar::key(value)?, mark);
            return Ok(());
        }
        let value = scalar::value(text, style, tag)?;
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { value: value.clone(), nodes: 1, depth: 0 });
        }
        self.place(value, 0, false)
    }

    fn alias(&mut self, id: usize, mark: Marker) -> Result<(), Problem> {
        let Some(anchored) = self.anchors.get(&id) else {
            let inside = self.stack.iter().any(|frame| frame.anchor == id);
            return Err(if inside { Problem::AnchorInsideItself } else { Problem::UnknownAnchor });
        };
        let Anchored { value, nodes, depth } = anchored.clone();
        self.count(nodes)?;
        self.alias_nodes = self.alias_nodes.saturating_add(nodes);
        if self.alias_nodes > self.limits.alias_nodes {
            return Err(Problem::TooManyAliasNodes(self.limits.alias_nodes));
        }
        if self.stack.len() + depth >= self.limits.depth {
            return Err(Problem::TooDeep(self.limits.depth));
        }
        if let Some(slot @ Slot::Key) = self.stack.last_mut().and_then(Frame::slot) {
            *slot = Slot::Value(scalar::key(value)?, mark);
            return Ok(());
        }
        self.place(value, depth, true)
    }

    fn open(&mut self, container: Container, anchor: usize) -> Result<(), Problem> {
        if self.stack.len() + 1 >= self.limits.depth {
            return Err(Problem::TooDeep(self.limits.depth));
        }
        if let Some(Slot::Key) = self.stack.last_mut().and_then(Frame::slot) {
            return Err(Problem::KeyNotScalar);
        }
        let from = match container {
            Container::List => self.items.len(),
            Container::Map(_) | Container::Grown(..) => self.entries.len(),
        };
        self.stack.push(Frame { container, anchor, from, nodes_before: self.nodes, depth: 0 });
        self.count(1)
    }

    fn count(&mut self, nodes: usize) -> Result<(), Problem> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > self.limits.values { Err(Problem::TooManyValues(self.limits.values)) } else { Ok(()) }
    }

    fn close(&mut self) -> Result<(), Problem> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let value = match frame.container {
            Container::List => Value::list(self.items.drain(frame.from..).collect()),
            Container::Map(_) => Value::map(Map::from_unique(self.entries.drain(frame.from..).collect())),
            Container::Grown(_, grown) => Value::map(grown.map),
        };
        let depth = frame.depth + 1;
        if frame.anchor != 0 {
            let nodes = self.nodes - frame.nodes_before;
            self.anchors.insert(frame.anchor, Anchored { value: value.clone(), nodes, depth });
        }
        self.place(value, depth, false)
    }

    /// Puts a finished value where the innermost container expects it.
    fn place(&mut self, value: Value, depth: usize, is_alias: bool) -> Result<(), Problem> {
        if matches!(value, Value::Float(f) if !f.is_finite()) {
            return Err(Problem::NotFinite);
        }
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(value);
            return Ok(());
        };
        frame.depth = frame.depth.max(depth);
        let Some(slot) = frame.slot() else {
            self.items.push(value);
            return Ok(());
        };
        match std::mem::replace(slot, Slot::Key) {
            Slot::Value(key, mark) => {
                if let Some(repeated) = frame.enter(key, value, &mut self.entries) {
                    self.repeated.push((repeated, mark));
                }
            }
            Slot::Merge => {
                if let Some(grown) = frame.grow(&mut self.entries) {
                    grown.merge(&value, is_alias)?;
                }
            }
            // Keys are taken by `scalar` and `alias`, and `open` refuses containers.
            Slot::Key => return Err(Problem::KeyNotScalar),
        }
        Ok(())
    }
}

/// `<<` is a merge key when plain or tagged so; quoted it is an ordinary key.
fn is_merge(style: TScalarStyle, tag: Option<&Tag>) -> bool {
    match tag {
        None => style == TScalarStyle::Plain,
        Some(tag) => scalar::core_tag(tag) == Some("merge"),
    }
}

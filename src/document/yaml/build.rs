//! From events to a value, on an explicit stack.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use yaml_rust2::Event;
use yaml_rust2::parser::Tag;
use yaml_rust2::scanner::{Marker, TScalarStyle};

use super::error::Problem;
use super::limits::Limits;
use super::scalar;
use crate::document::{Map, Str, Value};

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
    List(Vec<Value>),
    Map {
        map: Map,
        slot: Slot,
        /// The keys that only `<<` has set so far; writing them out is no repetition.
        merged: Option<HashSet<Str>>,
    },
}

struct Frame {
    container: Container,
    anchor: usize,
    /// `Builder::nodes` when the container began.
    nodes_before: usize,
    /// The depth of the deepest child.
    depth: usize,
}

/// Builds the documents of one stream, one after the other.
pub(super) struct Builder<'l> {
    limits: &'l Limits,
    stack: Vec<Frame>,
    root: Option<Value>,
    anchors: HashMap<usize, Anchored>,
    /// Values so far, those behind aliases counted each time.
    nodes: usize,
    alias_nodes: usize,
    /// Keys written more than once in the current document.
    pub(super) repeated: Vec<(Str, Marker)>,
}

impl<'l> Builder<'l> {
    pub(super) fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            stack: Vec::new(),
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
        self.root.take().unwrap_or_default()
    }

    /// Takes one event of a document's content.
    pub(super) fn event(&mut self, event: Event, mark: Marker) -> Result<(), Refused> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, anchor, tag.as_ref(), mark).map_err(|problem| (problem, mark))
            }
            Event::MappingStart(anchor, _) => {
                self.open(Container::Map { map: Map::new(), slot: Slot::Key, merged: None }, anchor, mark)
            }
            Event::SequenceStart(anchor, _) => self.open(Container::List(Vec::new()), anchor, mark),
            Event::MappingEnd | Event::SequenceEnd => self.close(mark),
            Event::Alias(id) => self.alias(id, mark).map_err(|problem| (problem, mark)),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart | Event::DocumentEnd => {
                Ok(())
            }
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: TScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        mark: Marker,
    ) -> Result<(), Problem> {
        self.nodes += 1;
        let at_key = matches!(self.stack.last(), Some(Frame { container: Container::Map { slot: Slot::Key, .. }, .. }));
        if at_key && text == "<<" && is_merge(style, tag) {
            return self.set_slot(Slot::Merge);
        }
        let value = scalar::value(text, style, tag)?;
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { value: value.clone(), nodes: 1, depth: 0 });
        }
        if at_key {
            return self.set_slot(Slot::Value(scalar::key(value)?, mark));
        }
        if matches!(value, Value::Float(f) if !f.is_finite()) {
            return Err(Problem::NotFinite);
        }
        self.place(value, 0, false)
    }

    fn alias(&mut self, id: usize, mark: Marker) -> Result<(), Problem> {
        let Some(anchored) = self.anchors.get(&id) else {
            let inside = self.stack.iter().any(|frame| frame.anchor == id);
            return Err(if inside { Problem::AnchorInsideItself } else { Problem::UnknownAnchor });
        };
        let Anchored { value, nodes, depth } = anchored.clone();
        self.nodes = self.nodes.saturating_add(nodes);
        self.alias_nodes = self.alias_nodes.saturating_add(nodes);
        if self.alias_nodes > self.limits.alias_nodes {
            return Err(Problem::TooManyAliasNodes(self.limits.alias_nodes));
        }
        if self.stack.len() + depth >= self.limits.depth {
            return Err(Problem::TooDeep(self.limits.depth));
        }
        if let Some(Frame { container: Container::Map { slot: Slot::Key, .. }, .. }) = self.stack.last() {
            return self.set_slot(Slot::Value(scalar::key(value)?, mark));
        }
        if matches!(value, Value::Float(f) if !f.is_finite()) {
            return Err(Problem::NotFinite);
        }
        self.place(value, depth, true)
    }

    fn open(&mut self, container: Container, anchor: usize, mark: Marker) -> Result<(), Refused> {
        if self.stack.len() + 1 >= self.limits.depth {
            return Err((Problem::TooDeep(self.limits.depth), mark));
        }
        if let Some(Frame { container: Container::Map { slot: Slot::Key, .. }, .. }) = self.stack.last() {
            return Err((Problem::KeyNotScalar, mark));
        }
        self.stack.push(Frame { container, anchor, nodes_before: self.nodes, depth: 0 });
        self.nodes += 1;
        Ok(())
    }

    fn close(&mut self, mark: Marker) -> Result<(), Refused> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let value = match frame.container {
            Container::List(items) => Value::List(Arc::new(items)),
            Container::Map { map, .. } => Value::Map(Arc::new(map)),
        };
        let depth = frame.depth + 1;
        if frame.anchor != 0 {
            let nodes = self.nodes - frame.nodes_before;
            self.anchors.insert(frame.anchor, Anchored { value: value.clone(), nodes, depth });
        }
        self.place(value, depth, false).map_err(|problem| (problem, mark))
    }

    fn set_slot(&mut self, next: Slot) -> Result<(), Problem> {
        if let Some(Frame { container: Container::Map { slot, .. }, .. }) = self.stack.last_mut() {
            *slot = next;
        }
        Ok(())
    }

    /// Puts a finished value where the innermost container expects it.
    fn place(&mut self, value: Value, depth: usize, is_alias: bool) -> Result<(), Problem> {
        let Some(frame) = self.stack.last_mut() else {
            self.root = Some(value);
            return Ok(());
        };
        frame.depth = frame.depth.max(depth);
        match &mut frame.container {
            Container::List(items) => items.push(value),
            Container::Map { map, slot, merged } => match std::mem::replace(slot, Slot::Key) {
                Slot::Value(key, mark) => {
                    if map.insert(key.clone(), value).is_some()
                        && !merged.as_mut().is_some_and(|merged| merged.remove(&key))
                    {
                        self.repeated.push((key, mark));
                    }
                }
                Slot::Merge => merge(map, merged.get_or_insert_default(), &value, is_alias)?,
                // Keys are taken by `scalar` and `alias`, and `open` refuses containers.
                Slot::Key => return Err(Problem::KeyNotScalar),
            },
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

/// As go-yaml v2: merged keys replace those written before `<<` and are replaced by those after it;
/// of a list of maps the first wins.
fn merge(into: &mut Map, merged: &mut HashSet<Str>, value: &Value, is_alias: bool) -> Result<(), Problem> {
    let one = |into: &mut Map, merged: &mut HashSet<Str>, map: &Map| {
        for (key, value) in map.iter() {
            into.insert(key.clone(), value.clone());
            merged.insert(key.clone());
        }
    };
    match value {
        Value::Map(map) => one(into, merged, map),
        Value::List(items) if !is_alias => {
            for item in items.iter().rev() {
                one(into, merged, item.as_map().ok_or(Problem::MergeNeedsMap)?);
            }
        }
        _ => return Err(Problem::MergeNeedsMap),
    }
    Ok(())
}

//! A value to a tree of constants and variables.

use super::VariableUse;
use super::scan::occurrences;
use super::variable::Variable;
use crate::document::{Pointer, Str, Value};

/// One part of a compiled value.
#[derive(Debug)]
pub(super) enum Node {
    /// Always this.
    Constant(Value),
    /// A string with variables.
    Text(Text),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Debug)]
pub(super) enum Key {
    Constant(Str),
    Text(Text),
}

/// A string with variables: the text of the first scan, and what that scan finds.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) text: Str,
    pub(super) variables: Vec<Variable>,
}

impl Text {
    /// The variable that is the whole string, if one is.
    pub(super) fn only_variable(&self) -> Option<&Variable> {
        self.variables.first().filter(|variable| variable.token.len() == self.text.len())
    }
}

/// The text of a string without variables: `\{{` becomes `{{`.
pub(super) fn unescape(text: &str) -> String {
    text.replace("\\{{", "{{")
}

#[derive(Default)]
pub(super) struct Compiler {
    at: Pointer,
    uses: Vec<VariableUse>,
    texts: Vec<Str>,
}

impl Compiler {
    pub(super) fn finish(self) -> (Vec<VariableUse>, Vec<Str>) {
        (self.uses, self.texts)
    }

    /// The variables of a string; `None` when there are none.
    fn text(&mut self, text: &Str) -> Option<Text> {
        let found = occurrences(text);
        if found.is_empty() {
            return None;
        }
        let variables: Vec<_> = found.into_iter().map(Variable::compile).collect();
        self.uses.extend(variables.iter().map(|variable| VariableUse {
            expression: variable.text.clone(),
            location: self.at.clone(),
            error: variable.error().cloned(),
        }));
        self.texts.push(text.clone());
        Some(Text { text: text.clone(), variables })
    }

    fn string(&mut self, text: &Str) -> Node {
        match self.text(text) {
            Some(text) => Node::Text(text),
            None if text.contains("\\{{") => Node::Constant(Value::from(unescape(text))),
            None => Node::Constant(Value::String(text.clone())),
        }
    }

    /// Compiles a value whose references are resolved. A subtree without variables stays the value it is.
    pub(super) fn node(&mut self, value: &Value) -> Node {
        match value {
            Value::String(text) => self.string(text),
            Value::List(items) => {
                let mut nodes = Vec::with_capacity(items.len());
                for (i, item) in items.iter().enumerate() {
                    self.at.push(i);
                    nodes.push(self.node(item));
                    self.at.pop();
                }
                match constants(&nodes, Node::constant) {
                    Some(resolved) if resolved.iter().eq(items.iter()) => Node::Constant(value.clone()),
                    Some(resolved) => Node::Constant(Value::list(resolved)),
                    None => Node::List(nodes),
                }
            }
            Value::Map(map) => {
                let mut nodes = Vec::with_capacity(map.len());
                for (key, item) in map.iter() {
                    let compiled_key = match self.text(key) {
                        Some(text) => Key::Text(text),
                        None if key.contains("\\{{") => Key::Constant(unescape(key).into()),
                        None => Key::Constant(key.clone()),
                    };
                    self.at.push(key.clone());
                    nodes.push((compiled_key, self.node(item)));
                    self.at.pop();
                }
                let pair = |(key, node): &(Key, Node)| match key {
                    Key::Constant(key) => node.constant().map(|value| (key.clone(), value)),
                    Key::Text(_) => None,
                };
                match constants(&nodes, pair) {
                    Some(pairs) if pairs.iter().map(|(k, v)| (k, v)).eq(map.iter()) => Node::Constant(value.clone()),
                    Some(pairs) => Node::Constant(Value::map(pairs.into_iter().collect())),
                    None => Node::Map(nodes),
                }
            }
            scalar => Node::Constant(scalar.clone()),
        }
    }
}

impl Node {
    fn constant(&self) -> Option<Value> {
        match self {
            Node::Constant(value) => Some(value.clone()),
            _ => None,
        }
    }
}

/// All of them, when all are constant.
fn constants<T, C>(nodes: &[T], constant: impl Fn(&T) -> Option<C>) -> Option<Vec<C>> {
    nodes.iter().map(constant).collect()
}

//! The syntax tree of an expression.

use std::sync::OnceLock;

use super::functions::{Function, Prepared};
use crate::document::{Str, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Eq,
    Ne,
    Lt,
    Lte,
    Gt,
    Gte,
}

/// One node. Depth is bounded by [`super::MAX_EXPRESSION_DEPTH`], so recursive walks and drops are safe.
#[derive(Debug)]
pub(super) enum Node {
    /// `@`.
    Current,
    /// The value itself, where the grammar has nothing written.
    Identity,
    /// A chain of plain fields: `a` or `a.b.c`.
    Path(Path),
    Literal(Value),
    Compare(Comparison, Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    And(Box<Node>, Box<Node>),
    Not(Box<Node>),
    Pipe(Box<Node>, Box<Node>),
    /// `left.right`.
    Sub(Box<Node>, Box<Node>),
    /// `left[…]` with an index or a slice.
    IndexExpression(Box<Node>, Box<Node>),
    Index(i64),
    Slice([Option<i64>; 3]),
    /// `left[*]`, `left[…slice…]`, `left[]`: the right side runs on each item.
    Projection(Box<Node>, Box<Node>),
    /// `left.*`.
    ValueProjection(Box<Node>, Box<Node>),
    /// `left[?condition]`.
    Filter {
        left: Box<Node>,
        right: Box<Node>,
        condition: Box<Node>,
    },
    Flatten(Box<Node>),
    List(Vec<Node>),
    Hash(Vec<(Str, Node)>),
    /// `&expression`.
    Expref(Box<Node>),
    Call(Box<Call>),
}

#[derive(Debug)]
pub(super) struct Path {
    pub(super) keys: Vec<Str>,
    /// The keys and what plain fields follow them through the rest of the expression (`a.b[0]` is parsed as `a` then
    /// `b[0]`): what [`super::Root::guard`] is told.
    pub(super) chain: Vec<Str>,
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) name: Str,
    /// `None`: no such function, which is an error only when it is called.
    pub(super) function: Option<&'static Function>,
    pub(super) args: Vec<Node>,
    /// What the function made of a constant first argument, on first use.
    pub(super) prepared: OnceLock<Prepared>,
}

impl Node {
    pub(super) fn field(key: &str) -> Self {
        let keys = vec![Str::from(key)];
        Node::Path(Path { chain: keys.clone(), keys })
    }

    /// `left.right`, joining plain chains.
    pub(super) fn sub(left: Node, right: Node) -> Self {
        let mut left = left;
        if let Node::Path(path) = &mut left {
            if let Node::Path(rest) = right {
                path.keys.extend(rest.keys);
                path.chain = path.keys.clone();
                return left;
            }
            if let Some(rest) = right.head() {
                path.chain.extend(rest.chain.iter().cloned());
            }
        }
        Node::Sub(Box::new(left), Box::new(right))
    }

    /// The chain of plain fields this node starts with, if it starts with one.
    fn head(&self) -> Option<&Path> {
        match self {
            Node::Path(path) => Some(path),
            Node::Sub(left, _)
            | Node::IndexExpression(left, _)
            | Node::Projection(left, _)
            | Node::ValueProjection(left, _)
            | Node::Filter { left, .. }
            | Node::Flatten(left) => left.head(),
            _ => None,
        }
    }

    /// Whether the value is the list that `items()` makes, which some functions refuse (spec 30 §4.3). Seen where it is
    /// written, not through the data.
    pub(super) fn yields_items(&self) -> bool {
        match self {
            Node::Call(call) => call.name == "items",
            Node::Sub(_, right) | Node::Pipe(_, right) => right.yields_items(),
            _ => false,
        }
    }

    pub(super) fn children(&self) -> Vec<&Node> {
        match self {
            Node::Current | Node::Identity | Node::Path(_) | Node::Literal(_) | Node::Index(_) | Node::Slice(_) => {
                vec![]
            }
            Node::Compare(_, a, b)
            | Node::Or(a, b)
            | Node::And(a, b)
            | Node::Pipe(a, b)
            | Node::Sub(a, b)
            | Node::IndexExpression(a, b)
            | Node::Projection(a, b)
            | Node::ValueProjection(a, b) => vec![a, b],
            Node::Filter { left, right, condition } => vec![left, right, condition],
            Node::Not(a) | Node::Flatten(a) | Node::Expref(a) => vec![a],
            Node::List(items) => items.iter().collect(),
            Node::Hash(pairs) => pairs.iter().map(|(_, node)| node).collect(),
            Node::Call(call) => call.args.iter().collect(),
        }
    }
}

//! Evaluation: a walk over the syntax tree (spec 30 §4.2, §4.3).

use super::ast::{Call, Comparison, Node, Path};
use super::error::EvalError;
use super::functions::{Arg, Args};
use super::root::Root;
use super::runtime::Runtime;
use crate::document::{Map, Str, Value};

type Outcome = Result<Value, EvalError>;

/// Evaluates `node` over `root`.
pub(super) fn evaluate(node: &Node, root: &dyn Root, runtime: &Runtime<'_>) -> Outcome {
    Interpreter { runtime }.eval(node, Current::Root(root))
}

/// What `@` is at some point of an expression.
#[derive(Clone, Copy)]
pub(super) enum Current<'a> {
    Root(&'a dyn Root),
    Value(&'a Value),
}

/// Null in place of an unknown key.
fn absorb(outcome: Outcome) -> Outcome {
    match outcome {
        Err(error) if error.is_not_found() => Ok(Value::Null),
        other => other,
    }
}

/// Whether `||`, `&&`, `!` and filters take the value for false.
fn is_false(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(b) => !b,
        Value::String(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.is_empty(),
        Value::Int(_) | Value::Float(_) => false,
    }
}

#[derive(Clone, Copy)]
pub(super) struct Interpreter<'a> {
    pub(super) runtime: &'a Runtime<'a>,
}

impl Interpreter<'_> {
    fn step(&self, n: usize) -> Result<(), EvalError> {
        self.runtime.budget().step(n)
    }

    /// Evaluates an expression reference on one item.
    pub(super) fn apply(&self, node: &Node, item: &Value) -> Outcome {
        self.eval(node, Current::Value(item))
    }

    fn eval(&self, node: &Node, current: Current<'_>) -> Outcome {
        self.step(1)?;
        match node {
            Node::Current | Node::Identity => match current {
                Current::Root(root) => Ok(root.whole()?),
                Current::Value(value) => Ok(value.clone()),
            },
            Node::Path(path) => path_value(path, current),
            Node::Literal(value) => Ok(value.clone()),
            Node::Sub(left, right) | Node::IndexExpression(left, right) => {
                let left = self.eval(left, current)?;
                self.eval(right, Current::Value(&left))
            }
            Node::Pipe(left, right) => {
                let left = absorb(self.eval(left, current))?;
                absorb(self.eval(right, Current::Value(&left)))
            }
            Node::Or(left, right) => {
                let left = absorb(self.eval(left, current))?;
                if is_false(&left) { absorb(self.eval(right, current)) } else { Ok(left) }
            }
            Node::And(left, right) => {
                let left = absorb(self.eval(left, current))?;
                if is_false(&left) { Ok(left) } else { self.eval(right, current) }
            }
            Node::Not(inner) => Ok(Value::Bool(is_false(&absorb(self.eval(inner, current))?))),
            Node::Compare(comparison, left, right) => self.compare(*comparison, left, right, current),
            Node::Call(call) => self.call(call, current),
            Node::Index(_) | Node::Slice(_) => self.pick(node, current),
            Node::List(items) => self.select_list(items, current),
            Node::Hash(pairs) => self.select_hash(pairs, current),
            // A reference outside an argument: an empty object, as the original prints its struct.
            Node::Expref(_) => Ok(Value::empty_map()),
            Node::Flatten(left) => self.flatten(left, current),
            Node::Projection(left, right) => self.project(left, right, current),
            Node::ValueProjection(left, right) => self.project_values(left, right, current),
            Node::Filter { left, right, condition } => self.filter(left, right, condition, current),
        }
    }

    /// Runs `f` with the current node as a value.
    fn on_value<T>(
        &self,
        current: Current<'_>,
        f: impl FnOnce(&Value) -> Result<T, EvalError>,
    ) -> Result<T, EvalError> {
        match current {
            Current::Root(root) => f(&root.whole()?),
            Current::Value(value) => f(value),
        }
    }

    fn compare(&self, comparison: Comparison, left: &Node, right: &Node, current: Current<'_>) -> Outcome {
        let left = absorb(self.eval(left, current))?;
        let right = absorb(self.eval(right, current))?;
        let ordered = |test: fn(&f64, &f64) -> bool| match (&left, &right) {
            (Value::Float(a), Value::Float(b)) => Value::Bool(test(a, b)),
            _ => Value::Null,
        };
        Ok(match comparison {
            Comparison::Eq => Value::Bool(self.equal(&left, &right)?),
            Comparison::Ne => Value::Bool(!self.equal(&left, &right)?),
            Comparison::Lt => ordered(f64::lt),
            Comparison::Lte => ordered(f64::le),
            Comparison::Gt => ordered(f64::gt),
            Comparison::Gte => ordered(f64::ge),
        })
    }

    /// Deep equality, strict about the kind of numbers.
    pub(super) fn equal(&self, left: &Value, right: &Value) -> Result<bool, EvalError> {
        match (left, right) {
            (Value::List(a), Value::List(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                self.step(a.len())?;
                for (x, y) in a.iter().zip(b.iter()) {
                    if !self.equal(x, y)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            (Value::Map(a), Value::Map(b)) => {
                if a.len() != b.len() {
                    return Ok(false);
                }
                self.step(a.len())?;
                for (key, x) in a.iter() {
                    match b.get(key) {
                        Some(y) if self.equal(x, y)? => {}
                        _ => return Ok(false),
                    }
                }
                Ok(true)
            }
            (Value::String(a), Value::String(b)) => {
                self.step(a.len().min(b.len()) / 64)?;
                Ok(a == b)
            }
            (a, b) => Ok(a == b),
        }
    }

    fn call(&self, call: &Call, current: Current<'_>) -> Outcome {
        if call.name.is_empty() {
            return Err(EvalError::other("invalid node value type"));
        }
        let mut args = Vec::with_capacity(call.args.len());
        for arg in &call.args {
            args.push(match arg {
                Node::Expref(node) => Arg::Expref(node),
                node => Arg::Value(absorb(self.eval(node, current))?),
            });
        }
        match call.function {
            Some(function) => function.call(&Args::new(call, args, *self)),
            None => Err(EvalError::other(format!("unknown function: {}", call.name))),
        }
    }

    fn pick(&self, node: &Node, current: Current<'_>) -> Outcome {
        self.on_value(current, |value| {
            let Value::List(items) = value else { return Ok(Value::Null) };
            match node {
                Node::Index(index) => Ok(at(items, *index).cloned().unwrap_or_default()),
                Node::Slice(parts) => {
                    let items = slice(items, parts)?;
                    self.step(items.len())?;
                    Ok(Value::list(items))
                }
                _ => Ok(Value::Null),
            }
        })
    }

    fn is_null(&self, current: Current<'_>) -> bool {
        matches!(current, Current::Value(Value::Null))
    }

    fn select_list(&self, nodes: &[Node], current: Current<'_>) -> Outcome {
        if self.is_null(current) {
            return Ok(Value::Null);
        }
        let items: Result<Vec<_>, _> = nodes.iter().map(|node| absorb(self.eval(node, current))).collect();
        Ok(Value::list(items?))
    }

    fn select_hash(&self, pairs: &[(Str, Node)], current: Current<'_>) -> Outcome {
        if self.is_null(current) {
            return Ok(Value::Null);
        }
        let mut map = Map::with_capacity(pairs.len());
        for (key, node) in pairs {
            map.insert(key.clone(), absorb(self.eval(node, current))?);
        }
        Ok(Value::map(map))
    }

    /// The left side of the constructs that swallow errors of every kind: `None` for an error.
    fn swallow(&self, node: &Node, current: Current<'_>) -> Result<Option<Value>, EvalError> {
        match self.eval(node, current) {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_swallowable() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn flatten(&self, left: &Node, current: Current<'_>) -> Outcome {
        let Some(Value::List(items)) = self.swallow(left, current)? else { return Ok(Value::Null) };
        let mut flat = Vec::with_capacity(items.len());
        for item in items.iter() {
            match item {
                Value::List(inner) => {
                    self.step(inner.len())?;
                    flat.extend(inner.iter().cloned());
                }
                other => flat.push(other.clone()),
            }
        }
        self.step(items.len())?;
        Ok(Value::list(flat))
    }

    /// Runs `right` on every item and keeps what is not null.
    fn collect<'v>(&self, items: impl Iterator<Item = &'v Value>, right: &Node) -> Outcome {
        let mut collected = Vec::new();
        for item in items {
            let value = absorb(self.apply(right, item))?;
            if !value.is_null() {
                collected.push(value);
            }
        }
        Ok(Value::list(collected))
    }

    fn project(&self, left: &Node, right: &Node, current: Current<'_>) -> Outcome {
        match absorb(self.eval(left, current))? {
            Value::List(items) => self.collect(items.iter(), right),
            _ => Ok(Value::Null),
        }
    }

    /// The right side first sees as many nulls as the object has members, then the members (spec 30 §4.3).
    fn project_values(&self, left: &Node, right: &Node, current: Current<'_>) -> Outcome {
        let Some(Value::Map(map)) = self.swallow(left, current)? else { return Ok(Value::Null) };
        let members: Vec<_> = map.sorted().into_iter().map(|(_, value)| value).collect();
        if matches!(right, Node::Identity | Node::Path(_)) {
            return self.collect(members.into_iter(), right);
        }
        let nulls = std::iter::repeat_n(&Value::Null, members.len());
        self.collect(nulls.chain(members), right)
    }

    fn filter(&self, left: &Node, right: &Node, condition: &Node, current: Current<'_>) -> Outcome {
        let Some(Value::List(items)) = self.swallow(left, current)? else { return Ok(Value::Null) };
        let mut kept = Vec::new();
        for item in items.iter() {
            if !is_false(&absorb(self.apply(condition, item))?) {
                let value = absorb(self.apply(right, item))?;
                if !value.is_null() {
                    kept.push(value);
                }
            }
        }
        Ok(Value::list(kept))
    }
}

fn path_value(path: &Path, current: Current<'_>) -> Outcome {
    match current {
        Current::Value(value) => descend(value, &path.keys).cloned(),
        Current::Root(root) => {
            let chain: Vec<&str> = path.chain.iter().map(Str::as_str).collect();
            root.guard(&chain)?;
            let Some((first, rest)) = path.keys.split_first() else { return Ok(Value::Null) };
            match root.field(first)? {
                Some(value) if rest.is_empty() => Ok(value),
                Some(value) => descend(&value, rest).cloned(),
                None => Err(EvalError::NotFound { key: first.to_string() }),
            }
        }
    }
}

/// Follows keys: a key that an object lacks is an error, a field of anything else is null.
fn descend<'v>(value: &'v Value, keys: &[Str]) -> Result<&'v Value, EvalError> {
    const NULL: &Value = &Value::Null;
    keys.iter().try_fold(value, |value, key| match value {
        Value::Map(map) => map.get(key).ok_or_else(|| EvalError::NotFound { key: key.to_string() }),
        _ => Ok(NULL),
    })
}

/// The item at an index that counts from the end when negative.
fn at(items: &[Value], index: i64) -> Option<&Value> {
    let index = if index < 0 { index.checked_add(i64::try_from(items.len()).ok()?)? } else { index };
    items.get(usize::try_from(index).ok()?)
}

fn slice(items: &[Value], parts: &[Option<i64>; 3]) -> Result<Vec<Value>, EvalError> {
    let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let [start, stop, step] = *parts;
    let step = step.unwrap_or(1);
    if step == 0 {
        return Err(EvalError::other("Invalid slice, step cannot be 0"));
    }
    let cap = |bound: i64| {
        if bound < 0 {
            let bound = bound.saturating_add(length);
            if bound < 0 { if step < 0 { -1 } else { 0 } } else { bound }
        } else if bound >= length {
            if step < 0 { length - 1 } else { length }
        } else {
            bound
        }
    };
    let mut at = start.map_or(if step < 0 { length - 1 } else { 0 }, cap);
    let stop = stop.map_or(if step < 0 { -1 } else { length }, cap);
    let mut out = Vec::new();
    while if step > 0 { at < stop } else { at > stop } {
        if let Some(item) = usize::try_from(at).ok().and_then(|i| items.get(i)) {
            out.push(item.clone());
        }
        at = at.saturating_add(step);
    }
    Ok(out)
}

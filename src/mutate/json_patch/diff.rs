//! The operations that turn one value into another: what an admission response carries.

use crate::document::{Map, Value};
use crate::mutate::equal;

use super::operation::Operation;
use super::path::escape;

/// The operations that turn `before` into `after`; none if both are equal as JSON. Members are
/// compared by key; lists keep their common head and tail, and the middle is compared by place.
/// Removals come from the back, so that every index is valid when its turn comes.
#[must_use]
pub fn diff(before: &Value, after: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    walk(&mut String::new(), before, after, &mut operations);
    operations
}

fn walk(path: &mut String, before: &Value, after: &Value, out: &mut Vec<Operation>) {
    match (before, after) {
        (Value::Map(a), Value::Map(b)) => walk_map(path, a, b, out),
        (Value::List(a), Value::List(b)) => walk_list(path, a, b, out),
        _ if equal(before, after) => {}
        _ => out.push(Operation::Replace { path: path.clone(), value: after.clone() }),
    }
}

fn walk_map(path: &mut String, before: &Map, after: &Map, out: &mut Vec<Operation>) {
    for (key, old) in before.iter() {
        below(path, &escape(key), |path| match after.get(key) {
            Some(new) => walk(path, old, new, out),
            None => out.push(Operation::Remove { path: path.clone() }),
        });
    }
    for (key, new) in after.iter().filter(|(key, _)| !before.contains_key(key)) {
        below(path, &escape(key), |path| out.push(Operation::Add { path: path.clone(), value: new.clone() }));
    }
}

fn walk_list(path: &mut String, before: &[Value], after: &[Value], out: &mut Vec<Operation>) {
    let head = before.iter().zip(after).take_while(|(a, b)| equal(a, b)).count();
    let (before, after) = (&before[head..], &after[head..]);
    let tail = before.iter().rev().zip(after.iter().rev()).take_while(|(a, b)| equal(a, b)).count();
    let (before, after) = (&before[..before.len() - tail], &after[..after.len() - tail]);
    for (i, (old, new)) in before.iter().zip(after).enumerate() {
        below(path, &(head + i).to_string(), |path| walk(path, old, new, out));
    }
    for i in (after.len()..before.len()).rev() {
        below(path, &(head + i).to_string(), |path| out.push(Operation::Remove { path: path.clone() }));
    }
    for (i, new) in after.iter().enumerate().skip(before.len()) {
        below(path, &(head + i).to_string(), |path| {
            out.push(Operation::Add { path: path.clone(), value: new.clone() })
        });
    }
}

fn below(path: &mut String, segment: &str, run: impl FnOnce(&mut String)) {
    let len = path.len();
    path.push('/');
    path.push_str(segment);
    run(path);
    path.truncate(len);
}

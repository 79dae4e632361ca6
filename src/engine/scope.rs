//! [`Scope`]: the variables one rule sees. The request, supplied values, loop elements, and context
//! entries that are loaded when an expression first mentions them (chapter 30 §3.1).

use std::cell::RefCell;

use crate::document::{Map, Segment, Str, Value};
use crate::jmespath::{Budget, Expression, Root, Runtime, Unavailable, mentions};
use crate::policy::rule::{ContextEntry, Policy};
use crate::template::{Query, QueryError, Template};

use super::context::{self, Loaded};
use super::facts::Facts;
use super::images;
use super::interrupt::Interrupt;
use super::request::RequestView;
use super::review::Operation;
use super::world::World;

/// The variables one rule sees.
pub(super) struct Scope<'a> {
    pub(super) policy: &'a Policy,
    pub(super) request: &'a RequestView<'a>,
    pub(super) world: &'a World<'a>,
    /// What the expressions of one rule may do together.
    budget: Budget,
    state: RefCell<State<'a>>,
}

struct State<'a> {
    data: Map,
    entries: Vec<Entry<'a>>,
    /// While an entry loads, only entries declared before it are in view.
    visible: usize,
    loops: Vec<Checkpoint>,
}

struct Entry<'a> {
    spec: &'a ContextEntry,
    status: Status,
    /// What the world answered, kept so that a reload asks nothing again.
    fetched: Option<Value>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Pending,
    Tried,
    Loaded,
}

struct Checkpoint {
    data: Map,
    entries: usize,
    loaded_before: Vec<bool>,
}

impl<'a> Scope<'a> {
    /// The variables of one rule of `policy`.
    pub(super) fn new(
        policy: &'a Policy,
        rule: &str,
        context: &'a [ContextEntry],
        request: &'a RequestView<'a>,
        world: &'a World<'a>,
    ) -> Self {
        let mut data = Map::new();
        for supplied in request.review.supplied_for(&policy.name, rule) {
            if supplied.get("request").is_some() && !data.contains_key("request") {
                data.insert("request", request.whole().clone());
            }
            if let Some(values) = supplied.as_map() {
                for (name, value) in values.iter() {
                    merge_into(&mut data, name, value.with_floats());
                }
            }
        }
        let scope = Self {
            policy,
            request,
            world,
            budget: Budget::default(),
            state: RefCell::new(State { data, entries: Vec::new(), visible: usize::MAX, loops: Vec::new() }),
        };
        scope.declare(context);
        scope
    }

    /// Declares further entries; they stay until the loop they were declared in moves on.
    pub(super) fn declare(&self, context: &'a [ContextEntry]) {
        let mut state = self.state.borrow_mut();
        state.entries.extend(context.iter().map(|spec| Entry { spec, status: Status::Pending, fetched: None }));
    }

    /// Enters a loop: everything set from here on is undone at each [`Scope::next_element`].
    pub(super) fn enter_loop(&self) {
        let mut state = self.state.borrow_mut();
        let checkpoint = Checkpoint {
            data: state.data.clone(),
            entries: state.entries.len(),
            loaded_before: state.entries.iter().map(|e| e.status == Status::Loaded).collect(),
        };
        state.loops.push(checkpoint);
    }

    /// Resets to the state before the loop and sets the element variables.
    pub(super) fn next_element(&self, element: &Value, index: usize) {
        self.reset();
        let mut state = self.state.borrow_mut();
        let depth = state.loops.len() - 1;
        let [element_name, index_name] = loop_names(depth);
        let index = Value::Int(i64::try_from(index).unwrap_or(i64::MAX));
        state.data.insert("element", element.clone());
        state.data.insert("elementIndex", index.clone());
        state.data.insert(element_name, element.clone());
        state.data.insert(index_name, index);
    }

    /// Leaves the innermost loop.
    pub(super) fn leave_loop(&self) {
        self.reset();
        self.state.borrow_mut().loops.pop();
    }

    /// How many loops are entered.
    pub(super) fn loop_depth(&self) -> usize {
        self.state.borrow().loops.len()
    }

    /// Restores the data of the innermost checkpoint. Outer entries that were loaded inside the
    /// loop are loaded again in the restored data; one that read the element then fails silently.
    fn reset(&self) {
        let again: Vec<usize> = {
            let mut state = self.state.borrow_mut();
            let Some(checkpoint) = state.loops.last() else { return };
            let (data, entries, before) =
                (checkpoint.data.clone(), checkpoint.entries, checkpoint.loaded_before.clone());
            state.data = data;
            state.entries.truncate(entries);
            let mut again = Vec::new();
            for (i, entry) in state.entries.iter_mut().enumerate() {
                if before.get(i) == Some(&false) {
                    if entry.status == Status::Loaded {
                        again.push(i);
                    } else {
                        entry.status = Status::Pending;
                    }
                }
            }
            again
        };
        for i in again {
            // The failure surfaces where the name is used next: it is an unknown key there.
            let _ = self.load(i);
        }
    }

    /// Sets a variable for the rest of the rule (or of the loop).
    pub(super) fn set(&self, name: impl Into<Str>, value: Value) {
        self.state.borrow_mut().data.insert(name, value);
    }

    /// Puts `object` in the place of `request.object` for the rest of the rule.
    pub(super) fn set_object(&self, object: &Value) {
        let mut request = self.state.borrow().data.get("request").unwrap_or(self.request.whole()).clone();
        if let Some(map) = request.as_map_mut() {
            map.insert("object", object.with_floats());
        }
        self.set("request", request);
    }

    /// Loads the entries that `text` mentions, in declaration order.
    fn load_mentioned(&self, text: &str) -> Result<(), Interrupt> {
        loop {
            let next = {
                let state = self.state.borrow();
                let visible = state.visible.min(state.entries.len());
                state.entries[..visible]
                    .iter()
                    .position(|entry| entry.status == Status::Pending && mentions(text, &entry.spec.name))
            };
            match next {
                Some(i) => self.load(i)?,
                None => return Ok(()),
            }
        }
    }

    fn load(&self, i: usize) -> Result<(), Interrupt> {
        let (spec, fetched, visible_before) = {
            let mut state = self.state.borrow_mut();
            let entry = &mut state.entries[i];
            entry.status = Status::Tried;
            let (spec, fetched) = (entry.spec, entry.fetched.clone());
            (spec, fetched, std::mem::replace(&mut state.visible, i))
        };
        let loaded = context::load(spec, fetched, self);
        let mut state = self.state.borrow_mut();
        state.visible = visible_before;
        match loaded? {
            Loaded::Replace(value) => {
                state.data.insert(spec.name.clone(), value);
                state.entries[i].status = Status::Loaded;
            }
            Loaded::Merge { value, fetched } => {
                merge_into(&mut state.data, &spec.name, value);
                let entry = &mut state.entries[i];
                entry.status = Status::Loaded;
                entry.fetched = Some(fetched);
            }
            Loaded::Dropped => {}
        }
        Ok(())
    }

    /// Sets `images` once an expression mentions it. Images are those of the object the request
    /// started with, not of later patches.
    fn extract_images(&self, text: &str) -> Result<(), Interrupt> {
        if !mentions(text, "images") || self.state.borrow().data.contains_key("images") {
            return Ok(());
        }
        let review = self.request.review;
        let Some(object) = review.candidate() else { return Ok(()) };
        if let Some(found) = images::extract(&review.kind, object).map_err(Interrupt::Error)? {
            self.set("images", found);
        }
        Ok(())
    }

    /// Evaluates `expression` in this scope.
    pub(super) fn evaluate(&self, expression: &Expression) -> Result<Value, QueryError> {
        let loaded = self.load_mentioned(expression.text()).and_then(|()| self.extract_images(expression.text()));
        loaded.map_err(|interrupt| match interrupt {
            Interrupt::Error(text) => QueryError::Failed(text),
            Interrupt::Deferred(what) => QueryError::Unavailable(Unavailable(what)),
        })?;
        expression.search(self, &self.runtime()).map_err(QueryError::from)
    }

    /// What expressions may ask and do.
    pub(super) fn runtime(&self) -> Runtime<'_> {
        self.world.runtime(&self.budget)
    }

    /// Resolves a template in this scope.
    pub(super) fn resolve(&self, template: &Template) -> Result<Value, Interrupt> {
        template.resolve(self).map_err(Interrupt::from)
    }

    /// Resolves a template that stands at `prefix` of a larger document, for the places in errors.
    pub(super) fn resolve_at(&self, template: &Template, prefix: &[Segment]) -> Result<Value, Interrupt> {
        template.resolve_at(self, prefix).map_err(Interrupt::from)
    }

    /// The world this scope asks.
    pub(super) fn facts(&self) -> &'a dyn Facts {
        self.world.facts
    }
}

impl Root for Scope<'_> {
    fn field(&self, name: &str) -> Result<Option<Value>, Unavailable> {
        if let Some(value) = self.state.borrow().data.get(name) {
            return Ok(Some(value.clone()));
        }
        match name {
            "request" => Ok(Some(self.request.whole().clone())),
            "serviceAccountName" | "serviceAccountNamespace" => Ok(self.request.service_account(name)),
            _ => Ok(None),
        }
    }

    fn whole(&self) -> Result<Value, Unavailable> {
        self.guard(&["request"])?;
        let mut all = self.state.borrow().data.clone();
        if !all.contains_key("request") {
            all.insert("request", self.request.whole().clone());
        }
        for name in ["serviceAccountName", "serviceAccountNamespace"] {
            if let (false, Some(value)) = (all.contains_key(name), self.request.service_account(name)) {
                all.insert(name, value);
            }
        }
        Ok(Value::map(all))
    }

    fn guard(&self, path: &[&str]) -> Result<(), Unavailable> {
        match self.request.unknown(path) {
            Some(what) => Err(Unavailable(what.to_owned())),
            None => Ok(()),
        }
    }
}

impl Query for Scope<'_> {
    fn query(&self, expression: &Expression) -> Result<Value, QueryError> {
        self.evaluate(expression)
    }

    fn is_delete(&self) -> bool {
        self.request.operation == Operation::Delete
    }
}

/// What the variables of the loop at `depth` are called, besides `element` and `elementIndex`.
fn loop_names(depth: usize) -> [Str; 2] {
    match depth {
        // Nearly all loops: no text is made anew for each of their elements.
        0 => [Str::new_static("element0"), Str::new_static("elementIndex0")],
        _ => [format!("element{depth}").into(), format!("elementIndex{depth}").into()],
    }
}

/// Merges `value` into `data[name]`: maps key by key, everything else replaced.
fn merge_into(data: &mut Map, name: &str, value: Value) {
    let slot = data.entry_or_insert_with(name, || Value::Null);
    merge(slot, value);
}

fn merge(slot: &mut Value, value: Value) {
    match (slot.as_map_mut(), value) {
        (Some(into), Value::Map(from)) => {
            for (key, value) in from.iter() {
                merge(into.entry_or_insert_with(key, || Value::Null), value.clone());
            }
        }
        (_, value) => *slot = value,
    }
}

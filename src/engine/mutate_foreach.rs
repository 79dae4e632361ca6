//! `mutate.foreach` (chapter 40 §3.1).

use crate::document::Value;
use crate::policy::rule::{Change, MutateForEach};

use super::answer::Answer;
use super::conditions::evaluate_all;
use super::decision::{Outcome, SkipReason};
use super::elements;
use super::interrupt::Interrupt;
use super::mutating::{apply, passed};
use super::scope::Scope;

/// Runs the entries in order, each on what the one before left.
pub(super) fn run<'a>(entries: &'a [MutateForEach], object: &Value, scope: &Scope<'a>) -> Answer {
    match entries_in_order(entries, object, scope) {
        Ok(changed) if crate::mutate::equal(&changed, object) => {
            Answer::new(Outcome::Skip(SkipReason::NothingToChange), "0 elements processed")
        }
        Ok(changed) => passed(changed),
        Err(interrupt) => Answer::from(interrupt),
    }
}

fn entries_in_order<'a>(entries: &'a [MutateForEach], object: &Value, scope: &Scope<'a>) -> Result<Value, Interrupt> {
    let mut object = object.clone();
    for entry in entries {
        let before = object.clone();
        object = one_entry(entry, object, scope)?;
        if object != before && scope.loop_depth() == 0 {
            // The next entry's list sees what this one changed.
            scope.set_object(&object);
        }
    }
    Ok(object)
}

fn one_entry<'a>(entry: &'a MutateForEach, object: Value, scope: &Scope<'a>) -> Result<Value, Interrupt> {
    let list = elements::list(&entry.list, scope).map_err(|interrupt| match interrupt {
        Interrupt::Error(text) => Interrupt::Error(match &entry.list {
            Ok(expression) => format!("failed to evaluate list {}: {text}: {text}", expression.text()),
            Err(_) => format!("failed to evaluate list: {text}: {text}"),
        }),
        deferred => deferred,
    })?;
    let mut order: Vec<(usize, &Value)> = list.items.iter().enumerate().filter(|(_, v)| !v.is_null()).collect();
    if entry.descending {
        order.reverse();
    }
    // The error of an outermost list stands alone; that of an element says so, once.
    let outermost = scope.loop_depth() == 0;
    let of_element = |e: Interrupt| if outermost { e.context("failed to mutate elements: ") } else { e };
    scope.enter_loop();
    let mut result = Ok(object);
    for (index, element) in order {
        scope.next_element(element, index);
        result = result.and_then(|object| one_element(entry, object, scope).map_err(of_element));
        if result.is_err() {
            break;
        }
    }
    scope.leave_loop();
    result
}

fn one_element<'a>(entry: &'a MutateForEach, object: Value, scope: &Scope<'a>) -> Result<Value, Interrupt> {
    scope.declare(&entry.context);
    if let Some(conditions) = &entry.preconditions {
        let verdict = evaluate_all(conditions, scope).map_err(|e| e.context("failed to evaluate preconditions: "))?;
        if !verdict.holds {
            return Ok(object);
        }
    }
    match &entry.change {
        Change::ForEach(entries) => entries_in_order(entries, &object, scope),
        change => apply(change, None, &object, scope),
    }
}

//! `validate.foreach` (chapter 20 §4).

use crate::document::Value;
use crate::document::go_text::go_type;
use crate::policy::rule::{Check, ValidateForEach};

use super::answer::Answer;
use super::conditions::evaluate_all;
use super::decision::Outcome;
use super::elements;
use super::interrupt::Interrupt;
use super::validate::{Checker, Place, Subject};

/// What the elements of one entry came to.
enum Progress {
    /// So many elements passed.
    Applied(usize),
    /// The rule ends with this answer.
    Ended(Box<Answer>),
}

/// Runs the entries in order. `None` when nothing applied: the rule yields no result.
pub(super) fn run<'a>(
    checker: &Checker<'a, '_>,
    entries: &'a [ValidateForEach],
    subject: &Subject<'_>,
) -> Option<Answer> {
    let mut applied = 0;
    let mut list_error = None;
    for entry in entries {
        let list = match elements::list(&entry.list, checker.scope) {
            Ok(list) => list,
            Err(Interrupt::Error(text)) if text.contains("Unknown key") => continue,
            Err(Interrupt::Error(text)) => {
                list_error = Some(text);
                continue;
            }
            Err(deferred) => return Some(Answer::from(deferred)),
        };
        match each(checker, entry, list, subject) {
            Progress::Applied(n) => applied += n,
            Progress::Ended(answer) => return Some(*answer),
        }
    }
    match (applied, list_error) {
        (0, Some(text)) => Some(Answer::error(format!("failed to evaluate list: {text}"))),
        (0, None) => None,
        _ => Some(Answer::new(Outcome::Pass, "rule passed")),
    }
}

fn each<'a>(
    checker: &Checker<'a, '_>,
    entry: &'a ValidateForEach,
    list: elements::Elements<'_>,
    subject: &Subject<'_>,
) -> Progress {
    checker.scope.enter_loop();
    let mut applied = 0;
    for (index, element) in list.items.iter().enumerate().filter(|(_, element)| !element.is_null()) {
        checker.scope.next_element(element, index);
        let answer = match one(checker, entry, &list, index, element, subject) {
            Ok(Some(answer)) => answer,
            Ok(None) => continue,
            Err(ended) => {
                checker.scope.leave_loop();
                return Progress::Ended(ended);
            }
        };
        match &answer.outcome {
            Outcome::Pass | Outcome::Warn => applied += 1,
            Outcome::Skip(_) => {}
            Outcome::Error if answer.message.contains("failed to evaluate preconditions") => {}
            Outcome::Deferred(_) => {
                checker.scope.leave_loop();
                return Progress::Ended(Box::new(answer));
            }
            Outcome::Fail | Outcome::Error => {
                checker.scope.leave_loop();
                let message = format!("validation failure: {}", answer.message);
                return Progress::Ended(Box::new(Answer { message, ..answer }));
            }
        }
    }
    checker.scope.leave_loop();
    Progress::Applied(applied)
}

/// One element. `Err` ends the rule with an answer that is not about the element's check.
fn one<'a>(
    checker: &Checker<'a, '_>,
    entry: &'a ValidateForEach,
    list: &elements::Elements<'_>,
    index: usize,
    element: &Value,
    subject: &Subject<'_>,
) -> Result<Option<Answer>, Box<Answer>> {
    let is_map = element.as_map().is_some();
    let scoped = match entry.element_scope {
        None => is_map,
        Some(true) if !is_map => {
            return Err(Box::new(Answer::error(format!(
                "failed to process foreach: cannot use elementScope=true foreach rules for elements that are not maps, expected type=map got type={}",
                go_type(element)
            ))));
        }
        Some(scoped) => scoped,
    };
    checker.scope.declare(&entry.context);
    if let Some(conditions) = &entry.preconditions {
        match evaluate_all(conditions, checker.scope) {
            Ok(verdict) if verdict.holds => {}
            Ok(_) => return Ok(None),
            Err(interrupt) => return Ok(Some(Answer::from(interrupt.context("failed to evaluate preconditions: ")))),
        }
    }
    let inner = if scoped { Subject { value: element, at: Place::Element(list, index) } } else { *subject };
    let answer = match &entry.check {
        Check::ForEach(entries) => run(checker, entries, &inner),
        check => checker.run(check, &inner),
    };
    Ok(answer.map(|answer| match &answer.path {
        None if answer.outcome == Outcome::Fail => Answer { path: list.place_of(index), ..answer },
        _ => answer,
    }))
}

//! The rules Kyverno checks: those as written, then those autogen makes.

use crate::document::Value;
use crate::policy::api::policy::PolicyDocument;
use crate::policy::autogen::{Generated, is_reserved};

use super::Checked;

/// All rules, in Kyverno's order. Rules with a reserved name are not among them where autogen made any.
pub(super) fn all<'a>(document: &'a PolicyDocument, value: &'a Value, made: &'a Generated) -> Vec<Checked<'a>> {
    let values = value.at(&["spec", "rules"]).and_then(Value::as_list).unwrap_or_default();
    let written = document.spec.rules.iter().zip(values).enumerate();
    let written = written.filter(|(_, (rule, _))| made.rules.is_empty() || !is_reserved(&rule.name));
    let mut rules: Vec<Checked<'a>> =
        written.map(|(at, (rule, value))| Checked { rule, value, index: 0, written: at }).collect();
    rules.extend(made.rules.iter().map(|m| Checked { rule: &m.rule, value: &m.value, index: 0, written: m.source }));
    for (index, rule) in rules.iter_mut().enumerate() {
        rule.index = index;
    }
    rules
}

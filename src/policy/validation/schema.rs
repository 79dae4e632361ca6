//! What the schema of a version does not allow, beyond names and types of fields (chapter 10 §1.3).

use crate::document::Value;
use crate::policy::api::matching::{MatchResources, ResourceDescription};
use crate::policy::api::policy::PolicyDocument;
use crate::policy::api::rule::Rule;

use super::Violation;

const LONGEST_RULE_NAME: usize = 63;

/// The first part of a policy that its version's schema refuses.
#[must_use]
pub fn check(document: &PolicyDocument, value: &Value) -> Option<Violation> {
    let values = value.at(&["spec", "rules"]).and_then(Value::as_list).unwrap_or_default();
    let v2beta1 = document.api_version.ends_with("/v2beta1");
    document.spec.rules.iter().zip(values).enumerate().find_map(|(index, (rule, value))| {
        let found = both_forms(rule)
            .or_else(|| (rule.name.len() > LONGEST_RULE_NAME).then(|| (&["name"][..], too_long())))
            .or_else(|| if v2beta1 { not_in_v2beta1(rule, value) } else { None })?;
        let start = ["spec".into(), "rules".into(), index.into()];
        Some(Violation::new(start.into_iter().chain(found.0.iter().map(|k| (*k).into())), found.1))
    })
}

type Found = (&'static [&'static str], String);

fn too_long() -> String {
    format!("a rule's name may not be more than {LONGEST_RULE_NAME} bytes")
}

fn both_forms(rule: &Rule) -> Option<Found> {
    let both = |block: &MatchResources| !block.any.is_empty() && !block.all.is_empty();
    let text = || "any and all cannot be used together".to_owned();
    if both(&rule.matches) {
        return Some((&["match"], text()));
    }
    rule.exclude.as_ref().is_some_and(both).then(|| (&["exclude"][..], text()))
}

fn not_in_v2beta1(rule: &Rule, value: &Value) -> Option<Found> {
    let inline = |block: &MatchResources| {
        block.resources != ResourceDescription::default()
            || !block.roles.is_empty()
            || !block.cluster_roles.is_empty()
            || !block.subjects.is_empty()
    };
    let filters = || "kyverno.io/v2beta1 has filters only under any and all".to_owned();
    if inline(&rule.matches) {
        return Some((&["match"], filters()));
    }
    if rule.exclude.as_ref().is_some_and(inline) {
        return Some((&["exclude"], filters()));
    }
    let conditions: [&'static [&'static str]; 2] = [&["preconditions"], &["validate", "deny", "conditions"]];
    for path in conditions {
        let Some(written) = value.at(path).filter(|v| !v.is_null()) else { continue };
        if written.as_map().is_none() {
            return Some((path, "kyverno.io/v2beta1 has conditions only under any and all".to_owned()));
        }
        let all = ["any", "all"].into_iter().filter_map(|form| written.get(form)?.as_list()).flatten();
        let operators = all.into_iter().filter_map(|c| c.str_at(&["operator"]));
        if let Some(operator) = operators.into_iter().find(|o| matches!(*o, "In" | "NotIn")) {
            return Some((path, format!("kyverno.io/v2beta1 has no operator {operator}")));
        }
    }
    None
}

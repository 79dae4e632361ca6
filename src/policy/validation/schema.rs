//! What the schema of a version does not allow, beyond names and types of fields (chapter 10 §1.3).

use crate::document::{Segment, Value};
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
    document
        .spec
        .rules
        .iter()
        .zip(values)
        .enumerate()
        .find_map(|(index, (rule, value))| {
            let found = both_forms(rule)
                .or_else(|| (rule.name.len() > LONGEST_RULE_NAME).then(|| (&["name"][..], too_long())))
                .or_else(|| if v2beta1 { not_in_v2beta1(rule, value) } else { None })?;
            let start = ["spec".into(), "rules".into(), index.into()];
            Some(Violation::new(start.into_iter().chain(found.0.iter().map(|k| (*k).into())), found.1))
        })
        .or_else(|| values.iter().enumerate().find_map(|(index, rule)| unknown_name(rule, index)))
}

/// The names a field may hold: its place in a rule (`[]` stands for every item of a list), and they.
const NAMES: [(&[&str], &[&str]); 11] = [
    (&["validate", "failureAction"], &["Audit", "Enforce"]),
    (&["validate", "podSecurity", "level"], &["privileged", "baseline", "restricted"]),
    (&["validate", "podSecurity", "version"], &POD_SECURITY_VERSIONS),
    (&["validate", "podSecurity", "exclude", "[]", "controlName"], &POD_SECURITY_CONTROLS),
    (&["verifyImages", "[]", "failureAction"], &["Audit", "Enforce"]),
    (&["verifyImages", "[]", "type"], &["Cosign", "SigstoreBundle", "Notary"]),
    (&["verifyImages", "[]", "imageRegistryCredentials", "providers", "[]"], &PROVIDERS),
    (&["context", "[]", "imageRegistry", "imageRegistryCredentials", "providers", "[]"], &PROVIDERS),
    (&["validate", "foreach", "[]", "preconditions", "*", "[]", "operator"], &LOOP_OPERATORS),
    (&["mutate", "foreach", "[]", "preconditions", "*", "[]", "operator"], &LOOP_OPERATORS),
    (&["generate", "foreach", "[]", "preconditions", "*", "[]", "operator"], &LOOP_OPERATORS),
];

const PROVIDERS: [&str; 5] = ["default", "amazon", "azure", "google", "github"];

const POD_SECURITY_VERSIONS: [&str; 15] = [
    "v1.19", "v1.20", "v1.21", "v1.22", "v1.23", "v1.24", "v1.25", "v1.26", "v1.27", "v1.28", "v1.29", "v1.30",
    "v1.31", "v1.32", "latest",
];

const POD_SECURITY_CONTROLS: [&str; 15] = [
    "HostProcess",
    "Host Namespaces",
    "Privileged Containers",
    "Capabilities",
    "HostPath Volumes",
    "Host Ports",
    "AppArmor",
    "SELinux",
    "/proc Mount Type",
    "Seccomp",
    "Sysctls",
    "Volume Types",
    "Privilege Escalation",
    "Running as Non-root",
    "Running as Non-root user",
];

/// The operators of conditions in a loop: without the aliases that rules know.
const LOOP_OPERATORS: [&str; 16] = [
    "Equals",
    "NotEquals",
    "In",
    "AnyIn",
    "AllIn",
    "NotIn",
    "AnyNotIn",
    "AllNotIn",
    "GreaterThanOrEquals",
    "GreaterThan",
    "LessThanOrEquals",
    "LessThan",
    "DurationGreaterThanOrEquals",
    "DurationGreaterThan",
    "DurationLessThanOrEquals",
    "DurationLessThan",
];

/// The first field of a rule that holds a name its schema does not know.
fn unknown_name(rule: &Value, index: usize) -> Option<Violation> {
    NAMES.iter().find_map(|(path, names)| {
        let mut place = vec!["spec".into(), "rules".into(), Segment::Index(index)];
        let text = not_among(rule, path, names, &mut place)?;
        Some(Violation::new(place, text))
    })
}

/// The message for the first text at `path` that is none of `names`; `place` then leads to it.
fn not_among(value: &Value, path: &[&str], names: &[&str], place: &mut Vec<Segment>) -> Option<String> {
    let Some((step, rest)) = path.split_first() else {
        let text = value.as_str()?;
        return (!names.contains(&text)).then(|| format!("expected one of {}", names.join(", ")));
    };
    let below: Vec<(Segment, &Value)> = match (*step, value) {
        ("[]", Value::List(items)) => items.iter().enumerate().map(|(i, v)| (i.into(), v)).collect(),
        ("*", Value::Map(map)) => ["any", "all"].into_iter().filter_map(|k| Some((k.into(), map.get(k)?))).collect(),
        (key, Value::Map(map)) => map.get(key).map(|v| (key.into(), v)).into_iter().collect(),
        _ => Vec::new(),
    };
    below.into_iter().find_map(|(segment, value)| {
        place.push(segment);
        let found = not_among(value, rest, names, place);
        if found.is_none() {
            place.pop();
        }
        found
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

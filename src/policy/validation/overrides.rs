//! Failure actions that contradict each other (row 35).

use std::collections::BTreeSet;

use crate::document::{Str, wildcard};
use crate::policy::api::policy::{ActionOverride, FailureAction, Spec};

use super::Violation;

/// Row 35, first the rules' overrides, then the policy's.
pub(super) fn check(spec: &Spec) -> Result<(), Violation> {
    for (index, rule) in spec.rules.iter().enumerate() {
        if let Some(validate) = rule.validate.as_ref().filter(|v| !v.is_empty()) {
            let path = format!("spec.rules[{index}].validate.validationFailureActionOverrides");
            contradictions(&validate.failure_action_overrides, &path).map_err(|message| {
                Violation::new(
                    ["spec".into(), "rules".into(), index.into(), "validate".into(), "failureActionOverrides".into()],
                    message,
                )
            })?;
        }
    }
    let path = "spec.validationFailureActionOverrides";
    contradictions(&spec.validation_failure_action_overrides, path)
        .map_err(|message| Violation::at(&["spec", "validationFailureActionOverrides"], message))
}

/// Names and wildcards by what is done there.
#[derive(Default)]
struct Seen {
    names: BTreeSet<Str>,
    wildcards: BTreeSet<Str>,
}

fn contradictions(overrides: &[ActionOverride], path: &str) -> Result<(), String> {
    let (mut enforce, mut audit) = (Seen::default(), Seen::default());
    for (index, entry) in overrides.iter().enumerate() {
        let path = format!("{path}[{index}].namespaces");
        let Some(action) = entry.action else { return Err("invalid action".to_owned()) };
        let (wildcards, names): (Vec<Str>, Vec<Str>) =
            entry.namespaces.iter().flatten().cloned().partition(|n| wildcard::contains_wildcard(n));
        let (same, other) = match action {
            FailureAction::Audit => (&mut audit, &enforce),
            FailureAction::Enforce => (&mut enforce, &audit),
        };
        let mut both: Vec<&str> = names.iter().filter(|n| other.names.contains(*n)).map(Str::as_str).collect();
        if !both.is_empty() {
            both.sort_unstable();
            both.dedup();
            return Err(format!("conflicting namespaces found in path: {path}: {}", both.join(", ")));
        }
        same.wildcards.extend(wildcards);
        same.names.extend(names);
        wildcards_agree(&enforce, &audit).map_err(|text| format!("path: {path}: {text}"))?;
    }
    Ok(())
}

fn wildcards_agree(enforce: &Seen, audit: &Seen) -> Result<(), String> {
    let first = |patterns: &BTreeSet<Str>, names: &BTreeSet<Str>| {
        names
            .iter()
            .find_map(|name| patterns.iter().find(|p| wildcard::matches(p, name)).map(|p| (p.clone(), name.clone())))
    };
    for (patterns, names) in [(&audit.wildcards, &enforce.names), (&enforce.wildcards, &audit.names)] {
        if let Some((pattern, name)) = first(patterns, names) {
            return Err(format!("wildcard pattern '{pattern}' matches with namespace '{name}'"));
        }
    }
    for (patterns, others) in [(&audit.wildcards, &enforce.wildcards), (&enforce.wildcards, &audit.wildcards)] {
        if let Some((pattern, other)) = first(patterns, others) {
            return Err(format!("wildcard pattern '{pattern}' conflicts with the pattern '{other}'"));
        }
    }
    Ok(())
}

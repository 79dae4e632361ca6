//! Autogen: what Kyverno makes of a Pod rule for the controllers of Pods (chapter 10 §4).
//!
//! Works on rules as written: `gate` says whether a policy takes part, `rewrite` makes one rule,
//! `text` does the textual replacements. Lowering then reads the result like any other rule.

mod gate;
mod rewrite;
mod text;

use crate::document::de::{self, TypedError};
use crate::document::{Str, Value};

use super::api::rule::Rule;
use super::kind_selector::any_names;

pub use gate::applies;

/// The annotation that lists the controllers.
pub const ANNOTATION: &str = "pod-policies.kyverno.io/autogen-controllers";

const CRON_JOB: &str = "CronJob";

/// The controllers Kyverno knows, sorted, each pinned to its group and version.
const CONTROLLERS: [(&str, &str); 7] = [
    ("CronJob", "batch/v1/CronJob"),
    ("DaemonSet", "apps/v1/DaemonSet"),
    ("Deployment", "apps/v1/Deployment"),
    ("Job", "batch/v1/Job"),
    ("ReplicaSet", "apps/v1/ReplicaSet"),
    ("ReplicationController", "v1/ReplicationController"),
    ("StatefulSet", "apps/v1/StatefulSet"),
];

/// What autogen made of a policy's rules.
#[derive(Debug, Default)]
pub struct Generated {
    /// The rules made, in order; empty when nothing was.
    pub rules: Vec<GeneratedRule>,
    /// The kinds whose validate evaluation sees the made rules, and then no rule whose own name
    /// starts with `autogen-`; all other kinds see the rules as written.
    pub kinds: Vec<Str>,
}

/// One rule made by autogen.
#[derive(Debug)]
pub struct GeneratedRule {
    /// The rule, as if it had been written.
    pub rule: Rule,
    /// The same as a document.
    pub value: Value,
    /// Index of the rule it was made of.
    pub source: usize,
    /// The kinds a validate rule is evaluated for: Kyverno asks for them one at a time.
    pub only_kinds: Vec<Str>,
}

/// Whether a rule's name is one that autogen reserves.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    name.starts_with("autogen-")
}

/// Runs autogen. `written` holds the rules as documents, in the order of `rules`.
///
/// Kyverno runs it in two modes: for all controllers at once, and (when validating) for the kind at
/// hand alone. One rule serves both: `only_kinds` tells for which kinds the second mode has it.
///
/// # Errors
/// A made rule that is none: the textual replacements changed a field's name.
pub fn generate(rules: &[Rule], written: &[Value], annotation: Option<&str>) -> Result<Generated, TypedError> {
    if !applies(rules) {
        return Ok(Generated::default());
    }
    let listed: Vec<Str> = match annotation {
        Some(text) => text.split(',').map(Str::from).collect(),
        None => CONTROLLERS.iter().map(|(kind, _)| Str::from(*kind)).collect(),
    };
    if listed == ["none"] {
        return Ok(Generated::default());
    }
    let plan = Plan::new(&listed);
    let mut made = Vec::new();
    for (source, (rule, value)) in rules.iter().zip(written).enumerate() {
        if !takes_part(rule) {
            continue;
        }
        let mut add = |value: Option<Value>, only_kinds: &[Str]| -> Result<(), TypedError> {
            let Some(value) = value else { return Ok(()) };
            let rule = de::from_value(&value)?;
            made.push(GeneratedRule { rule, value, source, only_kinds: only_kinds.to_vec() });
            Ok(())
        };
        let kinds = if rule.has_validate() { &plan.one_by_one } else { &plan.at_once };
        if !kinds.is_empty() {
            add(
                rewrite::for_controllers(value, &kinds.iter().map(|k| pinned(k)).collect::<Vec<_>>()),
                &plan.one_by_one,
            )?;
        }
        if plan.cron_job {
            add(rewrite::for_cron_job(value), &plan.cron_job_one_by_one)?;
        }
    }
    let kinds = if made.is_empty() { Vec::new() } else { listed };
    Ok(Generated { rules: made, kinds })
}

/// Conditions of a single rule: not itself made by autogen, about Pods, not excluding something else.
fn takes_part(rule: &Rule) -> bool {
    let matched: Vec<&Str> = rule.matches.kinds().collect();
    let excluded: Vec<&Str> = rule.exclude.iter().flat_map(|e| e.kinds()).collect();
    !is_reserved(&rule.name) && any_names(&matched, "Pod") && (excluded.is_empty() || any_names(&excluded, "Pod"))
}

/// Which kinds each made rule is about.
struct Plan {
    /// Asked for one at a time: every name that is listed, known or not.
    one_by_one: Vec<Str>,
    /// Asked for all at once: unknown names are discarded if a known one is listed.
    at_once: Vec<Str>,
    cron_job: bool,
    cron_job_one_by_one: Vec<Str>,
}

impl Plan {
    fn new(listed: &[Str]) -> Self {
        let mut one_by_one: Vec<Str> = listed.iter().filter(|k| *k != CRON_JOB && !k.is_empty()).cloned().collect();
        one_by_one.sort_unstable();
        one_by_one.dedup();
        let known: Vec<Str> = one_by_one.iter().filter(|k| CONTROLLERS.iter().any(|(c, _)| c == k)).cloned().collect();
        Self {
            at_once: if known.is_empty() { one_by_one.clone() } else { known },
            one_by_one,
            cron_job: listed.iter().any(|k| k.contains(CRON_JOB)),
            cron_job_one_by_one: listed.iter().filter(|k| *k == CRON_JOB).cloned().collect(),
        }
    }
}

fn pinned(kind: &str) -> Str {
    CONTROLLERS.iter().find(|(name, _)| *name == kind).map_or(kind, |(_, pinned)| pinned).into()
}

#[cfg(test)]
mod tests;

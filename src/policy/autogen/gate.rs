//! Whether a policy takes part in autogen at all: one rule can switch it off for all.

use crate::policy::api::matching::{MatchResources, ResourceDescription};
use crate::policy::api::rule::Rule;
use crate::policy::kind_selector::any_names;

/// Kinds that make autogen worth while, as bare names.
const WANTED: [&str; 8] =
    ["Pod", "CronJob", "DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet"];

/// Whether autogen applies to a policy with these rules (chapter 10 §4.1).
#[must_use]
pub fn applies(rules: &[Rule]) -> bool {
    let mut wanted = false;
    for rule in rules {
        if !body_allows(rule) {
            return false;
        }
        for description in std::iter::once(&rule.matches).chain(&rule.exclude).flat_map(descriptions) {
            if !description_allows(description) {
                return false;
            }
            wanted = wanted || description.kinds.iter().any(|k| WANTED.contains(&k.as_str()));
        }
    }
    wanted
}

fn body_allows(rule: &Rule) -> bool {
    let json_patch = rule.mutate.as_ref().is_some_and(|mutate| {
        !mutate.patches_json6902.is_empty()
            || mutate.foreach.iter().flatten().any(|entry| !entry.patches_json6902.is_empty())
    });
    !rule.has_generate() && !json_patch
}

fn descriptions(block: &MatchResources) -> impl Iterator<Item = &ResourceDescription> {
    std::iter::once(&block.resources).chain(block.any.iter().chain(&block.all).map(|f| &f.resources))
}

/// Names, selectors and annotations are the Pod's own, and mixed kinds were written on purpose.
fn description_allows(description: &ResourceDescription) -> bool {
    description.name.is_empty()
        && description.names.is_empty()
        && description.selector.is_none()
        && description.annotations.is_none()
        && !(description.kinds.len() > 1 && any_names(&description.kinds, "Pod"))
}

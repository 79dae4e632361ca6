//! Cleanup policies: one rule, named like the policy.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::document::manifest::Source;
use crate::document::{Value, json};
use crate::policy::api::cleanup::CleanupDocument;
use crate::policy::api::matching::MatchResources;
use crate::policy::rule::{Action, ApplyRules, Body, Delete, FailurePolicy, Policy, Rule};
use crate::policy::selector::Filters;

use super::{LowerError, conditions, context, identity, pairs};

/// Lowers a cleanup policy. `document` is `value` as read by its wire type.
///
/// # Errors
/// [`LowerError`] for conditions that are none.
pub fn lower(document: &CleanupDocument, value: &Value, source: Source) -> Result<Policy, LowerError> {
    let spec = value.get("spec").unwrap_or(&Value::Null);
    let wire = &document.spec;
    let rule = Rule {
        name: document.metadata.name.clone(),
        matches: Filters::compile(&without_operations(&wire.matches)),
        exclude: wire
            .exclude
            .as_ref()
            .filter(|block| !block.is_empty())
            .map(|block| Filters::compile(&without_operations(block))),
        context: context::lower(spec),
        preconditions: conditions(&wire.conditions).map_err(|e| e.below("conditions").below("spec"))?,
        report_properties: None,
        failure_action: None,
        action_overrides: Vec::new(),
        only_kinds: None,
        except_kinds: Vec::new(),
        autogen: false,
        written_at: 0,
        body: Body::Delete(Delete { schedule: wire.schedule.clone(), propagation: wire.deletion_propagation_policy }),
    };
    Ok(Policy {
        name: document.metadata.name.clone(),
        namespace: (document.kind == "CleanupPolicy").then(|| document.metadata.namespace.clone()),
        kind: document.kind.clone(),
        api_version: document.api_version.clone(),
        annotations: pairs(&document.metadata.annotations),
        labels: pairs(&document.metadata.labels),
        apply_rules: ApplyRules::All,
        failure_policy: FailurePolicy::Fail,
        action: Action::Audit,
        action_overrides: Vec::new(),
        emit_warning: false,
        admission: false,
        background: false,
        match_conditions: false,
        rules: vec![Arc::new(rule)],
        digest: Sha256::digest(json::to_string(&identity(value)).as_bytes()).into(),
        source,
    })
}

/// Nothing is requested when a cleanup runs: operations say nothing.
fn without_operations(block: &MatchResources) -> MatchResources {
    let mut block = block.clone();
    block.resources.operations.clear();
    for filter in block.any.iter_mut().chain(&mut block.all) {
        filter.resources.operations.clear();
    }
    block
}

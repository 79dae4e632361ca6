//! Whether a failure blocks (chapter 10 §1.4). Kyverno resolves this twice, by different rules: once
//! to choose the pass that evaluates a rule, once to decide whether its failure blocks.

use crate::document::{Str, wildcard};

use super::rule::{Action, ActionOverride, Policy, Rule};
use super::selector::NamespaceLabels;

/// The namespace a decision is about.
#[derive(Clone, Copy)]
pub struct Namespace<'a> {
    /// Its name; empty for cluster-scoped objects.
    pub name: &'a str,
    /// Its labels, asked only when an override needs them.
    pub labels: &'a dyn Fn() -> NamespaceLabels,
}

/// The action of a failure of `rule` in this namespace: the rule's overrides, its own action, the
/// policy's overrides, the policy's action (resolver B).
///
/// # Errors
/// What is unknown, when an override depends on labels that are.
pub fn effective(policy: &Policy, rule: &Rule, namespace: Namespace<'_>) -> Result<Action, String> {
    if let Some(action) = first_override(&rule.action_overrides, namespace)? {
        return Ok(action);
    }
    if let Some(action) = rule.failure_action {
        return Ok(action);
    }
    Ok(first_override(&policy.action_overrides, namespace)?.unwrap_or(policy.action))
}

/// The action that counts for violations that existed before (chapter 10 §3.5): overrides are ignored.
#[must_use]
pub fn without_overrides(policy: &Policy, rule: &Rule) -> Action {
    rule.failure_action.unwrap_or(policy.action)
}

fn first_override(overrides: &[ActionOverride], namespace: Namespace<'_>) -> Result<Option<Action>, String> {
    for entry in overrides {
        let named = entry.namespaces.as_ref().is_none_or(|names| any_matches(names, namespace.name));
        if !named {
            continue;
        }
        let selected = match &entry.namespace_selector {
            None => true,
            Some(selector) => match (namespace.labels)() {
                NamespaceLabels::Known(labels) => selector.matches(Some(&labels)),
                NamespaceLabels::Unknown(what) => return Err(what),
            },
        };
        if selected {
            return Ok(Some(entry.action));
        }
    }
    Ok(None)
}

/// Whether a validate rule is evaluated while the request waits (resolver A): the rule's overrides,
/// or else the policy's, then the rule's action, then the policy's. Within an override, names and
/// labels are alternatives; where labels are unknown, a selector selects nothing.
#[must_use]
pub fn synchronous(policy: &Policy, rule: &Rule, namespace: Namespace<'_>) -> bool {
    let overrides = if rule.action_overrides.is_empty() { &policy.action_overrides } else { &rule.action_overrides };
    let by_override = overrides.iter().find(|entry| {
        let names = entry.namespaces.as_deref().unwrap_or_default();
        if names.is_empty() && entry.namespace_selector.is_none() {
            return true;
        }
        if namespace.name.is_empty() {
            return false;
        }
        any_matches(names, namespace.name)
            || entry.namespace_selector.as_ref().is_some_and(|selector| match (namespace.labels)() {
                NamespaceLabels::Known(labels) => selector.matches_exactly(Some(&labels)),
                NamespaceLabels::Unknown(_) => false,
            })
    });
    by_override.map_or_else(|| without_overrides(policy, rule), |entry| entry.action) == Action::Enforce
}

fn any_matches(names: &[Str], namespace: &str) -> bool {
    names.iter().any(|name| wildcard::matches(name, namespace))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Map, Value};
    use crate::policy::lower::tests::lowered;

    /// The actions by resolvers B and A in a namespace with label `env: prod`.
    fn actions(spec: &str, validate: &str, namespace: &str) -> (Action, bool) {
        let comma = if spec.is_empty() { "" } else { "," };
        let rule = format!(
            r#"{{"name":"r","match":{{"any":[{{"resources":{{"kinds":["Secret"]}}}}]}},"validate":{{{validate}"deny":{{}}}}}}"#
        );
        let policy = lowered(&format!(r#"{{{spec}{comma}"rules":[{rule}]}}"#));
        let labels = || {
            let prod = [(Str::from("env"), Value::from("prod"))].into_iter().collect::<Map>();
            NamespaceLabels::Known(if namespace.is_empty() { Map::new() } else { prod })
        };
        let namespace = Namespace { name: namespace, labels: &labels };
        let action = effective(&policy, &policy.rules[0], namespace).expect("labels are known");
        (action, synchronous(&policy, &policy.rules[0], namespace))
    }

    #[test]
    fn the_two_resolvers_differ() {
        let spec_enforces_shop = r#""validationFailureActionOverrides":[{"action":"Enforce","namespaces":["shop"]}]"#;
        let rule_audits_shop = r#""failureActionOverrides":[{"action":"Audit","namespaces":["shop"]}],"#;
        let both = r#""validationFailureActionOverrides":[{"action":"Enforce","namespaces":["x"],"namespaceSelector":{"matchLabels":{"env":"prod"}}}]"#;
        let wild = r#""validationFailureActionOverrides":[{"action":"Enforce","namespaceSelector":{"matchLabels":{"env":"pr*"}}}]"#;
        let enforce = r#""validationFailureAction":"Enforce""#;
        for (spec, rule, namespace, blocks, waits) in [
            ("", "", "shop", false, false),
            (enforce, "", "shop", true, true),
            (enforce, r#""failureAction":"Audit","#, "shop", false, false),
            ("", r#""failureAction":"Enforce","#, "", true, true),
            (spec_enforces_shop, "", "shop", true, true),
            (spec_enforces_shop, "", "", false, false),
            (spec_enforces_shop, r#""failureAction":"Audit","#, "shop", false, true),
            (spec_enforces_shop, rule_audits_shop, "shop", false, false),
            (spec_enforces_shop, rule_audits_shop, "other", false, false),
            (both, "", "shop", false, true),
            (wild, "", "shop", true, false),
            (r#""validationFailureActionOverrides":[{"action":"Enforce"}]"#, "", "", true, true),
            (r#""validationFailureActionOverrides":[{"action":"Enforce","namespaces":["*"]}]"#, "", "", true, false),
        ] {
            let (action, synchronous) = actions(spec, rule, namespace);
            assert_eq!((action == Action::Enforce, synchronous), (blocks, waits), "{spec} {rule} in {namespace:?}");
        }
    }

    #[test]
    fn unknown_labels_matter_only_to_overrides_that_select() {
        let policy = lowered(
            r#"{"validationFailureActionOverrides":[{"action":"Enforce","namespaces":["shop"]},{"action":"Enforce","namespaceSelector":{"matchLabels":{"a":"b"}}}],
                "rules":[{"name":"r","match":{"any":[{"resources":{"kinds":["Secret"]}}]},"validate":{"deny":{}}}]}"#,
        );
        let labels = || NamespaceLabels::Unknown("labels".to_owned());
        let rule = &policy.rules[0];
        let at = |name| effective(&policy, rule, Namespace { name, labels: &labels });
        assert_eq!(at("shop"), Ok(Action::Enforce));
        assert_eq!(at("other"), Err("labels".to_owned()));
    }
}

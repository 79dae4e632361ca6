//! `generate` blocks (rows 34, 57, 58). Without a cluster every kind counts as namespaced, as in
//! Kyverno's command line.

use crate::document::wildcard;
use crate::policy::api::generate::{CloneFrom, GeneratePattern};
use crate::policy::api::rule::Rule;

use super::actions::anchors;
use super::spec::{FieldErrors, Path};
use super::{Checked, Violation};

/// Row 34. `namespace` is that of a namespaced policy.
pub(super) fn check(rule: &Rule, path: &Path, namespace: Option<&str>, errors: &mut FieldErrors) {
    let Some(generate) = rule.generate.as_ref().filter(|g| !g.is_empty()) else { return };
    let forms = [
        !generate.data.is_null(),
        generate.clone != CloneFrom::default(),
        generate.clone_list.kinds.is_some(),
        generate.foreach.is_some(),
    ];
    if forms.into_iter().filter(|f| *f).count() > 1 {
        errors.forbidden(path, "only one of generate patterns(data, clone, cloneList and foreach) can be specified");
        return;
    }
    match &generate.foreach {
        Some(entries) => {
            for (index, entry) in entries.iter().enumerate() {
                target(&entry.pattern(), &path.child("foreach").index(index), namespace, errors);
            }
        }
        None => target(&generate.pattern(), path, namespace, errors),
    }
}

fn target(target: &GeneratePattern<'_>, path: &Path, namespace: Option<&str>, errors: &mut FieldErrors) {
    if let Some(own) = namespace {
        let text = if target.namespace != own {
            Some(format!(
                "a namespaced policy cannot generate resources in other namespaces, expected: {own}, received: {}",
                target.namespace
            ))
        } else if !target.clone.name.is_empty() && target.clone.namespace != own {
            Some(format!(
                "a namespaced policy cannot clone resources from other namespaces, expected: {own}, received: {}",
                target.clone.namespace
            ))
        } else {
            None
        };
        if let Some(text) = text {
            errors.forbidden(&path.child("namespace"), format!("target resource scope mismatched: {text} "));
        }
    }
    if !target.kind.is_empty() && target.namespace.is_empty() {
        errors.forbidden(&path.child("namespace"), "target namespace must be set for a namespaced resource");
    }
    let kinds = target.clone_list.kinds();
    if kinds.is_empty() {
        for (field, value) in [("kind", target.kind), ("name", target.name), ("apiVersion", target.api_version)] {
            if value.is_empty() {
                errors.forbidden(&path.child(field), format!("{field} can not be empty"));
            }
        }
        return;
    }
    let path = path.child("cloneList").child("namespace");
    if let Some(own) = namespace.filter(|own| target.clone_list.namespace != *own) {
        errors.forbidden(
            &path,
            format!(
                "a namespaced policy cannot clone resources from other namespace, expected: {own}, received: {}",
                target.clone_list.namespace
            ),
        );
    }
    if target.clone_list.namespace.is_empty() {
        errors.forbidden(&path, "namespace is required for namespaced target resources");
    }
}

/// Rows 57 and 58.
pub(super) fn check_action(rule: &Checked<'_>) -> Result<(), Violation> {
    let Some(generate) = rule.rule.generate.as_ref().filter(|g| !g.is_empty()) else { return Ok(()) };
    let refuse = |path: &str, text: &str| {
        Err(rule.violation(&["generate"], format!("path: spec.rules[{}].generate.{path}.: {text}", rule.index)))
    };
    let selector = generate.clone_list.selector.as_ref();
    let has_wildcard = selector.is_some_and(|s| {
        s.match_labels.iter().any(|(k, v)| wildcard::contains_wildcard(k) || wildcard::contains_wildcard(v))
    });
    if has_wildcard {
        return refuse("selector", "wildcard characters `*/?` not supported");
    }
    if rule.rule.cel_preconditions.is_some() {
        return refuse("", "celPrecondition can only be used with validate.cel");
    }
    if let Err((path, text)) = anchors(&generate.data, "/", &|_| false) {
        return refuse(&format!("data.{path}"), &format!("anchors not supported on generate resources: {text}"));
    }
    if rule.rule.matches.resources.kinds.contains(&generate.kind) {
        return Err(
            rule.violation(&["generate", "kind"], "generation kind and match resource kind should not be the same")
        );
    }
    Ok(())
}

//! `generate` blocks (rows 34, 57, 58).

use crate::document::scope::{group_of, is_cluster_scoped};
use crate::document::wildcard;
use crate::policy::api::generate::{CloneFrom, CloneList, GeneratePattern};
use crate::policy::api::rule::Rule;

use super::actions::anchors;
use super::spec::{FieldErrors, Path};
use super::{Checked, Violation};

/// Which kinds are known to be cluster-scoped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scopes {
    /// None: to Kyverno's command line every kind is namespaced.
    CommandLine,
    /// Kubernetes' own kinds, as a cluster knows them; of custom resources nothing is known here, and
    /// either is accepted.
    Cluster,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    Namespaced,
    Cluster,
    Unknown,
}

impl Scopes {
    fn of(self, api_version: &str, kind: &str) -> Scope {
        let group = group_of(api_version);
        match self {
            Self::CommandLine => Scope::Namespaced,
            Self::Cluster if is_cluster_scoped(group, kind) => Scope::Cluster,
            Self::Cluster if !group.contains('.') || group.ends_with(".k8s.io") => Scope::Namespaced,
            Self::Cluster => Scope::Unknown,
        }
    }
}

/// Row 34. `namespace` is that of a namespaced policy.
pub(super) fn check(rule: &Rule, path: &Path, namespace: Option<&str>, scopes: Scopes, errors: &mut FieldErrors) {
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
                target(&entry.pattern(), &path.child("foreach").index(index), namespace, scopes, errors);
            }
        }
        None => target(&generate.pattern(), path, namespace, scopes, errors),
    }
}

fn target(
    target: &GeneratePattern<'_>,
    path: &Path,
    namespace: Option<&str>,
    scopes: Scopes,
    errors: &mut FieldErrors,
) {
    let scope = scopes.of(target.api_version, target.kind);
    if let Some(text) = namespace.and_then(|own| outside_of(own, target, scope)) {
        errors.forbidden(&path.child("namespace"), format!("target resource scope mismatched: {text} "));
    }
    match (target.kind, scope, target.namespace) {
        ("", ..) => {}
        (_, Scope::Namespaced, "") => {
            errors.forbidden(&path.child("namespace"), "target namespace must be set for a namespaced resource");
        }
        (_, Scope::Cluster, written) if !written.is_empty() => {
            errors.forbidden(&path.child("namespace"), "target namespace must not be set for a cluster-wide resource")
        }
        _ => {}
    }
    if target.clone_list.kinds().is_empty() {
        for (field, value) in [("kind", target.kind), ("name", target.name), ("apiVersion", target.api_version)] {
            if value.is_empty() {
                errors.forbidden(&path.child(field), format!("{field} can not be empty"));
            }
        }
    } else {
        clone_list(target.clone_list, &path.child("cloneList"), namespace, scopes, errors);
    }
}

/// Why the target or its source lies outside of a namespaced policy's own namespace.
fn outside_of(own: &str, target: &GeneratePattern<'_>, scope: Scope) -> Option<String> {
    if scope == Scope::Cluster {
        Some(format!("the target must be a namespaced resource: {}/{}", target.api_version, target.kind))
    } else if target.namespace != own {
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
    }
}

fn clone_list(list: &CloneList, path: &Path, namespace: Option<&str>, scopes: Scopes, errors: &mut FieldErrors) {
    let scopes: Vec<Scope> = list
        .kinds()
        .iter()
        .map(|kind| kind.rsplit_once('/').map_or(Scope::Namespaced, |(version, kind)| scopes.of(version, kind)))
        .collect();
    if let Some(own) = namespace {
        for (kind, _) in list.kinds().iter().zip(&scopes).filter(|(_, scope)| **scope == Scope::Cluster) {
            let text = format!("the source in cloneList must be a namespaced resource: {kind}");
            errors.forbidden(&path.child("kinds"), text);
        }
        if list.namespace != own {
            errors.forbidden(
                &path.child("namespace"),
                format!(
                    "a namespaced policy cannot clone resources from other namespace, expected: {own}, received: {}",
                    list.namespace
                ),
            );
        }
    }
    if scopes.contains(&Scope::Cluster) && scopes.contains(&Scope::Namespaced) {
        errors.forbidden(&path.child("kinds"), "mixed scope of target resources is forbidden");
    }
    match scopes.first() {
        Some(Scope::Namespaced) if list.namespace.is_empty() => {
            errors.forbidden(&path.child("namespace"), "namespace is required for namespaced target resources");
        }
        Some(Scope::Cluster) if namespace.is_none() && !list.namespace.is_empty() => {
            errors.forbidden(&path.child("namespace"), "namespace is forbidden for cluster-wide target resources");
        }
        _ => {}
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

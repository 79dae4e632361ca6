//! `match` and `exclude` blocks (rows 23–29, 46, 47).

use crate::document::labels::Selector;
use crate::document::{Str, wildcard};
use crate::policy::api::matching::{MatchResources, ResourceDescription, ResourceFilter, Subject};
use crate::policy::api::meta::LabelSelector;
use crate::policy::api::rule::Rule;

use super::spec::{FieldErrors, Path};
use super::{Checked, Violation};

/// Rows 24 to 29 of one block.
pub(super) fn block(block: &MatchResources, path: &Path, namespaced: bool, errors: &mut FieldErrors) {
    if !block.any.is_empty() && !block.all.is_empty() {
        errors.invalid(path, "Can't specify any and all together");
    }
    for (form, filters) in [("any", &block.any), ("all", &block.all)] {
        for (index, filter) in filters.iter().enumerate() {
            let path = path.child(form).index(index);
            user(filter, &path, errors);
            description(&filter.resources, &path, namespaced, errors);
        }
    }
    user(&block.inline(), path, errors);
    description(&block.resources, path, namespaced, errors);
}

/// Rows 27 and 28.
fn user(filter: &ResourceFilter, path: &Path, errors: &mut FieldErrors) {
    for (index, subject) in filter.subjects.iter().enumerate() {
        let path = path.child("subjects").index(index);
        match subject.kind.as_str() {
            "" => errors.required(&path.child("kind"), ""),
            "User" | "Group" | "ServiceAccount" => {}
            other => errors
                .invalid(&path.child("kind"), format!("{other:?}: kind must be 'User', 'Group', or 'ServiceAccount'")),
        }
        if subject.name.is_empty() {
            errors.required(&path.child("name"), "");
        }
        if subject.kind == "ServiceAccount" && subject.namespace.is_empty() {
            errors.required(&path.child("namespace"), "namespace is required when Kind is ServiceAccount");
        }
    }
    for (index, role) in filter.roles.iter().enumerate() {
        if role.split(':').count() != 2 {
            let text = format!("{role:?}: Role is expected to be in namespace:name format");
            errors.invalid(&path.child("roles").index(index), text);
        }
    }
}

/// Rows 25, 26 and 29.
fn description(description: &ResourceDescription, path: &Path, namespaced: bool, errors: &mut FieldErrors) {
    if !description.name.is_empty() && !description.names.is_empty() {
        errors.invalid(path, "Both name and names can not be specified together");
    }
    if let Some(selector) = description.selector.as_ref().filter(|s| !has_wildcard(s)) {
        let path = path.child("selector");
        match Selector::compile(&selector.to_value()) {
            Err(error) => errors.invalid(&path, error.to_string()),
            Ok(compiled) if compiled.is_empty() => {
                errors.invalid(&path, "{}: The requirements are not specified in selector");
            }
            Ok(_) => {}
        }
    }
    if namespaced && !description.namespaces.is_empty() {
        errors.forbidden(&path.child("namespaces"), "Filtering namespaces not allowed in namespaced policies");
    }
}

fn has_wildcard(selector: &LabelSelector) -> bool {
    selector.match_labels.iter().any(|(k, v)| wildcard::contains_wildcard(k) || wildcard::contains_wildcard(v))
}

/// Row 23: an `exclude` that takes away all that `match` gives.
pub(super) fn empty_set(rule: &Rule, path: &Path, errors: &mut FieldErrors) {
    let Some(exclude) = &rule.exclude else { return };
    let matches = &rule.matches;
    if !exclude.all.is_empty() || !matches.all.is_empty() {
        return;
    }
    let empty = if !matches.any.is_empty() && !exclude.any.is_empty() {
        matches.any.iter().any(|m| exclude.any.contains(m))
    } else {
        !exclude.is_empty() && inline_is_subsumed(matches, exclude)
    };
    if empty {
        errors.invalid(path, "Rule is matching an empty set");
    }
}

/// Whether the inline `match` lies within the inline `exclude`, as far as Kyverno looks.
fn inline_is_subsumed(matches: &MatchResources, exclude: &MatchResources) -> bool {
    /// What is excluded covers what is matched, if anything is excluded by this attribute.
    fn covers<T: PartialEq>(excluded: &[T], matched: &[T]) -> bool {
        excluded.is_empty() || (!matched.is_empty() && matched.iter().all(|m| excluded.contains(m)))
    }
    let (m, e) = (&matches.resources, &exclude.resources);
    let subjects = |list: &[Subject]| list.to_vec();
    if !covers(&exclude.roles, &matches.roles)
        || !covers(&exclude.cluster_roles, &matches.cluster_roles)
        || !covers(&subjects(&exclude.subjects), &subjects(&matches.subjects))
    {
        return false;
    }
    if !e.name.is_empty() && !wildcard::matches(&e.name, &m.name) {
        return false;
    }
    if !e.names.is_empty() {
        return m.names.iter().any(|name| e.names.iter().any(|pattern| wildcard::matches(pattern, name)));
    }
    covers(&e.namespaces, &m.namespaces)
        && covers(&e.kinds, &m.kinds)
        && selector_covers(e.selector.as_ref(), m.selector.as_ref())
        && selector_covers(e.namespace_selector.as_ref(), m.namespace_selector.as_ref())
        && e.annotations == m.annotations
}

fn selector_covers(excluded: Option<&LabelSelector>, matched: Option<&LabelSelector>) -> bool {
    let (excluded, matched) = match (excluded, matched) {
        (None, None) => return true,
        (Some(excluded), Some(matched)) => (excluded, matched),
        _ => return false,
    };
    let expressions = excluded.match_expressions.is_empty()
        || (!matched.match_expressions.is_empty()
            && matched.match_expressions.iter().all(|r| excluded.match_expressions.contains(r)));
    let empty = Str::default();
    let labels = excluded.match_labels.is_empty()
        || (!matched.match_labels.is_empty()
            && matched.match_labels.iter().all(|(k, v)| excluded.match_labels.get(k).unwrap_or(&empty) == v));
    expressions && labels
}

/// Rows 46 and 47.
pub(super) fn check(rule: &Checked<'_>) -> Result<(), Violation> {
    let mixed = |block: &MatchResources| {
        (!block.any.is_empty() || !block.all.is_empty()) && block.resources != ResourceDescription::default()
    };
    let refuse = |section: &'static str, path: &str, text: &str| {
        Err(rule.violation(&[section], format!("path: spec.rules[{}].{path}: {text}", rule.index)))
    };
    if rule.rule.exclude.as_ref().is_some_and(mixed) {
        return refuse("exclude", "exclude.", "can't specify any/all together with exclude resources");
    }
    if mixed(&rule.rule.matches) {
        return refuse("match", "match.", "can't specify any/all together with match resources");
    }
    let matches = &rule.rule.matches;
    let inline = [matches.inline()];
    let filters = if !matches.any.is_empty() {
        &matches.any[..]
    } else if !matches.all.is_empty() {
        &matches.all[..]
    } else {
        &inline[..]
    };
    if filters.iter().any(|f| f.resources == ResourceDescription::default()) {
        return refuse("match", "match.resources.", "match resources not specified");
    }
    Ok(())
}

//! Cleanup policies (chapter 40 §5.1), as far as no cluster is needed.

use crate::policy::api::cleanup::CleanupDocument;
use crate::policy::api::matching::MatchResources;

use super::spec::{FieldErrors, Path};
use super::{Violation, exception, matching, schedule};

/// Checks a cleanup policy.
///
/// # Errors
/// What the cluster would say.
pub fn check(document: &CleanupDocument) -> Result<(), Violation> {
    let spec = &document.spec;
    let path = Path::root().child("spec");
    let mut errors = FieldErrors::default();
    for entry in &spec.context {
        if entry.image_registry.is_some() {
            errors.invalid(&path.child("context"), "ImageRegistry is not allowed in CleanUp Policy");
        } else if entry.config_map.is_some() {
            errors.invalid(&path.child("context"), "ConfigMap is not allowed in CleanUp Policy");
        }
    }
    if !schedule::is_valid(&spec.schedule) {
        let text = format!("{:?}: schedule spec in the cleanupPolicy is not in proper cron format", spec.schedule);
        errors.invalid(&path.child("schedule"), text);
    }
    let namespaced = document.kind == "CleanupPolicy";
    block(&spec.matches, &path.child("match"), namespaced, &mut errors);
    if let Some(exclude) = &spec.exclude {
        block(exclude, &path.child("exclude"), namespaced, &mut errors);
        if is_empty_set(&spec.matches, exclude) {
            errors.invalid(&path, "CleanupPolicy is matching an empty set");
        }
    }
    errors.finish()
}

/// Nobody asks for a cleanup: filters by user are refused, and then nothing else is said of the block.
fn block(block: &MatchResources, path: &Path, namespaced: bool, errors: &mut FieldErrors) {
    let mut with_user = false;
    for (form, filters) in [("any", &block.any), ("all", &block.all)] {
        for (index, filter) in filters.iter().enumerate() {
            with_user |= filter.has_user();
            exception::no_user(filter, &path.child(form).index(index), errors);
        }
    }
    if !with_user {
        matching::block(block, path, namespaced, errors);
    }
}

/// What is matched is excluded again.
fn is_empty_set(matches: &MatchResources, exclude: &MatchResources) -> bool {
    if !exclude.all.is_empty() || !matches.all.is_empty() {
        return false;
    }
    if !matches.any.is_empty() && !exclude.any.is_empty() {
        return matches.any.iter().any(|filter| exclude.any.contains(filter));
    }
    !exclude.is_empty()
}

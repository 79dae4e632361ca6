//! PolicyExceptions (chapter 10 §5.1, end of §6), and the terms we read from their annotations. Only
//! the cluster makes these checks; Kyverno's command line takes every exception.

use crate::policy::api::exception::ExceptionDocument;
use crate::policy::api::matching::ResourceFilter;
use crate::policy::terms::Terms;

use super::spec::{FieldErrors, Path};
use super::{Violation, matching, pod_security};

/// Checks a PolicyException.
///
/// # Errors
/// What the cluster would say.
pub fn check(document: &ExceptionDocument) -> Result<(), Violation> {
    let spec = &document.spec;
    let path = Path::root().child("spec");
    let mut errors = FieldErrors::default();
    if spec.background.unwrap_or(true) {
        for (form, filters) in [("any", &spec.matches.any), ("all", &spec.matches.all)] {
            for (index, filter) in filters.iter().enumerate() {
                no_user(filter, &path.child("match").child(form).index(index), &mut errors);
            }
        }
    }
    matching::block(&spec.matches, &path.child("match"), false, &mut errors);
    for (index, entry) in spec.exceptions.iter().enumerate() {
        if entry.policy_name.is_empty() {
            let path = path.child("exceptions").index(index).child("policyName");
            errors.required(&path, "An exception requires a policy name");
        }
    }
    for (index, entry) in spec.pod_security.iter().flatten().enumerate() {
        pod_security::standard(entry, &path.child("podSecurity").index(index), &mut errors);
    }
    errors.finish()?;
    Terms::read(&document.metadata.annotations)
        .map(drop)
        .map_err(|e| Violation::at(&["metadata", "annotations", &e.annotation], e.message))
}

pub(super) fn no_user(filter: &ResourceFilter, path: &Path, errors: &mut FieldErrors) {
    let written = [
        ("roles", filter.roles.is_empty()),
        ("clusterRoles", filter.cluster_roles.is_empty()),
        ("subjects", filter.subjects.is_empty()),
    ];
    for (field, empty) in written {
        if !empty {
            errors.forbidden(&path.child(field), "Usage of user info is forbidden");
        }
    }
}

//! Seccomp profiles, set by field or (before 1.19) by annotation.

use crate::pod_security::pod::Pod;
use crate::pod_security::violation::{Bad, FieldError, Place};

use super::{Errors, Finding};

const PATH: &str = "securityContext.seccompProfile.type";
const REASON: &str = "seccompProfile";
const POD_ANNOTATION: &str = "seccomp.security.alpha.kubernetes.io/pod";
const CONTAINER_ANNOTATION: &str = "container.seccomp.security.alpha.kubernetes.io/";

/// Before 1.19. Kyverno's order is random; here it is that of the annotations.
pub(super) fn annotations<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    let of_containers = pod.containers.iter().map(|c| format!("{CONTAINER_ANNOTATION}{}", c.slot.name));
    let mut keys: Vec<String> = of_containers.chain([POD_ANNOTATION.to_owned()]).collect();
    keys.sort_unstable();
    let errors = keys
        .into_iter()
        .filter_map(|key| Some((pod.annotations?.get(&key)?.as_str()?, key)))
        .filter(|(value, _)| !allowed_annotation(value))
        .map(|(value, key)| FieldError::forbidden(Place::Annotation(key), Bad::Text(value)))
        .collect();
    Errors { pod: errors, ..Errors::default() }.into_finding(REASON)
}

/// Profiles that are set are allowed ones.
pub(super) fn baseline<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    let errors = Errors::of_every_context(pod, |seat, security| match security.seccomp {
        Some(kind) if !allowed(kind) => vec![FieldError::forbidden(seat.place(PATH), Bad::Text(kind))],
        _ => Vec::new(),
    });
    errors.into_finding(REASON)
}

/// And every container has one, its own or the pod's. A bad profile hides the missing ones.
pub(super) fn restricted<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    if let Some(bad) = baseline(pod) {
        return Some(bad);
    }
    let mut errors = Errors::default();
    if pod.security.as_ref().and_then(|s| s.seccomp).is_none() {
        for container in pod.containers.iter().filter(|c| c.security.as_ref().and_then(|s| s.seccomp).is_none()) {
            errors.name_if(true, container.slot);
            errors.containers.push(FieldError::required(Place::Container(container.slot, PATH)));
        }
    }
    errors.into_finding(REASON)
}

fn allowed(kind: &str) -> bool {
    matches!(kind, "RuntimeDefault" | "Localhost")
}

fn allowed_annotation(value: &str) -> bool {
    matches!(value, "runtime/default" | "docker/default") || value.starts_with("localhost/")
}

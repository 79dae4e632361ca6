//! The user containers run as.

use crate::pod_security::pod::Pod;
use crate::pod_security::violation::{Bad, FieldError, Place};

use super::{Errors, Finding};

/// Whoever says `false` first, then the containers that say nothing where the pod does not say `true`.
pub(super) fn non_root<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    const PATH: &str = "securityContext.runAsNonRoot";
    let mut errors = Errors::of_every_context(pod, |seat, security| match security.run_as_non_root {
        Some(false) => vec![FieldError::forbidden(seat.place(PATH), Bad::Flag(false))],
        Some(true) | None => Vec::new(),
    });
    let first = errors.named.is_empty();
    if pod.security.as_ref().and_then(|s| s.run_as_non_root) != Some(true) {
        for container in &pod.containers {
            if container.security.as_ref().and_then(|s| s.run_as_non_root).is_none() {
                errors.name_if(first, container.slot);
                errors.containers.push(FieldError::required(Place::Container(container.slot, PATH)));
            }
        }
    }
    errors.into_finding("runAsNonRoot != true")
}

pub(super) fn user<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    let errors = Errors::of_every_context(pod, |seat, security| match security.run_as_user {
        Some(0) => vec![FieldError::forbidden(seat.place("securityContext.runAsUser"), Bad::Number(0))],
        _ => Vec::new(),
    });
    errors.into_finding("runAsUser=0")
}

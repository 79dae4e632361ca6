//! Privileges of single containers: privileged mode, privilege escalation, an unmasked /proc.

use crate::pod_security::pod::{Container, Pod};
use crate::pod_security::violation::{Bad, FieldError, Place};

use super::{Errors, Finding};

pub(super) fn escalation<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    each(pod, "allowPrivilegeEscalation != false", |container| {
        let place = Place::Container(container.slot, "securityContext.allowPrivilegeEscalation");
        match container.security.as_ref().map(|s| s.allow_privilege_escalation) {
            None => Some(FieldError::required(place)),
            Some(None) => Some(FieldError::forbidden(place, Bad::Text("nil"))),
            Some(Some(true)) => Some(FieldError::forbidden(place, Bad::Flag(true))),
            Some(Some(false)) => None,
        }
    })
}

pub(super) fn privileged<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    each(pod, "privileged", |container| {
        let place = Place::Container(container.slot, "securityContext.privileged");
        let privileged = container.security.as_ref()?.privileged?;
        privileged.then(|| FieldError::forbidden(place, Bad::Flag(true)))
    })
}

pub(super) fn proc_mount<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    each(pod, "procMount", |container| {
        let place = Place::Container(container.slot, "securityContext.procMount");
        let mount = container.security.as_ref()?.proc_mount?;
        (mount != "Default").then(|| FieldError::forbidden(place, Bad::Text(mount)))
    })
}

fn each<'v>(
    pod: &Pod<'v>,
    reason: &'static str,
    look: impl Fn(&Container<'v>) -> Option<FieldError<'v>>,
) -> Option<Finding<'v>> {
    let mut errors = Errors::default();
    for container in &pod.containers {
        if let Some(error) = look(container) {
            errors.name_if(true, container.slot);
            errors.containers.push(error);
        }
    }
    errors.into_finding(reason)
}

//! Capabilities added and dropped.

use crate::pod_security::pod::{Capabilities, Pod};
use crate::pod_security::violation::{Bad, FieldError, Place};

use super::Finding;

const ADD: &str = "securityContext.capabilities.add";
const DROP: &str = "securityContext.capabilities.drop";

/// What a container runtime gives by default.
const DEFAULT: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

pub(super) fn baseline<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    added(pod, |capability| DEFAULT.contains(&capability), "non-default capabilities")
}

/// Every container drops `ALL` and adds at most `NET_BIND_SERVICE`: all errors of dropping come first.
pub(super) fn restricted<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    const REASON: &str = "unrestricted capabilities";
    let mut errors = Vec::new();
    let mut named = Vec::new();
    for container in &pod.containers {
        let place = Place::Container(container.slot, DROP);
        let drop = container.security.as_ref().and_then(|s| s.capabilities.as_ref()).map(|c| &c.drop);
        match drop {
            Some(dropped) if dropped.contains(&"ALL") => continue,
            Some(dropped) if !dropped.is_empty() => {
                errors.push(FieldError::forbidden(place, Bad::List(sorted(dropped.clone()))));
            }
            _ => errors.push(FieldError::required(place)),
        }
        named.push(container.slot.name);
    }
    if let Some(added) = added(pod, |capability| capability == "NET_BIND_SERVICE", REASON) {
        errors.extend(added.errors);
        if named.is_empty() {
            named = added.named;
        }
    }
    if errors.is_empty() { None } else { Some(Finding { reason: REASON, errors, named }) }
}

/// The containers that add what is not `allowed`.
fn added<'v>(pod: &Pod<'v>, allowed: impl Fn(&str) -> bool, reason: &'static str) -> Option<Finding<'v>> {
    let (mut errors, mut named) = (Vec::new(), Vec::new());
    for container in &pod.containers {
        let Some(Capabilities { add, .. }) = container.security.as_ref().and_then(|s| s.capabilities.as_ref()) else {
            continue;
        };
        let bad: Vec<&str> = add.iter().copied().filter(|capability| !allowed(capability)).collect();
        if !bad.is_empty() {
            errors.push(FieldError::forbidden(Place::Container(container.slot, ADD), Bad::List(sorted(bad))));
            named.push(container.slot.name);
        }
    }
    if errors.is_empty() { None } else { Some(Finding { reason, errors, named }) }
}

fn sorted(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names.dedup();
    names
}

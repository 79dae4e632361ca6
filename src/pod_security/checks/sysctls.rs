//! Sysctls: a list of safe ones that grows with the versions.

use crate::pod_security::pod::Pod;
use crate::pod_security::violation::{Bad, FieldError, Place};

use super::{Errors, Finding};

/// Safe sysctls, each with the minor version that brought it.
const SAFE: [(u32, &str); 12] = [
    (0, "kernel.shm_rmid_forced"),
    (0, "net.ipv4.ip_local_port_range"),
    (0, "net.ipv4.tcp_syncookies"),
    (0, "net.ipv4.ping_group_range"),
    (0, "net.ipv4.ip_unprivileged_port_start"),
    (27, "net.ipv4.ip_local_reserved_ports"),
    (29, "net.ipv4.tcp_keepalive_time"),
    (29, "net.ipv4.tcp_fin_timeout"),
    (29, "net.ipv4.tcp_keepalive_intvl"),
    (29, "net.ipv4.tcp_keepalive_probes"),
    (32, "net.ipv4.tcp_rmem"),
    (32, "net.ipv4.tcp_wmem"),
];

pub(super) fn names_1_0<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    names(pod, 0)
}

pub(super) fn names_1_27<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    names(pod, 27)
}

pub(super) fn names_1_29<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    names(pod, 29)
}

pub(super) fn names_1_32<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    names(pod, 32)
}

fn names<'v>(pod: &Pod<'v>, minor: u32) -> Option<Finding<'v>> {
    let safe = |name: &str| SAFE.iter().any(|(since, safe)| *since <= minor && *safe == name);
    let names = pod.security.as_ref().map(|s| s.sysctls.as_slice()).unwrap_or_default().iter().enumerate();
    let errors = names
        .filter(|(_, name)| !safe(name))
        .map(|(index, name)| FieldError::forbidden(Place::Sysctl(index), Bad::Text(name)))
        .collect();
    Errors { pod: errors, ..Errors::default() }.into_finding("forbidden sysctls")
}

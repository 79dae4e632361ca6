//! What a pod takes from its node: namespaces, ports, hosts in probes, Windows host processes.

use crate::pod_security::pod::Pod;
use crate::pod_security::violation::{Bad, FieldError, Place};

use super::{Errors, Finding};

pub(super) fn namespaces<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    let shared = [("hostNetwork", pod.host_network), ("hostPID", pod.host_pid), ("hostIPC", pod.host_ipc)];
    let bad = shared.into_iter().filter(|(_, shares)| *shares);
    let errors = bad.map(|(field, _)| FieldError::forbidden(Place::Pod(field), Bad::Flag(true))).collect();
    Errors { pod: errors, ..Errors::default() }.into_finding("host namespaces")
}

pub(super) fn ports<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    let ports = pod.containers.iter().flat_map(|c| c.host_ports.iter().map(|port| (c.slot, port)));
    let errors = ports
        .map(|(slot, (index, port))| FieldError::forbidden(Place::Port(slot, *index), Bad::Number(*port)))
        .collect();
    Errors { containers: errors, ..Errors::default() }.into_finding("hostPort")
}

/// Names no fields.
pub(super) fn probes_and_lifecycle<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    let found = pod.containers.iter().any(|container| container.names_a_host);
    found.then(|| Finding { reason: "probe or lifecycle host", errors: Vec::new(), named: Vec::new() })
}

pub(super) fn windows_process<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    let errors = Errors::of_every_context(pod, |seat, security| {
        let place = seat.place("securityContext.windowsOptions.hostProcess");
        if security.host_process { vec![FieldError::forbidden(place, Bad::Flag(true))] } else { Vec::new() }
    });
    errors.into_finding("hostProcess")
}

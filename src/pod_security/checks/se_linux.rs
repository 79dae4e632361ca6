//! SELinux options.

use crate::pod_security::pod::Pod;
use crate::pod_security::violation::{Bad, FieldError};

use super::{Errors, Finding};

pub(super) fn options_1_0<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    options(pod, &["", "container_t", "container_init_t", "container_kvm_t"])
}

pub(super) fn options_1_31<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    options(pod, &["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"])
}

fn options<'v>(pod: &Pod<'v>, types: &[&str]) -> Option<Finding<'v>> {
    let mut errors = Errors::of_every_context(pod, |seat, security| {
        let Some(options) = &security.se_linux else { return Vec::new() };
        let fields = [
            ("securityContext.seLinuxOptions.type", options.kind, types.contains(&options.kind)),
            ("securityContext.seLinuxOptions.user", options.user, options.user.is_empty()),
            ("securityContext.seLinuxOptions.role", options.role, options.role.is_empty()),
        ];
        let bad = fields.into_iter().filter(|(_, _, allowed)| !allowed);
        bad.map(|(path, value, _)| FieldError::forbidden(seat.place(path), Bad::Text(value))).collect()
    });
    errors.named.clear();
    errors.into_finding("seLinuxOptions")
}

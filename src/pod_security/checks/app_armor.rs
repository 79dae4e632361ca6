//! AppArmor profiles, set by field or by annotation.

use std::collections::BTreeSet;

use crate::pod_security::pod::Pod;
use crate::pod_security::violation::{Bad, FieldError, Place};

use super::{Errors, Finding};

const PATH: &str = "securityContext.appArmorProfile.type";
const ANNOTATION: &str = "container.apparmor.security.beta.kubernetes.io/";

pub(super) fn profile<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    let mut errors = Errors::of_every_context(pod, |seat, security| {
        let bad = security.app_armor.filter(|kind| !matches!(*kind, "RuntimeDefault" | "Localhost"));
        bad.map(|kind| FieldError::forbidden(seat.place(PATH), Bad::Text(kind))).into_iter().collect()
    });
    let types: BTreeSet<String> =
        errors.pod.iter().chain(&errors.containers).map(|error| error.bad_values().concat()).collect();
    // Kyverno walks the annotations at random; here they are sorted.
    let annotations = pod.annotations.map(|map| map.sorted()).unwrap_or_default();
    let bad: Vec<_> = annotations
        .into_iter()
        .filter_map(|(key, value)| Some((key, value.as_str()?)))
        .filter(|(key, value)| key.starts_with(ANNOTATION) && !allowed(value))
        .map(|(key, value)| FieldError::forbidden(Place::Annotation(key.to_string()), Bad::Text(value)))
        .collect();
    let one = types.len() + bad.len() == 1;
    errors.containers.extend(bad);
    errors.into_finding(if one { "forbidden AppArmor profile" } else { "forbidden AppArmor profiles" })
}

fn allowed(profile: &str) -> bool {
    profile.is_empty() || profile == "runtime/default" || profile.starts_with("localhost/")
}

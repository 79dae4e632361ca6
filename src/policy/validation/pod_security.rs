//! Exclusions of Pod Security controls (row 33).

use crate::policy::api::rule::Rule;
use crate::policy::api::validate::PodSecurityStandard;

use super::spec::{FieldErrors, Path};

/// Controls that look at containers: an exclusion must say which images.
const OF_CONTAINERS: [&str; 5] =
    ["Capabilities", "Privileged Containers", "Host Ports", "/proc Mount Type", "Privilege Escalation"];

/// Controls that look at the Pod: an exclusion must not.
const OF_PODS: [&str; 4] = ["Host Namespaces", "HostPath Volumes", "Sysctls", "Volume Types"];

/// Controls the baseline level does not have (Seccomp and Capabilities exist at both levels).
const RESTRICTED_ONLY: [&str; 4] =
    ["Volume Types", "Privilege Escalation", "Running as Non-root", "Running as Non-root user"];

/// Checks the exclusions of a rule.
pub(super) fn check(rule: &Rule, path: &Path, errors: &mut FieldErrors) {
    let Some(pod_security) = rule.validate.as_ref().and_then(|v| v.pod_security.as_ref()) else { return };
    let path = path.child("podSecurity").child("exclude");
    for (index, entry) in pod_security.exclude.iter().enumerate() {
        let path = path.index(index);
        standard(entry, &path, errors);
        if pod_security.level == "baseline" && RESTRICTED_ONLY.contains(&entry.control_name.as_str()) {
            let text = format!("{:?}: Invalid control name defined at the given level", entry.control_name);
            errors.invalid(&path.child("controlName"), text);
        }
    }
}

/// Checks one exclusion, of a rule or of a PolicyException.
pub(super) fn standard(entry: &PodSecurityStandard, path: &Path, errors: &mut FieldErrors) {
    let name = entry.control_name.as_str();
    let text = if OF_CONTAINERS.contains(&name) && entry.images.is_empty() {
        Some("exclude.images must be specified for the container level control")
    } else if OF_PODS.contains(&name) && !entry.images.is_empty() {
        Some("exclude.images must not be specified for the pod level control")
    } else {
        None
    };
    if let Some(text) = text {
        errors.invalid(&path.child("controlName"), format!("{name:?}: {text}"));
    }
    if !entry.restricted_field.is_empty() && entry.values.is_empty() {
        errors.forbidden(&path.child("values"), "values is required");
    }
    if entry.restricted_field.is_empty() && !entry.values.is_empty() {
        errors.forbidden(&path.child("restrictedField"), "restrictedField is required");
    }
}

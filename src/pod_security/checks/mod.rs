//! The checks, in the order Kyverno runs them, and which revision of each a version selects
//! (chapter 20 §5.2, §5.3).

mod app_armor;
mod capabilities;
mod host;
mod privileges;
mod run_as;
mod se_linux;
mod seccomp;
mod sysctls;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
mod volumes;

use crate::document::image_reference::ImageReference;

use super::evaluation::FailedCheck;
use super::pod::{Pod, Security, Slot};
use super::violation::{FieldError, Place};

/// Which checks a rule runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// Baseline checks.
    Baseline,
    /// All checks: what Kyverno does for every level but `baseline`.
    Restricted,
}

/// A version of the standards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    /// `v1.N`.
    Minor(u32),
    /// Newer than any.
    Latest,
}

impl Version {
    /// Reads `version`; empty means the latest.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let bad = || "must be \"latest\" or \"v1.x\"".to_owned();
        if text.is_empty() || text == "latest" {
            return Ok(Self::Latest);
        }
        let minor = text.strip_prefix("v1.").ok_or_else(bad)?;
        let plain = minor.bytes().all(|b| b.is_ascii_digit()) && (minor == "0" || !minor.starts_with('0'));
        if !plain {
            return Err(bad());
        }
        minor.parse().map(Self::Minor).map_err(|_| bad())
    }
}

/// What a failed check says.
#[derive(Debug)]
pub(super) struct Finding<'v> {
    pub(super) reason: &'static str,
    pub(super) errors: Vec<FieldError<'v>>,
    /// The containers its detail text says "must" about.
    pub(super) named: Vec<&'v str>,
}

type Run = for<'v> fn(&Pod<'v>) -> Option<Finding<'v>>;

/// One check.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) id: &'static str,
    /// The name exclusions know it by.
    pub(super) control: Option<&'static str>,
    restricted: bool,
    /// `v1.N` from which each applies, rising. The first applies to older versions too.
    revisions: &'static [(u32, Run)],
}

const fn baseline(id: &'static str, control: &'static str, revisions: &'static [(u32, Run)]) -> Check {
    Check { id, control: Some(control), restricted: false, revisions }
}

const fn restricted(id: &'static str, control: &'static str, revisions: &'static [(u32, Run)]) -> Check {
    Check { id, control: Some(control), restricted: true, revisions }
}

/// Every check, in order.
static CHECKS: [Check; 18] = [
    restricted(
        "allowPrivilegeEscalation",
        "Privilege Escalation",
        &[(8, privileges::escalation), (25, |pod| not_windows(pod, privileges::escalation))],
    ),
    baseline("appArmorProfile", "AppArmor", &[(0, app_armor::profile)]),
    baseline("capabilities_baseline", "Capabilities", &[(0, capabilities::baseline)]),
    restricted(
        "capabilities_restricted",
        "Capabilities",
        &[(22, capabilities::restricted), (25, |pod| not_windows(pod, capabilities::restricted))],
    ),
    baseline("hostNamespaces", "Host Namespaces", &[(0, host::namespaces)]),
    baseline("hostPathVolumes", "HostPath Volumes", &[(0, volumes::host_path)]),
    baseline("hostPorts", "Host Ports", &[(0, host::ports)]),
    Check {
        id: "hostProbesAndHostLifecycle",
        control: None,
        restricted: false,
        revisions: &[(34, host::probes_and_lifecycle)],
    },
    baseline("privileged", "Privileged Containers", &[(0, privileges::privileged)]),
    baseline("procMount", "/proc Mount Type", &[(0, privileges::proc_mount)]),
    restricted("restrictedVolumes", "Volume Types", &[(0, volumes::restricted)]),
    restricted("runAsNonRoot", "Running as Non-root", &[(0, run_as::non_root)]),
    restricted("runAsUser", "Running as Non-root user", &[(23, run_as::user)]),
    baseline("seLinuxOptions", "SELinux", &[(0, se_linux::options_1_0), (31, se_linux::options_1_31)]),
    baseline("seccompProfile_baseline", "Seccomp", &[(0, seccomp::annotations), (19, seccomp::baseline)]),
    restricted(
        "seccompProfile_restricted",
        "Seccomp",
        &[(19, seccomp::restricted), (25, |pod| not_windows(pod, seccomp::restricted))],
    ),
    baseline(
        "sysctls",
        "Sysctls",
        &[(0, sysctls::names_1_0), (27, sysctls::names_1_27), (29, sysctls::names_1_29), (32, sysctls::names_1_32)],
    ),
    baseline("windowsHostProcess", "HostProcess", &[(0, host::windows_process)]),
];

impl Check {
    fn run<'v>(&self, pod: &Pod<'v>, version: Version) -> Option<Finding<'v>> {
        let later = self.revisions.iter().rev().find(|(since, _)| version >= Version::Minor(*since));
        let (_, run) = later.or(self.revisions.first())?;
        run(pod)
    }
}

/// Runs the checks of `level`.
pub(super) fn run<'v>(pod: &Pod<'v>, level: Level, version: Version) -> Vec<FailedCheck<'v>> {
    let checks = CHECKS.iter().filter(|check| level == Level::Restricted || !check.restricted);
    checks
        .filter_map(|check| {
            let Finding { reason, errors, named } = check.run(pod, version)?;
            let images = named.into_iter().map(|name| image_of(pod, name)).collect();
            Some(FailedCheck { check, reason, errors, images })
        })
        .collect()
}

/// Runs one check.
pub(super) fn run_one<'v>(id: &str, pod: &Pod<'v>, version: Version) -> Option<Finding<'v>> {
    CHECKS.iter().find(|check| check.id == id)?.run(pod, version)
}

/// The full reference of the image of the container with this name; the name if there is none.
fn image_of(pod: &Pod<'_>, name: &str) -> String {
    let of = |list: &str| pod.containers.iter().find(|c| c.slot.list == list && c.slot.name == name);
    let container = ["containers", "initContainers", "ephemeralContainers"].into_iter().find_map(of);
    match container.and_then(|c| ImageReference::parse(c.image).ok()) {
        Some(image) => image.reference(),
        None => name.to_owned(),
    }
}

/// From 1.25 on, a Windows pod passes.
fn not_windows<'v>(pod: &Pod<'v>, run: Run) -> Option<Finding<'v>> {
    if pod.is_windows() { None } else { run(pod) }
}

/// Gathers what a check refuses: of the pod first, then of its containers.
#[derive(Debug, Default)]
struct Errors<'v> {
    pod: Vec<FieldError<'v>>,
    containers: Vec<FieldError<'v>>,
    named: Vec<&'v str>,
}

impl<'v> Errors<'v> {
    /// Looks at the pod's `securityContext`, then at each container's.
    fn of_every_context(pod: &Pod<'v>, look: impl Fn(Seat<'v>, &Security<'v>) -> Vec<FieldError<'v>>) -> Self {
        let mut errors = Self::default();
        if let Some(security) = &pod.security {
            errors.pod = look(Seat::Pod, security);
        }
        for container in &pod.containers {
            if let Some(security) = &container.security {
                let found = look(Seat::Container(container.slot), security);
                errors.name_if(!found.is_empty(), container.slot);
                errors.containers.extend(found);
            }
        }
        errors
    }

    fn name_if(&mut self, wanted: bool, slot: Slot<'v>) {
        if wanted {
            self.named.push(slot.name);
        }
    }

    fn into_finding(self, reason: &'static str) -> Option<Finding<'v>> {
        let Self { pod: mut errors, containers, named } = self;
        errors.extend(containers);
        if errors.is_empty() { None } else { Some(Finding { reason, errors, named }) }
    }
}

/// Whose `securityContext` it is.
#[derive(Clone, Copy, Debug)]
enum Seat<'v> {
    Pod,
    Container(Slot<'v>),
}

impl<'v> Seat<'v> {
    /// The place of a field, by its path from the pod's spec or from the container.
    fn place(self, path: &'static str) -> Place<'v> {
        match self {
            Self::Pod => Place::Pod(path),
            Self::Container(slot) => Place::Container(slot, path),
        }
    }
}

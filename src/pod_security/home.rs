//! Where a kind keeps its pod, and how Kyverno writes a pod's field for that kind.

use crate::document::Value;

/// Where a kind keeps its pod spec and pod metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Home {
    /// The object is the pod.
    Pod,
    /// `spec.template`.
    Controller,
    /// `spec.jobTemplate`: its own metadata, not the pod's.
    CronJob,
}

impl Home {
    /// By the kind alone: Kyverno does not look at the group.
    pub(super) fn of(object: &Value) -> Option<Self> {
        match object.str_at(&["kind"])? {
            "Pod" => Some(Self::Pod),
            "DaemonSet" | "Deployment" | "Job" | "StatefulSet" | "ReplicaSet" | "ReplicationController" => {
                Some(Self::Controller)
            }
            "CronJob" => Some(Self::CronJob),
            _ => None,
        }
    }

    /// The type the whole object is decoded as: every controller is read as a Deployment.
    pub(super) fn decoded_as(self) -> &'static str {
        match self {
            Self::Pod => "Pod",
            Self::Controller => "Deployment",
            Self::CronJob => "CronJob",
        }
    }

    /// The way to the pod's spec.
    pub(super) fn spec_path(self) -> &'static [&'static str] {
        match self {
            Self::Pod => &["spec"],
            Self::Controller => &["spec", "template", "spec"],
            Self::CronJob => &["spec", "jobTemplate", "spec", "template", "spec"],
        }
    }

    /// The way to the metadata whose annotations count.
    pub(super) fn metadata_path(self) -> &'static [&'static str] {
        match self {
            Self::Pod => &["metadata"],
            Self::Controller => &["spec", "template", "metadata"],
            Self::CronJob => &["spec", "jobTemplate", "metadata"],
        }
    }

    pub(super) fn spec(self, object: &Value) -> Option<&Value> {
        super::pod::descend(object, self.spec_path())
    }

    pub(super) fn metadata(self, object: &Value) -> Option<&Value> {
        super::pod::descend(object, self.metadata_path())
    }

    /// A pod's field as messages name it. Kyverno replaces words wherever they stand, in annotation
    /// keys too, and writes `spec.template.metadata` even for a Pod.
    pub(super) fn rewrite(self, field: &str) -> String {
        let field = match self {
            Self::Pod => field.to_owned(),
            Self::Controller => field.replace("spec", "spec.template.spec"),
            Self::CronJob => field.replace("spec", "spec.jobTemplate.spec.template.spec"),
        };
        field.replace("metadata", "spec.template.metadata")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn words_are_replaced_wherever_they_stand() {
        let annotation = "metadata.annotations[container.apparmor.security.beta.kubernetes.io/spec]";
        assert_eq!(
            Home::Pod.rewrite(annotation),
            "spec.template.metadata.annotations[container.apparmor.security.beta.kubernetes.io/spec]"
        );
        assert_eq!(
            Home::Controller.rewrite(annotation),
            "spec.template.metadata.annotations[container.apparmor.security.beta.kubernetes.io/spec.template.spec]"
        );
        assert_eq!(Home::CronJob.rewrite("spec.hostIPC"), "spec.jobTemplate.spec.template.spec.hostIPC");
    }
}

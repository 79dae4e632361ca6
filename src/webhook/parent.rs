//! The kind a subresource belongs to. Policies match the parent (chapter 10 §2.4), while the request names
//! the payload's kind (`Scale`, `PodExecOptions`) and the parent's plural.

use crate::document::Str;

/// Plurals of the built-in kinds that have subresources.
const PARENTS: [(&str, &str, &str); 24] = [
    ("", "namespaces", "Namespace"),
    ("", "nodes", "Node"),
    ("", "persistentvolumeclaims", "PersistentVolumeClaim"),
    ("", "persistentvolumes", "PersistentVolume"),
    ("", "pods", "Pod"),
    ("", "replicationcontrollers", "ReplicationController"),
    ("", "resourcequotas", "ResourceQuota"),
    ("", "serviceaccounts", "ServiceAccount"),
    ("", "services", "Service"),
    ("apiextensions.k8s.io", "customresourcedefinitions", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "apiservices", "APIService"),
    ("apps", "daemonsets", "DaemonSet"),
    ("apps", "deployments", "Deployment"),
    ("apps", "replicasets", "ReplicaSet"),
    ("apps", "statefulsets", "StatefulSet"),
    ("autoscaling", "horizontalpodautoscalers", "HorizontalPodAutoscaler"),
    ("batch", "cronjobs", "CronJob"),
    ("batch", "jobs", "Job"),
    ("certificates.k8s.io", "certificatesigningrequests", "CertificateSigningRequest"),
    ("flowcontrol.apiserver.k8s.io", "flowschemas", "FlowSchema"),
    ("networking.k8s.io", "ingresses", "Ingress"),
    ("networking.k8s.io", "networkpolicies", "NetworkPolicy"),
    ("policy", "poddisruptionbudgets", "PodDisruptionBudget"),
    ("resource.k8s.io", "resourceclaims", "ResourceClaim"),
];

/// The kind whose plural is `resource`. A `status` payload is the object itself, so its kind is the
/// parent's; of other subresources only the built-in parents are known.
#[must_use]
pub(super) fn kind_of(group: &str, resource: &str, subresource: &str, payload: &str) -> Option<Str> {
    let known = PARENTS.iter().find(|(g, r, _)| *g == group && *r == resource);
    known.map(|(.., kind)| Str::new_static(kind)).or_else(|| (subresource == "status").then(|| Str::from(payload)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_found_by_its_plural() {
        assert_eq!(kind_of("", "pods", "exec", "PodExecOptions").as_deref(), Some("Pod"));
        assert_eq!(kind_of("apps", "deployments", "scale", "Scale").as_deref(), Some("Deployment"));
        assert_eq!(kind_of("example.com", "widgets", "status", "Widget").as_deref(), Some("Widget"));
        assert_eq!(kind_of("example.com", "widgets", "scale", "Scale"), None, "only the cluster knows");
    }
}

//! Which kinds live outside namespaces: those a plain API server serves, and those of other groups
//! or gates that clusters with policies or Argo CD have. A kind that is not listed counts as
//! namespaced, as in Argo CD (chapter 80 §7) and in Kyverno's command line (chapter 60 §3.3).

/// `(group, kinds)` of cluster-scoped kinds, sorted by group.
type Table = &'static [(&'static str, &'static [&'static str])];

/// What a plain API server serves: all that Kyverno's command line knows.
const SERVED: Table = &[
    ("", &["ComponentStatus", "Namespace", "Node", "PersistentVolume"]),
    (
        "admissionregistration.k8s.io",
        &[
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        ],
    ),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("authentication.k8s.io", &["SelfSubjectReview", "TokenReview"]),
    ("authorization.k8s.io", &["SelfSubjectAccessReview", "SelfSubjectRulesReview", "SubjectAccessReview"]),
    ("certificates.k8s.io", &["CertificateSigningRequest"]),
    ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
    ("networking.k8s.io", &["IPAddress", "IngressClass", "ServiceCIDR"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding"]),
    ("resource.k8s.io", &["DeviceClass", "ResourceSlice"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    ("storage.k8s.io", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"]),
];

/// What else clusters have.
const ADDED: Table = &[
    ("admissionregistration.k8s.io", &["MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding"]),
    ("cert-manager.io", &["ClusterIssuer"]),
    ("certificates.k8s.io", &["ClusterTrustBundle"]),
    ("extensions", &["PodSecurityPolicy"]),
    ("gateway.networking.k8s.io", &["GatewayClass"]),
    ("kyverno.io", &["ClusterCleanupPolicy", "ClusterPolicy", "GlobalContextEntry"]),
    ("metrics.k8s.io", &["NodeMetrics"]),
    ("openreports.io", &["ClusterReport"]),
    (
        "policies.kyverno.io",
        &["DeletingPolicy", "GeneratingPolicy", "ImageValidatingPolicy", "MutatingPolicy", "ValidatingPolicy"],
    ),
    ("policy", &["PodSecurityPolicy"]),
    ("resource.k8s.io", &["DeviceTaintRule"]),
    ("snapshot.storage.k8s.io", &["VolumeSnapshotClass", "VolumeSnapshotContent"]),
    ("storagemigration.k8s.io", &["StorageVersionMigration"]),
    ("wgpolicyk8s.io", &["ClusterPolicyReport"]),
];

/// Whether objects of this group and kind live outside namespaces.
#[must_use]
pub fn is_cluster_scoped(group: &str, kind: &str) -> bool {
    is_served_cluster_scoped(group, kind) || lists(ADDED, group, kind)
}

/// The same, of the kinds that a plain API server serves only.
#[must_use]
pub fn is_served_cluster_scoped(group: &str, kind: &str) -> bool {
    lists(SERVED, group, kind)
}

fn lists(table: Table, group: &str, kind: &str) -> bool {
    table.iter().any(|(g, kinds)| *g == group && kinds.contains(&kind))
}

/// The group of an `apiVersion`: empty for the core group.
#[must_use]
pub fn group_of(api_version: &str) -> &str {
    api_version.rsplit_once('/').map_or("", |(group, _)| group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_asked_by_group() {
        assert!(SERVED.is_sorted());
        assert!(ADDED.is_sorted());
        assert!(is_cluster_scoped("", "Namespace"));
        assert!(is_cluster_scoped("rbac.authorization.k8s.io", "ClusterRole"));
        assert!(!is_cluster_scoped("", "ClusterRole"));
        assert!(!is_cluster_scoped("apps", "Deployment"));
        assert!(!is_cluster_scoped("example.com", "Namespace"));
    }

    #[test]
    fn groups() {
        assert_eq!(group_of("v1"), "");
        assert_eq!(group_of("apps/v1"), "apps");
    }
}

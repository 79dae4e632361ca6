//! Which lists are merged by key: the fields of the built-in kinds whose Kubernetes 1.21.2 schema
//! carries the patch strategy `merge` (spec 40 §1.7). Every other list is replaced as a whole.
//!
//! Only paths that lead to such a list are kept. A path that leads to none counts as unknown, so an
//! object with its own `apiVersion` and `kind` below it is looked up anew.

use crate::document::Value;

/// What is known of a value at some path.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// A map with known fields.
    Object(&'static [(&'static str, Shape)]),
    /// A list merged by one or more keys.
    Keyed { keys: &'static [&'static str], element: &'static [(&'static str, Shape)] },
    /// A list of scalars merged as a set.
    Set,
}

use Shape::{Object, Set};

impl Shape {
    /// The shape under `key`; nothing is known below lists and unknown fields.
    pub(super) fn field(self, key: &str) -> Option<Shape> {
        let Object(fields) = self else { return None };
        fields.iter().find(|(name, _)| *name == key).map(|(_, shape)| *shape)
    }

    /// The shape of an object of a built-in kind, by its own `apiVersion` and `kind`.
    pub(super) fn of_object(value: &Value) -> Option<Shape> {
        of_kind(value.str_at(&["apiVersion"])?, value.str_at(&["kind"])?).map(Object)
    }
}

type Fields = &'static [(&'static str, Shape)];

const fn keyed(keys: &'static [&'static str]) -> Shape {
    Shape::Keyed { keys, element: &[] }
}

const fn keyed_with(keys: &'static [&'static str], element: Fields) -> Shape {
    Shape::Keyed { keys, element }
}

const METADATA: Shape = Object(&[("finalizers", Set), ("ownerReferences", keyed(&["uid"]))]);
const CONDITIONS: Shape = Object(&[("conditions", keyed(&["type"]))]);

const CONTAINER: Fields = &[
    ("env", keyed(&["name"])),
    ("ports", keyed(&["containerPort", "protocol"])),
    ("volumeDevices", keyed(&["devicePath"])),
    ("volumeMounts", keyed(&["mountPath"])),
];

const EPHEMERAL_CONTAINER: Fields =
    &[("env", keyed(&["name"])), ("volumeDevices", keyed(&["devicePath"])), ("volumeMounts", keyed(&["mountPath"]))];

const VOLUME: Fields = &[("ephemeral", Object(&[("volumeClaimTemplate", Object(&[("metadata", METADATA)]))]))];

const POD_SPEC: Shape = Object(&[
    ("containers", keyed_with(&["name"], CONTAINER)),
    ("ephemeralContainers", keyed_with(&["name"], EPHEMERAL_CONTAINER)),
    ("hostAliases", keyed(&["ip"])),
    ("imagePullSecrets", keyed(&["name"])),
    ("initContainers", keyed_with(&["name"], CONTAINER)),
    ("topologySpreadConstraints", keyed(&["topologyKey", "whenUnsatisfiable"])),
    ("volumes", keyed_with(&["name"], VOLUME)),
]);

const POD_TEMPLATE: Shape = Object(&[("metadata", METADATA), ("spec", POD_SPEC)]);
const WITH_POD_TEMPLATE: Shape = Object(&[("template", POD_TEMPLATE)]);
const JOB_TEMPLATE: Shape = Object(&[("metadata", METADATA), ("spec", WITH_POD_TEMPLATE)]);

const ONLY_METADATA: Fields = &[("metadata", METADATA)];
const ONLY_STATUS: Fields = &[("metadata", METADATA), ("status", CONDITIONS)];
const CONTROLLER: Fields = &[("metadata", METADATA), ("spec", WITH_POD_TEMPLATE), ("status", CONDITIONS)];
const CRON_JOB: Fields = &[("metadata", METADATA), ("spec", Object(&[("jobTemplate", JOB_TEMPLATE)]))];

const POD: Fields = &[
    ("metadata", METADATA),
    ("spec", POD_SPEC),
    ("status", Object(&[("conditions", keyed(&["type"])), ("podIPs", keyed(&["ip"]))])),
];

const SERVICE: Fields =
    &[("metadata", METADATA), ("spec", Object(&[("ports", keyed(&["port", "protocol"]))])), ("status", CONDITIONS)];

const NODE: Fields = &[
    ("metadata", METADATA),
    ("spec", Object(&[("podCIDRs", Set)])),
    ("status", Object(&[("addresses", keyed(&["type"])), ("conditions", keyed(&["type"]))])),
];

const POD_TEMPLATE_OBJECT: Fields = &[("metadata", METADATA), ("template", POD_TEMPLATE)];
const SERVICE_ACCOUNT: Fields = &[("metadata", METADATA), ("secrets", keyed(&["name"]))];
const COMPONENT_STATUS: Fields = &[("metadata", METADATA), ("conditions", keyed(&["type"]))];
const CSI_NODE: Fields = &[("metadata", METADATA), ("spec", Object(&[("drivers", keyed(&["name"]))]))];
const WEBHOOKS: Fields = &[("metadata", METADATA), ("webhooks", keyed(&["name"]))];

fn of_kind(api_version: &str, kind: &str) -> Option<Fields> {
    Some(match (api_version, kind) {
        ("v1", "Pod") => POD,
        ("v1", "Service") => SERVICE,
        ("v1", "Node") => NODE,
        ("v1", "PodTemplate") => POD_TEMPLATE_OBJECT,
        ("v1", "ServiceAccount") => SERVICE_ACCOUNT,
        ("v1", "ComponentStatus") => COMPONENT_STATUS,
        ("v1", "ReplicationController") | ("batch/v1", "Job") => CONTROLLER,
        ("apps/v1", "Deployment" | "DaemonSet" | "ReplicaSet" | "StatefulSet") => CONTROLLER,
        ("batch/v1" | "batch/v1beta1", "CronJob") => CRON_JOB,
        ("v1", "Namespace" | "PersistentVolumeClaim") => ONLY_STATUS,
        ("policy/v1" | "policy/v1beta1", "PodDisruptionBudget") => ONLY_STATUS,
        ("apiregistration.k8s.io/v1" | "apiregistration.k8s.io/v1beta1", "APIService") => ONLY_STATUS,
        ("storage.k8s.io/v1" | "storage.k8s.io/v1beta1", "CSINode") => CSI_NODE,
        (
            "admissionregistration.k8s.io/v1" | "admissionregistration.k8s.io/v1beta1",
            "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration",
        ) => WEBHOOKS,
        _ if has_only_metadata(api_version, kind) => ONLY_METADATA,
        _ => return None,
    })
}

/// The remaining built-in kinds of 1.21: nothing of theirs but the metadata is merged by key.
fn has_only_metadata(api_version: &str, kind: &str) -> bool {
    match api_version {
        "v1" => matches!(
            kind,
            "Binding"
                | "ConfigMap"
                | "Endpoints"
                | "Event"
                | "LimitRange"
                | "PersistentVolume"
                | "ResourceQuota"
                | "Secret"
        ),
        "apps/v1" => kind == "ControllerRevision",
        "authentication.k8s.io/v1" => matches!(kind, "TokenRequest" | "TokenReview"),
        "authentication.k8s.io/v1beta1" => kind == "TokenReview",
        "authorization.k8s.io/v1" | "authorization.k8s.io/v1beta1" => matches!(
            kind,
            "LocalSubjectAccessReview" | "SelfSubjectAccessReview" | "SelfSubjectRulesReview" | "SubjectAccessReview"
        ),
        "autoscaling/v1" => matches!(kind, "HorizontalPodAutoscaler" | "Scale"),
        "autoscaling/v2beta1" | "autoscaling/v2beta2" => kind == "HorizontalPodAutoscaler",
        "certificates.k8s.io/v1" | "certificates.k8s.io/v1beta1" => kind == "CertificateSigningRequest",
        "coordination.k8s.io/v1" | "coordination.k8s.io/v1beta1" => kind == "Lease",
        "discovery.k8s.io/v1" | "discovery.k8s.io/v1beta1" => kind == "EndpointSlice",
        "events.k8s.io/v1" | "events.k8s.io/v1beta1" => kind == "Event",
        "extensions/v1beta1" => kind == "Ingress",
        "flowcontrol.apiserver.k8s.io/v1beta1" => matches!(kind, "FlowSchema" | "PriorityLevelConfiguration"),
        "networking.k8s.io/v1" => matches!(kind, "Ingress" | "IngressClass" | "NetworkPolicy"),
        "networking.k8s.io/v1beta1" => matches!(kind, "Ingress" | "IngressClass"),
        "node.k8s.io/v1" | "node.k8s.io/v1beta1" => kind == "RuntimeClass",
        "policy/v1beta1" => matches!(kind, "Eviction" | "PodSecurityPolicy"),
        "rbac.authorization.k8s.io/v1" | "rbac.authorization.k8s.io/v1beta1" => {
            matches!(kind, "ClusterRole" | "ClusterRoleBinding" | "Role" | "RoleBinding")
        }
        "scheduling.k8s.io/v1" | "scheduling.k8s.io/v1beta1" => kind == "PriorityClass",
        "storage.k8s.io/v1" => matches!(kind, "CSIDriver" | "StorageClass" | "VolumeAttachment"),
        "storage.k8s.io/v1beta1" => {
            matches!(kind, "CSIDriver" | "CSIStorageCapacity" | "StorageClass" | "VolumeAttachment")
        }
        "apiextensions.k8s.io/v1" | "apiextensions.k8s.io/v1beta1" => kind == "CustomResourceDefinition",
        _ => false,
    }
}

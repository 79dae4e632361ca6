//! Volumes: host paths, and types outside the restricted set.

use crate::document::Value;
use crate::pod_security::pod::{Pod, field};
use crate::pod_security::violation::{Bad, FieldError, Place};

use super::{Errors, Finding};

/// The types a restricted pod may use.
const ALLOWED: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// The types it may not use, in the order one is named when a volume has several.
const REFUSED: [&str; 21] = [
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "gitRepo",
    "nfs",
    "iscsi",
    "glusterfs",
    "rbd",
    "flexVolume",
    "cinder",
    "cephfs",
    "flocker",
    "fc",
    "azureFile",
    "vsphereVolume",
    "quobyte",
    "azureDisk",
    "photonPersistentDisk",
    "portworxVolume",
    "scaleIO",
    "storageos",
];

pub(super) fn host_path<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    let volumes = pod.volumes.iter().enumerate();
    let errors = volumes
        .filter_map(|(index, volume)| Some((index, field(volume, "hostPath")?)))
        .map(|(index, source)| {
            let path = field(source, "path").and_then(Value::as_str).unwrap_or_default();
            FieldError::forbidden(Place::Volume(index, "hostPath"), Bad::Text(path))
        })
        .collect();
    Errors { pod: errors, ..Errors::default() }.into_finding("hostPath volumes")
}

pub(super) fn restricted<'v>(pod: &Pod<'v>) -> Option<Finding<'v>> {
    let has = |volume: &Value, kind: &&str| field(volume, kind).is_some();
    let bad = pod.volumes.iter().enumerate().filter(|(_, volume)| !ALLOWED.iter().any(|kind| has(volume, kind)));
    let errors = bad
        .map(|(index, volume)| {
            let kind = REFUSED.into_iter().find(|kind| has(volume, kind)).unwrap_or("unknown");
            FieldError::forbidden(Place::Volume(index, kind), Bad::Text(""))
        })
        .collect();
    Errors { pod: errors, ..Errors::default() }.into_finding("restricted volume types")
}

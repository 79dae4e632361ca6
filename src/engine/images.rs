//! The `images` variable: the images of a workload, parsed (chapter 30 §2.4).

use crate::document::image_reference::ImageReference;
use crate::document::{Map, Str, Value};

/// The three lists of containers, under the names the variable uses.
pub(super) const GROUPS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];

/// Where a kind keeps its pod spec.
pub(super) fn pod_spec_path(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "Pod" => Some(&["spec"]),
        "Deployment" | "DaemonSet" | "ReplicaSet" | "ReplicationController" | "StatefulSet" | "Job" => {
            Some(&["spec", "template", "spec"])
        }
        "CronJob" => Some(&["spec", "jobTemplate", "spec", "template", "spec"]),
        _ => None,
    }
}

/// The images of `object`, by group and container name. `None` when the kind has none or there is
/// no container.
///
/// # Errors
/// A container without a name, or with an image that is not a reference.
pub(super) fn extract(kind: &str, object: &Value) -> Result<Option<Value>, String> {
    let Some(path) = pod_spec_path(kind) else { return Ok(None) };
    let Some(spec) = object.at(path) else { return Ok(None) };
    let mut groups = Map::new();
    for group in GROUPS {
        let containers = spec.get(group).and_then(Value::as_list).unwrap_or_default();
        let mut images = Map::new();
        for (i, container) in containers.iter().enumerate() {
            let Some(image) = container.str_at(&["image"]) else { continue };
            let name: Str = container
                .str_at(&["name"])
                .ok_or_else(|| format!("failed to extract image: container {i} of {group} has no name"))?
                .into();
            let reference = ImageReference::parse(image).map_err(|e| format!("failed to extract image: {e}"))?;
            images.insert(name, reference.to_value(&format!("/{}/{group}/{i}/image", path.join("/"))));
        }
        if !images.is_empty() {
            groups.insert(group, Value::map(images));
        }
    }
    Ok(if groups.is_empty() { None } else { Some(Value::map(groups)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_each_container_of_each_group() {
        let container = |name: &str, image: &str| Value::from([("name", name.into()), ("image", image.into())]);
        let pod = Value::from([(
            "spec",
            Value::from([("containers", Value::list(vec![container("a", "nginx"), container("b", "ghcr.io/x/y:1")]))]),
        )]);
        let images = extract("Pod", &pod).expect("images").expect("some");
        assert_eq!(images.str_at(&["containers", "a", "registry"]), Some("docker.io"));
        assert_eq!(images.str_at(&["containers", "b", "tag"]), Some("1"));
        assert_eq!(images.str_at(&["containers", "b", "jsonPointer"]), Some("/spec/containers/1/image"));
        assert!(images.get("initContainers").is_none());
        assert_eq!(extract("ConfigMap", &pod), Ok(None));
    }
}

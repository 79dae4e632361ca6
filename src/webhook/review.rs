//! An admission request becomes the engine's [`Review`].

use crate::document::Str;
use crate::engine::review::{Numbers, OldObject, Review, User};
use crate::output::admission::AdmissionRequest;

use super::parent;

/// The engine's view of `request`.
///
/// # Errors
/// When the kind that owns a custom resource's subresource is not known.
pub(super) fn review(request: &AdmissionRequest) -> Result<Review, String> {
    let (group, version, kind) = if request.subresource.is_empty() {
        let gvk = &request.kind;
        (gvk.group.clone(), gvk.version.clone(), gvk.kind.clone())
    } else {
        let (group, resource) = (&request.resource_group, &request.resource);
        let kind = parent::kind_of(group, resource, &request.subresource, &request.kind.kind)
            .ok_or_else(|| format!("the kind of {group}/{resource} is not known"))?;
        (group.clone(), request.resource_version.clone(), kind)
    };
    let namespace = match (&request.object, &request.old_object) {
        // The payload of a subresource need not carry its parent's namespace.
        (Some(object), _) | (None, Some(object)) if request.subresource.is_empty() => {
            object.str_at(&["metadata", "namespace"]).map_or_else(|| request.namespace.clone(), Str::from)
        }
        _ => request.namespace.clone(),
    };
    let is_namespace = kind == "Namespace" && group.is_empty();
    Ok(Review {
        object: request.object.clone(),
        old_object: request.old_object.clone().map_or(OldObject::Null, OldObject::Known),
        operation: request.operation,
        namespace: if is_namespace { Str::default() } else { namespace },
        subresource: request.subresource.clone(),
        group,
        version,
        kind,
        user: User::Known(request.user.clone()),
        numbers: Numbers::Typed,
        request_fields: request.fields.clone(),
        variables: Vec::new(),
    })
}

//! Which object a manifest is: group, kind, namespace and name, as Argo CD tells objects apart
//! (the version does not count).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::document::manifest::Manifest;
use crate::document::scope::{group_of, is_cluster_scoped};
use crate::document::{Pointer, Str, Value};

use super::error::{Fault, SourceError};

/// One object's identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The namespace the object will be in; empty outside namespaces.
    pub namespace: Str,
    /// The kind.
    pub kind: Str,
    /// `metadata.name`; empty if the API server makes one up.
    pub name: Str,
    /// The API group.
    pub group: Str,
}

/// `Kind namespace/name`
impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{} {}", self.kind, self.name)
        } else {
            write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
        }
    }
}

/// Where objects live: the built-in table, the CustomResourceDefinitions of the render, and the
/// namespace of those that name none.
#[derive(Clone, Debug, Default)]
pub struct Scopes {
    default_namespace: Str,
    cluster: BTreeSet<(Str, Str)>,
}

impl Scopes {
    /// What `manifests` say, with the namespace the render goes to.
    #[must_use]
    pub fn of(default_namespace: impl Into<Str>, manifests: &[Manifest]) -> Self {
        let definitions = manifests.iter().filter(|m| m.kind() == "CustomResourceDefinition").map(|m| &m.value);
        let cluster = definitions
            .filter(|d| d.str_at(&["spec", "scope"]) == Some("Cluster"))
            .filter_map(|d| Some((d.str_at(&["spec", "group"])?.into(), d.str_at(&["spec", "names", "kind"])?.into())))
            .collect();
        Self { default_namespace: default_namespace.into(), cluster }
    }

    /// Whether objects of this kind live outside namespaces.
    #[must_use]
    pub fn is_cluster_scoped(&self, group: &str, kind: &str) -> bool {
        is_cluster_scoped(group, kind) || self.cluster.iter().any(|(g, k)| g == group && k == kind)
    }

    /// The namespace `object` will be in; empty outside namespaces.
    #[must_use]
    pub fn namespace_of(&self, object: &Value) -> Str {
        let group = group_of(object.str_at(&["apiVersion"]).unwrap_or_default());
        if self.is_cluster_scoped(group, object.str_at(&["kind"]).unwrap_or_default()) {
            return Str::default();
        }
        match object.str_at(&["metadata", "namespace"]) {
            Some(namespace) if !namespace.is_empty() => namespace.into(),
            _ => self.default_namespace.clone(),
        }
    }

    /// Which object `object` is.
    #[must_use]
    pub fn identity(&self, object: &Value) -> Identity {
        Identity {
            namespace: self.namespace_of(object),
            kind: object.str_at(&["kind"]).unwrap_or_default().into(),
            name: object.str_at(&["metadata", "name"]).unwrap_or_default().into(),
            group: group_of(object.str_at(&["apiVersion"]).unwrap_or_default()).into(),
        }
    }
}

/// The first manifest that is the same object as one before it. Argo CD would let the last one win
/// with a warning; here two of them are a mistake to be told.
#[must_use]
pub fn first_repeated(manifests: &[Manifest], scopes: &Scopes) -> Option<SourceError> {
    let mut seen: BTreeMap<Identity, &Manifest> = BTreeMap::new();
    for manifest in manifests {
        let identity = scopes.identity(&manifest.value);
        if identity.name.is_empty() {
            continue;
        }
        let object = identity.to_string();
        if let Some(first) = seen.insert(identity, manifest) {
            let first = format!("{}:{}", first.source.file, first.source.place(&Pointer::root()).line);
            let place = manifest.source.place(&Pointer::root());
            return Some(SourceError::at(&*manifest.source.file, place, Fault::SameObject { object, first }));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::{Limits, MemoryFiles, Tree, read};
    use super::*;

    fn manifests(text: &str) -> Vec<Manifest> {
        read(&MemoryFiles::new([("a.yaml", text)]), &Tree::default(), &Limits::default()).unwrap().manifests
    }

    #[test]
    fn namespaces_are_filled_in_where_objects_have_one() {
        let all = manifests(
            "{apiVersion: v1, kind: Namespace, metadata: {name: ns, namespace: odd}}\n---\n\
             {apiVersion: v1, kind: Pod, metadata: {name: p}}\n---\n\
             {apiVersion: x.io/v1, kind: Thing, metadata: {name: t}}\n---\n\
             {apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: things.x.io},\
              spec: {group: x.io, scope: Cluster, names: {kind: Thing}}}\n",
        );
        let scopes = Scopes::of("shop", &all);
        let names: Vec<_> = all.iter().map(|m| scopes.identity(&m.value).to_string()).collect();
        assert_eq!(names, ["Namespace ns", "Pod shop/p", "Thing t", "CustomResourceDefinition things.x.io"]);
    }

    #[test]
    fn the_same_object_twice_is_told_with_both_places() {
        let all = manifests(
            "{apiVersion: apps/v1, kind: Deployment, metadata: {name: p}}\n---\n\
             {apiVersion: v1, kind: Pod, metadata: {generateName: p}}\n---\n\
             {apiVersion: v1, kind: Pod, metadata: {generateName: p}}\n---\n\
             {apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: p, namespace: shop}}\n",
        );
        let error = first_repeated(&all, &Scopes::of("shop", &all)).expect("is repeated");
        assert_eq!(
            error.to_string(),
            "a.yaml:7: Deployment shop/p is written twice, first at a.yaml:1: remove or rename one"
        );
        assert!(first_repeated(&all, &Scopes::of("other", &all)).is_none());
    }
}

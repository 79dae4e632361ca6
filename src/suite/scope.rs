//! Which kinds have no namespace. Kyverno's command line knows the kinds of a plain Kubernetes API
//! server; every other kind counts as namespaced unless a CRD says otherwise (chapter 60 §3.3).

use std::collections::BTreeSet;

use crate::document::scope::{group_of, is_served_cluster_scoped};
use crate::document::{Str, Value};

/// The cluster-scoped kinds a run knows: the built-in ones and those of its CRDs.
#[derive(Clone, Debug, Default)]
pub struct Scopes {
    custom: BTreeSet<(Str, Str)>,
}

impl Scopes {
    /// Learns from a CustomResourceDefinition; anything else is ignored.
    pub fn learn(&mut self, definition: &Value) {
        if definition.str_at(&["kind"]) == Some("CustomResourceDefinition")
            && definition.str_at(&["spec", "scope"]) == Some("Cluster")
            && let Some(group) = definition.str_at(&["spec", "group"])
            && let Some(kind) = definition.str_at(&["spec", "names", "kind"])
        {
            self.custom.insert((group.into(), kind.into()));
        }
    }

    /// Whether objects of this kind have no namespace.
    #[must_use]
    pub fn is_cluster_scoped(&self, api_version: &str, kind: &str) -> bool {
        let group = group_of(api_version);
        is_served_cluster_scoped(group, kind)
            || !self.custom.is_empty() && self.custom.contains(&(Str::from(group), Str::from(kind)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_kinds_are_known_in_every_version_of_their_group_only() {
        let scopes = Scopes::default();
        assert!(scopes.is_cluster_scoped("v1", "Namespace"));
        assert!(scopes.is_cluster_scoped("flowcontrol.apiserver.k8s.io/v1beta1", "FlowSchema"));
        assert!(!scopes.is_cluster_scoped("config.openshift.io/v1", "APIServer"));
        assert!(!scopes.is_cluster_scoped("v1", "ClusterRole"));
    }

    #[test]
    fn definitions_are_learned() {
        let mut scopes = Scopes::default();
        let names = Value::from([("kind", Value::from("Tenant"))]);
        let spec = Value::from([("scope", "Cluster".into()), ("group", "example.com".into()), ("names", names)]);
        scopes.learn(&Value::from([("kind", Value::from("CustomResourceDefinition")), ("spec", spec)]));
        assert!(scopes.is_cluster_scoped("example.com/v1", "Tenant"));
        assert!(!scopes.is_cluster_scoped("other.com/v1", "Tenant"));
    }
}

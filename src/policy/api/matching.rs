//! `match` and `exclude`.

use serde::Deserialize;

use super::meta::{LabelSelector, TextMap};
use crate::document::Str;
use crate::policy::request::Operation;

/// A `match` or `exclude` block: `any`, `all`, or the legacy inline filter.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct MatchResources {
    /// One filter must apply.
    pub any: Vec<ResourceFilter>,
    /// Every filter must apply.
    pub all: Vec<ResourceFilter>,
    /// Inline resource criteria (v1 only).
    pub resources: ResourceDescription,
    /// Inline `roles`.
    pub roles: Vec<Str>,
    /// Inline `clusterRoles`.
    pub cluster_roles: Vec<Str>,
    /// Inline `subjects`.
    pub subjects: Vec<Subject>,
}

impl MatchResources {
    /// The inline criteria as one filter.
    #[must_use]
    pub fn inline(&self) -> ResourceFilter {
        ResourceFilter {
            resources: self.resources.clone(),
            roles: self.roles.clone(),
            cluster_roles: self.cluster_roles.clone(),
            subjects: self.subjects.clone(),
        }
    }

    /// Whether nothing is written at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.any.is_empty() && self.all.is_empty() && self.inline().is_empty()
    }

    /// Every kind named anywhere in the block: inline, then `all`, then `any`.
    pub fn kinds(&self) -> impl Iterator<Item = &Str> {
        let filters = self.all.iter().chain(&self.any);
        self.resources.kinds.iter().chain(filters.flat_map(|f| &f.resources.kinds))
    }
}

/// One filter of `any` or `all`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceFilter {
    /// Criteria on the object.
    pub resources: ResourceDescription,
    /// `namespace:name` roles, one of which the user must have.
    pub roles: Vec<Str>,
    /// Cluster roles, one of which the user must have.
    pub cluster_roles: Vec<Str>,
    /// Subjects, one of which the user must be.
    pub subjects: Vec<Subject>,
}

impl ResourceFilter {
    /// Whether the filter names the user in any way.
    #[must_use]
    pub fn has_user(&self) -> bool {
        !self.roles.is_empty() || !self.cluster_roles.is_empty() || !self.subjects.is_empty()
    }

    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.has_user() && self.resources.is_empty()
    }
}

/// Criteria on the object under review; all that are written must hold.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceDescription {
    /// Kind selectors (chapter 10 §2.4).
    pub kinds: Vec<Str>,
    /// A wildcard over the name (deprecated).
    pub name: Str,
    /// Wildcards over the name.
    pub names: Vec<Str>,
    /// Wildcards over the namespace.
    pub namespaces: Vec<Str>,
    /// Wildcards over annotation keys and values; `{}` differs from absent (chapter 10 §4.1).
    pub annotations: Option<TextMap>,
    /// Over the object's labels.
    pub selector: Option<LabelSelector>,
    /// Over the namespace's labels.
    pub namespace_selector: Option<LabelSelector>,
    /// The operations; empty means all.
    pub operations: Vec<WireOperation>,
}

impl ResourceDescription {
    /// Whether nothing is written that selects anything.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
            && self.name.is_empty()
            && self.names.is_empty()
            && self.namespaces.is_empty()
            && self.annotations.as_ref().is_none_or(TextMap::is_empty)
            && self.selector.is_none()
            && self.namespace_selector.is_none()
            && self.operations.is_empty()
    }
}

/// An admission operation as written.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the four operations of Kubernetes admission")]
pub enum WireOperation {
    Create,
    Update,
    Delete,
    Connect,
}

impl From<WireOperation> for Operation {
    fn from(operation: WireOperation) -> Self {
        match operation {
            WireOperation::Create => Self::Create,
            WireOperation::Update => Self::Update,
            WireOperation::Delete => Self::Delete,
            WireOperation::Connect => Self::Connect,
        }
    }
}

/// An RBAC subject.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Subject {
    /// `User`, `Group` or `ServiceAccount`.
    pub kind: Str,
    /// Accepted, not read.
    pub api_group: Str,
    /// A wildcard over the name.
    pub name: Str,
    /// The namespace of a ServiceAccount.
    pub namespace: Str,
}

//! `match` and `exclude`.

use serde::Deserialize;

use super::meta::{LabelSelector, TextMap};
use super::nullable;
use crate::document::Str;
use crate::policy::request::Operation;

/// A `match` or `exclude` block: `any`, `all`, or the legacy inline filter.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MatchResources {
    /// One filter must apply.
    #[serde(default, deserialize_with = "nullable")]
    pub any: Vec<ResourceFilter>,
    /// Every filter must apply.
    #[serde(default, deserialize_with = "nullable")]
    pub all: Vec<ResourceFilter>,
    /// Inline resource criteria (v1 only).
    #[serde(default, deserialize_with = "nullable")]
    pub resources: ResourceDescription,
    /// Inline `roles`.
    #[serde(default, deserialize_with = "nullable")]
    pub roles: Vec<Str>,
    /// Inline `clusterRoles`.
    #[serde(default, deserialize_with = "nullable")]
    pub cluster_roles: Vec<Str>,
    /// Inline `subjects`.
    #[serde(default, deserialize_with = "nullable")]
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
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceFilter {
    /// Criteria on the object.
    #[serde(default, deserialize_with = "nullable")]
    pub resources: ResourceDescription,
    /// `namespace:name` roles, one of which the user must have.
    #[serde(default, deserialize_with = "nullable")]
    pub roles: Vec<Str>,
    /// Cluster roles, one of which the user must have.
    #[serde(default, deserialize_with = "nullable")]
    pub cluster_roles: Vec<Str>,
    /// Subjects, one of which the user must be.
    #[serde(default, deserialize_with = "nullable")]
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
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResourceDescription {
    /// Kind selectors (chapter 10 §2.4).
    #[serde(default, deserialize_with = "nullable")]
    pub kinds: Vec<Str>,
    /// A wildcard over the name (deprecated).
    #[serde(default, deserialize_with = "nullable")]
    pub name: Str,
    /// Wildcards over the name.
    #[serde(default, deserialize_with = "nullable")]
    pub names: Vec<Str>,
    /// Wildcards over the namespace.
    #[serde(default, deserialize_with = "nullable")]
    pub namespaces: Vec<Str>,
    /// Wildcards over annotation keys and values; `{}` differs from absent (chapter 10 §4.1).
    #[serde(default)]
    pub annotations: Option<TextMap>,
    /// Over the object's labels.
    #[serde(default)]
    pub selector: Option<LabelSelector>,
    /// Over the namespace's labels.
    #[serde(default)]
    pub namespace_selector: Option<LabelSelector>,
    /// The operations; empty means all.
    #[serde(default, deserialize_with = "nullable")]
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
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subject {
    /// `User`, `Group` or `ServiceAccount`.
    #[serde(default, deserialize_with = "nullable")]
    pub kind: Str,
    /// Accepted, not read.
    #[serde(default, deserialize_with = "nullable")]
    pub api_group: Str,
    /// A wildcard over the name.
    #[serde(default, deserialize_with = "nullable")]
    pub name: Str,
    /// The namespace of a ServiceAccount.
    #[serde(default, deserialize_with = "nullable")]
    pub namespace: Str,
}

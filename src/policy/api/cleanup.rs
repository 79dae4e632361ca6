//! `CleanupPolicy` and `ClusterCleanupPolicy`.

use serde::Deserialize;

use super::context::ContextEntry;
use super::matching::MatchResources;
use super::meta::ObjectMeta;
use crate::document::{Str, Value};

/// A cleanup policy document.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields every Kubernetes object has")]
pub struct CleanupDocument {
    pub api_version: Str,
    pub kind: Str,
    #[serde(default)]
    pub metadata: ObjectMeta,
    pub spec: CleanupSpec,
    #[serde(default)]
    pub status: Value,
}

/// `spec` (chapter 40 §5.1).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §5.1 says what each field means")]
pub struct CleanupSpec {
    #[serde(default)]
    pub context: Vec<ContextEntry>,
    #[serde(rename = "match")]
    pub matches: MatchResources,
    #[serde(default)]
    pub exclude: Option<MatchResources>,
    pub schedule: Str,
    #[serde(default)]
    pub conditions: Value,
    #[serde(default)]
    pub deletion_propagation_policy: Option<Propagation>,
}

/// How dependents of a deleted object go.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of the Kubernetes API")]
pub enum Propagation {
    Foreground,
    Background,
    Orphan,
}

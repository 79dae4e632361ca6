//! `mutate`.

use serde::Deserialize;

use super::context::ContextEntry;
use super::meta::LabelSelector;
use super::nullable;
use crate::document::{Str, Value};

/// A `mutate` block.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §1–3 says what each field means")]
pub struct Mutation {
    #[serde(default)]
    pub mutate_existing_on_policy_update: Option<bool>,
    #[serde(default)]
    pub targets: Option<Vec<Target>>,
    #[serde(default)]
    pub patch_strategic_merge: Value,
    #[serde(default, deserialize_with = "nullable", rename = "patchesJson6902")]
    pub patches_json6902: Str,
    #[serde(default)]
    pub foreach: Option<Vec<ForEachMutation>>,
}

impl Mutation {
    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mutate_existing_on_policy_update.is_none()
            && self.targets.is_none()
            && self.patch_strategic_merge.is_null()
            && self.patches_json6902.is_empty()
            && self.foreach.is_none()
    }
}

/// One `mutate.targets` entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §3.3 says what each field means")]
pub struct Target {
    #[serde(default, deserialize_with = "nullable")]
    pub api_version: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub kind: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub namespace: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub name: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub uid: Str,
    #[serde(default)]
    pub selector: Option<LabelSelector>,
    #[serde(default, deserialize_with = "nullable")]
    pub context: Vec<ContextEntry>,
    #[serde(default)]
    pub preconditions: Value,
}

/// One `mutate.foreach` entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §3.1 says what each field means")]
pub struct ForEachMutation {
    #[serde(default, deserialize_with = "nullable")]
    pub list: Str,
    #[serde(default)]
    pub order: Option<Order>,
    #[serde(default, deserialize_with = "nullable")]
    pub context: Vec<ContextEntry>,
    #[serde(default)]
    pub preconditions: Value,
    #[serde(default)]
    pub patch_strategic_merge: Value,
    #[serde(default, deserialize_with = "nullable", rename = "patchesJson6902")]
    pub patches_json6902: Str,
    #[serde(default)]
    pub foreach: Option<Vec<ForEachMutation>>,
}

/// The order of a mutation's elements.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[expect(missing_docs, reason = "first to last, last to first")]
pub enum Order {
    Ascending,
    Descending,
}

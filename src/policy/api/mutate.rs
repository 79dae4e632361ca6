//! `mutate`.

use serde::Deserialize;

use super::context::ContextEntry;
use super::meta::LabelSelector;
use crate::document::{Str, Value};

/// A `mutate` block.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §1–3 says what each field means")]
pub struct Mutation {
    pub mutate_existing_on_policy_update: Option<bool>,
    pub targets: Option<Vec<Target>>,
    pub patch_strategic_merge: Value,
    #[serde(rename = "patchesJson6902")]
    pub patches_json6902: Str,
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
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §3.3 says what each field means")]
pub struct Target {
    pub api_version: Str,
    pub kind: Str,
    pub namespace: Str,
    pub name: Str,
    pub uid: Str,
    pub selector: Option<LabelSelector>,
    pub context: Vec<ContextEntry>,
    pub preconditions: Value,
}

/// One `mutate.foreach` entry.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §3.1 says what each field means")]
pub struct ForEachMutation {
    pub list: Str,
    pub order: Option<Order>,
    pub context: Vec<ContextEntry>,
    pub preconditions: Value,
    pub patch_strategic_merge: Value,
    #[serde(rename = "patchesJson6902")]
    pub patches_json6902: Str,
    pub foreach: Option<Vec<ForEachMutation>>,
}

/// The order of a mutation's elements.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[expect(missing_docs, reason = "first to last, last to first")]
pub enum Order {
    Ascending,
    Descending,
}

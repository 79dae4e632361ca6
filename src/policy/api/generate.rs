//! `generate`.

use serde::Deserialize;

use super::context::ContextEntry;
use super::meta::LabelSelector;
use crate::document::{Str, Value};

/// A `generate` block. The fields of [`GeneratePattern`] stand beside its own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §4 says what each field means")]
pub struct Generation {
    pub generate_existing: Option<bool>,
    pub synchronize: bool,
    pub orphan_downstream_on_policy_delete: bool,
    pub api_version: Str,
    pub kind: Str,
    pub namespace: Str,
    pub name: Str,
    pub uid: Str,
    pub data: Value,
    pub clone: CloneFrom,
    pub clone_list: CloneList,
    pub foreach: Option<Vec<ForEachGeneration>>,
}

impl Generation {
    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.generate_existing.is_none()
            && !self.synchronize
            && !self.orphan_downstream_on_policy_delete
            && [&self.api_version, &self.kind, &self.namespace, &self.name, &self.uid].iter().all(|s| s.is_empty())
            && self.data.is_null()
            && self.clone == CloneFrom::default()
            && self.clone_list == CloneList::default()
            && self.foreach.is_none()
    }

    /// The target of a rule without `foreach`.
    #[must_use]
    pub fn pattern(&self) -> GeneratePattern<'_> {
        GeneratePattern {
            api_version: &self.api_version,
            kind: &self.kind,
            namespace: &self.namespace,
            name: &self.name,
            data: &self.data,
            clone: &self.clone,
            clone_list: &self.clone_list,
        }
    }
}

/// One `generate.foreach` entry.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §4.1 says what each field means")]
pub struct ForEachGeneration {
    pub list: Str,
    pub context: Vec<ContextEntry>,
    pub preconditions: Value,
    pub api_version: Str,
    pub kind: Str,
    pub namespace: Str,
    pub name: Str,
    pub uid: Str,
    pub data: Value,
    pub clone: CloneFrom,
    pub clone_list: CloneList,
}

impl ForEachGeneration {
    /// The target made per element.
    #[must_use]
    pub fn pattern(&self) -> GeneratePattern<'_> {
        GeneratePattern {
            api_version: &self.api_version,
            kind: &self.kind,
            namespace: &self.namespace,
            name: &self.name,
            data: &self.data,
            clone: &self.clone,
            clone_list: &self.clone_list,
        }
    }
}

/// What a generate block says about one target.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "chapter 40 §4.1 says what each field means")]
pub struct GeneratePattern<'a> {
    pub api_version: &'a str,
    pub kind: &'a str,
    pub namespace: &'a str,
    pub name: &'a str,
    pub data: &'a Value,
    pub clone: &'a CloneFrom,
    pub clone_list: &'a CloneList,
}

/// `clone`: the source object.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "an object's coordinates")]
pub struct CloneFrom {
    pub namespace: Str,
    pub name: Str,
}

/// `cloneList`: the source objects.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §4.1 says what each field means")]
pub struct CloneList {
    pub namespace: Str,
    pub kinds: Option<Vec<Str>>,
    pub selector: Option<LabelSelector>,
}

impl CloneList {
    /// The kinds to copy.
    #[must_use]
    pub fn kinds(&self) -> &[Str] {
        self.kinds.as_deref().unwrap_or_default()
    }
}

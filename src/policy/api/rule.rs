//! One rule as written.

use serde::Deserialize;

use super::context::ContextEntry;
use super::generate::Generation;
use super::matching::MatchResources;
use super::meta::TextMap;
use super::mutate::Mutation;
use super::policy::NamedExpression;
use super::validate::Validation;
use super::verify_images::ImageVerification;
use crate::document::{Str, Value};

/// One entry of `spec.rules` (chapter 10 §1.2).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 10 §1.2 says what each field means")]
pub struct Rule {
    pub name: Str,
    #[serde(default)]
    pub context: Vec<ContextEntry>,
    #[serde(default)]
    pub report_properties: TextMap,
    #[serde(rename = "match")]
    pub matches: MatchResources,
    #[serde(default)]
    pub exclude: Option<MatchResources>,
    #[serde(default)]
    pub image_extractors: Option<std::collections::BTreeMap<Str, Vec<ImageExtractor>>>,
    #[serde(default)]
    pub preconditions: Value,
    #[serde(default)]
    pub cel_preconditions: Option<Vec<NamedExpression>>,
    #[serde(default)]
    pub mutate: Option<Mutation>,
    #[serde(default)]
    pub validate: Option<Validation>,
    #[serde(default)]
    pub generate: Option<Generation>,
    #[serde(default)]
    pub verify_images: Vec<ImageVerification>,
    #[serde(default)]
    pub skip_background_requests: Option<bool>,
}

impl Rule {
    /// Whether there is a `mutate` block that says anything.
    #[must_use]
    pub fn has_mutate(&self) -> bool {
        self.mutate.as_ref().is_some_and(|m| !m.is_empty())
    }

    /// Whether there is a `validate` block that says anything.
    #[must_use]
    pub fn has_validate(&self) -> bool {
        self.validate.as_ref().is_some_and(|v| !v.is_empty())
    }

    /// Whether there is a `generate` block that says anything.
    #[must_use]
    pub fn has_generate(&self) -> bool {
        self.generate.as_ref().is_some_and(|g| !g.is_empty())
    }

    /// Whether there is a `verifyImages` entry.
    #[must_use]
    pub fn has_verify_images(&self) -> bool {
        !self.verify_images.is_empty()
    }

    /// Whether the rule changes existing objects.
    #[must_use]
    pub fn has_mutate_existing(&self) -> bool {
        self.mutate.as_ref().is_some_and(|m| m.targets.is_some())
    }
}

/// One `imageExtractors` entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "where an image stands in an object")]
pub struct ImageExtractor {
    pub path: Str,
    #[serde(default)]
    pub value: Str,
    #[serde(default)]
    pub name: Str,
    #[serde(default)]
    pub key: Str,
    #[serde(default)]
    pub jmes_path: Str,
}

//! `ClusterPolicy` and `Policy`.

use serde::Deserialize;

use super::meta::{LabelSelector, ObjectMeta};
use super::rule::Rule;
use crate::document::{Str, Value};

/// A policy document.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields every Kubernetes object has")]
pub struct PolicyDocument {
    pub api_version: Str,
    pub kind: Str,
    #[serde(default)]
    pub metadata: ObjectMeta,
    pub spec: Spec,
    #[serde(default)]
    pub status: Value,
}

/// `spec` (chapter 10 §1.1).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 10 §1.1 says what each field means")]
pub struct Spec {
    pub rules: Vec<Rule>,
    pub apply_rules: Option<ApplyRules>,
    pub failure_policy: Option<FailurePolicy>,
    pub validation_failure_action: Option<FailureAction>,
    pub validation_failure_action_overrides: Vec<ActionOverride>,
    pub emit_warning: Option<bool>,
    pub admission: Option<bool>,
    pub background: Option<bool>,
    pub schema_validation: Option<bool>,
    pub webhook_timeout_seconds: Option<i64>,
    pub mutate_existing_on_policy_update: Option<bool>,
    pub generate_existing_on_policy_update: Option<bool>,
    pub generate_existing: Option<bool>,
    pub use_server_side_apply: Option<bool>,
    pub webhook_configuration: Option<WebhookConfiguration>,
}

impl Spec {
    /// `background`, true unless said otherwise.
    #[must_use]
    pub fn background(&self) -> bool {
        self.background.unwrap_or(true)
    }

    /// `admission`, true unless said otherwise.
    #[must_use]
    pub fn admission(&self) -> bool {
        self.admission.unwrap_or(true)
    }
}

/// `applyRules`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[expect(missing_docs, reason = "chapter 10 §1.1 says what each means")]
pub enum ApplyRules {
    All,
    One,
}

/// `failurePolicy`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[expect(missing_docs, reason = "chapter 10 §1.1 says what each means")]
pub enum FailurePolicy {
    Ignore,
    Fail,
}

/// A failure action; lower case is deprecated.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[expect(missing_docs, reason = "report, or block")]
pub enum FailureAction {
    #[serde(alias = "audit")]
    Audit,
    #[serde(alias = "enforce")]
    Enforce,
}

/// A failure action for some namespaces.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 10 §1.4 says what each field means")]
pub struct ActionOverride {
    pub action: Option<FailureAction>,
    pub namespaces: Option<Vec<Str>>,
    pub namespace_selector: Option<LabelSelector>,
}

/// `webhookConfiguration`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 10 §1.1 says what each field means")]
pub struct WebhookConfiguration {
    pub failure_policy: Option<FailurePolicy>,
    pub timeout_seconds: Option<i64>,
    pub match_conditions: Vec<NamedExpression>,
}

/// A named CEL expression.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "a name and what it stands for")]
pub struct NamedExpression {
    pub name: Str,
    pub expression: Str,
}

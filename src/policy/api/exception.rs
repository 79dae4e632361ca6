//! `PolicyException`.

use serde::Deserialize;

use super::matching::MatchResources;
use super::meta::ObjectMeta;
use super::validate::PodSecurityStandard;
use crate::document::{Str, Value};

/// A PolicyException document.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields every Kubernetes object has")]
pub struct ExceptionDocument {
    pub api_version: Str,
    pub kind: Str,
    #[serde(default)]
    pub metadata: ObjectMeta,
    pub spec: ExceptionSpec,
    #[serde(default)]
    pub status: Value,
}

/// `spec` (chapter 10 §5.1).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 10 §5.1 says what each field means")]
pub struct ExceptionSpec {
    #[serde(default)]
    pub background: Option<bool>,
    #[serde(rename = "match")]
    pub matches: MatchResources,
    #[serde(default)]
    pub conditions: Value,
    pub exceptions: Vec<ExceptedRules>,
    #[serde(default)]
    pub pod_security: Option<Vec<PodSecurityStandard>>,
}

/// The rules of one policy that are excepted.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 10 §5.1 says what each field means")]
pub struct ExceptedRules {
    pub policy_name: Str,
    pub rule_names: Vec<Str>,
}

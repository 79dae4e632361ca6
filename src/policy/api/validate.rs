//! `validate`.

use serde::Deserialize;

use super::context::ContextEntry;
use super::meta::LabelSelector;
use super::policy::{ActionOverride, FailureAction, NamedExpression};
use super::verify_images::AttestorSet;
use super::{nullable, present};
use crate::document::{Str, Value};

/// A `validate` block.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 10 §1.2 says what each field means")]
pub struct Validation {
    #[serde(default)]
    pub failure_action: Option<FailureAction>,
    #[serde(default, deserialize_with = "nullable")]
    pub failure_action_overrides: Vec<ActionOverride>,
    #[serde(default)]
    pub allow_existing_violations: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    pub message: Str,
    #[serde(default)]
    pub manifests: Option<Manifests>,
    #[serde(default)]
    pub foreach: Option<Vec<ForEachValidation>>,
    #[serde(default)]
    pub pattern: Value,
    #[serde(default)]
    pub any_pattern: Value,
    #[serde(default)]
    pub deny: Option<Deny>,
    #[serde(default)]
    pub pod_security: Option<PodSecurity>,
    #[serde(default)]
    pub cel: Option<Cel>,
    #[serde(default, deserialize_with = "present")]
    pub assert: Option<Value>,
}

impl Validation {
    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.failure_action.is_none()
            && self.failure_action_overrides.is_empty()
            && self.allow_existing_violations.is_none()
            && self.message.is_empty()
            && self.manifests.is_none()
            && self.foreach.is_none()
            && self.pattern.is_null()
            && self.any_pattern.is_null()
            && self.deny.is_none()
            && self.pod_security.is_none()
            && self.cel.is_none()
            && self.assert.is_none()
    }
}

/// `deny`; its conditions are schemaless.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deny {
    /// An any/all object or a list.
    #[serde(default)]
    pub conditions: Value,
}

/// One `validate.foreach` entry.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 20 §4 says what each field means")]
pub struct ForEachValidation {
    #[serde(default, deserialize_with = "nullable")]
    pub list: Str,
    #[serde(default)]
    pub element_scope: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    pub context: Vec<ContextEntry>,
    #[serde(default)]
    pub preconditions: Value,
    #[serde(default)]
    pub pattern: Value,
    #[serde(default)]
    pub any_pattern: Value,
    #[serde(default)]
    pub deny: Option<Deny>,
    #[serde(default)]
    pub foreach: Option<Vec<ForEachValidation>>,
}

/// `podSecurity`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 20 §5 says what each field means")]
pub struct PodSecurity {
    #[serde(default, deserialize_with = "nullable")]
    pub level: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub version: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub exclude: Vec<PodSecurityStandard>,
}

/// One exclusion of a Pod Security control.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 20 §5.4 says what each field means")]
pub struct PodSecurityStandard {
    pub control_name: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub images: Vec<Str>,
    #[serde(default, deserialize_with = "nullable")]
    pub restricted_field: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub values: Vec<Str>,
}

/// `cel`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of a ValidatingAdmissionPolicy")]
pub struct Cel {
    #[serde(default)]
    pub generate: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    pub expressions: Vec<CelValidation>,
    #[serde(default)]
    pub param_kind: Option<ParamKind>,
    #[serde(default)]
    pub param_ref: Option<ParamRef>,
    #[serde(default, deserialize_with = "nullable")]
    pub audit_annotations: Vec<AuditAnnotation>,
    #[serde(default, deserialize_with = "nullable")]
    pub variables: Vec<NamedExpression>,
}

/// One CEL check.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of a ValidatingAdmissionPolicy")]
pub struct CelValidation {
    #[serde(default, deserialize_with = "nullable")]
    pub expression: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub message: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub message_expression: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub reason: Str,
}

/// `cel.paramKind`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of a ValidatingAdmissionPolicy")]
pub struct ParamKind {
    #[serde(default, deserialize_with = "nullable")]
    pub api_version: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub kind: Str,
}

/// `cel.paramRef`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of a ValidatingAdmissionPolicyBinding")]
pub struct ParamRef {
    #[serde(default, deserialize_with = "nullable")]
    pub name: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub namespace: Str,
    #[serde(default)]
    pub selector: Option<LabelSelector>,
    #[serde(default)]
    pub parameter_not_found_action: Option<Str>,
}

/// `cel.auditAnnotations[]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of a ValidatingAdmissionPolicy")]
pub struct AuditAnnotation {
    #[serde(default, deserialize_with = "nullable")]
    pub key: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub value_expression: Str,
}

/// `manifests`: signed YAML.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 20 §6.3 says what each field means")]
pub struct Manifests {
    #[serde(default, deserialize_with = "nullable")]
    pub attestors: Vec<AttestorSet>,
    #[serde(default, deserialize_with = "nullable")]
    pub annotation_domain: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub ignore_fields: Vec<IgnoreFields>,
    #[serde(default)]
    pub dry_run: Option<DryRun>,
    #[serde(default, deserialize_with = "nullable")]
    pub repository: Str,
}

/// `manifests.dryRun`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 20 §6.3 says what each field means")]
pub struct DryRun {
    #[serde(default)]
    pub enable: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    pub namespace: Str,
}

/// `manifests.ignoreFields[]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 20 §6.3 says what each field means")]
pub struct IgnoreFields {
    #[serde(default, deserialize_with = "nullable")]
    pub fields: Vec<Str>,
    #[serde(default, deserialize_with = "nullable")]
    pub objects: Vec<IgnoreObject>,
}

/// The objects an `ignoreFields` entry is about.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "an object's coordinates")]
pub struct IgnoreObject {
    #[serde(default, deserialize_with = "nullable")]
    pub group: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub version: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub kind: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub name: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub namespace: Str,
}

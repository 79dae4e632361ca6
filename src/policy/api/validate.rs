//! `validate`.

use serde::Deserialize;

use super::context::ContextEntry;
use super::meta::LabelSelector;
use super::policy::{ActionOverride, FailureAction, NamedExpression};
use super::verify_images::AttestorSet;
use crate::document::{Str, Value};

/// A `validate` block.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 10 §1.2 says what each field means")]
pub struct Validation {
    pub failure_action: Option<FailureAction>,
    pub failure_action_overrides: Vec<ActionOverride>,
    pub allow_existing_violations: Option<bool>,
    pub message: Str,
    pub manifests: Option<Manifests>,
    pub foreach: Option<Vec<ForEachValidation>>,
    pub pattern: Value,
    pub any_pattern: Value,
    pub deny: Option<Deny>,
    pub pod_security: Option<PodSecurity>,
    pub cel: Option<Cel>,
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
#[serde(default, deny_unknown_fields)]
pub struct Deny {
    /// An any/all object or a list.
    pub conditions: Value,
}

/// One `validate.foreach` entry.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 20 §4 says what each field means")]
pub struct ForEachValidation {
    pub list: Str,
    pub element_scope: Option<bool>,
    pub context: Vec<ContextEntry>,
    pub preconditions: Value,
    pub pattern: Value,
    pub any_pattern: Value,
    pub deny: Option<Deny>,
    pub foreach: Option<Vec<ForEachValidation>>,
}

/// `podSecurity`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 20 §5 says what each field means")]
pub struct PodSecurity {
    pub level: Str,
    pub version: Str,
    pub exclude: Vec<PodSecurityStandard>,
}

/// One exclusion of a Pod Security control.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 20 §5.4 says what each field means")]
pub struct PodSecurityStandard {
    pub control_name: Str,
    #[serde(default)]
    pub images: Vec<Str>,
    #[serde(default)]
    pub restricted_field: Str,
    #[serde(default)]
    pub values: Vec<Str>,
}

/// `cel`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of a ValidatingAdmissionPolicy")]
pub struct Cel {
    pub generate: Option<bool>,
    pub expressions: Vec<CelValidation>,
    pub param_kind: Option<ParamKind>,
    pub param_ref: Option<ParamRef>,
    pub audit_annotations: Vec<AuditAnnotation>,
    pub variables: Vec<NamedExpression>,
}

impl Cel {
    /// Whether nothing is written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.generate.is_none()
            && self.expressions.is_empty()
            && self.param_kind.is_none()
            && self.param_ref.is_none()
            && self.audit_annotations.is_empty()
            && self.variables.is_empty()
    }
}

/// One CEL check.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of a ValidatingAdmissionPolicy")]
pub struct CelValidation {
    pub expression: Str,
    pub message: Str,
    pub message_expression: Str,
    pub reason: Str,
}

/// `cel.paramKind`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of a ValidatingAdmissionPolicy")]
pub struct ParamKind {
    pub api_version: Str,
    pub kind: Str,
}

/// `cel.paramRef`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of a ValidatingAdmissionPolicyBinding")]
pub struct ParamRef {
    pub name: Str,
    pub namespace: Str,
    pub selector: Option<LabelSelector>,
    pub parameter_not_found_action: Option<Str>,
}

/// `cel.auditAnnotations[]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of a ValidatingAdmissionPolicy")]
pub struct AuditAnnotation {
    pub key: Str,
    pub value_expression: Str,
}

/// `manifests`: signed YAML.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 20 §6.3 says what each field means")]
pub struct Manifests {
    pub attestors: Vec<AttestorSet>,
    pub annotation_domain: Str,
    pub ignore_fields: Vec<IgnoreFields>,
    pub dry_run: Option<DryRun>,
    pub repository: Str,
}

/// `manifests.dryRun`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 20 §6.3 says what each field means")]
pub struct DryRun {
    pub enable: Option<bool>,
    pub namespace: Str,
}

/// `manifests.ignoreFields[]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 20 §6.3 says what each field means")]
pub struct IgnoreFields {
    pub fields: Vec<Str>,
    pub objects: Vec<IgnoreObject>,
}

/// The objects an `ignoreFields` entry is about.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "an object's coordinates")]
pub struct IgnoreObject {
    pub group: Str,
    pub version: Str,
    pub kind: Str,
    pub name: Str,
    pub namespace: Str,
}

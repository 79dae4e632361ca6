//! `verifyImages` and the attestors it shares with `validate.manifests`.

use serde::Deserialize;

use super::meta::TextMap;
use super::nullable;
use super::policy::FailureAction;
use super::validate::Deny;
use crate::document::{Str, Value};

/// One `verifyImages` entry (chapter 40 §6.2).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.2 says what each field means")]
pub struct ImageVerification {
    #[serde(default)]
    pub failure_action: Option<FailureAction>,
    #[serde(default, rename = "type")]
    pub kind: Option<Str>,
    #[serde(default, deserialize_with = "nullable")]
    pub image: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub image_references: Vec<Str>,
    #[serde(default, deserialize_with = "nullable")]
    pub skip_image_references: Vec<Str>,
    #[serde(default, deserialize_with = "nullable")]
    pub key: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub roots: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub subject: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub issuer: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub additional_extensions: TextMap,
    #[serde(default, deserialize_with = "nullable")]
    pub attestors: Vec<AttestorSet>,
    #[serde(default, deserialize_with = "nullable")]
    pub attestations: Vec<Attestation>,
    #[serde(default, deserialize_with = "nullable")]
    pub annotations: TextMap,
    #[serde(default, deserialize_with = "nullable")]
    pub repository: Str,
    #[serde(default, rename = "cosignOCI11")]
    pub cosign_oci11: Option<bool>,
    #[serde(default = "yes")]
    pub mutate_digest: bool,
    #[serde(default = "yes")]
    pub verify_digest: bool,
    #[serde(default)]
    pub validate: Option<ImageValidation>,
    #[serde(default = "yes")]
    pub required: bool,
    #[serde(default)]
    pub image_registry_credentials: Option<ImageRegistryCredentials>,
    #[serde(default = "yes")]
    pub use_cache: bool,
}

fn yes() -> bool {
    true
}

/// `verifyImages[].validate`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "as in validate")]
pub struct ImageValidation {
    #[serde(default, deserialize_with = "nullable")]
    pub message: Str,
    #[serde(default)]
    pub deny: Option<Deny>,
}

/// Attestors of which `count` (all, if absent) must agree.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.8 says what each field means")]
pub struct AttestorSet {
    #[serde(default)]
    pub count: Option<i64>,
    #[serde(default, deserialize_with = "nullable")]
    pub entries: Vec<Attestor>,
}

/// One attestor; exactly one kind is allowed.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.8 says what each field means")]
pub struct Attestor {
    #[serde(default)]
    pub keys: Option<StaticKeys>,
    #[serde(default)]
    pub certificates: Option<Certificates>,
    #[serde(default)]
    pub keyless: Option<Keyless>,
    #[serde(default)]
    pub attestor: Value,
    #[serde(default, deserialize_with = "nullable")]
    pub annotations: TextMap,
    #[serde(default, deserialize_with = "nullable")]
    pub repository: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub signature_algorithm: Str,
}

/// Public keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.8 says what each field means")]
pub struct StaticKeys {
    #[serde(default, deserialize_with = "nullable")]
    pub public_keys: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub signature_algorithm: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub kms: Str,
    #[serde(default)]
    pub secret: Option<SecretReference>,
    #[serde(default)]
    pub rekor: Option<Rekor>,
    #[serde(default)]
    pub ctlog: Option<CtLog>,
}

/// A Secret.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "an object's coordinates")]
pub struct SecretReference {
    pub name: Str,
    pub namespace: Str,
}

/// A certificate.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.8 says what each field means")]
pub struct Certificates {
    #[serde(default, deserialize_with = "nullable")]
    pub cert: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub cert_chain: Str,
    #[serde(default)]
    pub rekor: Option<Rekor>,
    #[serde(default)]
    pub ctlog: Option<CtLog>,
}

/// Keyless signing.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.8 says what each field means")]
pub struct Keyless {
    #[serde(default)]
    pub rekor: Option<Rekor>,
    #[serde(default)]
    pub ctlog: Option<CtLog>,
    #[serde(default, deserialize_with = "nullable")]
    pub issuer: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub issuer_reg_exp: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub subject: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub subject_reg_exp: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub roots: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub additional_extensions: TextMap,
}

/// A transparency log.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.8 says what each field means")]
pub struct Rekor {
    #[serde(default, deserialize_with = "nullable")]
    pub url: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub pubkey: Str,
    #[serde(default)]
    pub ignore_tlog: Option<bool>,
}

/// A certificate transparency log.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.8 says what each field means")]
pub struct CtLog {
    #[serde(default, rename = "ignoreSCT")]
    pub ignore_sct: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    pub pubkey: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub tsa_cert_chain: Str,
}

/// One attestation.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.2 says what each field means")]
pub struct Attestation {
    #[serde(default, deserialize_with = "nullable")]
    pub name: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub predicate_type: Str,
    #[serde(default, rename = "type", deserialize_with = "nullable")]
    pub kind: Str,
    #[serde(default, deserialize_with = "nullable")]
    pub attestors: Vec<AttestorSet>,
    #[serde(default, deserialize_with = "nullable")]
    pub conditions: Vec<Value>,
}

/// How to log in to a registry.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.2 says what each field means")]
pub struct ImageRegistryCredentials {
    #[serde(default)]
    pub allow_insecure_registry: Option<bool>,
    #[serde(default, deserialize_with = "nullable")]
    pub providers: Vec<Str>,
    #[serde(default, deserialize_with = "nullable")]
    pub secrets: Vec<Str>,
}

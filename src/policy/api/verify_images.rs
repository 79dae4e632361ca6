//! `verifyImages` and the attestors it shares with `validate.manifests`.

use serde::Deserialize;

use super::meta::TextMap;
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
    #[serde(default)]
    pub image: Str,
    #[serde(default)]
    pub image_references: Vec<Str>,
    #[serde(default)]
    pub skip_image_references: Vec<Str>,
    #[serde(default)]
    pub key: Str,
    #[serde(default)]
    pub roots: Str,
    #[serde(default)]
    pub subject: Str,
    #[serde(default)]
    pub issuer: Str,
    #[serde(default)]
    pub additional_extensions: TextMap,
    #[serde(default)]
    pub attestors: Vec<AttestorSet>,
    #[serde(default)]
    pub attestations: Vec<Attestation>,
    #[serde(default)]
    pub annotations: TextMap,
    #[serde(default)]
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
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "as in validate")]
pub struct ImageValidation {
    pub message: Str,
    pub deny: Option<Deny>,
}

/// Attestors of which `count` (all, if absent) must agree.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.8 says what each field means")]
pub struct AttestorSet {
    pub count: Option<i64>,
    pub entries: Vec<Attestor>,
}

/// One attestor; exactly one kind is allowed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.8 says what each field means")]
pub struct Attestor {
    pub keys: Option<StaticKeys>,
    pub certificates: Option<Certificates>,
    pub keyless: Option<Keyless>,
    pub attestor: Value,
    pub annotations: TextMap,
    pub repository: Str,
    pub signature_algorithm: Str,
}

/// Public keys.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.8 says what each field means")]
pub struct StaticKeys {
    pub public_keys: Str,
    pub signature_algorithm: Str,
    pub kms: Str,
    pub secret: Option<SecretReference>,
    pub rekor: Option<Rekor>,
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
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.8 says what each field means")]
pub struct Certificates {
    pub cert: Str,
    pub cert_chain: Str,
    pub rekor: Option<Rekor>,
    pub ctlog: Option<CtLog>,
}

/// Keyless signing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.8 says what each field means")]
pub struct Keyless {
    pub rekor: Option<Rekor>,
    pub ctlog: Option<CtLog>,
    pub issuer: Str,
    pub issuer_reg_exp: Str,
    pub subject: Str,
    pub subject_reg_exp: Str,
    pub roots: Str,
    pub additional_extensions: TextMap,
}

/// A transparency log.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.8 says what each field means")]
pub struct Rekor {
    pub url: Str,
    pub pubkey: Str,
    pub ignore_tlog: Option<bool>,
}

/// A certificate transparency log.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.8 says what each field means")]
pub struct CtLog {
    #[serde(rename = "ignoreSCT")]
    pub ignore_sct: Option<bool>,
    pub pubkey: Str,
    pub tsa_cert_chain: Str,
}

/// One attestation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.2 says what each field means")]
pub struct Attestation {
    pub name: Str,
    pub predicate_type: Str,
    #[serde(rename = "type")]
    pub kind: Str,
    pub attestors: Vec<AttestorSet>,
    pub conditions: Vec<Value>,
}

/// How to log in to a registry.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "chapter 40 §6.2 says what each field means")]
pub struct ImageRegistryCredentials {
    pub allow_insecure_registry: Option<bool>,
    pub providers: Vec<Str>,
    pub secrets: Vec<Str>,
}

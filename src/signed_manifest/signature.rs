//! Public keys and the signatures they verify. The only place that knows the cryptography.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

/// A public key: ECDSA on P-256 or P-384, RSA from 2,048 bits, or Ed25519. ECDSA and RSA are over SHA-256.
pub struct PublicKey {
    algorithm: &'static dyn VerificationAlgorithm,
    bytes: Vec<u8>,
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PublicKey").field("bytes", &self.bytes.len()).finish_non_exhaustive()
    }
}

impl PublicKey {
    /// Reads a PEM block `PUBLIC KEY`.
    ///
    /// # Errors
    /// It is none, or of a kind that is not verified here.
    pub fn from_pem(text: &str) -> Result<Self, String> {
        const FAILED: &str = "failed to judge signature type from public key configuration";
        let (_, pem) = parse_x509_pem(text.as_bytes()).map_err(|_| FAILED.to_owned())?;
        if pem.label != "PUBLIC KEY" {
            return Err(FAILED.to_owned());
        }
        let (_, info) = SubjectPublicKeyInfo::from_der(&pem.contents).map_err(|_| FAILED.to_owned())?;
        let curve = info.algorithm.parameters.as_ref().and_then(|p| p.as_oid().ok()).map(|oid| oid.to_id_string());
        let kind = info.algorithm.algorithm.to_id_string();
        let algorithm: &'static dyn VerificationAlgorithm = match (kind.as_str(), curve.as_deref()) {
            ("1.2.840.10045.2.1", Some("1.2.840.10045.3.1.7")) => &signature::ECDSA_P256_SHA256_ASN1,
            ("1.2.840.10045.2.1", Some("1.3.132.0.34")) => &signature::ECDSA_P384_SHA256_ASN1,
            ("1.2.840.113549.1.1.1", _) => &signature::RSA_PKCS1_2048_8192_SHA256,
            ("1.3.101.112", _) => &signature::ED25519,
            _ => return Err(format!("public keys of type {kind} are not verified by this version of rendergate")),
        };
        Ok(Self { algorithm, bytes: info.subject_public_key.data.to_vec() })
    }

    /// Whether `signature`, in base64, is this key's of `message`.
    ///
    /// # Errors
    /// It is not.
    pub fn verify(&self, message: &[u8], signature: &str) -> Result<(), String> {
        let signature = STANDARD.decode(signature.trim()).map_err(|e| format!("decoding signature: {e}"))?;
        UnparsedPublicKey::new(self.algorithm, &self.bytes)
            .verify(message, &signature)
            .map_err(|_| "invalid signature when validating ASN.1 encoded signature".to_owned())
    }
}

//! The serving certificate: from files, read again when they change, or made at start.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};

/// Where the certificate comes from.
#[derive(Clone, Debug)]
pub enum Certificate {
    /// PEM files, as a mounted `kubernetes.io/tls` Secret has them.
    Files {
        /// The chain, the server's certificate first.
        chain: PathBuf,
        /// The private key.
        key: PathBuf,
    },
    /// Made at start for these DNS names, valid for itself only.
    SelfSigned {
        /// DNS names and IP addresses.
        names: Vec<String>,
    },
}

/// A certificate and its key, as PEM.
#[derive(Clone)]
pub struct Pair {
    /// The chain.
    pub chain: Vec<u8>,
    /// The key.
    key: Vec<u8>,
}

impl Certificate {
    /// Reads the files, or makes a new pair.
    ///
    /// # Errors
    /// When a file cannot be read, or a name is not a DNS name.
    pub fn pair(&self) -> Result<Pair, String> {
        match self {
            Self::Files { chain, key } => {
                let read = |path: &PathBuf| std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()));
                Ok(Pair { chain: read(chain)?, key: read(key)? })
            }
            Self::SelfSigned { names } => {
                let made = rcgen::generate_simple_self_signed(names.clone()).map_err(|e| e.to_string())?;
                Ok(Pair { chain: made.cert.pem().into_bytes(), key: made.signing_key.serialize_pem().into_bytes() })
            }
        }
    }
}

impl Pair {
    /// Tells two pairs apart.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        Sha256::new().chain_update(&self.chain).chain_update(&self.key).finalize().into()
    }

    /// TLS 1.2 and 1.3 with ring, HTTP/2 and HTTP/1.1.
    ///
    /// # Errors
    /// When chain or key are not PEM, or do not belong together. The key is never quoted.
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, String> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&self.chain)
            .collect::<Result<_, _>>()
            .map_err(|_| "the certificate is not PEM".to_owned())?;
        if chain.is_empty() {
            return Err("the certificate file holds no certificate".to_owned());
        }
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| "the private key is not PEM".to_owned())?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|e| e.to_string())?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|e| format!("the certificate cannot serve: {e}"))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn self_signed() -> Pair {
        Certificate::SelfSigned { names: vec!["localhost".to_owned()] }.pair().expect("a pair")
    }

    #[test]
    fn a_made_pair_serves() {
        let pair = self_signed();
        pair.server_config().expect("it serves");
        assert_ne!(pair.digest(), self_signed().digest(), "every pair is new");
    }

    #[test]
    fn a_pair_that_does_not_belong_together_is_refused() {
        let pair = Pair { chain: self_signed().chain, key: self_signed().key };
        assert!(pair.server_config().is_err());
        let pair = Pair { chain: b"no PEM".to_vec(), key: self_signed().key };
        assert_eq!(pair.server_config().expect_err("no chain"), "the certificate file holds no certificate");
    }

    #[test]
    fn a_missing_file_is_named() {
        let files = Certificate::Files { chain: "/nowhere/tls.crt".into(), key: "/nowhere/tls.key".into() };
        assert!(files.pair().err().is_some_and(|e| e.starts_with("/nowhere/tls.crt: ")));
    }
}

//! `validate.manifests`, compiled (chapter 20 §6.3).

use crate::document::Str;
use crate::signed_manifest::{Binding, DEFAULT_DOMAIN, Ignore};

use super::api::validate::Manifests;
use super::attestors::AttestorSet;

/// What a rule asks of an object's signatures.
#[derive(Debug)]
pub struct SignedManifests {
    /// Every set must agree.
    pub attestors: Vec<AttestorSet>,
    /// The domain of the annotations.
    pub domain: Str,
    /// Where the signed manifest is, when it is in a registry; empty: in the annotations.
    pub repository: Str,
    /// Fields that may differ.
    pub ignore: Ignore,
}

impl SignedManifests {
    /// Compiles the block.
    #[must_use]
    pub fn compile(written: &Manifests) -> Self {
        let domain = match written.annotation_domain.as_str() {
            "" => DEFAULT_DOMAIN,
            domain => domain,
        };
        let own = written.ignore_fields.iter().map(|binding| Binding {
            objects: binding
                .objects
                .iter()
                .map(|o| [&o.group, &o.version, &o.kind, &o.name, &o.namespace].map(Str::clone))
                .collect(),
            fields: binding.fields.clone(),
        });
        Self {
            attestors: written.attestors.iter().map(AttestorSet::compile).collect(),
            ignore: Ignore::compile(own.collect(), domain),
            domain: domain.into(),
            repository: written.repository.clone(),
        }
    }
}

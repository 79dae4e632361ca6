//! `verifyImages`, compiled (chapter 40 §6).

use crate::document::{Str, wildcard};
use crate::jmespath::Expression;
use crate::template::Template;

use super::api::verify_images::ImageRegistryCredentials;
use super::attestors::AttestorSet;
use super::rule::Conditions;

/// The `verifyImages` of one rule.
#[derive(Debug)]
pub struct VerifyImages {
    /// The entries as written.
    pub entries: Vec<ImageEntry>,
    /// `imageExtractors`: where objects of a kind keep their images, by kind.
    pub extractors: Vec<(Str, Vec<ImageExtractor>)>,
    /// The whole rule without the conditions of its entries, when it holds variables: they are put in
    /// before anything is verified, and one that does not resolve is the rule's error.
    pub whole_rule: Option<Template>,
}

impl VerifyImages {
    /// Whether the object is looked at again when it is validated (chapter 40 §6.1, phase B).
    #[must_use]
    pub fn has_checks(&self) -> bool {
        self.entries.iter().any(|entry| entry.required || entry.verify_digest)
    }
}

/// One `verifyImages` entry.
#[derive(Clone, Debug)]
pub struct ImageEntry {
    /// `imageReferences`.
    pub references: Vec<Str>,
    /// `skipImageReferences`.
    pub skip_references: Vec<Str>,
    /// `mutateDigest`.
    pub mutate_digest: bool,
    /// `verifyDigest`.
    pub verify_digest: bool,
    /// `required`.
    pub required: bool,
    /// `type`.
    pub signatures: SignatureFormat,
    /// `attestors`: every set must agree.
    pub attestors: Vec<AttestorSet>,
    /// `attestations`: each must be there.
    pub attestations: Vec<Attestation>,
    /// `validate`.
    pub validate: Option<AttestationCheck>,
    /// `repository`.
    pub repository: Str,
    /// The deprecated `annotations`.
    pub annotations: Vec<(Str, Str)>,
    /// `cosignOCI11`.
    pub cosign_oci11: bool,
    /// `imageRegistryCredentials`.
    pub credentials: Option<ImageRegistryCredentials>,
}

impl ImageEntry {
    /// Whether the entry is about `image`, a whole reference.
    #[must_use]
    pub fn covers(&self, image: &str) -> bool {
        self.references.iter().any(|pattern| wildcard::matches(pattern, image))
    }

    /// Whether the entry leaves `image` alone although it is about it.
    #[must_use]
    pub fn skips(&self, image: &str) -> bool {
        self.skip_references.iter().any(|pattern| wildcard::matches(pattern, image))
    }

    /// Whether the entry asks for any proof.
    #[must_use]
    pub fn verifies(&self) -> bool {
        !(self.attestors.is_empty() && self.attestations.is_empty())
    }
}

/// The form signatures have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignatureFormat {
    /// Tags beside the image.
    #[default]
    Cosign,
    /// Sigstore bundles that refer to the image.
    SigstoreBundle,
    /// Notary signatures that refer to the image.
    Notary,
}

/// One attestation an image must have.
#[derive(Clone, Debug)]
pub struct Attestation {
    /// `type`, else the deprecated `predicateType`.
    pub predicate_type: Str,
    /// `name`: the variable that holds the first statement.
    pub name: Str,
    /// `attestors`: every set must reach its count; one that takes anybody when there is none.
    pub attestors: Vec<AttestorSet>,
    /// `conditions`: each must hold for every statement of the type.
    pub conditions: std::sync::Arc<[Conditions]>,
}

/// `verifyImages[].validate`.
#[derive(Clone, Debug)]
pub struct AttestationCheck {
    /// `message`, as written.
    pub message: Str,
    /// `deny`: true denies; `None` inside denies always.
    pub deny: Option<std::sync::Arc<Option<Conditions>>>,
}

/// Where objects of a kind keep images.
#[derive(Debug)]
pub struct ImageExtractor {
    /// The steps to the objects that hold an image; `*` goes into each.
    pub path: Vec<Str>,
    /// The field that is the image.
    pub value: Str,
    /// The field that names the image; empty: its JSON pointer does.
    pub key: Str,
    /// The group the images are put in.
    pub group: Str,
    /// What makes a reference of the field's text; the error if it does not compile.
    pub expression: Option<Result<Expression, String>>,
}

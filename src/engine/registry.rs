//! [`Registry`]: what rules may ask of image registries and of who signed what in them.

use crate::document::{Str, Value};
use crate::policy::attestors::Attestor;
use crate::policy::images::ImageEntry;

/// The answer of a registry.
#[derive(Clone, Debug, PartialEq)]
pub enum Verification<T> {
    /// It is there, and vouched for.
    Verified(T),
    /// It is not; why.
    Refused(String),
    /// The registry was not reached; how that failed.
    Unreachable(String),
    /// No registry is asked here, another place decides; holds what would be asked.
    Unknown(String),
}

/// One question about one image.
#[derive(Clone, Copy, Debug)]
pub struct ImageQuestion<'a> {
    /// The whole reference: `ghcr.io/a/b:v1`.
    pub image: &'a str,
    /// The entry that asks: format, repository, credentials, annotations.
    pub entry: &'a ImageEntry,
    /// The namespace of the object, where its pull secrets are.
    pub namespace: &'a str,
    /// The `imagePullSecrets` beside the image.
    pub pull_secrets: &'a [Str],
}

/// Statements about an image.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attested {
    /// The digest they are about.
    pub digest: Str,
    /// in-toto statements: `predicateType` and `predicate`.
    pub statements: Vec<Value>,
}

/// Image registries, and the verification of what they hold.
pub trait Registry {
    /// The digest of the image, if `attestor` signed it.
    fn signature(&self, question: &ImageQuestion<'_>, attestor: &Attestor) -> Verification<Str>;

    /// The statements about the image that `attestor` signed, of `predicate_type` and others.
    fn attestations(
        &self,
        question: &ImageQuestion<'_>,
        attestor: &Attestor,
        predicate_type: &str,
    ) -> Verification<Attested>;

    /// The digest of the image, whoever made it.
    fn digest(&self, question: &ImageQuestion<'_>) -> Verification<Str>;
}

/// No registry is reached from here: every question is an error, as with Kyverno's command line
/// without a network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Offline;

impl Offline {
    fn answer<T>(question: &ImageQuestion<'_>) -> Verification<T> {
        let host = question.image.split('/').next().unwrap_or_default();
        Verification::Unreachable(format!("registry {host} cannot be reached: no network is used here"))
    }
}

impl Registry for Offline {
    fn signature(&self, question: &ImageQuestion<'_>, _: &Attestor) -> Verification<Str> {
        Self::answer(question)
    }

    fn attestations(&self, question: &ImageQuestion<'_>, _: &Attestor, _: &str) -> Verification<Attested> {
        Self::answer(question)
    }

    fn digest(&self, question: &ImageQuestion<'_>) -> Verification<Str> {
        Self::answer(question)
    }
}

/// Another place asks the registry: what needs it is deferred.
#[derive(Clone, Copy, Debug, Default)]
pub struct Elsewhere;

impl Registry for Elsewhere {
    fn signature(&self, question: &ImageQuestion<'_>, _: &Attestor) -> Verification<Str> {
        Verification::Unknown(format!("the signatures of image {}", question.image))
    }

    fn attestations(&self, question: &ImageQuestion<'_>, _: &Attestor, _: &str) -> Verification<Attested> {
        Verification::Unknown(format!("the attestations of image {}", question.image))
    }

    fn digest(&self, question: &ImageQuestion<'_>) -> Verification<Str> {
        Verification::Unknown(format!("the digest of image {}", question.image))
    }
}

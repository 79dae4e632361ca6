//! `verifyImages` (row 59).

use crate::document::de;
use crate::policy::api::policy::FailureAction;
use crate::policy::api::verify_images::{Attestor, AttestorSet, ImageVerification};

use super::spec::{FieldErrors, Path};
use super::{Checked, Violation};

/// Attestors nested deeper are refused.
const MAX_DEPTH: usize = 16;

/// A digest cannot be put where a JMESPath found an image.
pub(super) fn check_extractors(rule: &Checked<'_>) -> Result<(), Violation> {
    let extractors = rule.rule.image_extractors.iter().flat_map(|map| map.values().flatten());
    let by_expression = extractors.into_iter().any(|e| !e.jmes_path.is_empty());
    if by_expression && rule.rule.verify_images.iter().any(|v| v.mutate_digest) {
        let text = "jmespath may not be used in an image extractor when mutating digests with verify images";
        return Err(rule.violation(&["imageExtractors"], format!("path: spec.rules[{}]: {text}", rule.index)));
    }
    Ok(())
}

/// Row 59. `action` is the policy's; once an entry has said otherwise, that holds for those after it.
pub(super) fn check(rule: &Checked<'_>, action: Option<FailureAction>) -> Result<(), Violation> {
    let mut audit = action.is_none_or(|a| a == FailureAction::Audit);
    let mut errors = FieldErrors::default();
    let path = Path::root().child("spec").child("rules").index(rule.index).child("verifyImages");
    for (index, entry) in rule.rule.verify_images.iter().enumerate() {
        if let Some(action) = entry.failure_action {
            audit = action == FailureAction::Audit;
        }
        image(entry, audit, &path.index(index), &mut errors);
    }
    errors.finish().map_err(|found| rule.violation(&["verifyImages"], found.message))
}

fn image(entry: &ImageVerification, audit: bool, path: &Path, errors: &mut FieldErrors) {
    if audit && entry.mutate_digest {
        errors
            .invalid(&path.child("mutateDigest"), "true: mutateDigest must be set to false for ‘Audit’ failure action");
    }
    if entry.image_references.is_empty() && entry.image.is_empty() {
        errors.invalid(path, "An image reference is required");
    }
    for (index, attestation) in entry.attestations.iter().enumerate() {
        let path = path.child("attestations").index(index).child("attestors");
        attestation.attestors.iter().enumerate().for_each(|(i, set)| attestors(set, &path.index(i), 0, errors));
    }
    let path = path.child("attestors");
    entry.attestors.iter().enumerate().for_each(|(i, set)| attestors(set, &path.index(i), 0, errors));
    if entry.kind.as_deref() == Some("Notary") {
        for attestor in entry.attestors.iter().flat_map(|set| &set.entries) {
            if attestor.keyless.is_some() {
                errors.invalid(&path, "Keyless field is not allowed for type notary");
            }
            if attestor.keys.is_some() {
                errors.invalid(&path, "Keys field is not allowed for type notary");
            }
        }
    }
}

fn attestors(set: &AttestorSet, path: &Path, depth: usize, errors: &mut FieldErrors) {
    if set.count.is_some_and(|count| usize::try_from(count).is_ok_and(|count| count > set.entries.len())) {
        errors.invalid(path, "Count cannot exceed length of entries");
    }
    if set.entries.is_empty() {
        errors.invalid(path, "An entry is required");
    }
    for (index, entry) in set.entries.iter().enumerate() {
        attestor(entry, &path.child("entries").index(index), depth, errors);
    }
}

fn attestor(entry: &Attestor, path: &Path, depth: usize, errors: &mut FieldErrors) {
    let kinds =
        [entry.keys.is_some(), entry.certificates.is_some(), entry.keyless.is_some(), !entry.attestor.is_null()];
    if kinds.into_iter().filter(|k| *k).count() != 1 {
        errors.invalid(path, "keys, certificates, keyless, or a nested attestor is required");
    }
    if let Some(keys) = &entry.keys
        && keys.public_keys.is_empty()
        && keys.kms.is_empty()
        && keys.secret.is_none()
    {
        errors.invalid(&path.child("keys"), "A public key, kms key or secret is required");
    }
    if entry.certificates.as_ref().is_some_and(|c| c.cert.is_empty() && c.cert_chain.is_empty()) {
        errors.invalid(&path.child("certificates"), "cert or certChain required");
    }
    if let Some(keyless) = &entry.keyless {
        match &keyless.rekor {
            None if keyless.roots.is_empty() => {
                errors.invalid(&path.child("keyless"), "Either Rekor URL or roots are required");
            }
            Some(rekor) if rekor.url.is_empty() => errors.invalid(&path.child("keyless"), "An URL is required"),
            _ => {}
        }
    }
    if !entry.attestor.is_null() {
        let path = path.child("attestor");
        match de::from_value::<AttestorSet>(&entry.attestor) {
            Ok(_) if depth == MAX_DEPTH => errors.invalid(&path, "attestors nest too deeply"),
            Ok(set) => attestors(&set, &path, depth + 1, errors),
            Err(error) => errors.invalid(&path, format!("failed to unmarshal attestor set: {error}")),
        }
    }
}

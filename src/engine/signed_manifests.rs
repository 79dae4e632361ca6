//! `validate.manifests` (chapter 20 §6.3): who signed what the object was made from.

use crate::document::Value;
use crate::policy::attestors::{Attestor, AttestorSet, Proof};
use crate::policy::signed_manifests::SignedManifests;
use crate::signed_manifest::{PublicKey, Verdict, difference_text, verify};
use crate::template::Query as _;

use super::answer::Answer;
use super::decision::Outcome;
use super::scope::Scope;

/// A set that agrees, or does not: with what to say.
enum Said {
    Agreed(String),
    Disagreed(String),
}

/// Verifies the reviewed object. No result on DELETE.
pub(super) fn run(manifests: &SignedManifests, scope: &Scope<'_>) -> Option<Answer> {
    if scope.is_delete() {
        return None;
    }
    let object = scope.request.object.as_ref()?;
    if scope.request.whole().get("dryRun").and_then(Value::as_bool) == Some(true) {
        return Some(Answer::new(Outcome::Pass, "allowed because of DryRun request"));
    }
    let mut agreed = Vec::new();
    for (index, attestors) in manifests.attestors.iter().enumerate() {
        match set(attestors, object, manifests, &format!(".attestors[{index}]")) {
            Ok(Said::Agreed(text)) => agreed.push(text),
            Ok(Said::Disagreed(text)) => return Some(Answer::new(Outcome::Fail, text)),
            Err(cause) => {
                return Some(Answer::error(format!("error occurred during manifest verification: {cause}")));
            }
        }
    }
    Some(Answer::new(Outcome::Pass, format!("verified manifest signatures; {}", agreed.join(","))))
}

/// Enough attestors of the set agree, too few do, or one that might have could not be asked.
fn set(attestors: &AttestorSet, object: &Value, manifests: &SignedManifests, path: &str) -> Result<Said, String> {
    let required = attestors.required;
    let (mut agreed, mut disagreed, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for (index, attestor) in attestors.entries.iter().enumerate() {
        let place = format!("{path}.entries[{index}]");
        match one(attestor, object, manifests, &place) {
            Ok(Said::Agreed(text)) => agreed.push(text),
            Ok(Said::Disagreed(text)) => disagreed.push(text),
            Err(cause) => errors.push(cause),
        }
        if agreed.len() >= required {
            let (count, texts) = (agreed.len(), agreed.join(","));
            return Ok(Said::Agreed(format!(
                "manifest verification succeeded; verifiedCount {count}; requiredCount {required}; message {texts}"
            )));
        }
    }
    if !errors.is_empty() {
        return Err(errors.join("; "));
    }
    let (count, texts) = (agreed.len(), disagreed.join(","));
    Ok(Said::Disagreed(format!(
        "manifest verification failed; verifiedCount {count}; requiredCount {required}; message {texts}"
    )))
}

fn one(attestor: &Attestor, object: &Value, manifests: &SignedManifests, place: &str) -> Result<Said, String> {
    let nested = match &attestor.proof {
        Proof::Nested(nested) => Some(nested),
        Proof::Keys(_) | Proof::Certificates(_) | Proof::Keyless(_) | Proof::Anybody => None,
    };
    if let Some(nested) = nested {
        let inner = nested.as_ref().map_err(|e| format!("failed to unmarshal nested attestor {place}: {e}"))?;
        let place = format!("{place}.attestor");
        return set(inner, object, manifests, &place).map_err(|e| format!("failed to verify signature; {place}: {e}"));
    }
    for (name, wanted) in &attestor.annotations {
        let has = object.str_at(&["metadata", "annotations", name]).unwrap_or_default();
        if has != wanted {
            return Err(format!("annotations mismatch: {has} does not match expected value {wanted} for key {name}"));
        }
    }
    let place = format!("{place}{}", attestor.proof.suffix());
    let Proof::Keys(keys) = &attestor.proof else {
        return Err(format!("{place}: only public keys are verified by this version of rendergate"));
    };
    if !(attestor.repository.is_empty() && manifests.repository.is_empty()) {
        return Err(format!("{place}: manifests kept in a registry are not verified by this version of rendergate"));
    }
    if !keys.public_keys.starts_with("-----BEGIN PUBLIC KEY-----") {
        return Err(format!("{place}: only keys written in the policy are verified by this version of rendergate"));
    }
    let key =
        PublicKey::from_pem(&keys.public_keys).map_err(|e| format!("{place}: failed to verify signature: {e}"))?;
    match verify(object, &key, &manifests.domain, &manifests.ignore) {
        // With a key the signer has no name.
        Ok(Verdict::Verified) => Ok(Said::Agreed("singed by a valid signer: ".to_owned())),
        Ok(Verdict::Differs(differences)) => Ok(Said::Disagreed(format!(
            "{place}: failed to verify signature. diff found; {}",
            difference_text(&differences)
        ))),
        Ok(Verdict::NotSigned(text)) => Ok(Said::Disagreed(format!("{place}: {text}"))),
        Err(cause) => Err(format!("{place}: {cause}")),
    }
}

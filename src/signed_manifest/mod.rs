//! Signed manifests (chapter 20 §6.3): an object carries the manifest it was made from and signatures of
//! it, in annotations, as k8s-manifest-sigstore writes them. Keys alone: certificates, keyless signing,
//! transparency logs and manifests kept in registries are not verified here, and say so.

mod difference;
mod ignore;
mod message;
mod signature;

use std::fmt;

use crate::document::{Str, Value};

pub use difference::{Difference, differences, text as difference_text};
pub use ignore::{Binding, Ignore};
pub use signature::PublicKey;

/// The annotations' domain when the policy names none.
pub const DEFAULT_DOMAIN: &str = "cosign.sigstore.dev";

/// Candidates that are compared when no manifest in the message has the object's name.
const MOST_CANDIDATES: usize = 3;

/// What came of a signed object.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// The object is what was signed.
    Verified,
    /// The signature is good, but the object differs from what was signed.
    Differs(Vec<Difference>),
    /// The object carries no message, or no signature: Kyverno's text.
    NotSigned(&'static str),
}

/// Why an object could not be verified; prints as Kyverno's text where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unverifiable(pub String);

impl fmt::Display for Unverifiable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Holds `object` against what `key` signed of it.
///
/// # Errors
/// No signature verifies, the message cannot be read, or the object asks for what is not verified here.
pub fn verify(object: &Value, key: &PublicKey, domain: &str, ignore: &Ignore) -> Result<Verdict, Unverifiable> {
    let annotation = |name: &str| object.str_at(&["metadata", "annotations", &format!("{domain}/{name}")]);
    if annotation("resourceBundleRef").is_some() {
        return Err(not_here("manifests kept in a registry"));
    }
    let Some(text) = annotation("message") else {
        return Ok(Verdict::NotSigned("YAML manifest not found for this resource: message not found"));
    };
    let unreadable = |cause: String| Unverifiable(format!("YAML manifest not found for this resource: {cause}"));
    let message = message::decode(text).map_err(unreadable)?;
    let manifests = message::manifests(&message).map_err(unreadable)?;
    let ignored = ignore.fields_for(object);
    let candidates = candidates(&manifests, object);
    if candidates.is_empty() {
        return Ok(Verdict::NotSigned(
            "YAML manifest not found for this resource: failed to find a YAML manifest in the gzipped message",
        ));
    }
    let mut first = None;
    for candidate in candidates {
        let found = differences(candidate, object, &ignored)
            .map_err(|cause| Unverifiable(format!("error occurred during matching manifest: {cause}")))?;
        if found.is_empty() {
            first = None;
            break;
        }
        first.get_or_insert(found);
    }
    signed(&annotation, &message, key)?;
    match first {
        _ if annotation("signature").is_none() => {
            Ok(Verdict::NotSigned("failed to verify signature: signature not found"))
        }
        None => Ok(Verdict::Verified),
        Some(differences) => Ok(Verdict::Differs(differences)),
    }
}

fn not_here(what: &str) -> Unverifiable {
    Unverifiable(format!("{what} are not verified by this version of rendergate"))
}

/// Whether one of the object's signatures is `key`'s.
fn signed<'o>(
    annotation: &dyn Fn(&str) -> Option<&'o str>,
    message: &[u8],
    key: &PublicKey,
) -> Result<(), Unverifiable> {
    let numbered = |name: &str, index: usize| match index {
        0 => annotation(name),
        _ => annotation(&format!("{name}_{index}")),
    };
    let mut causes = Vec::new();
    for (index, signature) in (0..).map_while(|index| Some((index, numbered("signature", index)?))) {
        if numbered("certificate", index).is_some() || numbered("bundle", index).is_some() {
            return Err(not_here("certificates and transparency logs of manifests"));
        }
        match key.verify(message, signature) {
            Ok(()) => return Ok(()),
            Err(cause) => causes.push((index, cause)),
        }
    }
    if causes.is_empty() {
        return Ok(());
    }
    let all = causes.len();
    let trials: Vec<Value> = causes
        .into_iter()
        .map(|(index, cause)| {
            let which = format!("[publickey 1/1] [signature {}/{all}]", index + 1);
            format!("{which} error: cosign.VerifyBlobCmd.Exec() returned an error: {cause}").into()
        })
        .collect();
    let trials = crate::document::json::to_string_go(&Value::list(trials)).unwrap_or_default();
    Err(Unverifiable(format!(
        "failed to verify signature: verification failed for {all} signature. all trials: {trials}"
    )))
}

/// The signed manifests that may be the object's: by group, kind and name, then by namespace as well;
/// without any, those of the kind that have most in common with it.
fn candidates<'m>(manifests: &'m [Value], object: &Value) -> Vec<&'m Value> {
    let text = |value: &Value, path: &[&str]| Str::from(value.str_at(path).unwrap_or_default());
    let group = |value: &Value| {
        let api_version = text(value, &["apiVersion"]);
        api_version.split_once('/').map(|(group, _)| Str::from(group)).unwrap_or_default()
    };
    let of_kind: Vec<&Value> = manifests.iter().filter(|m| text(m, &["kind"]) == text(object, &["kind"])).collect();
    let same = |path: &[&str], m: &Value| text(m, path) == text(object, path);
    let named: Vec<&Value> =
        of_kind.iter().copied().filter(|m| group(m) == group(object) && same(&["metadata", "name"], m)).collect();
    if let Some(first) = named.first() {
        let here = named.iter().find(|m| same(&["metadata", "namespace"], m));
        return vec![here.unwrap_or(first)];
    }
    let counts: Vec<usize> = of_kind.iter().map(|m| difference::in_common(m, object)).collect();
    let most = counts.iter().copied().max().unwrap_or_default();
    let best = of_kind.into_iter().zip(counts).filter(|(_, count)| *count == most).map(|(m, _)| m);
    best.take(MOST_CANDIDATES).collect()
}

#[cfg(test)]
mod tests;

//! `verifyImages` bodies (chapter 40 §6.2).

use std::sync::Arc;

use crate::document::{Str, Value, de};
use crate::jmespath::Expression;
use crate::policy::api::meta::TextMap;
use crate::policy::api::rule::{ImageExtractor as WireExtractor, Rule as WireRule};
use crate::policy::api::verify_images as wire;
use crate::policy::attestors::AttestorSet;
use crate::policy::images::{Attestation, AttestationCheck, ImageEntry, ImageExtractor, SignatureFormat, VerifyImages};
use crate::policy::rule::Conditions;
use crate::template::Template;

use super::{LowerError, conditions, pairs};

/// Lowers the `verifyImages` of a rule; `value` is the same rule as a document.
pub(super) fn lower(rule: &WireRule, value: &Value) -> Result<VerifyImages, LowerError> {
    let entries = rule.verify_images.iter().enumerate();
    let whole_rule = Template::compile(&without_conditions(value));
    Ok(VerifyImages {
        entries: entries
            .map(|(index, written)| entry(written).map_err(|e| e.below(index).below("verifyImages")))
            .collect::<Result<_, _>>()?,
        extractors: rule
            .image_extractors
            .iter()
            .flatten()
            .map(|(kind, extractors)| (kind.clone(), extractors.iter().map(extractor).collect()))
            .collect(),
        whole_rule: (!whole_rule.is_constant()).then_some(whole_rule),
    })
}

/// The entries of a rule whose variables were put in; conditions stay as written.
///
/// # Errors
/// When the rule is none any more.
pub fn substituted(written: &VerifyImages, rule: &Value) -> Result<Vec<ImageEntry>, String> {
    let list = rule.get("verifyImages").unwrap_or(&Value::Null);
    let entries: Vec<wire::ImageVerification> = de::from_value(list).map_err(|e| e.to_string())?;
    let mut entries: Vec<ImageEntry> =
        entries.iter().map(|e| entry(e).map_err(|e| e.to_string())).collect::<Result<_, _>>()?;
    for (entry, written) in entries.iter_mut().zip(&written.entries) {
        for (attestation, written) in entry.attestations.iter_mut().zip(&written.attestations) {
            attestation.conditions = Arc::clone(&written.conditions);
        }
        if let (Some(check), Some(written)) = (&mut entry.validate, &written.validate) {
            check.deny.clone_from(&written.deny);
        }
    }
    Ok(entries)
}

/// The rule as it is substituted: conditions see variables that exist only later.
fn without_conditions(rule: &Value) -> Value {
    let mut rule = rule.clone();
    let entries = rule.as_map_mut().and_then(|m| m.get_mut("verifyImages")).and_then(Value::as_list_mut);
    for entry in entries.into_iter().flatten() {
        let Some(entry) = entry.as_map_mut() else { continue };
        for attestation in entry.get_mut("attestations").and_then(Value::as_list_mut).into_iter().flatten() {
            attestation.as_map_mut().and_then(|a| a.remove("conditions"));
        }
        if let Some(deny) = entry.get_mut("validate").and_then(|v| v.as_map_mut()?.get_mut("deny")?.as_map_mut()) {
            deny.remove("conditions");
        }
    }
    rule
}

fn entry(written: &wire::ImageVerification) -> Result<ImageEntry, LowerError> {
    let mut attestors: Vec<AttestorSet> = written.attestors.iter().map(AttestorSet::compile).collect();
    attestors.extend(legacy_attestor(written).as_ref().map(AttestorSet::compile));
    let attestations = written.attestations.iter().enumerate();
    Ok(ImageEntry {
        references: written
            .image_references
            .iter()
            .chain([&written.image].into_iter().filter(|image| !image.is_empty()))
            .cloned()
            .collect(),
        skip_references: written.skip_image_references.clone(),
        mutate_digest: written.mutate_digest,
        verify_digest: written.verify_digest,
        required: written.required,
        signatures: match written.kind.as_deref() {
            Some("Notary") => SignatureFormat::Notary,
            Some("SigstoreBundle") => SignatureFormat::SigstoreBundle,
            Some(_) | None => SignatureFormat::Cosign,
        },
        attestors,
        attestations: attestations
            .map(|(index, a)| attestation(a).map_err(|e| e.below(index).below("attestations")))
            .collect::<Result<_, _>>()?,
        validate: match &written.validate {
            None => None,
            Some(check) => Some(AttestationCheck {
                message: check.message.clone(),
                deny: match &check.deny {
                    None => None,
                    Some(deny) => Some(Arc::new(conditions(&deny.conditions).map_err(|e| e.below("validate"))?)),
                },
            }),
        },
        repository: written.repository.clone(),
        annotations: pairs(&written.annotations),
        cosign_oci11: written.cosign_oci11.unwrap_or(false),
        credentials: written.image_registry_credentials.clone(),
    })
}

/// The attestor that the fields of the oldest form stand for.
fn legacy_attestor(written: &wire::ImageVerification) -> Option<wire::AttestorSet> {
    let entry = if !written.key.is_empty() {
        wire::Attestor {
            keys: Some(wire::StaticKeys { public_keys: written.key.clone(), ..Default::default() }),
            ..Default::default()
        }
    } else if !(written.issuer.is_empty() && written.subject.is_empty() && written.roots.is_empty()) {
        wire::Attestor {
            keyless: Some(wire::Keyless {
                issuer: written.issuer.clone(),
                subject: written.subject.clone(),
                roots: written.roots.clone(),
                additional_extensions: written.additional_extensions.clone(),
                ..Default::default()
            }),
            ..Default::default()
        }
    } else {
        return None;
    };
    let annotations: TextMap = written.annotations.clone();
    Some(wire::AttestorSet { count: None, entries: vec![wire::Attestor { annotations, ..entry }] })
}

fn attestation(written: &wire::Attestation) -> Result<Attestation, LowerError> {
    let blocks: Vec<Conditions> = written
        .conditions
        .iter()
        .enumerate()
        .filter_map(|(index, block)| conditions(block).map_err(|e| e.below(index).below("conditions")).transpose())
        .collect::<Result<_, _>>()?;
    let attestors: Vec<AttestorSet> = written.attestors.iter().map(AttestorSet::compile).collect();
    Ok(Attestation {
        predicate_type: if written.kind.is_empty() { &written.predicate_type } else { &written.kind }.clone(),
        name: written.name.clone(),
        attestors: if attestors.is_empty() { vec![AttestorSet::anybody()] } else { attestors },
        conditions: blocks.into(),
    })
}

fn extractor(written: &WireExtractor) -> ImageExtractor {
    let steps = written.path.split('/').map(|step| step.trim_matches(' ')).filter(|step| !step.is_empty());
    let mut path: Vec<Str> = steps.map(Str::from).collect();
    let value = if written.value.is_empty() { path.pop().unwrap_or_default() } else { written.value.clone() };
    ImageExtractor {
        path,
        value,
        key: written.key.clone(),
        group: if written.name.is_empty() { Str::new_static("custom") } else { written.name.clone() },
        expression: (!written.jmes_path.is_empty())
            .then(|| Expression::compile(&written.jmes_path).map_err(|e| e.to_string())),
    }
}

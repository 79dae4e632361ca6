//! Attestations: statements about an image, and what a rule asks of them (chapter 40 §6.8).

use crate::document::{Str, Value};
use crate::policy::images::{Attestation, AttestationCheck, ImageEntry};
use crate::policy::rule::Rule;
use crate::template::Template;

use super::answer::Answer;
use super::conditions::evaluate_all;
use super::decision::Outcome;
use super::interrupt::Interrupt;
use super::registry::{Attested, ImageQuestion, Verification};
use super::scope::Scope;

type Answered<T> = Result<T, Box<Answer>>;

/// Verifies every attestation of the question's entry; what the rule then says, and the digest.
pub(super) fn verify(
    question: &ImageQuestion<'_>,
    entries: &[ImageEntry],
    rule: &Rule,
    mut digest: Str,
    scope: &Scope<'_>,
) -> Answered<(String, Str)> {
    for (index, attestation) in question.entry.attestations.iter().enumerate() {
        if attestation.predicate_type.is_empty() {
            return Err(fail(format!(".attestations[{index}]: missing type")));
        }
        counted(question, attestation, index, &mut digest, scope)?;
    }
    if entries.iter().any(|entry| entry.validate.is_some()) {
        for check in entries.iter().filter_map(|entry| entry.validate.as_ref()) {
            denied(check, scope)?;
        }
        return Ok((format!("verifyImages validation is passed in {} rule", rule.name), digest));
    }
    Ok((format!("verified image attestations for {}", question.image), digest))
}

fn fail(text: String) -> Box<Answer> {
    Box::new(Answer::new(Outcome::Fail, text))
}

/// One attestation: each of its sets must reach its count.
fn counted(
    question: &ImageQuestion<'_>,
    attestation: &Attestation,
    index: usize,
    digest: &mut Str,
    scope: &Scope<'_>,
) -> Answered<()> {
    let mut causes: Vec<String> = Vec::new();
    for (at, set) in attestation.attestors.iter().enumerate() {
        let (mut agreed, mut open, mut unknown) = (0, 0, None);
        for attestor in &set.entries {
            // Kyverno counts entries by the attestation's index.
            let place = format!(".attestations[{index}].attestors[{at}].entries[{index}]{}", attestor.proof.suffix());
            let attested = scope.facts().registry().attestations(question, attestor, &attestation.predicate_type);
            match attested {
                Verification::Unknown(what) => {
                    open += 1;
                    unknown.get_or_insert(what);
                }
                Verification::Refused(cause) | Verification::Unreachable(cause) => causes.push(cause),
                Verification::Verified(attested) => match hold(attestation, question.image, &attested, scope) {
                    Ok(()) => {
                        if digest.is_empty() {
                            digest.clone_from(&attested.digest);
                        }
                        agreed += 1;
                    }
                    Err(Interrupt::Error(cause)) => causes.push(format!("{place}: {cause}")),
                    Err(Interrupt::Deferred(what)) => {
                        open += 1;
                        unknown.get_or_insert(what);
                    }
                },
            }
            if agreed >= set.required {
                break;
            }
        }
        if agreed >= set.required && agreed > 0 {
            continue;
        }
        if let (true, Some(what)) = (agreed + open >= set.required, unknown) {
            return Err(Box::new(Answer::from(Interrupt::Deferred(what))));
        }
        let error = if causes.is_empty() { "attestations verification failed".to_owned() } else { causes.join("; ") };
        return Err(fail(format!(
            "image attestations verification failed, verifiedCount: {agreed}, requiredCount: {}, error: {error}",
            set.required
        )));
    }
    Ok(())
}

/// Whether every statement of the type meets the conditions; there must be one.
fn hold(attestation: &Attestation, image: &str, attested: &Attested, scope: &Scope<'_>) -> Result<(), Interrupt> {
    let kind = &attestation.predicate_type;
    let predicates = || attested.statements.iter().filter_map(|s| s.get("predicate").filter(|p| p.as_map().is_some()));
    let first =
        predicates().next().ok_or_else(|| Interrupt::Error("predicate not found in any statement".to_owned()))?;
    if !attestation.name.is_empty() {
        scope.set(attestation.name.clone(), first.with_floats());
    }
    let mut seen = false;
    for statement in attested.statements.iter().filter(|s| s.str_at(&["predicateType"]) == Some(kind)) {
        seen = true;
        // The predicate's fields are variables while its conditions are looked at.
        scope.enter_loop();
        for (name, value) in statement.get("predicate").and_then(Value::as_map).into_iter().flat_map(|m| m.iter()) {
            scope.set(name.clone(), value.with_floats());
        }
        let mut met = Ok(());
        for conditions in &*attestation.conditions {
            met = match evaluate_all(conditions, scope) {
                Ok(verdict) if verdict.holds => continue,
                Ok(verdict) => Err(Interrupt::Error(format!(
                    "attestation checks failed for {image} and predicate {kind}: {}",
                    verdict.text()
                ))),
                Err(interrupt) => Err(interrupt.context("failed to check attestations: ")),
            };
            break;
        }
        scope.leave_loop();
        met?;
    }
    if seen { Ok(()) } else { Err(Interrupt::Error(format!("attestions not found for predicate type {kind}"))) }
}

/// `validate.deny`: true denies.
fn denied(check: &AttestationCheck, scope: &Scope<'_>) -> Answered<()> {
    const FAILED: &str = "validation in verifyImages failed: ";
    let Some(deny) = &check.deny else { return Ok(()) };
    let (denied, text) = match deny.as_ref() {
        None => (true, String::new()),
        Some(conditions) => match evaluate_all(conditions, scope) {
            Ok(verdict) => (verdict.holds, verdict.text()),
            Err(Interrupt::Error(cause)) => {
                return Err(fail(format!("{FAILED}failed to check deny conditions: {cause}")));
            }
            Err(deferred) => return Err(Box::new(Answer::from(deferred))),
        },
    };
    if !denied {
        return Ok(());
    }
    let parts: Vec<&str> = [check.message.as_str(), &text].into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() {
        return Err(fail(format!("{FAILED}validation error: imageVerify  failed")));
    }
    let message = match scope.resolve(&Template::text(&parts.join("; "))) {
        Ok(Value::String(message)) => message.to_string(),
        Ok(_) => "the produced message didn't resolve to a string, check your policy definition.".to_owned(),
        Err(Interrupt::Error(_)) => text,
        Err(deferred) => return Err(Box::new(Answer::from(deferred))),
    };
    Err(fail(format!("{FAILED}{message}")))
}

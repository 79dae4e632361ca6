//! `verifyImages`, the verifying half (chapter 40 §6.4, §6.5): each matched image, entry by entry.

use std::borrow::Cow;

use crate::document::{Pointer, Str, Value};
use crate::policy::images::{ImageEntry, VerifyImages};
use crate::policy::lower::substituted_images;
use crate::policy::rule::Rule;

use super::answer::Answer;
use super::attestations;
use super::attestors;
use super::decision::{Outcome, SkipReason};
use super::image_record::{self, Status};
use super::interrupt::Interrupt;
use super::registry::{ImageQuestion, Verification};
use super::review::OldObject;
use super::rule_images::{self, FoundImage};
use super::scope::Scope;

/// What verification says of one rule.
pub(super) struct Verified {
    /// An answer for each image and entry that has one.
    pub(super) answers: Vec<Answer>,
    /// The object, with digests where the rule puts them.
    pub(super) object: Option<Value>,
}

/// Verifies the images of the object by one rule.
pub(super) fn run(images: &VerifyImages, rule: &Rule, scope: &Scope<'_>) -> Verified {
    let mut object = scope.request.object.clone();
    let nothing = |answer| Verified { answers: vec![answer], object: None };
    let Some(current) = &scope.request.object else { return Verified { answers: Vec::new(), object } };
    let found = match rule_images::matching(images, &scope.request.review.kind, current, &scope.runtime()) {
        Ok(found) => found,
        Err(text) => return nothing(Answer::error(format!("failed to instantiate handler: {text}"))),
    };
    let entries = match entries(images, scope) {
        Ok(entries) => entries,
        Err(interrupt) => {
            if let Interrupt::Deferred(what) = &interrupt {
                found.iter().for_each(|image| forget(rule, &image.text(), what, scope));
            }
            return nothing(Answer::from(interrupt.context("failed to substitute variables: ")));
        }
    };
    let mut answers = Vec::new();
    for entry in &*entries {
        for image in &found {
            let (said, digest) = one(entry, &entries, image, rule, scope);
            answers.extend(said);
            if let (Some(digest), Some(object)) = (digest, &mut object)
                && let Ok(pointer) = Pointer::parse(&image.pointer)
                && let Some(field) = pointer.walk_mut(object)
            {
                *field = format!("{}@{digest}", image.text()).into();
            }
        }
    }
    Verified { answers, object }
}

fn entries<'i>(images: &'i VerifyImages, scope: &Scope<'_>) -> Result<Cow<'i, [ImageEntry]>, Interrupt> {
    match &images.whole_rule {
        None => Ok(Cow::Borrowed(&images.entries)),
        Some(template) => {
            let rule = scope.resolve(template)?;
            substituted_images(images, &rule).map(Cow::Owned).map_err(Interrupt::Error)
        }
    }
}

/// One image by one entry: what is said, and the digest to put on the image.
fn one(
    entry: &ImageEntry,
    entries: &[ImageEntry],
    image: &FoundImage,
    rule: &Rule,
    scope: &Scope<'_>,
) -> (Vec<Answer>, Option<Str>) {
    let mut text = image.text();
    if is_verified_already(image, &text, rule, scope) {
        scope.world.images.borrow_mut().add(scope.policy, &rule.name, &text, Status::Pass);
        return (Vec::new(), None);
    }
    let question = ImageQuestion {
        image: &text,
        entry,
        namespace: &scope.request.review.namespace,
        pull_secrets: &image.pull_secrets,
    };
    let (mut answer, signed) = verify(&question, entries, image, rule, scope);
    let mut answers = Vec::new();
    let mut put = None;
    if entry.mutate_digest && image.reference.digest.is_empty() {
        let digest =
            if signed.is_empty() { scope.facts().registry().digest(&question) } else { Verification::Verified(signed) };
        match digest {
            Verification::Verified(digest) => {
                answer.get_or_insert_with(|| Answer::new(Outcome::Pass, "mutated image digest"));
                put = Some(digest);
            }
            Verification::Refused(cause) | Verification::Unreachable(cause) => {
                answers.push(Answer::error(format!("failed to update digest: {cause}")));
            }
            Verification::Unknown(what) => {
                forget(rule, &text, &what, scope);
                answer.get_or_insert_with(|| Answer::from(Interrupt::Deferred(what)));
            }
        }
    }
    if let Some(answer) = answer {
        if let Some(digest) = &put {
            let mut reference = image.reference.clone();
            reference.digest = digest.clone();
            text = reference.reference();
        }
        let status = match &answer.outcome {
            Outcome::Pass => Some(Status::Pass),
            Outcome::Skip(_) | Outcome::Warn => Some(Status::Skip),
            Outcome::Fail | Outcome::Error => Some(Status::Fail),
            Outcome::Deferred(what) => {
                forget(rule, &text, what, scope);
                None
            }
        };
        if let (true, Some(status)) = (entry.verifies(), status) {
            scope.world.images.borrow_mut().add(scope.policy, &rule.name, &text, status);
        }
        answers.push(answer);
    }
    (answers, put)
}

/// Whether the update leaves the image as it was, and the old object was verified by this rule.
fn is_verified_already(image: &FoundImage, text: &str, rule: &Rule, scope: &Scope<'_>) -> bool {
    let (Some(new), OldObject::Known(old)) = (&scope.request.object, &scope.request.old_object) else { return false };
    let Ok(pointer) = Pointer::parse(&image.pointer) else { return false };
    let unchanged = match (pointer.walk(new), pointer.walk(old)) {
        (Some(new), Some(old)) => new == old,
        _ => false,
    };
    unchanged && matches!(image_record::status_on(old, scope.policy, &rule.name, text), Ok(Status::Pass | Status::Skip))
}

fn forget(rule: &Rule, image: &str, what: &str, scope: &Scope<'_>) {
    scope.world.images.borrow_mut().add_unknown(scope.policy, &rule.name, image, what);
}

/// The entry's attestors and attestations. `None` when it asks for neither; the digest is empty when
/// nothing tells it.
fn verify(
    question: &ImageQuestion<'_>,
    entries: &[ImageEntry],
    image: &FoundImage,
    rule: &Rule,
    scope: &Scope<'_>,
) -> (Option<Answer>, Str) {
    let ImageQuestion { entry, image: text, .. } = *question;
    if !entry.verifies() {
        return (None, Str::default());
    }
    scope.set("image", variable(image));
    if !entry.covers(text) || entry.skips(text) {
        let (policy, name) = (&scope.policy.name, &rule.name);
        let message = format!("skipping image reference image {text}, policy {policy} ruleName {name}");
        return (Some(Answer::new(Outcome::Skip(SkipReason::ImageReference), message)), Str::default());
    }
    let mut digest = Str::default();
    for (index, set) in entry.attestors.iter().enumerate() {
        match attestors::signed(set, question, &format!(".attestors[{index}]"), scope.facts().registry()) {
            Ok(of) => digest = of,
            Err(failure) => return (Some(failure.answer(text)), Str::default()),
        }
    }
    if entry.attestations.is_empty() {
        return (Some(Answer::new(Outcome::Pass, format!("verified image signatures for {text}"))), digest);
    }
    match attestations::verify(question, entries, rule, digest, scope) {
        Ok((message, digest)) => (Some(Answer::new(Outcome::Pass, message)), digest),
        Err(answer) => (Some(*answer), Str::default()),
    }
}

/// The `image` variable: every field present.
fn variable(image: &FoundImage) -> Value {
    let reference = &image.reference;
    Value::from([
        ("reference", reference.reference().into()),
        ("referenceWithTag", reference.reference_with_tag().into()),
        ("registry", reference.registry.clone().into()),
        ("path", reference.path.clone().into()),
        ("name", reference.name.clone().into()),
        ("tag", reference.tag.clone().into()),
        ("digest", reference.digest.clone().into()),
    ])
}

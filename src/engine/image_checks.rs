//! `verifyImages`, the checking half (chapter 40 §6.7): digests are there, and every image was verified.

use crate::policy::images::VerifyImages;
use crate::policy::rule::Rule;

use super::answer::Answer;
use super::decision::{Outcome, SkipReason};
use super::image_record::{self, Status};
use super::interrupt::Interrupt;
use super::rule_images;
use super::scope::Scope;

/// Checks the images of the object. The first that fails decides; what cannot be known yields to it.
pub(super) fn run(images: &VerifyImages, rule: &Rule, scope: &Scope<'_>) -> Option<Answer> {
    let object = scope.request.object.as_ref()?;
    let found = match rule_images::all(images, &scope.request.review.kind, object, &scope.runtime()) {
        Ok(found) => found,
        Err(text) => return Some(Answer::error(format!("failed to instantiate handler: {text}"))),
    };
    let (mut passed, mut skipped, mut deferred) = (0_usize, Vec::new(), None);
    for entry in &images.entries {
        for image in &found {
            let text = image.text();
            if !entry.covers(&text) {
                continue;
            }
            let record = scope.world.images.borrow();
            let unknown = record.unknown(scope.policy, &rule.name, &text);
            if entry.verify_digest && image.reference.digest.is_empty() {
                match unknown.filter(|_| images.entries.iter().any(|e| e.mutate_digest)) {
                    // The digest would be put there by what could not be asked.
                    Some(what) => deferred = deferred.or(Some(what.to_owned())),
                    None => return Some(Answer::new(Outcome::Fail, format!("missing digest for {text}"))),
                }
            }
            if !entry.required {
                continue;
            }
            if let Some(what) = unknown {
                deferred = deferred.or(Some(what.to_owned()));
                continue;
            }
            match image_record::status_on(object, scope.policy, &rule.name, &text) {
                Ok(Status::Pass) => passed += 1,
                Ok(Status::Skip) => skipped.push(text),
                Ok(Status::Fail) => return Some(Answer::new(Outcome::Fail, format!("unverified image {text}"))),
                Err(cause) => return Some(Answer::new(Outcome::Fail, cause)),
            }
        }
    }
    if let Some(what) = deferred {
        return Some(Answer::from(Interrupt::Deferred(what)));
    }
    Some(match (passed, skipped.is_empty()) {
        (0, false) => Answer::new(
            Outcome::Skip(SkipReason::ImageReference),
            format!("image skipped, skipped images: {}", skipped.join(" ")),
        ),
        (_, false) => Answer::new(Outcome::Pass, format!("image verified, skipped images: {}", skipped.join(" "))),
        (_, true) => Answer::new(Outcome::Pass, "image verified"),
    })
}

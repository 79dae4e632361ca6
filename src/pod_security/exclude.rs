//! Exclusions: what an `exclude` entry of a rule, or a `podSecurity` entry of an exception, covers
//! (chapter 20 §5.4).

use crate::document::{Str, Value, Wildcard};

use super::checks::{self, Version};
use super::evaluation::FailedCheck;
use super::pod::Pod;
use super::violation::FieldError;

/// One compiled exclusion.
#[derive(Clone, Debug)]
pub struct Exclude {
    control: Str,
    /// Over the images as written.
    images: Vec<Wildcard>,
    /// Empty: any field.
    restricted_field: Str,
    /// Empty: any value.
    values: Vec<Wildcard>,
}

impl Exclude {
    /// Compiles one entry.
    #[must_use]
    pub fn compile(entry: &Value) -> Self {
        let text = |name| entry.str_at(&[name]).unwrap_or_default().into();
        let wildcards = |name| {
            let items = entry.get(name).and_then(Value::as_list).unwrap_or_default();
            items.iter().filter_map(Value::as_str).map(Wildcard::new).collect()
        };
        Self {
            control: text("controlName"),
            images: wildcards("images"),
            restricted_field: text("restrictedField"),
            values: wildcards("values"),
        }
    }

    /// Compiles a list of entries: `exclude` of a rule, `podSecurity` of an exception.
    #[must_use]
    pub fn compile_all(entries: Option<&Value>) -> Vec<Self> {
        entries.and_then(Value::as_list).unwrap_or_default().iter().map(Self::compile).collect()
    }

    /// Takes away from `failed` what this exclusion covers: the checks of its control run again on a
    /// probe pod, and each of their errors takes away at most one error like it.
    pub(super) fn apply(&self, failed: &mut Vec<FailedCheck<'_>>, pod: &Pod<'_>, version: Version) {
        let by_image = !self.images.is_empty();
        let probe = if by_image {
            pod.only_containers(|image| self.images.iter().any(|w| w.matches(image)))
        } else {
            pod.without_containers()
        };
        for check in failed.iter_mut().filter(|check| check.control() == Some(self.control.as_str())) {
            let Some(covered) = checks::run_one(check.id(), &probe, version) else { continue };
            for error in covered.errors.iter().filter(|error| self.names(error)) {
                let field = error.normalised();
                let alike = check.errors.iter().position(|other| {
                    other.normalised() == field && (!by_image || other.container() == error.container())
                });
                if let Some(alike) = alike {
                    // The last takes its place, as in Kyverno: the order of what is printed hangs on it.
                    check.errors.swap_remove(alike);
                }
            }
        }
        failed.retain(|check| !check.errors.is_empty() || check.control() != Some(self.control.as_str()));
    }

    /// Whether the error is of the field and all its values are of the values named.
    fn names(&self, error: &FieldError<'_>) -> bool {
        (self.restricted_field.is_empty() || error.normalised() == self.restricted_field)
            && (self.values.is_empty()
                || error.bad_values().iter().all(|bad| self.values.iter().any(|wildcard| wildcard.matches(bad))))
    }
}

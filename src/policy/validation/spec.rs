//! What a policy says as a whole, and what each rule is (rows 12–34). Kyverno gathers these errors
//! and prints them together.

use crate::document::Segment;
use crate::policy::api::policy::{PolicyDocument, Spec};
use crate::policy::api::rule::Rule;
use crate::policy::autogen::ANNOTATION;

use super::generate::Scopes;
use super::{Violation, generate, matching, pod_security};

const LONGEST_NAME: usize = 63;

/// Errors of fields, each with its place as Kyverno prints it.
#[derive(Default)]
pub(super) struct FieldErrors(Vec<Violation>);

impl FieldErrors {
    /// Adds `PATH: SORT: DETAIL`. The path is written as in Go: `spec.rules[0].match.any[1]`.
    pub(super) fn add(&mut self, path: &Path, sort: &str, detail: impl AsRef<str>) {
        let detail = detail.as_ref();
        let colon = if detail.is_empty() { "" } else { ": " };
        let message = format!("{}: {sort}{colon}{detail}", path.text());
        if !self.0.iter().any(|e| e.message == message) {
            self.0.push(Violation::new(path.0.iter().cloned(), message));
        }
    }

    pub(super) fn forbidden(&mut self, path: &Path, detail: impl AsRef<str>) {
        self.add(path, "Forbidden", detail);
    }

    /// The value is left out where Kyverno would print a whole structure.
    pub(super) fn invalid(&mut self, path: &Path, detail: impl AsRef<str>) {
        self.add(path, "Invalid value", detail);
    }

    pub(super) fn required(&mut self, path: &Path, detail: impl AsRef<str>) {
        self.add(path, "Required value", detail);
    }

    /// All errors as one; several stand in brackets.
    pub(super) fn finish(self) -> Result<(), Violation> {
        let messages: Vec<String> = self.0.iter().map(|v| v.message.clone()).collect();
        let Some(first) = self.0.into_iter().next() else { return Ok(()) };
        match messages.len() {
            1 => Err(first),
            _ => Err(Violation { message: format!("[{}]", messages.join(", ")), pointer: first.pointer }),
        }
    }
}

/// A place in a document.
#[derive(Clone)]
pub(super) struct Path(Vec<Segment>);

impl Path {
    pub(super) fn root() -> Self {
        Self(Vec::new())
    }

    pub(super) fn child(&self, key: &str) -> Self {
        self.with(key.into())
    }

    pub(super) fn index(&self, index: usize) -> Self {
        self.with(index.into())
    }

    fn with(&self, segment: Segment) -> Self {
        let mut longer = self.0.clone();
        longer.push(segment);
        Self(longer)
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for segment in &self.0 {
            match segment {
                Segment::Key(key) if text.is_empty() => text.push_str(key),
                Segment::Key(key) => text.push_str(&format!(".{key}")),
                Segment::Index(index) => text.push_str(&format!("[{index}]")),
            }
        }
        text
    }
}

/// Rows 12 to 34.
pub(super) fn check(document: &PolicyDocument, scopes: Scopes) -> Result<(), Violation> {
    let mut errors = FieldErrors::default();
    let metadata = &document.metadata;
    if metadata.annotations.get(ANNOTATION).is_some_and(|listed| listed == "all") {
        errors.forbidden(
            &Path::root().child("metadata").child("annotations"),
            "Autogen annotation does not support 'all' anymore, remove the annotation or set it to a valid value",
        );
    }
    if metadata.name.len() > LONGEST_NAME {
        errors.add(&Path::root().child("name"), "Too long", format!("may not be more than {LONGEST_NAME} bytes"));
    }
    let spec = Path::root().child("spec");
    deprecated(&document.spec, &spec, &mut errors);
    timeouts(&document.spec, &spec, &mut errors);
    names(&document.spec, &spec, &mut errors);
    let namespace = (document.kind == "Policy").then_some(metadata.namespace.as_str());
    for (index, rule) in document.spec.rules.iter().enumerate() {
        rule_shape(rule, &spec.child("rules").index(index), namespace, scopes, &mut errors);
    }
    if namespace.is_some() && !document.spec.validation_failure_action_overrides.is_empty() {
        errors.forbidden(
            &spec.child("validationFailureActionOverrides"),
            "Use of validationFailureActionOverrides is supported only with ClusterPolicy",
        );
    }
    errors.finish()
}

/// Rows 14 to 17.
fn deprecated(spec: &Spec, path: &Path, errors: &mut FieldErrors) {
    let webhook = spec.webhook_configuration.as_ref();
    if spec.webhook_timeout_seconds.is_some() && webhook.is_some_and(|w| w.timeout_seconds.is_some()) {
        errors.forbidden(
            &path.child("webhookTimeoutSeconds"),
            "remove the deprecated field and use spec.webhookConfiguration.timeoutSeconds instead",
        );
    }
    if spec.failure_policy.is_some() && webhook.is_some_and(|w| w.failure_policy.is_some()) {
        errors.forbidden(
            &path.child("failurePolicy"),
            "remove the deprecated field and use spec.webhookConfiguration.failurePolicy instead",
        );
    }
    if spec.generate_existing_on_policy_update.is_some() {
        errors.forbidden(
            &path.child("generateExistingOnPolicyUpdate"),
            "remove the deprecated field and use spec.generate[*].generateExisting instead",
        );
    }
    for (index, rule) in spec.rules.iter().enumerate() {
        let Some(mutate) = rule.mutate.as_ref().filter(|m| !m.is_empty()) else { continue };
        let on_update = spec.mutate_existing_on_policy_update == Some(true)
            || mutate.mutate_existing_on_policy_update == Some(true);
        if on_update && mutate.targets.as_ref().is_none_or(Vec::is_empty) {
            errors.forbidden(
                &path.child("mutateExistingOnPolicyUpdate"),
                format!("rules[{index}].mutate.targets has to be specified when mutateExistingOnPolicyUpdate is set"),
            );
        }
    }
}

/// Row 18.
fn timeouts(spec: &Spec, path: &Path, errors: &mut FieldErrors) {
    let configured = spec.webhook_configuration.as_ref().and_then(|w| w.timeout_seconds);
    let fields = [
        (spec.webhook_timeout_seconds, path.child("webhookTimeoutSeconds")),
        (configured, path.child("webhookConfiguration").child("timeoutSeconds")),
    ];
    for (seconds, path) in fields {
        if let Some(seconds) = seconds.filter(|s| !(1..=30).contains(s)) {
            errors.invalid(&path, format!("{seconds}: the timeout value must be between 1 and 30 seconds"));
        }
    }
}

/// Row 19.
fn names(spec: &Spec, path: &Path, errors: &mut FieldErrors) {
    for (index, rule) in spec.rules.iter().enumerate() {
        if spec.rules.iter().take(index).any(|earlier| earlier.name == rule.name) {
            errors.invalid(
                &path.child("rules").index(index).child("name"),
                format!("Duplicate rule name: '{}'", rule.name),
            );
        }
    }
}

/// Rows 20 to 34 of one rule. `namespace` is that of a namespaced policy.
fn rule_shape(rule: &Rule, path: &Path, namespace: Option<&str>, scopes: Scopes, errors: &mut FieldErrors) {
    let bodies = [rule.has_mutate(), rule.has_validate(), rule.has_generate(), rule.has_verify_images()];
    match bodies.into_iter().filter(|b| *b).count() {
        0 => errors.invalid(
            path,
            format!(
                "No operation defined in the rule '{}'.(supported operations: mutate,validate,generate,verifyImages)",
                rule.name
            ),
        ),
        1 => {}
        _ => errors.invalid(
            path,
            format!(
                "Multiple operations defined in the rule '{}', only one operation (mutate,validate,generate,verifyImages) is allowed per rule",
                rule.name
            ),
        ),
    }
    if rule.image_extractors.is_some() && !rule.has_verify_images() {
        errors.invalid(
            &path.child("imageExtractors"),
            format!(
                "Invalid rule spec for rule '{}', imageExtractors can only be defined for verifyImages rule",
                rule.name
            ),
        );
    }
    matching::empty_set(rule, path, errors);
    matching::block(&rule.matches, &path.child("match"), namespace.is_some(), errors);
    if let Some(exclude) = &rule.exclude {
        matching::block(exclude, &path.child("exclude"), namespace.is_some(), errors);
    }
    if let Some(namespace) = namespace {
        for (index, target) in rule.mutate.iter().flat_map(|m| m.targets.iter().flatten()).enumerate() {
            if !target.namespace.is_empty() && target.namespace != namespace {
                errors.invalid(
                    &path.child("targets").index(index).child("namespace"),
                    format!(
                        "{:?}: This field can be ignored or should have value of the namespace where the policy is being created",
                        target.namespace
                    ),
                );
            }
        }
    }
    pod_security::check(rule, path, errors);
    generate::check(rule, path, namespace, scopes, errors);
}

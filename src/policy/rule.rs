//! The one rule type every policy kind lowers to. Everything here is compiled: templates,
//! patterns, operators, selectors and patches were parsed at load and are borrowed at request.

mod conditions;
mod generate;
mod mutate;
mod validate;

use std::sync::Arc;
use std::time::Duration;

use crate::document::Str;
use crate::document::manifest::Source;
use crate::pod_security::Exclude;
use crate::template::Template;

use super::api::cleanup::Propagation;
use super::images::VerifyImages;
use super::selector::{Filters, Labels};
use super::terms::{Standing, Terms};

pub use conditions::{Condition, Conditions};
pub use generate::{Generate, GenerateForEach, GenerateForm, GenerateTarget, GenerateTargets};
pub use mutate::{Change, Mutate, MutateForEach, MutateTarget, PatchSource};
pub use validate::{AnyPattern, Check, PatternSource, Validate, ValidateForEach};

/// One loaded policy.
#[derive(Debug)]
pub struct Policy {
    /// `metadata.name`.
    pub name: Str,
    /// `metadata.namespace` of a namespaced policy (empty if it is not written); `None` for a
    /// cluster-wide one.
    pub namespace: Option<Str>,
    /// The policy's kind as users write it: `ClusterPolicy`, `Policy`.
    pub kind: Str,
    /// The whole `apiVersion` it was written in.
    pub api_version: Str,
    /// `metadata.annotations`, for reports (category, severity, scored).
    pub annotations: Vec<(Str, Str)>,
    /// `metadata.labels`.
    pub labels: Vec<(Str, Str)>,
    /// Whether evaluation stops after the first rule that passes or fails.
    pub apply_rules: ApplyRules,
    /// What a rule error does at admission.
    pub failure_policy: FailurePolicy,
    /// `spec.validationFailureAction`.
    pub action: Action,
    /// `spec.validationFailureActionOverrides`, first match wins.
    pub action_overrides: Vec<ActionOverride>,
    /// Whether audit findings become admission warnings.
    pub emit_warning: bool,
    /// Whether the policy takes part in admission.
    pub admission: bool,
    /// Whether the policy takes part in background scans.
    pub background: bool,
    /// Whether `webhookConfiguration.matchConditions` stand: they are CEL, which is not evaluated
    /// yet, so every rule of such a policy answers with an error.
    pub match_conditions: bool,
    /// The rules to evaluate: originals, then what autogen made of them, in Kyverno's order.
    pub rules: Vec<Arc<Rule>>,
    /// SHA-256 of the policy as canonical JSON, without its status and what the API server adds.
    pub digest: [u8; 32],
    /// Where the policy was read.
    pub source: Source,
}

impl Policy {
    /// `namespace/name` of a policy with a namespace, else the name: how exceptions name it.
    #[must_use]
    pub fn key(&self) -> Str {
        match self.namespace.as_deref() {
            Some(namespace) if !namespace.is_empty() => Str::from(format!("{namespace}/{}", self.name)),
            _ => self.name.clone(),
        }
    }

    /// The only namespace a namespaced policy looks at; `None` for a cluster-wide one.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.namespace.as_deref().map(|namespace| if namespace.is_empty() { "default" } else { namespace })
    }

    /// `false` when annotation `policies.kyverno.io/scored` is exactly `"false"`: failures are
    /// then reported as warnings.
    #[must_use]
    pub fn scored(&self) -> bool {
        !self.annotations.iter().any(|(k, v)| k == "policies.kyverno.io/scored" && v == "false")
    }

    /// The value of an annotation.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }
}

/// `spec.applyRules`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplyRules {
    /// Every rule is evaluated.
    All,
    /// Stop after the first pass or fail of one stage.
    One,
}

/// What an error does at admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailurePolicy {
    /// The request is denied.
    Fail,
    /// The request is let through.
    Ignore,
}

/// Whether a failure blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Report only.
    Audit,
    /// Block.
    Enforce,
}

/// One `validationFailureActionOverrides` / `failureActionOverrides` entry.
#[derive(Debug)]
pub struct ActionOverride {
    /// The action it sets.
    pub action: Action,
    /// Wildcards over the namespace name; `None` when the field is absent.
    pub namespaces: Option<Vec<Str>>,
    /// Selector over the namespace's labels.
    pub namespace_selector: Option<Labels>,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// The rule's name as reported, `autogen-` prefix included.
    pub name: Str,
    /// What it applies to; a rule whose filters are all empty matches nothing.
    pub matches: Filters,
    /// What it does not apply to.
    pub exclude: Option<Filters>,
    /// Context entries in declaration order; loaded lazily.
    pub context: Vec<ContextEntry>,
    /// `preconditions`; `None` holds always.
    pub preconditions: Option<Conditions>,
    /// `reportProperties`: substituted all or nothing.
    pub report_properties: Option<Template>,
    /// Rule-level `failureAction`.
    pub failure_action: Option<Action>,
    /// Rule-level `failureActionOverrides`.
    pub action_overrides: Vec<ActionOverride>,
    /// Autogen copies of validate rules apply only to these kinds (exact names); `None` otherwise.
    pub only_kinds: Option<Vec<Str>>,
    /// A validate rule whose own name starts with `autogen-` is hidden from these kinds, for which
    /// autogen made rules (exact names).
    pub except_kinds: Vec<Str>,
    /// Whether autogen made this rule.
    pub autogen: bool,
    /// Index in `spec.rules` of the rule as written.
    pub written_at: usize,
    /// What the rule does.
    pub body: Body,
}

impl Rule {
    /// Whether the rule is evaluated at all for objects of this (top-level) kind, before any
    /// matching: autogen's second mode (chapter 10 §4.2). The [`super::set::PolicySet`] has asked this
    /// already of the candidates it gives.
    #[must_use]
    pub fn applies_to_kind(&self, kind: &str) -> bool {
        self.only_kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|k| k == kind))
            && !self.except_kinds.iter().any(|k| k == kind)
    }
}

/// What a rule does.
#[derive(Debug)]
pub enum Body {
    /// Decide.
    Validate(Validate),
    /// Change.
    Mutate(Mutate),
    /// Make other objects.
    Generate(Generate),
    /// Delete the object, on a schedule: cleanup policies.
    Delete(Delete),
    /// Have the object's images vouched for.
    VerifyImages(VerifyImages),
    /// A body this build does not evaluate; such a rule answers with an error when it matches.
    Unsupported {
        /// The stage it would run in.
        stage: Stage,
        /// The field as written, e.g. `validate.cel`.
        field: &'static str,
    },
}

/// The stages of one review, in the order they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// `mutate` rules.
    Mutate,
    /// `verifyImages` rules.
    VerifyImages,
    /// `validate` rules.
    Validate,
    /// `generate` rules.
    Generate,
    /// Cleanup policies; no part of a review.
    Delete,
}

impl Body {
    /// The stage the rule runs in.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self {
            Self::Validate(_) => Stage::Validate,
            Self::Mutate(_) => Stage::Mutate,
            Self::Generate(_) => Stage::Generate,
            Self::VerifyImages(_) => Stage::VerifyImages,
            Self::Delete(_) => Stage::Delete,
            Self::Unsupported { stage, .. } => *stage,
        }
    }

    /// Whether the rule says something in this stage: image rules are looked at twice.
    #[must_use]
    pub fn runs_in(&self, stage: Stage) -> bool {
        self.stage() == stage
            || stage == Stage::Validate && matches!(self, Self::VerifyImages(images) if images.has_checks())
    }
}

/// What a cleanup policy does with the objects it selects: those its conditions, kept as the rule's
/// preconditions, hold for.
#[derive(Debug)]
pub struct Delete {
    /// When it runs, as cron.
    pub schedule: Str,
    /// How dependents go.
    pub propagation: Option<Propagation>,
}

/// One `context` entry: loaded when an expression mentions its name.
#[derive(Clone, Debug)]
pub struct ContextEntry {
    /// The name expressions use.
    pub name: Str,
    /// Where the value comes from.
    pub source: ContextSource,
}

/// Where a context entry's value comes from.
#[derive(Clone, Debug)]
pub enum ContextSource {
    /// `variable`.
    Variable {
        /// `value`, if not null.
        value: Option<Template>,
        /// `jmesPath` text (may hold variables).
        jmes_path: Option<Template>,
        /// `default`, if not null.
        default: Option<Template>,
    },
    /// `configMap`.
    ConfigMap {
        /// `name`.
        name: Template,
        /// `namespace`; empty means the policy's, else `default`.
        namespace: Template,
    },
    /// `apiCall`: answered by the world.
    ApiCall {
        /// The whole block.
        block: Template,
    },
    /// `imageRegistry`.
    ImageRegistry {
        /// The whole block.
        block: Template,
    },
    /// `globalReference`.
    GlobalReference {
        /// The whole block.
        block: Template,
    },
}

/// One PolicyException, compiled.
#[derive(Debug)]
pub struct Exception {
    /// `metadata.name`.
    pub name: Str,
    /// `metadata.namespace`.
    pub namespace: Str,
    /// `(policyName, ruleNames)`: exact policy key, wildcard rule names.
    pub excepts: Vec<(Str, Vec<Str>)>,
    /// What it applies to.
    pub matches: Filters,
    /// `conditions`: `all` first, then `any`; an error skips the exception.
    pub conditions: Option<Conditions>,
    /// `podSecurity`: what it excuses of a `podSecurity` rule; empty: the whole rule.
    pub pod_security: Vec<Exclude>,
    /// On which terms it counts at a render and at admission.
    pub terms: Terms,
    /// Whether it was read from the tree it would excuse, and not from the operator.
    pub from_render: bool,
}

impl Exception {
    /// `namespace/name`, as Kyverno's messages name it.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// What people are told of an exception that does not count, or soon will not; `None` where it is for others.
    ///
    /// `now` in nanoseconds since the epoch, the end announced from `notice` before it on.
    #[must_use]
    pub fn remark(&self, standing: Standing<'_>, now: i128, notice: Duration) -> Option<String> {
        let said = |what: String| Some(format!("{} {what}", self.title()));
        match standing {
            Standing::Counts => said(format!("expires on {}", self.terms.ends_within(now, notice)?.written)),
            Standing::Elsewhere => None,
            Standing::Expired(expiry) => said(format!("expired on {}", expiry.written)),
            Standing::Lacks(term) => {
                said(format!("does not count: it has no {} (exceptionsRequire)", term.annotation()))
            }
        }
    }

    /// `PolicyException ops/let (owner: team-a)`: how people are told of it.
    #[must_use]
    pub fn title(&self) -> String {
        match self.terms.owner.as_str() {
            "" => format!("PolicyException {}", self.key()),
            owner => format!("PolicyException {} (owner: {owner})", self.key()),
        }
    }
}

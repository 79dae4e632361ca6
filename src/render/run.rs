//! The order of a render: each object is mutated, validated and printed, then what it makes.

use std::collections::BTreeSet;

use crate::config::{Application, OnDrift, Settings};
use crate::document::manifest::{Manifest, Source};
use crate::document::{Str, Value};
use crate::engine::{
    Decision, Facts, Numbers, OldObject, Operation, Outcome, Review, Selection, User, decide_selected,
};
use crate::output::finding::{Counts, Finding, FindingResult, Subject};
use crate::output::redact::Redactor;
use crate::policy::rule::{Action, Exception, Policy, Stage};
use crate::policy::set::PolicySet;
use crate::source::{Identity, Scopes};

use super::drift::{Sample, Watched, drifting};
use super::exceptions::{Weighing, with_rendered};
use super::gate::Gate;
use super::generated::marked;
use super::object::{shown, text, unprintable, with_namespace, without_namespace, written_path};
use super::stop::{Stop, Stopped};

/// Everything a render is decided by.
pub struct Render<'a> {
    /// The policies and exceptions, in the order they run.
    pub set: &'a PolicySet,
    /// What Argo CD says of the application.
    pub application: &'a Application,
    /// The operator's settings for it.
    pub settings: &'a Settings,
    /// Policies the application enforces on itself: wildcards.
    pub enforce: &'a [Str],
    /// What is known of the world.
    pub facts: &'a dyn Facts,
    /// Who will ask for these objects.
    pub user: User,
    /// When to give up: asked before each object.
    pub stop: &'a Stop,
}

/// What came of a render.
#[derive(Debug, Default)]
pub struct Verdict {
    /// The objects to print, in order. Not to be printed when something blocks.
    pub objects: Vec<Value>,
    /// How many of them policies made.
    pub generated: usize,
    /// Violations, errors and deferred rules.
    pub findings: Vec<Finding>,
    /// All results, passed ones included.
    pub counts: Counts,
    /// What happened on the way that is no finding.
    pub notes: Vec<String>,
}

impl Verdict {
    /// Whether the render must fail.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.findings.iter().any(|f| f.blocks)
    }
}

/// A policy made something of an object that cannot be printed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {subject} {problem}")]
pub struct RenderError {
    /// `file:line` of the object, or of the trigger.
    pub place: String,
    /// `Kind namespace/name`.
    pub subject: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// Why a render has no verdict.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderFault {
    /// A policy made something that cannot be printed.
    #[error(transparent)]
    Object(#[from] RenderError),
    /// Nobody waits any longer.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// One object on its way through the policies.
struct Passing<'m> {
    value: &'m Value,
    source: &'m Source,
    generated_by: Option<&'m str>,
    /// The redactor of what it was made from.
    inherited: &'m Redactor,
}

/// What all objects of a render have in common.
struct Course<'r> {
    set: &'r PolicySet,
    scopes: &'r Scopes,
    weighing: Weighing<'r>,
    sample: Sample,
}

/// What a rule made.
struct Made {
    by: String,
    object: Value,
}

impl Render<'_> {
    /// Decides every object.
    ///
    /// # Errors
    /// When a policy made something of an object that Argo CD could not take for that one object, and when
    /// time is up.
    pub fn run(&self, manifests: &[Manifest]) -> Result<Verdict, RenderFault> {
        let scopes = Scopes::of(self.application.default_namespace(), manifests);
        let (extended, notes) = with_rendered(self.set, manifests, &self.settings.exception_rules);
        let weighing = Weighing::new(&self.settings.exception_rules, self.application, self.facts.now());
        let sample = Sample::new(self.settings.on_drift);
        let course = Course { set: extended.as_ref().unwrap_or(self.set), scopes: &scopes, weighing, sample };
        let mut present: BTreeSet<Identity> = manifests.iter().map(|m| scopes.identity(&m.value)).collect();
        let mut printed = BTreeSet::new();
        let mut verdict = Verdict { notes, ..Verdict::default() };
        let nothing = Redactor::default();
        for manifest in manifests {
            let passing =
                Passing { value: &manifest.value, source: &manifest.source, generated_by: None, inherited: &nothing };
            let (redactor, made) = self.pass(&passing, &course, &mut printed, &mut verdict)?;
            for Made { by, object } in made {
                let object = marked(object, &by, &self.settings.sync_options);
                let identity = scopes.identity(&object);
                if !present.insert(identity.clone()) {
                    let place = &manifest.source;
                    verdict
                        .notes
                        .push(format!("{place}: {by} would make {identity}, which is in the render already and stays"));
                    continue;
                }
                let passing =
                    Passing { value: &object, source: &manifest.source, generated_by: Some(&by), inherited: &redactor };
                self.pass(&passing, &course, &mut printed, &mut verdict)?;
                verdict.generated += 1;
            }
        }
        verdict.notes.extend(course.weighing.into_remarks());
        Ok(verdict)
    }

    /// Decides one object and adds it to the verdict; what its rules made, unless it was made itself.
    fn pass(
        &self,
        passing: &Passing<'_>,
        course: &Course<'_>,
        printed: &mut BTreeSet<Identity>,
        verdict: &mut Verdict,
    ) -> Result<(Redactor, Vec<Made>), RenderFault> {
        self.stop.check()?;
        let scopes = course.scopes;
        let review = self.review(passing.value, scopes);
        course.weighing.next_object();
        let counts = |exception: &Exception| course.weighing.counts(exception, &review.namespace);
        let facts = Watched::new(self.facts);
        let decision =
            decide_selected(course.set, &review, &facts, Selection { exception: &counts, ..Selection::default() });
        let object = match &decision.object {
            Some(object) => without_namespace(object, passing.value, &review.namespace),
            // A failed mutation that is only reported: the object goes on as it was.
            None => passing.value.clone(),
        };
        let refuse = |problem| RenderError {
            place: passing.source.to_string(),
            subject: scopes.identity(passing.value).to_string(),
            problem,
        };
        if let Some(problem) = unprintable(&object) {
            return Err(refuse(problem).into());
        }
        let identity = scopes.identity(&object);
        if !identity.name.is_empty() && !printed.insert(identity) {
            return Err(refuse("is given the name of another object of the render by a policy").into());
        }
        let redactor = Redactor::of([passing.value, &object]).and(passing.inherited);
        let subject = subject(passing, &review);
        let made = self.record(&decision, passing, &subject, course, &redactor, verdict);
        if course.sample.wants(&decision, &review.kind) {
            for drift in drifting(course.set, &review, &decision, &facts, &counts) {
                let blocks = self.settings.on_drift == OnDrift::Deny;
                verdict.counts.add(FindingResult::Warn);
                verdict.findings.push(Finding {
                    subject: subject.clone(),
                    policy: drift.policy.key(),
                    rule: drift.rule.name.clone(),
                    result: FindingResult::Warn,
                    action: if blocks { Action::Enforce } else { Action::Audit },
                    blocks,
                    message: drift.how.words().to_owned(),
                    full_message: drift.how.words().to_owned(),
                    path: None,
                    source: Some(passing.source.clone()),
                    generated_by: passing.generated_by.map(str::to_owned),
                });
            }
        }
        verdict.objects.push(object);
        Ok((redactor, made))
    }

    fn review(&self, value: &Value, scopes: &Scopes) -> Review {
        let (api_version, kind) = (text(value, &["apiVersion"]), text(value, &["kind"]));
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version.as_str()));
        let namespace = scopes.namespace_of(value);
        let name = text(value, &["metadata", "name"]);
        let gvk = Value::from([
            ("group", Value::from(group)),
            ("version", Value::from(version)),
            ("kind", Value::from(kind.clone())),
        ]);
        Review {
            object: Some(with_namespace(value, &namespace)),
            old_object: OldObject::Unknown,
            operation: Operation::Create,
            namespace,
            subresource: Str::default(),
            group: group.into(),
            version: version.into(),
            kind,
            user: self.user.clone(),
            numbers: Numbers::Typed,
            request_fields: vec![("kind".into(), gvk), ("name".into(), name.into()), ("dryRun".into(), false.into())],
            variables: Vec::new(),
        }
    }

    /// Turns results into findings; what generate rules made.
    fn record(
        &self,
        decision: &Decision,
        passing: &Passing<'_>,
        subject: &Subject,
        course: &Course<'_>,
        redactor: &Redactor,
        verdict: &mut Verdict,
    ) -> Vec<Made> {
        let gate = Gate { settings: self.settings, enforce: self.enforce };
        let mut made = Vec::new();
        for response in &decision.responses {
            // A generated object never triggers again.
            if response.stage == Stage::Generate && passing.generated_by.is_some() {
                continue;
            }
            let policy = &response.policy;
            for result in &response.rules {
                let (action, blocks) = gate.judge(policy, response.stage, result);
                let found = found(policy, &result.outcome, blocks);
                verdict.counts.add(found);
                made.extend(result.generated.iter().map(|object| Made {
                    by: format!("{}/{}", policy.key(), result.rule.name),
                    object: object.with_integers(),
                }));
                let message = match &result.outcome {
                    Outcome::Pass | Outcome::Skip(_) => continue,
                    Outcome::Deferred(what) => format!("cannot be decided at a render, which does not know {what}"),
                    Outcome::Fail | Outcome::Warn | Outcome::Error => {
                        let words = result.words();
                        match course.weighing.why_not(policy, &result.rule) {
                            Some(why) => format!("{}. {why}.", words.trim_end().trim_end_matches('.')),
                            None => words.to_owned(),
                        }
                    }
                };
                verdict.findings.push(Finding {
                    subject: subject.clone(),
                    policy: policy.key(),
                    rule: result.rule.name.clone(),
                    result: found,
                    action,
                    blocks,
                    message: redactor.apply(&message),
                    full_message: redactor.apply(&result.message),
                    path: result.path.as_ref().map(|path| {
                        let after = decision.object.as_ref().unwrap_or(passing.value);
                        shown(written_path(path, after, passing.value), redactor)
                    }),
                    source: Some(passing.source.clone()),
                    generated_by: passing.generated_by.map(str::to_owned),
                });
            }
        }
        made
    }
}

/// The object of a finding.
fn subject(passing: &Passing<'_>, review: &Review) -> Subject {
    // The names of what is made from a Secret may be taken from it.
    let named = |text: Str| -> Str { passing.inherited.apply(&text).into() };
    Subject {
        namespace: named(review.namespace.clone()),
        kind: review.kind.clone(),
        name: named(match text(passing.value, &["metadata", "name"]) {
            name if name.is_empty() => text(passing.value, &["metadata", "generateName"]),
            name => name,
        }),
        api_version: text(passing.value, &["apiVersion"]),
    }
}

fn found(policy: &Policy, outcome: &Outcome, blocks: bool) -> FindingResult {
    match outcome {
        Outcome::Pass => FindingResult::Pass,
        Outcome::Fail if !blocks && !policy.scored() => FindingResult::Warn,
        Outcome::Fail => FindingResult::Fail,
        Outcome::Warn => FindingResult::Warn,
        Outcome::Error => FindingResult::Error,
        Outcome::Skip(_) => FindingResult::Skip,
        Outcome::Deferred(_) => FindingResult::Deferred,
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
pub(super) mod tests;

//! `apply --format json|sarif|junit|github`: the results as findings with their places.

use crate::document::{Source, Str, wildcard};
use crate::engine::decision::{Response, RuleResult};
use crate::output::applications::Applications;
use crate::output::blast_radius::BlastRadius;
use crate::output::finding::{Counts, Finding, FindingResult, Subject};
use crate::output::json::Ending;
use crate::output::redact::Redactor;
use crate::output::report;
use crate::output::reports::{self, Row};
use crate::policy::rule::{Action, Stage};
use crate::render::written_path;
use crate::suite::evaluate::Evaluation;

use super::super::findings_format::FindingsFormat;
use super::input::Given;

/// Every result as a finding, sorted.
fn all(given: &Given, evaluated: &[Evaluation], audit_warn: bool) -> Vec<Finding> {
    // Cleanup policies come after, each over all resources again.
    let placed = evaluated.iter().zip(given.sources.iter().cycle());
    let mut findings: Vec<Finding> =
        placed.flat_map(|(evaluation, source)| of_resource(evaluation, source, audit_warn)).collect();
    findings.sort_by(|a, b| a.order().cmp(&b.order()));
    findings
}

/// What would stop if the policies named by these wildcards were enforced: by Argo CD Application
/// where Application manifests are among the resources, else by folder. What a rule that enforces
/// already stops is left out.
///
/// # Errors
/// When a wildcard names no policy that was loaded: a name written wrongly must not read as harmless.
pub fn if_enforced(policies: &[String], given: &Given, evaluated: &[Evaluation]) -> Result<BlastRadius, String> {
    let loaded = given.set.policies();
    let known = |pattern: &&String| loaded.iter().any(|policy| wildcard::matches(pattern, &policy.key()));
    if let Some(unknown) = policies.iter().find(|pattern| !known(pattern)) {
        return Err(format!("--if-enforced: no policy named {unknown:?} is loaded"));
    }
    let mut applications = Applications::default();
    for object in &given.resources {
        applications.add(object);
    }
    // What cleanup policies keep does not stop anything.
    let reviewed = evaluated.get(..given.resources.len()).unwrap_or(evaluated).iter().zip(&given.sources);
    let rows = reviewed.flat_map(|(evaluation, source)| audited(evaluation, source, &applications)).collect();
    Ok(BlastRadius::of(&reports::of_policies(rows, policies)))
}

/// What rules that audit say of a resource: those that would stop it if they enforced, which a rule
/// that changes or generates something never does.
fn audited(evaluation: &Evaluation, source: &Source, applications: &Applications) -> Vec<Row> {
    let id = &evaluation.identity;
    let checks = |response: &&Response| matches!(response.stage, Stage::Validate | Stage::VerifyImages);
    let responses = evaluation.responses.iter().filter(checks);
    let results = responses.flat_map(|response| response.rules.iter().map(move |rule| (response, rule)));
    results
        .filter(|(_, rule)| rule.action == Action::Audit)
        .map(|(response, rule)| Row {
            policy: response.policy.key(),
            rule: Str::clone(&rule.rule.name),
            result: report::result_word(&response.policy, rule, false).into(),
            namespace: id.namespace.as_str().into(),
            kind: id.kind.as_str().into(),
            name: id.name.as_str().into(),
            applications: applications.of_object(&evaluation.resource, &source.file),
            ..Row::default()
        })
        .collect()
}

/// The findings in `format`; what passed and what did not apply only where a form lists them.
pub fn text(format: FindingsFormat, given: &Given, evaluated: &[Evaluation], audit_warn: bool) -> String {
    let mut counts = Counts::default();
    let mut findings = all(given, evaluated, audit_warn);
    findings.iter().for_each(|finding| counts.add(finding.result));
    if format != FindingsFormat::Junit {
        findings.retain(|f| !matches!(f.result, FindingResult::Pass | FindingResult::Skip));
    }
    let ending = if findings.iter().any(|f| f.blocks) { Ending::Denied } else { Ending::Allowed };
    format.text(ending, counts, &findings, given.set.policies())
}

fn of_resource(evaluation: &Evaluation, source: &Source, audit_warn: bool) -> Vec<Finding> {
    let id = &evaluation.identity;
    let subject = Subject {
        namespace: id.namespace.as_str().into(),
        kind: id.kind.as_str().into(),
        name: id.name.as_str().into(),
        api_version: id.api_version.as_str().into(),
    };
    let redactor = Redactor::of([&evaluation.resource]);
    evaluation
        .responses
        .iter()
        .flat_map(|response| response.rules.iter().map(move |rule| (response, rule)))
        .map(|(response, rule)| finding(evaluation, response, rule, &subject, source, &redactor, audit_warn))
        .collect()
}

fn finding(
    evaluation: &Evaluation,
    response: &Response,
    rule: &RuleResult,
    subject: &Subject,
    source: &Source,
    redactor: &Redactor,
    audit_warn: bool,
) -> Finding {
    let result = match report::result_word(&response.policy, rule, audit_warn) {
        "pass" => FindingResult::Pass,
        "fail" => FindingResult::Fail,
        "warn" => FindingResult::Warn,
        "skip" => FindingResult::Skip,
        _ => FindingResult::Error,
    };
    let path = rule.path.as_ref().map(|path| {
        let after = response.object.as_ref().unwrap_or(&evaluation.resource);
        written_path(path, after, &evaluation.resource)
    });
    Finding {
        subject: subject.clone(),
        policy: response.policy.key(),
        rule: Str::clone(&rule.rule.name),
        result,
        action: rule.action,
        blocks: rule.action == Action::Enforce && matches!(result, FindingResult::Fail | FindingResult::Error),
        message: redactor.apply(rule.words()),
        full_message: redactor.apply(&rule.message),
        path: path.filter(|path| redactor.apply(&path.to_string()) == path.to_string()),
        source: Some(source.clone()),
        generated_by: None,
    }
}

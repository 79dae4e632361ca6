//! Expected results against responses: rows (chapter 60 §10).

use std::collections::BTreeMap;
use std::path::Path;

use crate::document::Value;
use crate::engine::decision::{Response, RuleResult};
use crate::engine::review::Operation;
use crate::output::report;
use crate::output::table::Row;
use crate::policy::rule::Stage;

use super::compare::{self, Comparison};
use super::resources::Identity;
use super::scope::Scopes;
use super::test_file::Expected;

/// The responses of one test, by object.
#[derive(Debug, Default)]
pub struct Responses {
    /// What was evaluated.
    pub trigger: Vec<(Identity, Vec<Response>)>,
    /// The extra run of each operation that a result names.
    pub by_operation: BTreeMap<&'static str, Vec<(Identity, Vec<Response>)>>,
    /// Patched target resources: identity, the rule that patched it, and the object.
    pub target: Vec<(Identity, Vec<PatchedTarget>)>,
    /// Policies that were not accepted, with the reason.
    pub invalid: BTreeMap<String, String>,
    /// Policies of kinds this build does not evaluate: their rows fail.
    pub unsupported: BTreeMap<String, String>,
}

/// A target a mutate-existing rule changed.
#[derive(Clone, Debug)]
pub struct PatchedTarget {
    /// The response it came with.
    pub response: Response,
    /// The rule's answer.
    pub rule: RuleResult,
    /// The changed object.
    pub object: Value,
}

/// Row counts of one or more tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows as expected.
    pub pass: usize,
    /// Rows that are not.
    pub fail: usize,
    /// Rows as expected that expected a skip, and rows of policies that did not apply.
    pub skip: usize,
}

/// Where expected manifests are, and what completes them.
pub struct Manifests<'a> {
    /// The test's directory.
    pub directory: &'a Path,
    /// Which kinds have no namespace.
    pub scopes: &'a Scopes,
}

/// What one comparison said.
struct Verdict {
    holds: bool,
    message: String,
    reason: String,
    /// The expected manifest lacks the object.
    missing: bool,
}

/// Checks the expected results; rows come in their order.
#[must_use]
pub fn check(expected: &[Expected], responses: &Responses, manifests: &Manifests<'_>) -> (Vec<Row>, Counts) {
    let mut checker = Checker { manifests, rows: Vec::new(), counts: Counts::default() };
    for result in expected {
        let trigger = match result.operation {
            None => &responses.trigger,
            Some(operation) => match responses.by_operation.get(operation.as_str()) {
                Some(trigger) => trigger,
                None => continue,
            },
        };
        for identity in select(result, trigger, responses) {
            checker.object(result, identity, trigger, responses);
        }
    }
    (checker.rows, checker.counts)
}

/// The operations that results name, each evaluated in a run of its own.
#[must_use]
pub fn operations(expected: &[Expected]) -> Vec<Operation> {
    let mut all: Vec<Operation> = expected.iter().filter_map(|e| e.operation).collect();
    all.sort_by_key(|o| o.as_str());
    all.dedup();
    all
}

/// The objects one result speaks of; when it names none that exists, all of them.
fn select<'a>(
    result: &Expected,
    trigger: &'a [(Identity, Vec<Response>)],
    responses: &'a Responses,
) -> Vec<&'a Identity> {
    let all = || responses.target.iter().map(|(id, _)| id).chain(trigger.iter().map(|(id, _)| id));
    let mut selected = Vec::new();
    if let Some(names) = &result.resources {
        for name in names {
            let parts: Vec<&str> = name.split('/').collect();
            selected.extend(all().filter(|id| match parts.as_slice() {
                [name] => id.name == *name,
                [namespace, name] => id.namespace == *namespace && id.name == *name,
                _ => false,
            }));
        }
        for spec in &result.resource_specs {
            let version = if spec.group.is_empty() {
                spec.version.to_string()
            } else {
                format!("{}/{}", spec.group, spec.version)
            };
            selected.extend(
                all().filter(|id| id.api_version == version && spec.namespace == id.namespace && spec.name == id.name),
            );
        }
    }
    if selected.is_empty() { all().collect() } else { selected }
}

struct Checker<'a> {
    manifests: &'a Manifests<'a>,
    rows: Vec<Row>,
    counts: Counts,
}

impl Checker<'_> {
    /// The rows of one result for one object.
    fn object(
        &mut self,
        result: &Expected,
        identity: &Identity,
        trigger: &[(Identity, Vec<Response>)],
        responses: &Responses,
    ) {
        let before = self.rows.len();
        let mut missing = false;
        let mine = trigger.iter().filter(|(id, _)| id == identity).flat_map(|(_, responses)| responses);
        for response in mine.filter(|r| r.policy.name == result.policy_name()) {
            for rule in response.rules.iter().filter(|r| is_named(result, &r.rule.name)) {
                missing |= self.rule(result, identity, response, rule);
            }
            if self.rows.len() == before && !missing {
                self.excluded(result, identity);
            }
        }
        let targets = responses.target.iter().filter(|(id, _)| id == identity).flat_map(|(_, targets)| targets);
        for target in targets {
            let verdict = self.verdict(result, &target.response, &target.rule, Some(&target.object));
            self.row(result, &target.rule.rule.name, resource_column(identity), verdict);
        }
        if self.rows.len() == before && !missing {
            let name = result.policy_name();
            match (responses.invalid.get(name), responses.unsupported.get(name)) {
                (Some(reason), _) => self.invalid(result, identity, reason),
                (None, Some(reason)) => self.failed(result, identity, "Not supported", reason),
                (None, None) => self.failed(result, identity, "Not found", "Not found"),
            }
        }
    }

    /// One rule's row, or none when the expected manifest lacks the object; says whether that is so.
    fn rule(&mut self, result: &Expected, identity: &Identity, response: &Response, rule: &RuleResult) -> bool {
        let name = rule.rule.name.as_str();
        match response.stage {
            Stage::Generate if rule.generated.is_empty() => {
                let verdict = status(result, response, rule);
                self.row(result, name, resource_column(identity), verdict);
            }
            Stage::Generate => {
                for object in &rule.generated {
                    let verdict = self.verdict(result, response, rule, Some(object));
                    let made = object.str_at(&["metadata", "name"]).unwrap_or_default();
                    self.row(result, name, format!("/{made}"), verdict);
                }
            }
            Stage::Mutate | Stage::VerifyImages | Stage::Validate | Stage::Delete => {
                let verdict = self.verdict(result, response, rule, response.object.as_ref());
                if verdict.missing && !result.fail_on_missing {
                    return true;
                }
                self.row(result, name, resource_column(identity), verdict);
            }
        }
        false
    }

    /// Compares the manifest first, then the status.
    fn verdict(&self, result: &Expected, response: &Response, rule: &RuleResult, actual: Option<&Value>) -> Verdict {
        let nothing = Value::empty_map();
        let actual = actual.unwrap_or(&nothing);
        let compare =
            |file: &str| compare::with_file(actual, &self.manifests.directory.join(file), self.manifests.scopes);
        if !result.patched_resources.is_empty()
            && let Some(verdict) =
                difference(compare(&result.patched_resources), "PatchedResources", "patched resource")
        {
            return verdict;
        }
        if result.generated_resources.is_empty() {
            if !result.generated_resource.is_empty()
                && let Some(verdict) =
                    difference(compare(&result.generated_resource), "GeneratedResource", "generated resource")
            {
                return verdict;
            }
        } else {
            let compared: Vec<Comparison> = result.generated_resources.iter().map(|file| compare(file)).collect();
            if !compared.contains(&Comparison::Equal) {
                let differing = compared.iter().rposition(|c| matches!(c, Comparison::Different(_)));
                let at = differing.unwrap_or(compared.len().saturating_sub(1));
                let last = compared.into_iter().nth(at);
                if let Some(verdict) =
                    last.and_then(|c| difference(c, "GeneratedResources", "expected generated resources"))
                {
                    return verdict;
                }
            }
        }
        status(result, response, rule)
    }

    fn row(&mut self, result: &Expected, rule: &str, resource: String, verdict: Verdict) {
        match (verdict.holds, result.result.as_str()) {
            (false, _) => self.counts.fail += 1,
            (true, "skip") => self.counts.skip += 1,
            (true, _) => self.counts.pass += 1,
        }
        self.rows.push(Row {
            policy: result.policy.to_string(),
            rule: rule.to_owned(),
            resource,
            result: if verdict.holds { "Pass" } else { "Fail" },
            reason: verdict.reason,
            message: verdict.message,
            is_failure: !verdict.holds,
        });
    }

    /// A row about a policy rather than a rule's answer.
    fn remark(&mut self, result: &Expected, identity: &Identity, outcome: &'static str, reason: &str, message: &str) {
        self.rows.push(Row {
            policy: result.policy.to_string(),
            rule: result.rule.to_string(),
            resource: resource_column(identity),
            result: outcome,
            reason: reason.to_owned(),
            message: message.to_owned(),
            is_failure: outcome == "Fail",
        });
    }

    fn excluded(&mut self, result: &Expected, identity: &Identity) {
        self.counts.skip += 1;
        self.remark(result, identity, "Pass", "Excluded", "Excluded");
    }

    fn invalid(&mut self, result: &Expected, identity: &Identity, reason: &str) {
        self.counts.skip += 1;
        self.remark(result, identity, "Skip", "Invalid Policy", reason);
    }

    fn failed(&mut self, result: &Expected, identity: &Identity, reason: &str, message: &str) {
        self.counts.fail += 1;
        self.remark(result, identity, "Fail", reason, message);
    }
}

/// `apps/v1/Deployment/default/web`; the namespace of a cluster-scoped object is empty.
fn resource_column(id: &Identity) -> String {
    format!("{}/{}/{}/{}", id.api_version, id.kind, id.namespace, id.name)
}

/// Whether a result without a rule, or with this rule or its autogen forms, speaks of `rule`.
fn is_named(result: &Expected, rule: &str) -> bool {
    let wanted = result.rule.as_str();
    wanted.is_empty()
        || rule == wanted
        || rule.strip_prefix("autogen-") == Some(wanted)
        || rule.strip_prefix("autogen-cronjob-") == Some(wanted)
}

fn difference(comparison: Comparison, what: &str, with: &str) -> Option<Verdict> {
    let failed = |message: String, reason: &str, missing| {
        Some(Verdict { holds: false, message, reason: reason.to_owned(), missing })
    };
    match comparison {
        Comparison::Equal => None,
        Comparison::Different(diff) => failed(
            format!(
                "Patched resource didn't match the {with} in the test result\n(-only in expected +only in actual)\n\n{diff}"
            ),
            "Resource diff",
            false,
        ),
        Comparison::Missing(text) => {
            failed(format!("error: failed to load {what} resource ({text})"), "Resource error", true)
        }
        Comparison::Unreadable(text) => {
            failed(format!("error: failed to load {what} resource ({text})"), "Resource error", false)
        }
    }
}

fn status(result: &Expected, response: &Response, rule: &RuleResult) -> Verdict {
    let got = report::result_word(&response.policy, rule, false);
    let message = report::message(rule, got);
    let holds = result.result == got;
    let reason = if holds { "Ok".to_owned() } else { format!("Want {}, got {got}", result.result) };
    Verdict { holds, message, reason, missing: false }
}

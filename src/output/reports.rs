//! Reading reports: policy reports of both API groups, and our own findings (chapter 70 §9–10).
//! Results that stand in both groups count once.

use std::collections::{BTreeMap, BTreeSet};

use crate::document::scope::group_of;
use crate::document::{Str, Value, wildcard};

use super::applications::{self, Applications};
use super::json::API_VERSION as FINDINGS;

/// One result of one rule for one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// The policy: `namespace/name` of a namespaced one.
    pub policy: Str,
    /// The rule; empty where reports have none.
    pub rule: Str,
    /// `pass`, `fail`, `warn`, `error` or `skip`.
    pub result: Str,
    /// `critical` to `info`, or empty.
    pub severity: Str,
    /// The object's namespace; empty outside namespaces.
    pub namespace: Str,
    /// The object's kind.
    pub kind: Str,
    /// The object's name.
    pub name: Str,
    /// The Argo CD applications, or the folder; empty where nothing says.
    pub applications: Vec<Str>,
    /// The file, where the result says.
    pub file: Str,
    /// Whether the rule enforces already, where the result says.
    pub enforced: bool,
    /// What the rule said.
    pub message: String,
}

/// Reports on their way to a summary.
#[derive(Debug, Default)]
pub struct Reports {
    /// Report objects seen, by API group and UID: the versions of one object count once.
    seen: BTreeSet<(Str, Str)>,
    /// Results by what they are about, then by API group.
    results: BTreeMap<Key, BTreeMap<Str, Vec<Row>>>,
    /// Documents that are neither reports, Applications nor objects with an application of their own.
    pub others: usize,
    /// The Applications among them.
    applications: Applications,
    /// The application of other objects among them, by kind, namespace and name.
    tracked: BTreeMap<(Str, Str, Str), Str>,
    /// Documents that are reports, or lists of them.
    pub reports: usize,
    /// Results that findings count without listing them: what passed, and what was skipped.
    pub unlisted: Unlisted,
}

/// Results known by their number alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unlisted {
    /// Passed.
    pub pass: usize,
    /// Did not apply.
    pub skip: usize,
}

/// Policy, rule, kind, namespace, name.
type Key = (Str, Str, Str, Str, Str);

impl Reports {
    /// Takes in a document: a report, our findings, an object that says its application, or a list.
    pub fn add(&mut self, document: &Value) {
        let mut waiting = vec![document];
        while let Some(document) = waiting.pop() {
            let kind = document.str_at(&["kind"]).unwrap_or_default();
            let api_version = document.str_at(&["apiVersion"]).unwrap_or_default();
            let group = group_of(api_version);
            match (group, kind) {
                _ if api_version == FINDINGS => self.add_findings(document),
                (
                    "wgpolicyk8s.io" | "openreports.io",
                    "PolicyReport" | "ClusterPolicyReport" | "Report" | "ClusterReport",
                ) => self.add_report(group, document),
                (_, kind) if kind.ends_with("List") => {
                    self.reports += 1;
                    let items = document.get("items").and_then(Value::as_list).unwrap_or_default();
                    waiting.extend(items.iter().rev());
                }
                _ if self.applications.add(document) => {}
                _ => self.add_object(kind, document),
            }
        }
    }

    fn add_object(&mut self, kind: &str, object: &Value) {
        let Some(application) = application_of(object) else {
            self.others += 1;
            return;
        };
        let text = |field| -> Str { object.str_at(&["metadata", field]).unwrap_or_default().into() };
        self.tracked.insert((kind.into(), text("namespace"), text("name")), application);
    }

    fn add_report(&mut self, group: &str, report: &Value) {
        self.reports += 1;
        if let Some(uid) = report.str_at(&["metadata", "uid"])
            && !self.seen.insert((group.into(), uid.into()))
        {
            return;
        }
        let application = application_of(report);
        for result in report.get("results").and_then(Value::as_list).unwrap_or_default() {
            let resources = result.get("resources").and_then(Value::as_list).unwrap_or_default();
            let scope: Vec<&Value> = report.get("scope").into_iter().filter(|s| !s.is_null()).collect();
            let subjects = if resources.is_empty() { scope } else { resources.iter().collect() };
            let own = result.str_at(&["properties", "rendergate.dev/application"]).map(Str::from);
            let nothing = Value::Null;
            let subjects = if subjects.is_empty() { vec![&nothing] } else { subjects };
            for subject in subjects {
                let applications = own.clone().or_else(|| application.clone()).into_iter().collect();
                self.insert(group, row(result, subject, applications));
            }
        }
    }

    fn add_findings(&mut self, document: &Value) {
        self.reports += 1;
        let mut listed = Unlisted::default();
        for field in ["findings", "deferred"] {
            for finding in document.get(field).and_then(Value::as_list).unwrap_or_default() {
                let mut row = row(finding, finding.get("object").unwrap_or(&Value::Null), Vec::new());
                match row.result.as_str() {
                    "pass" => listed.pass += 1,
                    "skip" => listed.skip += 1,
                    "deferred" => row.result = "skip".into(),
                    _ => {}
                }
                row.enforced = finding.str_at(&["action"]) == Some("enforce");
                self.insert(FINDINGS, row);
            }
        }
        let count = |field| match document.at(&["counts", field]) {
            Some(Value::Int(count)) => usize::try_from(*count).unwrap_or_default(),
            _ => 0,
        };
        self.unlisted.pass += count("pass").saturating_sub(listed.pass);
        self.unlisted.skip += count("skip").saturating_sub(listed.skip);
    }

    fn insert(&mut self, group: &str, row: Row) {
        let key = (row.policy.clone(), row.rule.clone(), row.kind.clone(), row.namespace.clone(), row.name.clone());
        self.results.entry(key).or_default().entry(group.into()).or_default().push(row);
    }

    /// The results, sorted. Those of one object and rule come from one API group: where groups
    /// differ, the one with the worst result, so that no violation is lost, then with most results.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        let worst = |rows: &Vec<Row>| (rows.iter().map(|row| badness(&row.result)).max(), rows.len());
        let chosen = |groups: &BTreeMap<Str, Vec<Row>>| groups.values().rev().max_by_key(|rows| worst(rows)).cloned();
        let mut rows: Vec<Row> = self.results.values().filter_map(chosen).flatten().collect();
        for row in rows.iter_mut().filter(|row| row.applications.is_empty()) {
            let object = (row.kind.clone(), row.namespace.clone(), row.name.clone());
            row.applications = match self.tracked.get(&object) {
                Some(application) => vec![application.clone()],
                None if row.file.is_empty() => Vec::new(),
                None => self.applications.of_object(&Value::Null, &row.file),
            };
        }
        rows
    }
}

fn application_of(object: &Value) -> Option<Str> {
    applications::tracked(object).or_else(|| applications::labelled(object))
}

/// How bad a result is; a word reports do not have counts as an error.
fn badness(result: &str) -> u8 {
    match result {
        "pass" => 0,
        "skip" => 1,
        "warn" => 2,
        "fail" => 4,
        _ => 3,
    }
}

fn row(result: &Value, subject: &Value, applications: Vec<Str>) -> Row {
    let text = |value: &Value, field: &str| -> Str { value.str_at(&[field]).unwrap_or_default().into() };
    Row {
        policy: text(result, "policy"),
        rule: text(result, "rule"),
        result: text(result, "result"),
        severity: text(result, "severity"),
        namespace: text(subject, "namespace"),
        kind: text(subject, "kind"),
        name: text(subject, "name"),
        applications,
        file: text(result, "file"),
        enforced: false,
        message: result.str_at(&["message"]).unwrap_or_default().to_owned(),
    }
}

/// Keeps rows of the policies that match one of the wildcards; all of them if there are none.
#[must_use]
pub fn of_policies(rows: Vec<Row>, policies: &[String]) -> Vec<Row> {
    let wanted = |row: &Row| policies.is_empty() || policies.iter().any(|p| wildcard::matches(p, &row.policy));
    rows.into_iter().filter(wanted).collect()
}

//! Reports become one short overview: counts, a table, and the failures one by one (chapter 70 §9–10).
//!
//! Both report API groups are read, and results that stand in both count once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::document::scope::group_of;
use crate::document::{Str, Value, wildcard};

use super::applications::Applications;
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
    /// The Argo CD application, where the report says; for our own findings that of the file, or
    /// its folder.
    pub application: Str,
    /// The file, where the result says.
    pub file: Str,
    /// What the rule said.
    pub message: String,
}

/// What a table's lines stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The policy.
    Policy,
    /// The policy and the rule.
    Rule,
    /// The object's namespace.
    Namespace,
    /// The object's kind.
    Kind,
    /// The Argo CD application.
    Application,
    /// The severity.
    Severity,
}

impl By {
    fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Policy => &["POLICY"],
            Self::Rule => &["POLICY", "RULE"],
            Self::Namespace => &["NAMESPACE"],
            Self::Kind => &["KIND"],
            Self::Application => &["APPLICATION"],
            Self::Severity => &["SEVERITY"],
        }
    }

    fn key(self, row: &Row) -> Vec<Str> {
        match self {
            Self::Policy => vec![row.policy.clone()],
            Self::Rule => vec![row.policy.clone(), row.rule.clone()],
            Self::Namespace => vec![row.namespace.clone()],
            Self::Kind => vec![row.kind.clone()],
            Self::Application => vec![row.application.clone()],
            Self::Severity => vec![row.severity.clone()],
        }
    }
}

/// Reports on their way to a summary.
#[derive(Debug, Default)]
pub struct Reports {
    /// Report objects seen, by API group and UID: the versions of one object count once.
    seen: BTreeSet<(Str, Str)>,
    /// Results by what they are about, then by API group.
    results: BTreeMap<Key, BTreeMap<Str, Vec<Row>>>,
    /// Documents that are no reports.
    pub others: usize,
    /// The Applications among them.
    applications: Applications,
    /// Documents that are reports, or lists of them.
    pub reports: usize,
}

/// Policy, rule, kind, namespace, name.
type Key = (Str, Str, Str, Str, Str);

impl Reports {
    /// Takes in a document: a report, our findings, or a list of these.
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
                _ => self.others += 1,
            }
        }
    }

    fn add_report(&mut self, group: &str, report: &Value) {
        self.reports += 1;
        if let Some(uid) = report.str_at(&["metadata", "uid"])
            && !self.seen.insert((group.into(), uid.into()))
        {
            return;
        }
        let labels = report.at(&["metadata", "labels"]);
        let application = ["argocd.argoproj.io/instance", "app.kubernetes.io/instance"]
            .iter()
            .find_map(|label| labels?.str_at(&[label]))
            .unwrap_or_default();
        for result in report.get("results").and_then(Value::as_list).unwrap_or_default() {
            let resources = result.get("resources").and_then(Value::as_list).unwrap_or_default();
            let scope: Vec<&Value> = report.get("scope").into_iter().filter(|s| !s.is_null()).collect();
            let subjects = if resources.is_empty() { scope } else { resources.iter().collect() };
            let own = result.str_at(&["properties", "rendergate.dev/application"]);
            let nothing = Value::Null;
            let subjects = if subjects.is_empty() { vec![&nothing] } else { subjects };
            for subject in subjects {
                self.insert(group, row(result, subject, own.unwrap_or(application)));
            }
        }
    }

    fn add_findings(&mut self, document: &Value) {
        self.reports += 1;
        for field in ["findings", "deferred"] {
            for finding in document.get(field).and_then(Value::as_list).unwrap_or_default() {
                let mut row = row(finding, finding.get("object").unwrap_or(&Value::Null), "");
                if row.result == "deferred" {
                    row.result = "skip".into();
                }
                self.insert(FINDINGS, row);
            }
        }
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
        for row in rows.iter_mut().filter(|row| row.application.is_empty() && !row.file.is_empty()) {
            row.application = self.applications.of_file(&row.file);
        }
        rows
    }
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

fn row(result: &Value, subject: &Value, application: &str) -> Row {
    let text = |value: &Value, field: &str| -> Str { value.str_at(&[field]).unwrap_or_default().into() };
    Row {
        policy: text(result, "policy"),
        rule: text(result, "rule"),
        result: text(result, "result"),
        severity: text(result, "severity"),
        namespace: text(subject, "namespace"),
        kind: text(subject, "kind"),
        name: text(subject, "name"),
        application: application.into(),
        file: text(result, "file"),
        message: result.str_at(&["message"]).unwrap_or_default().to_owned(),
    }
}

/// Keeps rows of the policies that match one of the wildcards; all of them if there are none.
#[must_use]
pub fn of_policies(rows: Vec<Row>, policies: &[String]) -> Vec<Row> {
    let wanted = |row: &Row| policies.is_empty() || policies.iter().any(|p| wildcard::matches(p, &row.policy));
    rows.into_iter().filter(wanted).collect()
}

/// How many results there are of each kind; results with another word count as errors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    pass: usize,
    fail: usize,
    warn: usize,
    error: usize,
    skip: usize,
}

impl Tally {
    fn add(&mut self, result: &str) {
        let place = match result {
            "pass" => &mut self.pass,
            "fail" => &mut self.fail,
            "warn" => &mut self.warn,
            "skip" => &mut self.skip,
            _ => &mut self.error,
        };
        *place += 1;
    }

    fn of<'r>(rows: impl Iterator<Item = &'r Row>) -> Self {
        let mut tally = Self::default();
        rows.for_each(|row| tally.add(&row.result));
        tally
    }
}

/// Whether a result is a violation or an error.
#[must_use]
pub fn is_failure(row: &Row) -> bool {
    !matches!(row.result.as_str(), "pass" | "warn" | "skip")
}

/// The overview: a line of counts and a table; with `failures_only`, only lines that fail, then each
/// failure.
#[must_use]
pub fn text(rows: &[Row], by: By, failures_only: bool) -> String {
    let all = Tally::of(rows.iter());
    let objects: BTreeSet<_> = rows.iter().map(|r| (&r.kind, &r.namespace, &r.name)).collect();
    let mut out = format!(
        "pass: {}, fail: {}, warn: {}, error: {}, skip: {} ({} objects)\n",
        all.pass,
        all.fail,
        all.warn,
        all.error,
        all.skip,
        objects.len()
    );
    let mut groups: BTreeMap<Vec<Str>, Tally> = BTreeMap::new();
    for row in rows {
        groups.entry(by.key(row)).or_default().add(&row.result);
    }
    let mut lines: Vec<(Vec<Str>, Tally)> =
        groups.into_iter().filter(|(_, t)| !failures_only || t.fail + t.error > 0).collect();
    lines.sort_by(|(a_key, a), (b_key, b)| {
        (b.fail, b.error, b.warn).cmp(&(a.fail, a.error, a.warn)).then_with(|| a_key.cmp(b_key))
    });
    if !lines.is_empty() {
        out.push('\n');
        table(&mut out, by, &lines);
    }
    if failures_only {
        let mut failures: Vec<&Row> = rows.iter().filter(|r| is_failure(r)).collect();
        failures.sort_by_key(|r| (&r.policy, &r.rule, &r.namespace, &r.kind, &r.name, &r.message));
        if !failures.is_empty() {
            out.push('\n');
        }
        for row in failures {
            let rule = if row.rule.is_empty() { String::new() } else { format!("/{}", row.rule) };
            let slash = if row.namespace.is_empty() { "" } else { "/" };
            let line = format!(
                "{} {}{rule} {} {}{slash}{}: {}",
                row.result, row.policy, row.kind, row.namespace, row.name, row.message
            );
            let _ = writeln!(out, "{}", one_line(&line));
        }
    }
    out
}

fn table(out: &mut String, by: By, lines: &[(Vec<Str>, Tally)]) {
    let head: Vec<String> =
        by.columns().iter().chain(&["FAIL", "ERROR", "WARN", "PASS", "SKIP"]).map(|c| (*c).to_owned()).collect();
    let names = by.columns().len();
    let body = lines.iter().map(|(key, t)| {
        let shown = key.iter().map(|part| if part.is_empty() { "-".to_owned() } else { one_line(part) });
        shown.chain([t.fail, t.error, t.warn, t.pass, t.skip].map(|n| n.to_string())).collect()
    });
    let cells: Vec<Vec<String>> = std::iter::once(head).chain(body).collect();
    let mut widths = vec![0; names + 5];
    for line in &cells {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for line in &cells {
        let mut text = String::new();
        for (at, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let gap = if at == 0 { "" } else { "  " };
            let _ = if at < names { write!(text, "{gap}{cell:<width$}") } else { write!(text, "{gap}{cell:>width$}") };
        }
        let _ = writeln!(out, "{}", text.trim_end());
    }
}

/// No line breaks, no control characters: reports may hold anything.
pub(super) fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::yaml;

    fn reports(text: &str) -> Reports {
        let mut reports = Reports::default();
        for document in yaml::read(text, &yaml::Limits::default()).unwrap() {
            reports.add(&document.value);
        }
        reports
    }

    fn report(api_version: &str, kind: &str, uid: &str, results: &str) -> String {
        format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: r, namespace: shop, uid: '{uid}'}}\n\
             scope: {{kind: Deployment, name: web, namespace: shop}}\nresults: [{results}]\n"
        )
    }

    const FAIL: &str = "{policy: labels, rule: team, result: fail, message: \"A team\\n is needed.\", severity: high}";
    const PASS: &str = "{policy: limits, rule: cpu, result: pass}";

    #[test]
    fn the_two_api_groups_never_count_twice() {
        let both = format!("{FAIL}, {PASS}");
        let text = format!(
            "{}---\n{}---\n{}",
            report("wgpolicyk8s.io/v1alpha2", "PolicyReport", "1", &both),
            report("wgpolicyk8s.io/v1beta1", "PolicyReport", "1", &both),
            report("openreports.io/v1alpha1", "Report", "2", &both),
        );
        let rows = reports(&text).rows();
        assert_eq!(rows.len(), 2);
        assert!(
            super::text(&rows, By::Rule, false)
                .starts_with("pass: 1, fail: 1, warn: 0, error: 0, skip: 0 (1 objects)\n")
        );
    }

    #[test]
    fn lists_and_cli_reports_and_findings() {
        let list = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: openreports.io/v1alpha1\n  kind: ClusterReport\n  metadata: {name: merged}\n  \
                    results:\n  - {policy: a, rule: r, result: fail, resources: [{kind: Pod, name: p, namespace: x}, {kind: Pod, name: q}]}\n---\n\
                    apiVersion: rendergate.dev/findings/v1\nfindings: [{policy: b, rule: r, result: error, object: {kind: Pod, name: z}, message: m}]\n\
                    deferred: [{policy: c, rule: r, result: deferred, object: {kind: Pod, name: z}}]\n---\nkind: Pod\napiVersion: v1\n";
        let reports = reports(list);
        let rows = reports.rows();
        assert_eq!((rows.len(), reports.others), (4, 1));
        assert_eq!(
            text(&rows, By::Policy, true),
            "pass: 0, fail: 2, warn: 0, error: 1, skip: 1 (3 objects)\n\n\
             POLICY  FAIL  ERROR  WARN  PASS  SKIP\n\
             a          2      0     0     0     0\n\
             b          0      1     0     0     0\n\n\
             fail a/r Pod q: \nfail a/r Pod x/p: \nerror b/r Pod z: m\n"
                .replace(": \n", ":\n")
        );
    }

    #[test]
    fn the_table_is_sorted_by_failures() {
        let rows = reports(&report("wgpolicyk8s.io/v1alpha2", "PolicyReport", "1", &format!("{PASS}, {FAIL}"))).rows();
        assert_eq!(
            text(&rows, By::Rule, true),
            "pass: 1, fail: 1, warn: 0, error: 0, skip: 0 (1 objects)\n\n\
             POLICY  RULE  FAIL  ERROR  WARN  PASS  SKIP\n\
             labels  team     1      0     0     0     0\n\n\
             fail labels/team Deployment shop/web: A team is needed.\n"
        );
        let by_severity = text(&rows, By::Severity, false);
        assert!(by_severity.contains("\nhigh") && by_severity.contains("\n-"), "{by_severity}");
        assert_eq!(of_policies(rows.clone(), &["lab*".to_owned()]).len(), 1);
        assert!(rows.iter().any(is_failure));
    }
}

//! Results of reports become one short overview: counts, a table, and the failures one by one, as text
//! or as JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::document::{Str, Value, json};

use super::reports::{Row, Unlisted};

/// The `apiVersion` of the JSON document.
pub const API_VERSION: &str = "rendergate.dev/summary/v1";

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

    /// The groups a row belongs to: several where several applications have the object.
    fn keys(self, row: &Row) -> Vec<Vec<Str>> {
        let one = |key: &Str| vec![vec![key.clone()]];
        match self {
            Self::Policy => one(&row.policy),
            Self::Rule => vec![vec![row.policy.clone(), row.rule.clone()]],
            Self::Namespace => one(&row.namespace),
            Self::Kind => one(&row.kind),
            Self::Application if row.applications.is_empty() => vec![vec![Str::default()]],
            Self::Application => row.applications.iter().map(|name| vec![name.clone()]).collect(),
            Self::Severity => one(&row.severity),
        }
    }
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

    fn json(self) -> Value {
        let Self { pass, fail, warn, error, skip } = self;
        let counts = [("pass", pass), ("fail", fail), ("warn", warn), ("error", error), ("skip", skip)];
        Value::from(counts.map(|(word, count)| (word, number(count))))
    }
}

/// Whether a result is a violation or an error.
#[must_use]
pub fn is_failure(row: &Row) -> bool {
    !matches!(row.result.as_str(), "pass" | "warn" | "skip")
}

/// What an overview shows.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// What a line of the table stands for.
    pub by: By,
    /// Whether only lines that fail are shown, then each failure.
    pub failures_only: bool,
    /// Results that are counted in the whole without a line.
    pub unlisted: Unlisted,
}

/// A line of the table: what it stands for, and the results.
type Line = (Vec<Str>, Tally);

impl View {
    fn all(self, rows: &[Row]) -> Tally {
        let mut all = Tally::of(rows.iter());
        all.pass += self.unlisted.pass;
        all.skip += self.unlisted.skip;
        all
    }

    /// The lines, those with most failures first.
    fn lines(self, rows: &[Row]) -> Vec<Line> {
        let mut groups: BTreeMap<Vec<Str>, Tally> = BTreeMap::new();
        for row in rows {
            self.by.keys(row).into_iter().for_each(|key| groups.entry(key).or_default().add(&row.result));
        }
        let mut lines: Vec<Line> =
            groups.into_iter().filter(|(_, t)| !self.failures_only || t.fail + t.error > 0).collect();
        lines.sort_by(|(a_key, a), (b_key, b)| {
            (b.fail, b.error, b.warn).cmp(&(a.fail, a.error, a.warn)).then_with(|| a_key.cmp(b_key))
        });
        lines
    }

    /// The failures one by one, if they are shown.
    fn failures(self, rows: &[Row]) -> Vec<&Row> {
        let mut failures: Vec<&Row> = rows.iter().filter(|r| self.failures_only && is_failure(r)).collect();
        failures.sort_by_key(|r| (&r.policy, &r.rule, &r.namespace, &r.kind, &r.name, &r.message));
        failures
    }

    /// A line of counts and the table, then the failures.
    #[must_use]
    pub fn text(self, rows: &[Row]) -> String {
        let Tally { pass, fail, warn, error, skip } = self.all(rows);
        let objects = objects(rows);
        let mut out =
            format!("pass: {pass}, fail: {fail}, warn: {warn}, error: {error}, skip: {skip} ({objects} objects)\n");
        let lines = self.lines(rows);
        if !lines.is_empty() {
            out.push('\n');
            table(&mut out, self.by, &lines);
        }
        let failures = self.failures(rows);
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
        out
    }

    /// The same as one compact line of JSON: counts, objects, lines, failures.
    #[must_use]
    pub fn json(self, rows: &[Row]) -> String {
        let columns: Vec<String> = self.by.columns().iter().map(|c| c.to_lowercase()).collect();
        let lines = self.lines(rows);
        let lines = lines.iter().map(|(key, tally)| {
            let names = columns.iter().zip(key).map(|(column, name)| (column.as_str(), Value::String(name.clone())));
            map(names.chain([("counts", tally.json())]))
        });
        let failures = self.failures(rows);
        let failures = failures.iter().map(|row| {
            Value::from([
                ("policy", Value::String(row.policy.clone())),
                ("rule", Value::String(row.rule.clone())),
                ("result", Value::String(row.result.clone())),
                ("severity", Value::String(row.severity.clone())),
                ("kind", Value::String(row.kind.clone())),
                ("namespace", Value::String(row.namespace.clone())),
                ("name", Value::String(row.name.clone())),
                ("applications", Value::list(row.applications.iter().map(|a| Value::String(a.clone())).collect())),
                ("message", Value::from(row.message.as_str())),
            ])
        });
        let mut document = vec![
            ("apiVersion", Value::from(API_VERSION)),
            ("counts", self.all(rows).json()),
            ("objects", number(objects(rows))),
            ("lines", Value::list(lines.collect())),
        ];
        if self.failures_only {
            document.push(("failures", Value::list(failures.collect())));
        }
        json::to_string(&map(document)) + "\n"
    }
}

fn map<'k>(entries: impl IntoIterator<Item = (&'k str, Value)>) -> Value {
    Value::map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

fn objects(rows: &[Row]) -> usize {
    rows.iter().map(|r| (&r.kind, &r.namespace, &r.name)).collect::<BTreeSet<_>>().len()
}

fn number(count: usize) -> Value {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

fn table(out: &mut String, by: By, lines: &[Line]) {
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
    use super::super::reports::{Reports, of_policies};
    use super::*;
    use crate::document::yaml;

    fn view(by: By, failures_only: bool) -> View {
        View { by, failures_only, unlisted: Unlisted::default() }
    }

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
            view(By::Rule, false).text(&rows).starts_with("pass: 1, fail: 1, warn: 0, error: 0, skip: 0 (1 objects)\n")
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
            view(By::Policy, true).text(&rows),
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
            view(By::Rule, true).text(&rows),
            "pass: 1, fail: 1, warn: 0, error: 0, skip: 0 (1 objects)\n\n\
             POLICY  RULE  FAIL  ERROR  WARN  PASS  SKIP\n\
             labels  team     1      0     0     0     0\n\n\
             fail labels/team Deployment shop/web: A team is needed.\n"
        );
        let by_severity = view(By::Severity, false).text(&rows);
        assert!(by_severity.contains("\nhigh") && by_severity.contains("\n-"), "{by_severity}");
        assert_eq!(of_policies(rows.clone(), &["lab*".to_owned()]).len(), 1);
        assert!(rows.iter().any(is_failure));
    }

    #[test]
    fn the_same_as_json() {
        let rows = reports(&report("openreports.io/v1alpha1", "Report", "1", &format!("{PASS}, {FAIL}"))).rows();
        let unlisted = Unlisted { pass: 2, skip: 1 };
        let view = View { by: By::Rule, failures_only: true, unlisted };
        let counts = |pass: usize, fail: usize, skip: usize| {
            format!("\"counts\":{{\"error\":0,\"fail\":{fail},\"pass\":{pass},\"skip\":{skip},\"warn\":0}}")
        };
        assert_eq!(
            view.json(&rows),
            format!("{{\"apiVersion\":\"rendergate.dev/summary/v1\",{},", counts(3, 1, 1))
                + "\"failures\":[{\"applications\":[],\"kind\":\"Deployment\",\"message\":\"A team\\n is needed.\",\
                   \"name\":\"web\",\"namespace\":\"shop\",\"policy\":\"labels\",\"result\":\"fail\",\"rule\":\"team\",\
                   \"severity\":\"high\"}],"
                + &format!(
                    "\"lines\":[{{{},\"policy\":\"labels\",\"rule\":\"team\"}}],\"objects\":1}}\n",
                    counts(0, 1, 0)
                )
        );
    }

    #[test]
    fn applications_come_from_reports_tracked_objects_and_findings() {
        let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, annotations: \
                          {argocd.argoproj.io/tracking-id: 'store:apps/Deployment:shop/web'}}\n---\n";
        let text = deployment.to_owned() + &report("openreports.io/v1alpha1", "Report", "1", FAIL);
        let reports_of = reports(&text);
        assert_eq!(reports_of.others, 0);
        let shown = view(By::Application, false).text(&reports_of.rows());
        assert!(shown.contains("\nstore "), "{shown}");
        let marked = report("openreports.io/v1alpha1", "Report", "1", FAIL)
            .replace("{name: r,", "{name: r, annotations: {argocd.argoproj.io/tracking-id: 'till:g/Report:shop/r'},");
        let shown = view(By::Application, false).text(&reports(&marked).rows());
        assert!(shown.contains("\ntill "), "{shown}");
        let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: NAME}\nspec: {source: {path: apps}}\n---\n";
        let findings = "apiVersion: rendergate.dev/findings/v1\ncounts: {pass: 7, fail: 1, skip: 2}\n\
                        findings: [{policy: b, rule: r, result: fail, file: apps/a.yaml, object: {kind: Pod, name: z}}]\n";
        let text = application.replace("NAME", "one") + &application.replace("NAME", "two") + findings;
        let reports = reports(&text);
        assert_eq!(reports.unlisted, Unlisted { pass: 7, skip: 2 });
        let shown =
            View { by: By::Application, failures_only: false, unlisted: reports.unlisted }.text(&reports.rows());
        assert!(shown.starts_with("pass: 7, fail: 1, warn: 0, error: 0, skip: 2 (1 objects)\n"), "{shown}");
        assert!(shown.contains("\none ") && shown.contains("\ntwo "), "{shown}");
    }
}

//! Comparing answers, and counting.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rendergate::document::{Str, Value, yaml};
use rendergate::output::admission::{Findings, denial_text};
use rendergate::policy::load::Loaded;
use rendergate::policy::rule::Body;

use super::recording::{Group, Recording};
use super::replay::{Said, Webhook, object, said};

/// Equal answers out of all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Share {
    /// Equal.
    pub equal: usize,
    /// Compared.
    pub all: usize,
}

impl Share {
    fn count(&mut self, equal: bool) {
        self.equal += usize::from(equal);
        self.all += 1;
    }

    /// Per cent; 100 of nothing.
    pub fn percent(self) -> f64 {
        if self.all == 0 { 100.0 } else { 100.0 * self.equal as f64 / self.all as f64 }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:6.2} %  ({} of {})", self.percent(), self.equal, self.all)
    }
}

/// What a run came to.
#[derive(Debug, Default)]
pub struct Report {
    /// All answers, plain allows among them.
    pub all: Share,
    /// `/validate/fail`, where either side did not plainly allow.
    pub validate: Share,
    /// `/mutate/fail`, where either side did not plainly allow.
    pub mutate: Share,
    /// As the two above together, but with the policies this build does not evaluate taken out of both sides.
    pub evaluated: Share,
    /// As `evaluated`, what is random in Kyverno set aside (see [`unordered`]).
    pub evaluated_any_order: Share,
    /// Policies this build does not evaluate.
    pub not_evaluated: BTreeSet<String>,
    /// Differences by policy, with an example each.
    pub differences: BTreeMap<String, (usize, String)>,
}

impl Report {
    /// Where either side did not plainly allow, at both doors.
    pub fn telling(&self) -> Share {
        Share { equal: self.validate.equal + self.mutate.equal, all: self.validate.all + self.mutate.all }
    }
}

/// Replays every `step`th review of every group.
pub fn run(recording: &Recording, step: usize) -> Report {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut report = Report::default();
    for (index, group) in recording.groups.iter().enumerate() {
        runtime.block_on(run_group(recording, group, index % step, step, &mut report));
    }
    report
}

async fn run_group(recording: &Recording, group: &Group, first: usize, step: usize, report: &mut Report) {
    let whole = Webhook::new(recording.load(group));
    let mut loaded = recording.load(group);
    let left_out = take_out(&mut loaded);
    let evaluated = (!left_out.is_empty()).then(|| Webhook::new(loaded));
    for (resource, review) in recording.reviews.iter().skip(first).step_by(step) {
        let answer = group.answers.get(resource);
        for door in ["validate", "mutate"] {
            let plain = Said::Allowed(object(review).clone());
            let expected = answer.and_then(|a| a.get(door)).map_or_else(|| plain.clone(), |r| said(r, object(review)));
            let ours = whole.ask(door, review).await;
            let equal = ours == expected;
            report.all.count(equal);
            if ours != plain || expected != plain {
                if door == "validate" { report.validate.count(equal) } else { report.mutate.count(equal) }
            }
            let (ours, expected) = match &evaluated {
                None => (ours, expected),
                Some(webhook) => (webhook.ask(door, review).await, without(&expected, &left_out, object(review))),
            };
            if ours != plain || expected != plain {
                report.evaluated.count(ours == expected);
                report.evaluated_any_order.count(unordered(&ours) == unordered(&expected));
                note(report, door, resource, &ours, &expected);
            }
        }
    }
    report.not_evaluated.extend(left_out.into_iter().map(|p| p.to_string()));
}

/// Removes the policies with a body this build does not evaluate; returns their names.
fn take_out(loaded: &mut Loaded) -> BTreeSet<Str> {
    let unsupported = |body: &Body| matches!(body, Body::Unsupported { .. });
    let mut names: BTreeSet<Str> = loaded.unsupported.iter().map(|u| u.name.clone()).collect();
    names.extend(
        loaded.policies.iter().filter(|p| p.rules.iter().any(|r| unsupported(&r.body))).map(|p| p.name.clone()),
    );
    loaded.policies.retain(|p| !names.contains(&p.name));
    names
}

/// The recorded answer without what the named policies said.
fn without(expected: &Said, names: &BTreeSet<Str>, object: &Value) -> Said {
    let Said::Denied(message) = expected else { return expected.clone() };
    let Some(mut findings) = findings(message) else {
        let mutation = names.iter().any(|n| message.starts_with(&format!("mutation policy {n} error")));
        return if mutation { Said::Allowed(object.clone()) } else { expected.clone() };
    };
    findings.retain(|policy, _| !names.contains(policy));
    if findings.is_empty() {
        return Said::Allowed(object.clone());
    }
    let subject = message.trim_start().trim_start_matches("resource ").split(' ').next().unwrap_or_default();
    let parts: Vec<&str> = subject.split('/').collect();
    let [kind, namespace, name] = parts[..] else { panic!("{subject} is not Kind/namespace/name") };
    Said::Denied(denial_text(kind, namespace, name, &findings))
}

fn findings(message: &str) -> Option<Findings> {
    let (_, text) = message.split_once("policies \n\n")?;
    let documents = yaml::read(text, &yaml::Limits::default()).expect("a denial is YAML");
    let policies = documents.first()?.value.as_map()?.clone();
    let rules = |rules: &Value| {
        let rules = rules.as_map().expect("rules").iter();
        rules.map(|(rule, text)| (rule.clone(), text.as_str().unwrap_or_default().to_owned())).collect()
    };
    Some(policies.iter().map(|(policy, value)| (policy.clone(), rules(value))).collect())
}

/// The answer without what is random in Kyverno: which of several variables that do not resolve is named, and
/// the order of the controls of a podSecurity rule.
fn unordered(said: &Said) -> Said {
    let Said::Denied(message) = said else { return said.clone() };
    let Some(findings) = findings(message) else { return Said::Denied(any_variable(message)) };
    let lines = findings.iter().flat_map(|(policy, rules)| {
        rules.iter().map(move |(rule, text)| format!("{policy}/{rule}: {}\n", any_variable(&any_control(text))))
    });
    Said::Denied(lines.collect())
}

fn any_variable(text: &str) -> String {
    let mut parts = text.split("failed to resolve ");
    let mut any = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.split_once(": JMESPath query failed").map_or("", |(_, rest)| rest);
        any.push_str("failed to resolve … ");
        any.push_str(rest);
    }
    any
}

fn any_control(text: &str) -> String {
    let mut parts = text.split("(Forbidden reason: ");
    let head = parts.next().unwrap_or_default();
    let mut controls: Vec<&str> = parts.collect();
    controls.sort_unstable();
    format!("{head}{}", controls.join("(Forbidden reason: "))
}

/// Counts a difference against the policies that are not alike on both sides.
fn note(report: &mut Report, door: &str, resource: &str, ours: &Said, expected: &Said) {
    if ours == expected {
        return;
    }
    let per_policy = |said: &Said| match said {
        Said::Denied(message) => findings(message).unwrap_or_default(),
        Said::Allowed(_) => Findings::new(),
    };
    let (mine, theirs) = (per_policy(ours), per_policy(expected));
    let mut unlike: Vec<String> = mine
        .keys()
        .chain(theirs.keys())
        .filter(|p| mine.get(*p) != theirs.get(*p))
        .map(|p| format!("{door} {p}"))
        .collect();
    if unlike.is_empty() {
        unlike.push(format!("{door} (patch or other text)"));
    }
    unlike.sort();
    unlike.dedup();
    for name in unlike {
        let entry = report
            .differences
            .entry(name)
            .or_insert_with(|| (0, format!("{resource}\n  ours {ours:?}\n  want {expected:?}")));
        entry.0 += 1;
    }
}

//! Findings as JSON (`rendergate.dev/findings/v1`): the same document from every door that reads files.

use crate::document::{Map, Str, Value, json};
use crate::policy::rule::Action;

use super::finding::{Counts, Finding, FindingResult};
use super::places::{Place, places};

/// The document's `apiVersion`.
pub const API_VERSION: &str = "rendergate.dev/findings/v1";

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Nothing blocks.
    Allowed,
    /// Something blocks.
    Denied,
}

/// One compact line. Findings come sorted by object, policy and rule; deferred rules stand apart.
#[must_use]
pub fn findings(ending: Ending, counts: Counts, findings: &[Finding]) -> String {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by(|a, b| a.order().cmp(&b.order()));
    let (deferred, decided): (Vec<&Finding>, Vec<&Finding>) =
        sorted.into_iter().partition(|f| f.result == FindingResult::Deferred);
    let list = |all: Vec<&Finding>| {
        let places = places(all.iter().copied());
        Value::list(all.into_iter().zip(places).map(|(f, place)| finding(f, place)).collect())
    };
    let document = Value::from([
        ("apiVersion", Value::from(API_VERSION)),
        ("verdict", Value::from(if ending == Ending::Allowed { "allowed" } else { "denied" })),
        ("counts", counted(counts)),
        ("findings", list(decided)),
        ("deferred", list(deferred)),
    ]);
    json::to_string(&document) + "\n"
}

fn counted(counts: Counts) -> Value {
    let number = |n: usize| Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
    Value::from([
        ("pass", number(counts.pass)),
        ("fail", number(counts.fail)),
        ("warn", number(counts.warn)),
        ("error", number(counts.error)),
        ("skip", number(counts.skip)),
        ("deferred", number(counts.deferred)),
    ])
}

fn finding(finding: &Finding, place: Option<Place>) -> Value {
    let mut out = Map::with_capacity(12);
    let subject = &finding.subject;
    let mut object = Map::with_capacity(4);
    for (key, value) in [
        ("apiVersion", &subject.api_version),
        ("kind", &subject.kind),
        ("namespace", &subject.namespace),
        ("name", &subject.name),
    ] {
        if !value.is_empty() {
            object.insert(key, value.clone().into());
        }
    }
    out.insert("policy", finding.policy.clone().into());
    out.insert("rule", finding.rule.clone().into());
    out.insert("object", Value::map(object));
    out.insert("result", Value::from(finding.result.as_str()));
    out.insert("action", Value::from(if finding.action == Action::Enforce { "enforce" } else { "audit" }));
    out.insert("blocks", Value::from(finding.blocks));
    out.insert("message", Value::from(finding.message.as_str()));
    if finding.full_message != finding.message {
        out.insert("fullMessage", Value::from(finding.full_message.as_str()));
    }
    if let Some(path) = &finding.path {
        out.insert("path", Value::from(path.to_string()));
    }
    if let Some(by) = &finding.generated_by {
        out.insert("generatedBy", Value::from(by.as_str()));
    }
    if let Some(place) = place {
        let number = |n: usize| Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
        out.insert("file", Value::from(Str::from(place.file)));
        out.insert("line", number(place.position.line));
        out.insert("column", number(place.position.column));
    }
    Value::map(out)
}

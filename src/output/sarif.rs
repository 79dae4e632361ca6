//! Findings as SARIF 2.1.0, for code scanning: one result per finding, at the line that violates.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::document::{Map, Value, hex, json};
use crate::policy::rule::Policy;

use super::finding::{Finding, FindingResult};
use super::places::{Place, places};

/// The whole log, one compact line. `policies` give rules their titles, descriptions and severities.
#[must_use]
pub fn log(findings: &[Finding], policies: &[Arc<Policy>]) -> String {
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    for finding in findings {
        ids.entry(id(finding)).or_insert(0);
    }
    ids.values_mut().enumerate().for_each(|(at, index)| *index = at);
    let rules: Vec<Value> = ids.keys().map(|id| rule(id, policies)).collect();
    let named: Vec<&Finding> = findings.iter().filter(|finding| level(finding.result).is_some()).collect();
    let results: Vec<Value> = named
        .iter()
        .zip(places(named.iter().copied()))
        .filter_map(|(finding, place)| result(finding, place, &ids))
        .collect();
    let driver = Value::from([
        ("name", Value::from("rendergate")),
        ("version", env!("CARGO_PKG_VERSION").into()),
        ("rules", Value::list(rules)),
    ]);
    let run = Value::from([
        ("tool", Value::from([("driver", driver)])),
        ("columnKind", "unicodeCodePoints".into()),
        ("results", Value::list(results)),
    ]);
    let log = Value::from([
        ("$schema", Value::from("https://json.schemastore.org/sarif-2.1.0.json")),
        ("version", "2.1.0".into()),
        ("runs", Value::list(vec![run])),
    ]);
    json::to_string(&log) + "\n"
}

fn id(finding: &Finding) -> String {
    format!("{}/{}", finding.policy, finding.rule)
}

/// The level of a result; what passed or did not apply has none.
fn level(result: FindingResult) -> Option<&'static str> {
    match result {
        FindingResult::Fail | FindingResult::Error => Some("error"),
        FindingResult::Warn => Some("warning"),
        FindingResult::Deferred => Some("note"),
        FindingResult::Pass | FindingResult::Skip => None,
    }
}

fn rule(id: &str, policies: &[Arc<Policy>]) -> Value {
    let mut rule = Map::new();
    rule.insert("id", id.into());
    let policy = policies.iter().find(|p| id.rsplit_once('/').is_some_and(|(policy, _)| policy == p.key()));
    let annotation = |key: &str| policy.and_then(|p| p.annotation(key)).filter(|text| !text.trim().is_empty());
    let text = |text: &str| Value::from([("text", Value::from(text.trim()))]);
    rule.insert("shortDescription", text(annotation("policies.kyverno.io/title").unwrap_or(id)));
    if let Some(description) = annotation("policies.kyverno.io/description") {
        rule.insert("fullDescription", text(description));
    }
    let properties: Map = ["category", "severity"]
        .into_iter()
        .filter_map(|key| Some((key.into(), annotation(&format!("policies.kyverno.io/{key}"))?.into())))
        .collect();
    if !properties.is_empty() {
        rule.insert("properties", Value::map(properties));
    }
    Value::map(rule)
}

fn result(finding: &Finding, place: Option<Place>, ids: &BTreeMap<String, usize>) -> Option<Value> {
    let id = id(finding);
    let index = i64::try_from(*ids.get(&id)?).ok()?;
    let path = finding.path.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut location = Map::new();
    if let Some(place) = place {
        let number = |n: usize| Value::Int(i64::try_from(n.max(1)).unwrap_or(i64::MAX));
        let region =
            Value::from([("startLine", number(place.position.line)), ("startColumn", number(place.position.column))]);
        let artifact = Value::from([("uri", Value::from(uri(&place.file)))]);
        location.insert("physicalLocation", Value::from([("artifactLocation", artifact), ("region", region)]));
    }
    let logical = Value::from([("fullyQualifiedName", Value::from(format!("{}{path}", finding.subject)))]);
    location.insert("logicalLocations", Value::list(vec![logical]));
    let fingerprint = Sha256::digest(format!("{id}\n{}\n{path}", finding.subject));
    let fingerprint = hex::lower(&fingerprint[..16]);
    Some(Value::from([
        ("ruleId", Value::from(id)),
        ("ruleIndex", Value::Int(index)),
        ("level", level(finding.result)?.into()),
        ("message", Value::from([("text", Value::from(format!("{}: {}", finding.subject, finding.message)))])),
        ("locations", Value::list(vec![Value::map(location)])),
        ("partialFingerprints", Value::from([("rendergate/v1", Value::from(fingerprint))])),
    ]))
}

/// A path as a relative URI: what RFC 3986 does not allow in one is percent-encoded.
fn uri(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&b);
    path.trim_start_matches("./").bytes().fold(String::new(), |mut uri, byte| {
        if plain(byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
        uri
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::tests::finding;
    use super::*;

    #[test]
    fn a_result_names_its_rule_and_its_line() {
        let log = log(&[finding("need-team", FindingResult::Fail)], &[]);
        let log = json::parse(log.as_bytes()).expect("JSON");
        let run = &log.at(&["runs"]).and_then(Value::as_list).expect("runs")[0];
        let result = &run.at(&["results"]).and_then(Value::as_list).expect("results")[0];
        assert_eq!(result.str_at(&["ruleId"]), Some("need-team/check"));
        assert_eq!(result.str_at(&["level"]), Some("error"));
        assert_eq!(result.str_at(&["message", "text"]), Some("Deployment shop/web: no team"));
        let location = &result.at(&["locations"]).and_then(Value::as_list).expect("locations")[0];
        assert_eq!(location.str_at(&["physicalLocation", "artifactLocation", "uri"]), Some("app/web%20one.yaml"));
        assert_eq!(location.at(&["physicalLocation", "region", "startLine"]), Some(&Value::Int(6)));
        let rules = run.at(&["tool", "driver", "rules"]).and_then(Value::as_list).expect("rules");
        assert_eq!(rules[0].str_at(&["id"]), Some("need-team/check"));
    }

    #[test]
    fn what_passed_is_no_result() {
        let log = log(&[finding("p", FindingResult::Pass), finding("p", FindingResult::Deferred)], &[]);
        assert_eq!(log.matches("\"ruleIndex\"").count(), 1);
        assert!(log.contains("\"level\":\"note\""));
    }
}

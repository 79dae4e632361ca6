//! Whether two answers differ only in what Kyverno takes in the random order of a Go map.
//!
//! Nothing is left out of a comparison: lists that come in any order are compared as multisets, and
//! where one of several is named or comes first, ours is asked again with the recorded one first.

use std::collections::BTreeSet;
use std::fmt;

use rendergate::document::{Str, Value, yaml};
use rendergate::output::admission::Findings;

use super::recording::{Group, Recording};
use super::replay::{Said, Webhook};

/// What comes in random order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RandomOrder {
    /// The failed controls of a podSecurity rule, once an exclusion was processed.
    Controls,
    /// Which of the variables of one map that do not resolve is met, and named, first.
    Variables,
    /// Which of the keys of an object that a wildcard key of a pattern matches is checked first.
    WildcardKeys,
    /// The policies that change an object.
    Policies,
}

impl fmt::Display for RandomOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Controls => "order of the controls of a podSecurity rule",
            Self::Variables => "which unresolved variable of a map is named",
            Self::WildcardKeys => "which key that a wildcard matches is checked first",
            Self::Policies => "order of the policies that change an object",
        })
    }
}

/// One question with two answers.
pub struct Question<'r> {
    pub recording: &'r Recording,
    pub group: &'r Group,
    pub door: &'r str,
    pub review: &'r Value,
}

impl Question<'_> {
    /// In what the answers differ, when that is nothing but random order; `None` when there is more.
    pub async fn explain(&self, ours: &Said, recorded: &Said) -> Option<BTreeSet<RandomOrder>> {
        let (mine, theirs) = (findings(ours), findings(recorded));
        if mine.is_empty() || theirs.is_empty() {
            return self.other_policy_order(recorded).await;
        }
        if rules(&mine) != rules(&theirs) {
            return None;
        }
        let mut reasons = BTreeSet::new();
        for (policy, rule) in rules(&mine) {
            let (ours, recorded) = (text(&mine, policy, rule)?, text(&theirs, policy, rule)?);
            if ours != recorded {
                reasons.insert(self.explain_rule(policy, rule, ours, recorded).await?);
            }
        }
        Some(reasons)
    }

    async fn explain_rule(&self, policy: &str, rule: &str, ours: &str, recorded: &str) -> Option<RandomOrder> {
        if let (Some(mine), Some(theirs)) = (controls(ours), controls(recorded))
            && mine == theirs
        {
            return Some(RandomOrder::Controls);
        }
        if let Some(variable) = unresolved(recorded) {
            let first = self.recording.load_changed(self.group, |value| alone(value, variable));
            let said = Webhook::new(first).ask(self.door, self.review).await;
            return (text(&findings(&said), policy, rule) == Some(recorded)).then_some(RandomOrder::Variables);
        }
        let review = without_key(self.review, failed_at(ours)?)?;
        let said = Webhook::new(self.recording.load(self.group)).ask(self.door, &review).await;
        (text(&findings(&said), policy, rule) == Some(recorded)).then_some(RandomOrder::WildcardKeys)
    }

    /// Whether some policy, run before all others, makes ours say what was recorded.
    async fn other_policy_order(&self, recorded: &Said) -> Option<BTreeSet<RandomOrder>> {
        for policy in self.recording.load(self.group).policies {
            let said = Webhook::starting_with(self.recording.load(self.group), &policy.name);
            if said.ask(self.door, self.review).await == *recorded {
                return Some(BTreeSet::from([RandomOrder::Policies]));
            }
        }
        None
    }
}

/// Policies and rules.
fn rules(findings: &Findings) -> Vec<(&str, &str)> {
    let of = |policy| move |rule| (policy, rule);
    findings.iter().flat_map(|(policy, rules)| rules.keys().map(Str::as_str).map(of(policy.as_str()))).collect()
}

fn text<'f>(findings: &'f Findings, policy: &str, rule: &str) -> Option<&'f str> {
    findings.get(policy)?.get(rule).map(String::as_str)
}

/// What the rules of a denial say; nothing for other answers.
pub fn findings(said: &Said) -> Findings {
    let Said::Denied(message) = said else { return Findings::new() };
    let Some((_, text)) = message.split_once("policies \n\n") else { return Findings::new() };
    let documents = yaml::read(text, &yaml::Limits::default()).expect("a denial is YAML");
    let policies = documents.first().and_then(|d| d.value.as_map()).cloned().unwrap_or_default();
    let rules = |rules: &Value| {
        let rules = rules.as_map().expect("rules").iter();
        rules.map(|(rule, text)| (rule.clone(), text.as_str().unwrap_or_default().to_owned())).collect()
    };
    policies.iter().map(|(policy, value)| (policy.clone(), rules(value))).collect()
}

/// The text before the controls, and the controls as a multiset.
fn controls(text: &str) -> Option<(&str, Vec<&str>)> {
    let (head, rest) = text.split_once("(Forbidden reason: ")?;
    let mut controls: Vec<&str> = rest.split("(Forbidden reason: ").collect();
    controls.sort_unstable();
    Some((head, controls))
}

/// The variable that a text says does not resolve.
fn unresolved(text: &str) -> Option<&str> {
    Some(text.split_once("failed to resolve ")?.1.split_once(" at path ")?.0)
}

/// The path at which a text says a pattern failed; a slash inside a key stands as it is.
fn failed_at(text: &str) -> Option<&str> {
    text.split_once(" failed at path /")?.1.strip_suffix('/')
}

fn holds(value: &Value, what: &str) -> bool {
    match value {
        Value::String(text) => text.contains(what),
        Value::List(items) => items.iter().any(|item| holds(item, what)),
        Value::Map(map) => map.iter().any(|(key, value)| key.contains(what) || holds(value, what)),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => false,
    }
}

/// A policy in which no variable stands beside `variable` in its map, so that it is met first.
fn alone(mut policy: Value, variable: &str) -> Value {
    let mut waiting = vec![&mut policy];
    while let Some(value) = waiting.pop() {
        match value {
            Value::List(_) => waiting.extend(value.as_list_mut().into_iter().flatten()),
            Value::Map(_) => {
                let Some(map) = value.as_map_mut() else { continue };
                let leaf = |value: &Value| value.as_str().is_some_and(|text| text.contains(variable));
                if map.values().any(leaf) {
                    map.retain(|_, value| leaf(value) || !holds(value, "{{"));
                }
                waiting.extend(map.iter_mut().map(|(_, value)| value));
            }
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_) => {}
        }
    }
    policy
}

/// The review of the object without the key at `path`, so that another key is met first; `None` when
/// there is no other.
fn without_key(review: &Value, path: &str) -> Option<Value> {
    let mut review = review.clone();
    let mut at = review.as_map_mut()?.get_mut("request")?.as_map_mut()?.get_mut("object")?;
    let mut path = path;
    loop {
        let map = at.as_map_mut()?;
        if map.remove(path).is_some() {
            return (!map.is_empty()).then_some(review);
        }
        let (key, rest) = path.split_once('/')?;
        (at, path) = (map.get_mut(key)?, rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_equal_in_any_order_and_only_then() {
        let text = |controls: &[&str]| {
            let controls = controls.iter().map(|c| format!("(Forbidden reason: {c})"));
            format!("It violates: {}", controls.collect::<String>())
        };
        assert_eq!(controls(&text(&["a", "b", "b"])), controls(&text(&["b", "a", "b"])));
        assert_ne!(controls(&text(&["a", "b", "b"])), controls(&text(&["a", "a", "b"])));
        assert_ne!(controls(&text(&["a", "b"])), controls(&text(&["a"])));
        assert_eq!(controls("other"), None);
    }

    #[test]
    fn a_variable_is_met_first_when_its_neighbours_are_gone() {
        let read = |text: &str| yaml::read(text, &yaml::Limits::default()).expect("YAML").swap_remove(0).value;
        let policy = read("limits: {cpu: '{{ e.cpu }}', memory: '{{ e.memory }}', fixed: 1}\nmessage: '{{ e.cpu }}'\n");
        let want = read("limits: {memory: '{{ e.memory }}', fixed: 1}\nmessage: '{{ e.cpu }}'\n");
        assert_eq!(alone(policy, "e.memory"), want);
    }
}

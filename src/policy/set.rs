//! [`PolicySet`]: policies and exceptions, immutable and indexed, so that a request touches only the
//! rules that may match it.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::document::{Str, hex, wildcard};

use super::request::Operation;
use super::rule::{Exception, Policy, Rule, Stage};

/// A rule's place: index of its policy, index among the policy's rules.
type Place = (usize, usize);

/// An immutable set of policies. Order is the order given, everywhere.
#[derive(Debug, Default)]
pub struct PolicySet {
    policies: Vec<Arc<Policy>>,
    exceptions: Vec<Arc<Exception>>,
    /// For each operation: rules by the exact kind they can match, in order.
    by_kind: [HashMap<Str, Vec<Place>, foldhash::fast::RandomState>; 4],
    /// For each operation: rules that can match any kind, in order.
    any_kind: [Vec<Place>; 4],
    /// Indexes of exceptions by the policy key they name.
    excepted: HashMap<Str, Vec<usize>, foldhash::fast::RandomState>,
    needs_namespace_labels: bool,
    /// The stages some rule runs in.
    stages: Vec<Stage>,
}

/// A rule that may match, with its policy.
#[derive(Clone, Copy, Debug)]
pub struct CandidateRule<'s> {
    /// The policy.
    pub policy: &'s Arc<Policy>,
    /// The rule.
    pub rule: &'s Arc<Rule>,
    /// The policy's index in the set.
    pub at: usize,
}

const OPERATIONS: [Operation; 4] = [Operation::Create, Operation::Update, Operation::Delete, Operation::Connect];

fn slot(operation: Operation) -> usize {
    match operation {
        Operation::Create => 0,
        Operation::Update => 1,
        Operation::Delete => 2,
        Operation::Connect => 3,
    }
}

impl PolicySet {
    /// Indexes policies and exceptions.
    #[must_use]
    pub fn new(policies: Vec<Arc<Policy>>, exceptions: Vec<Arc<Exception>>) -> Self {
        let mut set = Self::default();
        for (at, policy) in policies.iter().enumerate() {
            set.needs_namespace_labels |= policy.action_overrides.iter().any(|o| o.namespace_selector.is_some());
            for (index, rule) in policy.rules.iter().enumerate() {
                set.add(rule, (at, index));
            }
        }
        for (at, exception) in exceptions.iter().enumerate() {
            for (policy, _) in &exception.excepts {
                let places = set.excepted.entry(policy.clone()).or_default();
                if places.last() != Some(&at) {
                    places.push(at);
                }
            }
            set.needs_namespace_labels |= exception.matches.needs_namespace_labels();
        }
        set.policies = policies;
        set.exceptions = exceptions;
        set
    }

    fn add(&mut self, rule: &Rule, place: Place) {
        for stage in [Stage::Mutate, Stage::VerifyImages, Stage::Validate, Stage::Generate, Stage::Delete] {
            if rule.body.runs_in(stage) && !self.stages.contains(&stage) {
                self.stages.push(stage);
            }
        }
        self.needs_namespace_labels |= rule.matches.needs_namespace_labels()
            || rule.exclude.as_ref().is_some_and(|e| e.needs_namespace_labels())
            || rule.action_overrides.iter().any(|o| o.namespace_selector.is_some());
        let kinds = rule.matches.possible_kinds();
        for operation in OPERATIONS {
            if !rule.matches.possible_operation(operation) {
                continue;
            }
            match &kinds {
                None => self.any_kind[slot(operation)].push(place),
                Some(kinds) => {
                    for kind in kinds.iter().filter(|kind| rule.applies_to_kind(kind)) {
                        let places = self.by_kind[slot(operation)].entry(Str::from(*kind)).or_default();
                        if places.last() != Some(&place) {
                            places.push(place);
                        }
                    }
                }
            }
        }
    }

    /// All policies, in order.
    #[must_use]
    pub fn policies(&self) -> &[Arc<Policy>] {
        &self.policies
    }

    /// All exceptions, in order.
    #[must_use]
    pub fn exceptions(&self) -> &[Arc<Exception>] {
        &self.exceptions
    }

    /// Whether there are no policies.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    /// The rules that may match an object of this (top-level) kind under this operation, in order:
    /// those of one policy stand together. A superset of what matches: only kinds and operations
    /// are looked at.
    #[must_use]
    pub fn candidates(&self, kind: &str, operation: Operation) -> Vec<CandidateRule<'_>> {
        let exact = self.by_kind[slot(operation)].get(kind).map(Vec::as_slice).unwrap_or_default();
        let any = &self.any_kind[slot(operation)];
        let mut found = Vec::with_capacity(exact.len() + any.len());
        found.extend(merged(exact, any).filter_map(|(at, index)| {
            let policy = self.policies.get(at)?;
            let rule = policy.rules.get(index)?;
            Some(CandidateRule { policy, rule, at })
        }));
        if !any.is_empty() {
            found.retain(|candidate| candidate.rule.applies_to_kind(kind));
        }
        found
    }

    /// The exceptions that name this rule of this policy, in order; whether they apply to an object
    /// is another question. Policies are named exactly, rules by wildcard.
    pub fn exceptions_for(&self, policy: &Policy, rule: &Rule) -> impl Iterator<Item = &Arc<Exception>> {
        let key = if self.excepted.is_empty() { Str::default() } else { policy.key() };
        let places = self.excepted.get(&key).map(Vec::as_slice).unwrap_or_default();
        places.iter().filter_map(|at| self.exceptions.get(*at)).filter(move |exception| {
            exception
                .excepts
                .iter()
                .any(|(name, rules)| *name == key && rules.iter().any(|r| wildcard::matches(r, &rule.name)))
        })
    }

    /// Whether some rule runs in this stage.
    #[must_use]
    pub fn runs_in(&self, stage: Stage) -> bool {
        self.stages.contains(&stage)
    }

    /// Whether some rule, exception or override looks at namespace labels.
    #[must_use]
    pub fn needs_namespace_labels(&self) -> bool {
        self.needs_namespace_labels
    }

    /// Which policies these are: SHA-256 in hexadecimal over their contents, whatever their order.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut parts: Vec<[u8; 32]> = self.policies.iter().map(|p| p.digest).collect();
        parts.sort_unstable();
        let mut hash = Sha256::new();
        parts.iter().for_each(|part| hash.update(part));
        hex::lower(&hash.finalize())
    }
}

/// Two ordered lists of places as one.
fn merged<'p>(a: &'p [Place], b: &'p [Place]) -> impl Iterator<Item = Place> + 'p {
    let (mut a, mut b) = (a.iter().copied().peekable(), b.iter().copied().peekable());
    std::iter::from_fn(move || match (a.peek(), b.peek()) {
        (Some(left), Some(right)) if left <= right => a.next(),
        (_, Some(_)) => b.next(),
        (_, None) => a.next(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::lower::tests::lowered;

    fn policy(name: &str, rules: &[(&str, &str)]) -> Arc<Policy> {
        let rules: Vec<String> = rules
            .iter()
            .map(|(rule, resources)| {
                format!(
                    r#"{{"name":"{rule}","match":{{"any":[{{"resources":{resources}}}]}},"validate":{{"deny":{{}}}}}}"#
                )
            })
            .collect();
        let spec = format!(r#"{{"background":false,"rules":[{}]}}"#, rules.join(","));
        let mut policy = Arc::into_inner(lowered(&spec)).expect("one owner");
        policy.name = name.into();
        Arc::new(policy)
    }

    fn found(set: &PolicySet, kind: &str, operation: Operation) -> String {
        let rules = |of_policy: &[CandidateRule<'_>]| {
            let rules: Vec<&str> = of_policy.iter().map(|c| c.rule.name.as_str()).collect();
            format!("{}({})", of_policy[0].policy.name, rules.join(","))
        };
        let candidates = set.candidates(kind, operation);
        candidates.chunk_by(|a, b| a.at == b.at).map(rules).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn candidates_keep_their_order_and_look_at_kind_and_operation() {
        let set = PolicySet::new(
            vec![
                policy("a", &[("one", r#"{"kinds":["ConfigMap","v1/Secret"]}"#), ("two", r#"{"kinds":["Net*"]}"#)]),
                policy("b", &[("one", r#"{"kinds":["*/*"],"operations":["DELETE"]}"#)]),
                policy("c", &[("one", r#"{"kinds":["Secret","Secret"]}"#), ("two", r#"{"kinds":["Service"]}"#)]),
            ],
            Vec::new(),
        );
        assert_eq!(found(&set, "Secret", Operation::Create), "a(one,two) c(one)");
        assert_eq!(found(&set, "Secret", Operation::Delete), "a(one,two) b(one) c(one)");
        assert_eq!(found(&set, "Other", Operation::Create), "a(two)");
        assert_eq!(found(&PolicySet::default(), "Pod", Operation::Create), "");
    }

    #[test]
    fn autogen_rules_are_found_by_their_kind() {
        let set = PolicySet::new(vec![policy("p", &[("r", r#"{"kinds":["Pod"]}"#)])], Vec::new());
        assert_eq!(found(&set, "Pod", Operation::Create), "p(r)");
        assert_eq!(found(&set, "Job", Operation::Create), "p(autogen-r)");
        assert_eq!(found(&set, "CronJob", Operation::Update), "p(autogen-cronjob-r)");
    }

    #[test]
    fn exceptions_name_policies_exactly_and_rules_by_wildcard() {
        let exception = |name: &str, policy: &str, rules: &[&str]| {
            Arc::new(Exception {
                name: name.into(),
                namespace: "n".into(),
                excepts: vec![(policy.into(), rules.iter().map(|r| Str::from(*r)).collect())],
                matches: crate::policy::selector::Filters::default(),
                conditions: None,
                pod_security: Vec::new(),
                terms: Default::default(),
                from_render: false,
            })
        };
        let set = PolicySet::new(
            vec![policy("p", &[("r", r#"{"kinds":["Pod"]}"#)])],
            vec![
                exception("exact", "p", &["r"]),
                exception("wild", "p*", &["r"]),
                exception("autogen", "p", &["x", "autogen-*"]),
                exception("all", "p", &["*"]),
            ],
        );
        let policy = set.policies()[0].clone();
        let names = |index: usize| {
            let found = set.exceptions_for(&policy, &policy.rules[index]);
            found.map(|e| e.name.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(0), "exact all");
        assert_eq!(names(1), "autogen all");
    }

    #[test]
    fn the_digest_ignores_order() {
        let (a, b) = (policy("a", &[("r", r#"{"kinds":["Pod"]}"#)]), policy("b", &[("s", r#"{"kinds":["Pod"]}"#)]));
        let digest = |policies: Vec<Arc<Policy>>| PolicySet::new(policies, Vec::new()).digest();
        assert_eq!(digest(vec![a.clone(), b.clone()]), digest(vec![b, a.clone()]));
        assert_ne!(digest(vec![a]), digest(Vec::new()));
        assert_eq!(digest(Vec::new()).len(), 64);
    }
}

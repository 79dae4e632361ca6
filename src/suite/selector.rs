//! `--test-case-selector` (chapter 60 §8.2): which results of which tests are checked.

use crate::document::Str;
use crate::document::wildcard;

use super::test_file::Expected;

/// A parsed selector: every part must hold.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    parts: Vec<(Key, Str)>,
    /// Items that are not `policy|rule|resource=WILDCARD`; they are otherwise ignored.
    pub errors: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Policy,
    Rule,
    Resource,
}

impl Selector {
    /// Reads comma-separated `key=value` items.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut selector = Self::default();
        for item in text.split(',').filter(|_| !text.is_empty()) {
            let parts: Vec<&str> = item.split('=').collect();
            let [key, value] = parts.as_slice() else {
                selector.errors.push(format!(
                    "Invalid test-case-selector argument ({item}). Parameter must be in the form `<key>=<value>`."
                ));
                continue;
            };
            let key = match key.trim() {
                "policy" => Key::Policy,
                "rule" => Key::Rule,
                "resource" => Key::Resource,
                _ => {
                    selector.errors.push(format!(
                        "Invalid test-case-selector ({item}). Parameter can only be policy, rule or resource."
                    ));
                    continue;
                }
            };
            selector.parts.push((key, value.trim().into()));
        }
        selector
    }

    /// The results to check. A resource part other than `*` replaces the resources of every result
    /// it keeps by its own text, as in Kyverno.
    #[must_use]
    pub fn select(&self, results: &[Expected]) -> Vec<Expected> {
        let mut resources = Vec::new();
        if self.errors.is_empty() {
            for (_, value) in self.parts.iter().filter(|(key, _)| *key == Key::Resource) {
                if value == "*" {
                    break;
                }
                resources.push(value.clone());
            }
        }
        let mut kept: Vec<Expected> = results.iter().filter(|r| self.keeps(r)).cloned().collect();
        if !resources.is_empty() {
            kept.iter_mut().for_each(|result| result.resources = Some(resources.clone()));
        }
        kept
    }

    fn keeps(&self, result: &Expected) -> bool {
        self.parts.iter().all(|(key, value)| match key {
            Key::Policy => result.policy.is_empty() || wildcard::matches(value, &result.policy),
            Key::Rule => result.rule.is_empty() || wildcard::matches(value, &result.rule),
            Key::Resource => {
                let resources = result.resources.as_deref().unwrap_or_default();
                resources.is_empty() || resources.iter().any(|r| wildcard::matches(value, r))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(policy: &str, rule: &str, resource: &str) -> Expected {
        let resources = Some(vec![Str::from(resource)]);
        Expected { policy: policy.into(), rule: rule.into(), resources, ..Expected::default() }
    }

    #[test]
    fn wildcards_select_and_absent_fields_always_match() {
        let results = [result("a-1", "r", "x"), result("b-1", "", "y")];
        let select = |text: &str| Selector::parse(text).select(&results).len();
        assert_eq!(select("policy=*,rule=*,resource=*"), 2);
        assert_eq!(select("policy=a-*"), 1);
        assert_eq!(select("rule=q"), 1);
        assert_eq!(Selector::parse("resource=x*").select(&results)[0].resources, Some(vec!["x*".into()]));
    }

    #[test]
    fn bad_items_are_named_and_ignored() {
        let selector = Selector::parse("policy,kind=Pod");
        assert_eq!(selector.errors.len(), 2);
        assert_eq!(selector.select(&[result("p", "r", "x")]).len(), 1);
    }
}

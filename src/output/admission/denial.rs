//! The text of a denial (chapter 70 §4.2).

use std::collections::BTreeMap;

use crate::document::{Map, Str, Value, yaml};

/// Policy name → rule name → message, in byte order. A Policy and a ClusterPolicy of one name share an
/// entry, as in Kyverno.
pub type Findings = BTreeMap<Str, BTreeMap<Str, String>>;

/// The denial's text: two newlines, the sentence with its trailing blank, an empty line, and the findings
/// as YAML. `namespace` is empty for cluster-scoped objects, which leaves an empty place between slashes.
#[must_use]
pub fn denial_text(kind: &str, namespace: &str, name: &str, findings: &Findings) -> String {
    let mut policies = Map::with_capacity(findings.len());
    for (policy, rules) in findings {
        let rules: Map = rules.iter().map(|(rule, message)| (rule.clone(), Value::string(message.as_str()))).collect();
        policies.insert(policy.clone(), Value::map(rules));
    }
    let findings = yaml::write(&Value::map(policies));
    format!("\n\nresource {kind}/{namespace}/{name} was blocked due to the following policies \n\n{findings}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(rules: &[(&str, &str, &str)]) -> Findings {
        let mut findings = Findings::new();
        for (policy, rule, message) in rules {
            findings.entry(Str::from(*policy)).or_default().insert(Str::from(*rule), (*message).to_owned());
        }
        findings
    }

    #[test]
    fn messages_are_quoted_where_yaml_requires() {
        let findings = findings(&[
            ("no-latest", "tag", "use a fixed tag"),
            ("need-owner", "autogen-owner", "validation error: it's missing. rule autogen-owner failed at path /spec/"),
            ("many", "lines", "first\nsecond\n"),
            ("many", "empty", ""),
            ("many", "looks-like-a-number", "12"),
        ]);
        assert_eq!(
            denial_text("Pod", "dev", "web", &findings),
            "\n\nresource Pod/dev/web was blocked due to the following policies \n\n\
             many:\n  empty: \"\"\n  lines: |\n    first\n    second\n  looks-like-a-number: \"12\"\n\
             need-owner:\n  autogen-owner: 'validation error: it''s missing. rule autogen-owner failed at path /spec/'\n\
             no-latest:\n  tag: use a fixed tag\n"
        );
    }

    #[test]
    fn a_cluster_scoped_object_leaves_the_namespace_empty() {
        let text = denial_text("Namespace", "", "prod", &findings(&[("p", "r", "no")]));
        assert_eq!(
            text,
            "\n\nresource Namespace//prod was blocked due to the following policies \n\np:\n  r: \"no\"\n"
        );
    }

    #[test]
    fn long_lines_are_not_folded() {
        let long = "word ".repeat(60).trim_end().to_owned();
        assert!(denial_text("Pod", "a", "b", &findings(&[("p", "r", &long)])).contains(&long));
    }
}

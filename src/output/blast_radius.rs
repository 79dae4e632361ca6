//! What would stop if policies went from Audit to Enforce, from the results of a summary.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::document::{Str, Value, json};

use super::reports::Row;
use super::summary::one_line;

/// The `apiVersion` of the JSON document.
pub const API_VERSION: &str = "rendergate.dev/blast-radius/v1";

/// Namespace, kind, name; then the rules that would stop the object, as `POLICY/RULE`.
type Objects = BTreeMap<(Str, Str, Str), BTreeSet<String>>;

/// The objects that would stop, by application; an empty application is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlastRadius {
    applications: BTreeMap<Str, Objects>,
}

impl BlastRadius {
    /// From the rows of the policies in question. A violation stops an object, and so does a rule
    /// that could not be evaluated; `warn` is a violation that reports do not score (chapter 70
    /// §9.3), which enforcement does not excuse. A word that reports do not have counts as an error.
    /// What a rule that enforces already stops is left out.
    #[must_use]
    pub fn of(rows: &[Row]) -> Self {
        let mut applications: BTreeMap<Str, Objects> = BTreeMap::new();
        for row in rows.iter().filter(|row| !row.enforced && !matches!(row.result.as_str(), "pass" | "skip")) {
            let slash = if row.rule.is_empty() { "" } else { "/" };
            let unknown = [Str::default()];
            let names = if row.applications.is_empty() { &unknown[..] } else { &row.applications };
            for application in names {
                applications
                    .entry(application.clone())
                    .or_default()
                    .entry((row.namespace.clone(), row.kind.clone(), row.name.clone()))
                    .or_default()
                    .insert(format!("{}{slash}{}", row.policy, row.rule));
            }
        }
        Self { applications }
    }

    /// Whether nothing would stop.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.applications.is_empty()
    }

    /// How many objects would stop; one that several applications have counts once.
    fn objects(&self) -> usize {
        self.applications.values().flat_map(BTreeMap::keys).collect::<BTreeSet<_>>().len()
    }

    /// The same as one compact line of JSON: policies, count, applications with their objects. An
    /// application without a name is unknown.
    #[must_use]
    pub fn json(&self, policies: &[String]) -> String {
        let list = |items: Vec<Value>| Value::list(items);
        let objects = self.objects();
        let applications = self.applications.iter().map(|(application, objects)| {
            let objects = objects.iter().map(|((namespace, kind, name), rules)| {
                Value::from([
                    ("kind", Value::String(kind.clone())),
                    ("namespace", Value::String(namespace.clone())),
                    ("name", Value::String(name.clone())),
                    ("rules", list(rules.iter().map(|rule| Value::from(rule.as_str())).collect())),
                ])
            });
            Value::from([("name", Value::String(application.clone())), ("objects", list(objects.collect()))])
        });
        let document = Value::from([
            ("apiVersion", Value::from(API_VERSION)),
            ("policies", list(policies.iter().map(|p| Value::from(p.as_str())).collect())),
            ("objects", Value::Int(i64::try_from(objects).unwrap_or(i64::MAX))),
            ("applications", list(applications.collect())),
        ]);
        json::to_string(&document) + "\n"
    }

    /// A line of counts, then each application with its objects and the rules that stop them.
    #[must_use]
    pub fn text(&self, policies: &[String]) -> String {
        let objects = self.objects();
        let known = self.applications.keys().filter(|name| !name.is_empty()).count();
        let mut out = one_line(&format!(
            "if {} were enforced: {} would stop, {} known",
            policies.join(", "),
            counted(objects, "object"),
            counted(known, "application")
        ));
        out.push('\n');
        for (application, objects) in &self.applications {
            let name = if application.is_empty() { "(application unknown)" } else { application.as_str() };
            let _ = writeln!(out, "\n{}: {}", one_line(name), counted(objects.len(), "object"));
            for ((namespace, kind, name), rules) in objects {
                let slash = if namespace.is_empty() { "" } else { "/" };
                let rules = rules.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                let _ = writeln!(out, "  {}", one_line(&format!("{kind} {namespace}{slash}{name}: {rules}")));
            }
        }
        out
    }
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(application: &str, name: &str, rule: &str, result: &str) -> Row {
        Row {
            policy: "labels".into(),
            rule: rule.into(),
            result: result.into(),
            namespace: "shop".into(),
            kind: "Deployment".into(),
            name: name.into(),
            applications: application.split(',').filter(|a| !a.is_empty()).map(Str::from).collect(),
            ..Row::default()
        }
    }

    #[test]
    fn violations_and_errors_stop_and_nothing_else_does() {
        let rows = [
            row("store", "web", "team", "fail"),
            row("store", "web", "owner", "warn"),
            row("store", "api", "team", "pass"),
            row("store", "job", "team", "skip"),
            row("", "lone", "", "error"),
        ];
        assert_eq!(
            BlastRadius::of(&rows).text(&["labels".to_owned()]),
            "if labels were enforced: 2 objects would stop, 1 application known\n\n\
             (application unknown): 1 object\n  Deployment shop/lone: labels\n\n\
             store: 1 object\n  Deployment shop/web: labels/owner, labels/team\n"
        );
        assert!(BlastRadius::of(&rows[2..4]).is_empty());
        let both =
            [row("dev,prod", "web", "team", "fail"), Row { enforced: true, ..row("qa", "web", "owner", "fail") }];
        assert_eq!(
            BlastRadius::of(&both).text(&["labels".to_owned()]),
            "if labels were enforced: 1 object would stop, 2 applications known\n\n\
             dev: 1 object\n  Deployment shop/web: labels/team\n\n\
             prod: 1 object\n  Deployment shop/web: labels/team\n"
        );
        assert_eq!(
            BlastRadius::of(&rows[..1]).json(&["l*".to_owned()]),
            "{\"apiVersion\":\"rendergate.dev/blast-radius/v1\",\"applications\":[{\"name\":\"store\",\"objects\":\
             [{\"kind\":\"Deployment\",\"name\":\"web\",\"namespace\":\"shop\",\"rules\":[\"labels/team\"]}]}],\
             \"objects\":1,\"policies\":[\"l*\"]}\n"
        );
    }
}

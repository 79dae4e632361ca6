//! The policies and exceptions that a configuration names.

use std::path::Path;
use std::sync::Arc;

use crate::config::Settings;
use crate::policy::load::{self, Loaded};
use crate::policy::rule::{Exception, Policy};

use super::files::collect;

/// What an operator's files say.
#[derive(Debug, Default)]
pub struct Policies {
    /// Cluster-wide policies by name, then the others by namespace and name: the order they run in.
    pub policies: Vec<Arc<Policy>>,
    /// The exceptions that count.
    pub exceptions: Vec<Arc<Exception>>,
    /// What was left out and why.
    pub notes: Vec<String>,
}

/// Reads the policies and exceptions that `settings` name; relative paths start at `base`.
///
/// # Errors
/// Everything that does not load, each with file and line: a policy that is lost is an open gate.
pub fn policies(settings: &Settings, base: &Path) -> Result<Policies, Vec<String>> {
    let mut problems = Vec::new();
    let loaded = load::load_for_cluster(collect(&settings.policies, base, &mut problems));
    problems.extend(faults(&loaded));
    let mut notes: Vec<String> = loaded
        .exceptions
        .iter()
        .map(|e| format!("PolicyException {} stands among the policies and does not count", e.key()))
        .collect();
    let excepted = load::load_for_cluster(collect(&settings.exceptions, base, &mut problems));
    problems.extend(excepted.problems.iter().map(|p| p.diagnostic.to_string()));
    problems.extend(excepted.refused_exceptions.iter().map(|(_, why)| why.diagnostic.to_string()));
    notes.extend(
        excepted
            .policies
            .iter()
            .map(|p| format!("{}: policy {} stands among the exceptions and does not count", p.source, p.key())),
    );
    let mut policies = loaded.policies;
    policies.sort_by(|a, b| (&a.namespace, &a.name).cmp(&(&b.namespace, &b.name)));
    for pair in policies.windows(2) {
        if let [a, b] = pair
            && a.key() == b.key()
        {
            problems.push(format!("{}: policy {} is given twice, first at {}", b.source, b.key(), a.source));
        }
    }
    if problems.is_empty() && policies.len() < settings.minimum_policies {
        let places: Vec<&str> = settings.policies.iter().map(|p| p.path.as_str()).collect();
        let places = if places.is_empty() { "no path is configured".to_owned() } else { places.join(", ") };
        problems.push(format!(
            "{} policies found where there must be at least {} (minimumPolicies): {places}",
            policies.len(),
            settings.minimum_policies
        ));
    }
    if problems.is_empty() { Ok(Policies { policies, exceptions: excepted.exceptions, notes }) } else { Err(problems) }
}

/// Why documents that claim to be policies are none.
#[must_use]
pub fn faults(loaded: &Loaded) -> Vec<String> {
    let problems = loaded.problems.iter().map(|p| p.diagnostic.to_string());
    let rejected = loaded.rejected.iter().map(|r| r.diagnostic.to_string());
    let unsupported = loaded.unsupported.iter().map(|u| u.diagnostic.to_string());
    let cleanups = loaded.cleanups.iter().map(|policy| {
        format!(
            "{}: {} {} takes no part in renders and admission: only apply evaluates it",
            policy.source, policy.kind, policy.name
        )
    });
    problems.chain(rejected).chain(unsupported).chain(cleanups).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::config::gate::PathEntry;

    const POLICY: &str = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: NAME}\nspec:\n  rules:\n  \
                          - name: r\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    validate: {deny: {}}\n";

    fn with(files: &[(&str, &str)]) -> Result<Policies, Vec<String>> {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir_all(directory.path().join("p/.hidden")).unwrap();
        for (name, text) in files {
            fs::write(directory.path().join("p").join(name), text).unwrap();
        }
        let settings = Settings { policies: vec![PathEntry { path: "p".to_owned() }], ..Settings::default() };
        let prefix = format!("{}/p/", directory.path().display());
        policies(&settings, directory.path())
            .map_err(|problems| problems.iter().map(|p| p.replace(&prefix, "")).collect())
    }

    #[test]
    fn policies_come_in_the_order_they_run() {
        let (b, a) = (POLICY.replace("NAME", "b"), POLICY.replace("NAME", "a"));
        let found =
            with(&[("1.yaml", &b), ("2.yml", &a), ("kustomization.yaml", "resources: []"), (".hidden/x.yaml", &a)]);
        let names: Vec<_> = found.unwrap().policies.iter().map(|p| p.name.to_string()).collect();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn a_policy_that_is_lost_is_an_error() {
        let good = POLICY.replace("NAME", "good");
        let problems = with(&[("a.yaml", &good), ("b.yaml", &good.replace("match", "mach"))]).unwrap_err();
        assert!(problems[0].starts_with("b.yaml:7:5: /spec/rules/0/mach: unknown field \"mach\""), "{problems:?}");
        let problems = with(&[("a.yaml", &good), ("b.yaml", &good)]).unwrap_err();
        assert_eq!(problems, ["b.yaml:1: policy good is given twice, first at a.yaml:1"]);
        let problems = with(&[]).unwrap_err();
        assert_eq!(problems, ["0 policies found where there must be at least 1 (minimumPolicies): p"]);
        let problems = with(&[("a.yaml", "a: [")]).unwrap_err();
        assert!(problems[0].starts_with("a.yaml:") && problems[0].contains("not readable as YAML"), "{problems:?}");
    }
}

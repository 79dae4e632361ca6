//! The configured files as the webhook's policies: read as the render reads them, so that both decide by
//! the same set.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::gate::Enforcement;
use crate::config::settings::ExceptionRules;
use crate::config::{Application, Settings};
use crate::engine::Facts;
use crate::operator::reload::{Source, first};
use crate::operator::{KnownObjects, Word, policies};
use crate::policy::rule::{Action, Exception, Policy, Rule};
use crate::policy::set::PolicySet;
use crate::policy::terms::Standing;
use crate::render::{RenderFacts, now};
use crate::webhook::{Gate, Snapshot};

/// A GateConfiguration and everything it names; relative paths start at its own folder.
#[derive(Clone, Debug)]
pub struct ConfiguredFiles {
    path: PathBuf,
}

impl ConfiguredFiles {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(configuration: impl Into<PathBuf>) -> Self {
        Self { path: configuration.into() }
    }

    /// Whether the configuration itself can be read; what it names is another question.
    ///
    /// # Errors
    /// With file and line.
    pub fn check_configuration(&self) -> Result<(), String> {
        self.word().and_then(|word| word.settings(&Application::default())).map(drop)
    }

    /// Sections are for Applications, and no Application asks here.
    fn word(&self) -> Result<Word, String> {
        let mut word = Word::read(&self.path)?;
        word.configuration.sections.clear();
        Ok(word)
    }
}

impl Source<Snapshot> for ConfiguredFiles {
    fn digest(&self) -> Result<String, String> {
        self.word()?.digest()
    }

    fn load(&self) -> Result<Snapshot, String> {
        let word = self.word()?;
        let digest = word.digest()?;
        let settings = word.settings(&Application::default())?;
        let found = policies::policies(&settings, word.base()).map_err(first)?;
        let known = Arc::new(word.known_objects().map_err(first)?);
        let mut notes = found.notes;
        notes.extend(found.exceptions.iter().filter_map(|e| remark(e, &settings.exception_rules, now())));
        let set = PolicySet::new(found.policies, found.exceptions);
        Ok(Snapshot { set, gate: Box::new(ConfiguredGate { settings, known }), digest, notes })
    }
}

/// What the log says of an exception that does not count here, or soon will not.
fn remark(exception: &Exception, rules: &ExceptionRules, now: i128) -> Option<String> {
    let standing = exception.terms.standing(&Application::default(), now, &rules.require);
    if standing == Standing::Elsewhere {
        return Some(format!("{} is for some projects or applications and counts at renders only", exception.title()));
    }
    exception.remark(standing, now, rules.notice)
}

struct ConfiguredGate {
    settings: Settings,
    known: Arc<KnownObjects>,
}

impl Gate for ConfiguredGate {
    fn action(&self, policy: &Policy, rule: &Rule) -> Option<Action> {
        match self.settings.enforcement(&policy.key(), &rule.name) {
            Enforcement::Policy => None,
            Enforcement::Audit => Some(Action::Audit),
            Enforcement::Enforce => Some(Action::Enforce),
        }
    }

    /// No Application asks here: an exception for some of them counts at their renders only.
    fn excuses(&self, exception: &Exception, now: i128) -> bool {
        let required = &self.settings.exception_rules.require;
        exception.terms.standing(&Application::default(), now, required) == Standing::Counts
    }

    fn facts(&self) -> Box<dyn Facts + '_> {
        let mut seed = [0; 8];
        // Without random numbers from the system, those of a render are drawn.
        let seed = getrandom::fill(&mut seed).map_or(0, |()| u64::from_le_bytes(seed));
        Box::new(RenderFacts::new(Arc::clone(&self.known), now()).seeded(seed))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::document::Value;
    use crate::engine::Fact;

    const POLICY: &str = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: NAME}\nspec:\n  rules:\n  - name: r\n    \
        match: {any: [{resources: {kinds: [ConfigMap]}}]}\n    validate: {message: denied, deny: {}}\n";

    fn folder(files: &[(&str, String)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        folder
    }

    fn gate(rest: &str) -> (&'static str, String) {
        let head = "apiVersion: rendergate.dev/v1alpha1\nkind: GateConfiguration\npolicies: [{path: policies}]\n";
        ("gate.yaml", format!("{head}{rest}"))
    }

    fn policy(name: &str) -> String {
        POLICY.replace("NAME", name)
    }

    fn source(folder: &tempfile::TempDir) -> ConfiguredFiles {
        ConfiguredFiles::new(folder.path().join("gate.yaml"))
    }

    #[test]
    fn a_change_changes_the_digest_through_a_swapped_symlink_too() {
        let folder = folder(&[gate(""), ("one/a.yaml", policy("a")), ("two/a.yaml", policy("b"))]);
        let link = folder.path().join("policies");
        std::os::unix::fs::symlink("one", &link).expect("a link");
        let before = source(&folder).digest().expect("a digest");
        assert_eq!(source(&folder).load().expect("a set").digest, before);
        fs::remove_file(&link).expect("the link goes");
        std::os::unix::fs::symlink("two", &link).expect("a link");
        assert_ne!(source(&folder).digest().expect("a digest"), before);
    }

    #[test]
    fn what_does_not_load_is_named() {
        for (name, text, expected) in [
            ("policies/a.yaml", policy("a").replace("message", "mesage"), "policies/a.yaml:8:"),
            ("policies/a.yaml", "a: [".to_owned(), "policies/a.yaml:"),
            ("policies/empty.txt", String::new(), "0 policies found where there must be at least 1"),
        ] {
            let folder = folder(&[gate(""), (name, text)]);
            let why = source(&folder).load().err().expect("a refusal");
            assert!(why.contains(expected), "{why}");
        }
    }

    #[test]
    fn the_configuration_decides_before_the_policy() {
        let overrides = "enforcement: enforce\noverrides: [{policy: a, enforcement: audit}]\n";
        let folder = folder(&[gate(overrides), ("policies/a.yaml", policy("a")), ("policies/b.yaml", policy("b"))]);
        let snapshot = source(&folder).load().expect("a set");
        let actions: Vec<_> = snapshot.set.policies().iter().map(|p| snapshot.gate.action(p, &p.rules[0])).collect();
        assert_eq!(actions, [Some(Action::Audit), Some(Action::Enforce)]);
    }

    #[test]
    fn exceptions_that_do_not_count_at_admission_are_named() {
        let exception = |terms: &str| {
            let text = format!(
                "apiVersion: kyverno.io/v2\nkind: PolicyException\nmetadata: {{name: let, namespace: ops, annotations: {{{terms}}}}}\n\
                 spec:\n  exceptions: [{{policyName: a, ruleNames: [r]}}]\n  match: {{any: [{{resources: {{kinds: [ConfigMap]}}}}]}}\n"
            );
            let settings = "exceptions: [{path: e.yaml}]\nexceptionsRequire: [owner]\n";
            let folder = folder(&[gate(settings), ("policies/a.yaml", policy("a")), ("e.yaml", text)]);
            let snapshot = source(&folder).load().expect("a set");
            let counts = snapshot.gate.excuses(&snapshot.set.exceptions()[0], now());
            (counts, snapshot.notes.join("; "))
        };
        let owned = |terms: &str| exception(&format!("rendergate.dev/owner: o{terms}"));
        assert_eq!(owned(""), (true, String::new()));
        for (terms, expected) in [
            (", rendergate.dev/projects: p", "PolicyException ops/let (owner: o) is for some projects"),
            (", rendergate.dev/expires: '2020-01-01'", "PolicyException ops/let (owner: o) expired on 2020-01-01"),
        ] {
            let (counts, notes) = owned(terms);
            assert!(!counts && notes.starts_with(expected), "{notes}");
        }
        let (counts, notes) = exception("");
        assert!(!counts && notes.contains("it has no rendergate.dev/owner (exceptionsRequire)"), "{notes}");
    }

    #[test]
    fn facts_say_what_is_known() {
        let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}\n";
        let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: shop}\ndata: {k: v}\n";
        let folder = folder(&[
            gate("facts: {namespaces: [n.yaml], objects: [o.yaml]}\n"),
            ("policies/a.yaml", policy("a")),
            ("n.yaml", namespace.to_owned()),
            ("o.yaml", map.to_owned()),
        ]);
        let snapshot = source(&folder).load().expect("a set");
        let facts = snapshot.gate.facts();
        let Fact::Known(labels) = facts.namespace_labels("shop") else { panic!("shop is known") };
        assert_eq!(labels.get("team").and_then(Value::as_str), Some("a"));
        assert!(matches!(facts.namespace_labels("other"), Fact::Unknown(_)));
        assert!(matches!(facts.config_map("shop", "c"), Fact::Known(_)));
        assert!(matches!(facts.config_map("shop", "d"), Fact::Unknown(_)));
    }
}

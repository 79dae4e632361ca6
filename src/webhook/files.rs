//! The configured files: gathered, digested, and compiled into a [`Snapshot`].

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::config::gate::{Enforcement, GateConfiguration, PathEntry};
use crate::config::{Application, Settings};
use crate::document::{Manifest, Source as Place, yaml};
use crate::engine::facts::Facts;
use crate::policy::load::{Diagnostic, Loaded, load_for_cluster};
use crate::policy::rule::{Action, Policy, Rule};
use crate::policy::set::PolicySet;

use super::facts::KnownObjects;
use super::reload::Source;
use super::snapshot::{Gate, Snapshot};

/// Largest file read, in bytes; a ConfigMap holds 1 MiB.
const FILE_BYTES: u64 = 32 << 20;
/// Most files read.
const FILES: usize = 20_000;
/// Deepest folder read.
const DEPTH: usize = 32;

/// A GateConfiguration and everything it names.
#[derive(Clone, Debug)]
pub struct ConfiguredFiles {
    configuration: PathBuf,
}

/// One file as read.
struct File {
    path: PathBuf,
    text: Arc<str>,
}

/// Everything the configuration names, by what it is for.
struct Gathered {
    settings: Settings,
    policies: Vec<File>,
    exceptions: Vec<File>,
    namespaces: Vec<File>,
    objects: Vec<File>,
    digest: String,
}

impl ConfiguredFiles {
    /// Relative paths in the configuration start at its own folder.
    #[must_use]
    pub fn new(configuration: impl Into<PathBuf>) -> Self {
        Self { configuration: configuration.into() }
    }

    /// Whether the configuration itself can be read; what it names is another question.
    ///
    /// # Errors
    /// With file and line.
    pub fn check_configuration(&self) -> Result<(), String> {
        self.configuration().map(drop)
    }

    fn configuration(&self) -> Result<(GateConfiguration, String), String> {
        let text = read(&self.configuration)?;
        let name = self.configuration.display().to_string();
        let configuration = GateConfiguration::parse(&name, &text).map_err(|e| e.to_string())?;
        Ok((configuration, text))
    }

    fn gather(&self) -> Result<Gathered, String> {
        let name = self.configuration.display().to_string();
        let (mut configuration, text) = self.configuration()?;
        // Sections are for Applications, and no Application asks here.
        configuration.sections.clear();
        let settings =
            Settings::for_application(&configuration, &Application::default(), &name).map_err(|e| e.to_string())?;
        let base = self.configuration.parent().unwrap_or(Path::new("."));
        let paths = |entries: &[PathEntry]| entries.iter().map(|e| base.join(&e.path)).collect::<Vec<_>>();
        let names = |names: &[String]| names.iter().map(|n| base.join(n)).collect::<Vec<_>>();
        let policies = gather(&paths(&settings.policies))?;
        let exceptions = gather(&paths(&settings.exceptions))?;
        let namespaces = gather(&names(&configuration.facts.namespaces))?;
        let objects = gather(&names(&configuration.facts.objects))?;
        let mut digest = Sha256::new().chain_update(text.as_bytes());
        for file in policies.iter().chain(&exceptions).chain(&namespaces).chain(&objects) {
            digest.update(file.path.as_os_str().as_encoded_bytes());
            digest.update(u64::try_from(file.text.len()).unwrap_or(u64::MAX).to_le_bytes());
            digest.update(file.text.as_bytes());
        }
        let digest = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Gathered { settings, policies, exceptions, namespaces, objects, digest })
    }
}

impl Source for ConfiguredFiles {
    fn digest(&self) -> Result<String, String> {
        self.gather().map(|gathered| gathered.digest)
    }

    fn load(&self) -> Result<Snapshot, String> {
        let gathered = self.gather()?;
        let loaded = load_for_cluster(manifests(&gathered.policies)?);
        let exceptions = load_for_cluster(manifests(&gathered.exceptions)?);
        refuse_faults(&loaded, "policies")?;
        refuse_faults(&exceptions, "exceptions")?;
        // Exceptions count only from where the operator says exceptions are, and policies likewise.
        if let Some(stray) = loaded.exceptions.first() {
            return Err(format!("policies: exception {} belongs under 'exceptions'", stray.key()));
        }
        if let Some(stray) = exceptions.policies.first() {
            return Err(format!("exceptions: policy {} belongs under 'policies'", stray.key()));
        }
        let mut policies = loaded.policies;
        policies.sort_by(|a, b| (&a.name, &a.namespace).cmp(&(&b.name, &b.namespace)));
        for pair in policies.windows(2) {
            if let [first, second] = pair
                && (&first.kind, first.key()) == (&second.kind, second.key())
            {
                return Err(format!("{}: policy {} is also in {}", second.source, second.key(), first.source));
            }
        }
        let (found, least) = (policies.len(), gathered.settings.minimum_policies);
        if found < least {
            return Err(format!("{found} policies were found, and minimumPolicies is {least}"));
        }
        let known = KnownObjects::new(manifests(&gathered.namespaces)?, manifests(&gathered.objects)?)?;
        let set = PolicySet::new(policies, exceptions.exceptions);
        let gate = Box::new(ConfiguredGate { settings: gathered.settings, known });
        Ok(Snapshot { set, gate, digest: gathered.digest })
    }
}

struct ConfiguredGate {
    settings: Settings,
    known: KnownObjects,
}

impl Gate for ConfiguredGate {
    fn action(&self, policy: &Policy, rule: &Rule) -> Option<Action> {
        match self.settings.enforcement(&policy.key(), &rule.name) {
            Enforcement::Policy => None,
            Enforcement::Audit => Some(Action::Audit),
            Enforcement::Enforce => Some(Action::Enforce),
        }
    }

    fn facts(&self) -> Box<dyn Facts + '_> {
        Box::new(self.known.now())
    }
}

/// Everything that is not a policy or exception this build decides by is a fault of the set.
fn refuse_faults(loaded: &Loaded, what: &str) -> Result<(), String> {
    let other =
        |m: &Manifest| Diagnostic::at(m, &crate::document::Pointer::root(), format!("{} is no policy", m.kind()));
    let faults: Vec<String> = loaded
        .problems
        .iter()
        .map(|p| p.diagnostic.to_string())
        .chain(loaded.rejected.iter().map(|r| r.diagnostic.to_string()))
        .chain(loaded.refused_exceptions.iter().map(|(_, r)| r.diagnostic.to_string()))
        .chain(loaded.unsupported.iter().map(|u| u.diagnostic.to_string()))
        .chain(loaded.others.iter().filter(|m| m.kind() != "Kustomization").map(|m| other(m).to_string()))
        .collect();
    match faults.as_slice() {
        [] => Ok(()),
        [one] => Err(format!("{what}: {one}")),
        [first, rest @ ..] => Err(format!("{what}: {first} (and {} more)", rest.len())),
    }
}

fn manifests(files: &[File]) -> Result<Vec<Manifest>, String> {
    let mut manifests = Vec::new();
    for file in files {
        let name: Arc<str> = file.path.display().to_string().into();
        let documents = yaml::read(&file.text, &yaml::Limits::default()).map_err(|e| format!("{name}: {e}"))?;
        for document in documents {
            let place = Place::of(Arc::clone(&name), Arc::clone(&file.text), &document);
            manifests.extend(Manifest::expand(document.value, place).map_err(|e| e.to_string())?);
        }
    }
    Ok(manifests)
}

/// The files at `paths`, folders with all below them, in path order. Hidden entries are left out, as
/// Kyverno does, which also leaves out the folders behind the symlinks of a mounted ConfigMap.
fn gather(paths: &[PathBuf]) -> Result<Vec<File>, String> {
    let mut files = Vec::new();
    let mut waiting: Vec<(PathBuf, usize)> = paths.iter().rev().map(|p| (p.clone(), 0)).collect();
    while let Some((path, depth)) = waiting.pop() {
        if !kind(&path)?.is_dir() {
            let named_outright = depth == 0;
            if named_outright || is_yaml(&path) {
                if files.len() == FILES {
                    return Err(format!("{}: more than {FILES} files", path.display()));
                }
                files.push(File { text: read(&path)?.into(), path });
            }
            continue;
        }
        if depth == DEPTH {
            return Err(format!("{}: folders nest deeper than {DEPTH}", path.display()));
        }
        let fault = |e: std::io::Error| format!("{}: {e}", path.display());
        let mut entries = Vec::new();
        for entry in fs::read_dir(&path).map_err(fault)? {
            let name = entry.map_err(fault)?.file_name();
            if !name.as_encoded_bytes().starts_with(b".") {
                entries.push(path.join(name));
            }
        }
        entries.sort();
        waiting.extend(entries.into_iter().rev().map(|p| (p, depth + 1)));
    }
    Ok(files)
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json")
}

/// What a path leads to; neither file nor folder (a pipe, say) is a fault: reading it may never end.
fn kind(path: &Path) -> Result<fs::FileType, String> {
    let kind = fs::metadata(path).map_err(|e| format!("{}: {e}", path.display()))?.file_type();
    if kind.is_file() || kind.is_dir() { Ok(kind) } else { Err(format!("{}: neither file nor folder", path.display())) }
}

fn read(path: &Path) -> Result<String, String> {
    let name = path.display();
    kind(path)?;
    let size = fs::metadata(path).map_err(|e| format!("{name}: {e}"))?.len();
    if size > FILE_BYTES {
        return Err(format!("{name}: {size} bytes are more than {FILE_BYTES}"));
    }
    let bytes = fs::read(path).map_err(|e| format!("{name}: {e}"))?;
    String::from_utf8(bytes).map_err(|e| format!("{name}: not UTF-8 after {} bytes", e.utf8_error().valid_up_to()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn folders_are_read_with_all_below_them_but_nothing_hidden() {
        let folder = folder(&[
            gate(""),
            ("policies/b.yaml", policy("b")),
            ("policies/sub/a.yml", policy("a")),
            ("policies/.kyverno-test/x.yaml", policy("x")),
            (
                "policies/kustomization.yaml",
                "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n".into(),
            ),
            ("policies/README.md", "text".into()),
        ]);
        let snapshot = source(&folder).load().expect("a set");
        let names: Vec<_> = snapshot.set.policies().iter().map(|p| p.name.to_string()).collect();
        assert_eq!(names, ["a", "b"]);
        assert_eq!(source(&folder).digest().expect("a digest"), snapshot.digest);
    }

    #[test]
    fn a_change_changes_the_digest_through_a_swapped_symlink_too() {
        let folder = folder(&[gate(""), ("one/a.yaml", policy("a")), ("two/a.yaml", policy("b"))]);
        let link = folder.path().join("policies");
        std::os::unix::fs::symlink("one", &link).expect("a link");
        let before = source(&folder).digest().expect("a digest");
        assert_eq!(source(&folder).digest().expect("a digest"), before);
        fs::remove_file(&link).expect("the link goes");
        std::os::unix::fs::symlink("two", &link).expect("a link");
        assert_ne!(source(&folder).digest().expect("a digest"), before);
    }

    #[test]
    fn what_does_not_load_is_named_with_file_and_line() {
        for (name, text, expected) in [
            ("policies/a.yaml", policy("a").replace("message", "mesage"), "policies/a.yaml:8:"),
            ("policies/a.yaml", "a: [".to_owned(), "policies/a.yaml"),
            (
                "policies/a.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n".to_owned(),
                "ConfigMap is no policy",
            ),
            ("policies/empty.txt", String::new(), "0 policies were found, and minimumPolicies is 1"),
        ] {
            let folder = folder(&[gate(""), (name, text)]);
            let why = source(&folder).load().err().expect("a refusal");
            assert!(why.contains(expected), "{why}");
        }
        let folder = folder(&[gate(""), ("policies/a.yaml", policy("a")), ("policies/b.yaml", policy("a"))]);
        assert!(source(&folder).load().err().expect("a refusal").contains("policy a is also in"));
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
    fn facts_say_what_is_known() {
        use crate::engine::facts::Fact;
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
        assert_eq!(labels.get("team").and_then(|t| t.as_str()), Some("a"));
        assert_eq!(labels.get("kubernetes.io/metadata.name").and_then(|t| t.as_str()), Some("shop"));
        assert!(matches!(facts.namespace_labels("other"), Fact::Unknown(_)));
        let Fact::Known(map) = facts.config_map("shop", "c") else { panic!("c is known") };
        assert_eq!(map.str_at(&["data", "k"]), Some("v"));
        assert!(matches!(facts.config_map("shop", "d"), Fact::Unknown(_)));
    }

    #[test]
    fn a_pipe_is_refused_instead_of_waited_for() {
        let folder = folder(&[gate("")]);
        let pipe = folder.path().join("policies");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
        assert!(made.success());
        assert!(source(&folder).load().err().expect("a refusal").contains("neither file nor folder"));
    }
}

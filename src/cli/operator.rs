//! The operator's files: policies, exceptions and facts, as the configuration names them. They are
//! trusted: links are followed (a mounted ConfigMap is made of them), hidden names are skipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::gate::PathEntry;
use crate::config::{ConfigError, GateConfiguration, Settings};
use crate::document::manifest::{Manifest, Source};
use crate::document::{Value, yaml};
use crate::policy::load::{self, Loaded};
use crate::policy::rule::{Exception, Policy};

/// Directories nest at most this deep.
const DEEPEST: usize = 32;

/// The longest file, in bytes.
const LONGEST: u64 = 32 << 20;

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

/// Reads a configuration file.
///
/// # Errors
/// With the file's name, and the line where there is one.
pub fn configuration(path: &Path) -> Result<GateConfiguration, String> {
    let shown = path.display().to_string();
    let text = text_of(path)?;
    GateConfiguration::parse(&shown, &text).map_err(|e: ConfigError| e.to_string())
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
pub(super) fn faults(loaded: &Loaded) -> Vec<String> {
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

/// The objects in files of facts.
///
/// # Errors
/// Everything that cannot be read.
pub fn objects(paths: &[String], base: &Path) -> Result<Vec<Value>, Vec<String>> {
    let mut problems = Vec::new();
    let entries: Vec<PathEntry> = paths.iter().map(|path| PathEntry { path: path.clone() }).collect();
    let found = collect(&entries, base, &mut problems).into_iter().map(|m| m.value).collect();
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

/// The files that make up `settings` and facts: what a digest of the operator's word covers.
///
/// # Errors
/// The first path that leads nowhere.
pub fn files<'p>(paths: impl IntoIterator<Item = &'p str>, base: &Path) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for path in paths {
        list(&base.join(path), 0, true, &mut files)?;
    }
    Ok(files)
}

/// What the system says of a file, in words for people and without numbers.
pub(super) fn why(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        kind => kind.to_string(),
    }
}

fn collect(entries: &[PathEntry], base: &Path, problems: &mut Vec<String>) -> Vec<Manifest> {
    let mut manifests = Vec::new();
    for entry in entries {
        let mut files = Vec::new();
        match list(&base.join(&entry.path), 0, true, &mut files) {
            Ok(()) => {}
            Err(problem) => problems.push(problem),
        }
        for file in files {
            match read(&file) {
                Ok(found) => manifests.extend(found),
                Err(problem) => problems.push(problem),
            }
        }
    }
    manifests
}

/// The YAML and JSON files below `path`, sorted; a file that is named itself has any extension.
fn list(path: &Path, depth: usize, named: bool, into: &mut Vec<PathBuf>) -> Result<(), String> {
    let refuse = |error: std::io::Error| format!("{}: {}", path.display(), why(&error));
    let metadata = fs::metadata(path).map_err(refuse)?;
    if metadata.is_dir() {
        if depth > DEEPEST {
            return Err(format!("{}: directories nest deeper than {DEEPEST} levels", path.display()));
        }
        let mut children: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(path).map_err(refuse)? {
            children.push(entry.map_err(refuse)?.path());
        }
        children.sort();
        let visible = |p: &PathBuf| !p.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'));
        return children.iter().filter(|p| visible(p)).try_for_each(|child| list(child, depth + 1, false, into));
    }
    let extension = path.extension().and_then(|e| e.to_str());
    if named && !metadata.is_file() {
        return Err(format!("{}: not a file or directory", path.display()));
    }
    if metadata.is_file() && (named || matches!(extension, Some("yaml" | "yml" | "json"))) {
        into.push(path.to_path_buf());
    }
    Ok(())
}

/// The Kubernetes objects in a file. Documents that are no objects (a kustomization, values) are no
/// policies either and are passed over; a file that is not YAML is an error.
fn read(path: &Path) -> Result<Vec<Manifest>, String> {
    let text: Arc<str> = text_of(path)?.into();
    let file: Arc<str> = path.display().to_string().into();
    let documents = yaml::read(&text, &yaml::Limits::default())
        .map_err(|e| format!("{file}:{}: not readable as YAML: {}", e.position.line, e.problem))?;
    let mut manifests = Vec::new();
    for document in documents {
        let source = Source::of(file.clone(), text.clone(), &document);
        let is_object = ["apiVersion", "kind"].iter().all(|field| document.value.str_at(&[field]).is_some());
        if is_object {
            manifests.extend(Manifest::expand(document.value, source).map_err(|e| e.to_string())?);
        }
    }
    Ok(manifests)
}

pub(super) fn text_of(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let metadata = fs::metadata(path).map_err(|e| format!("{shown}: {}", why(&e)))?;
    if !metadata.is_file() {
        return Err(format!("{shown}: not a file"));
    }
    if metadata.len() > LONGEST {
        return Err(format!("{shown}: longer than {LONGEST} bytes"));
    }
    let bytes = fs::read(path).map_err(|e| format!("{shown}: {}", why(&e)))?;
    String::from_utf8(bytes).map_err(|e| format!("{shown}: not UTF-8 at byte {}", e.utf8_error().valid_up_to() + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

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

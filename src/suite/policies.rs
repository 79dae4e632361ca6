//! Loading policies as Kyverno's command line does (chapter 60 §3.1, §3.2): what is walked, and how
//! far the damage of one bad document reaches. Kyverno loses input without a word; here each loss
//! is a [`Notice`], for the caller to print.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::document::{Manifest, Source};
use crate::policy::load::{Loaded, ProblemKind, load};

use super::files::{self, FileError};

/// The policies of a run.
#[derive(Debug, Default)]
pub struct Policies {
    /// Everything read, in order of the arguments.
    pub loaded: Loaded,
    /// What was lost on the way.
    pub notices: Vec<Notice>,
    /// Documents with unknown fields and files that are no YAML: name or file, and the reason. Only
    /// [`load_forgiving`] goes on after these.
    pub unusable: Vec<Unusable>,
    /// Deprecation warnings as Kyverno 1.19.1 words them, one per document.
    pub deprecations: Vec<String>,
}

/// A policy document that `apply` cannot use: listed, and counted as an error (design: a policy that
/// does not load never passes unnoticed).
pub type Unusable = (String, String);

/// Input that Kyverno drops silently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The path does not exist.
    Missing(FileError),
    /// A file that is neither `.yaml` nor `.yml`.
    NotYaml(PathBuf),
    /// A directory whose own name starts with a dot: `.`, `..`, `.policies`.
    Hidden(PathBuf),
    /// One document.
    Document {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(error) => write!(f, "no policies loaded: {error}"),
            Self::NotYaml(path) => write!(f, "no policies loaded from {}: not a .yaml or .yml file", path.display()),
            Self::Hidden(path) => write!(
                f,
                "no policies loaded from {}: directories whose name starts with a dot are skipped; name its files or give the full path",
                path.display()
            ),
            Self::Document { path, reason } => write!(f, "document of {path} skipped: {reason}"),
        }
    }
}

/// Why an argument cannot be used at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A document in it spoils it.
    #[error("{0}")]
    Spoiled(String),
}

/// Loads every argument; what is lost becomes a notice. `stdin` is the text for the argument `-`.
/// Where Kyverno drops a whole argument because of one document, only that document is left out;
/// objects that are no policies stay in [`Loaded::others`].
#[must_use]
pub fn load_forgiving(arguments: &[PathBuf], stdin: Option<&str>) -> Policies {
    let mut all = Policies::default();
    for argument in arguments {
        let texts = match texts(argument, stdin, &mut all.notices) {
            Ok(texts) => texts,
            Err(error @ FileError::System { .. }) => {
                all.notices.push(Notice::Missing(error));
                continue;
            }
            Err(error) => {
                all.unusable.push((argument.display().to_string(), error.to_string()));
                continue;
            }
        };
        let mut manifests = Vec::new();
        for (path, text) in texts {
            let text = text.and_then(|text| read(&path, &text, &mut manifests, &mut all.notices));
            if let Err(error) = text {
                all.unusable.push((path.display().to_string(), error.to_string()));
            }
        }
        all.deprecations.extend(manifests.iter().filter_map(deprecation));
        let mut loaded = load(manifests);
        let problems = loaded.problems.drain(..);
        all.unusable.extend(problems.map(|problem| (problem.name.to_string(), problem.diagnostic.to_string())));
        merge(&mut all.loaded, loaded);
    }
    all
}

/// The files of one argument, or standard input. An unreadable file is an error of its own.
#[expect(clippy::type_complexity, reason = "a list of files, each read or not")]
fn texts(
    argument: &Path,
    stdin: Option<&str>,
    notices: &mut Vec<Notice>,
) -> Result<Vec<(PathBuf, Result<String, FileError>)>, FileError> {
    if let (true, Some(text)) = (argument == Path::new("-"), stdin) {
        return Ok(vec![(argument.to_owned(), Ok(text.to_owned()))]);
    }
    if files::is_directory(argument)? {
        // Kyverno skips `.` and `..` too, and so loads nothing of the directory one stands in.
        let dots = matches!(argument.components().next_back(), Some(Component::CurDir | Component::ParentDir));
        if is_hidden(argument) && !dots {
            notices.push(Notice::Hidden(argument.to_owned()));
            return Ok(Vec::new());
        }
        let paths = files::yaml_tree(argument)?;
        return Ok(paths.into_iter().map(|path| (path.clone(), files::read_text(&path))).collect());
    }
    if files::is_yaml(argument) {
        return Ok(vec![(argument.to_owned(), Ok(files::read_text(argument)?))]);
    }
    notices.push(Notice::NotYaml(argument.to_owned()));
    Ok(Vec::new())
}

/// Loads every argument; the first one that is missing or spoiled is an error.
///
/// # Errors
/// [`PolicyError`].
pub fn load_strict(arguments: &[PathBuf]) -> Result<Policies, PolicyError> {
    let mut all = Policies::default();
    for argument in arguments {
        let loaded = one(argument, &mut all)?;
        merge(&mut all.loaded, loaded);
    }
    Ok(all)
}

/// Loads one argument.
fn one(argument: &Path, all: &mut Policies) -> Result<Loaded, PolicyError> {
    let mut manifests = Vec::new();
    for (path, text) in texts(argument, None, &mut all.notices)? {
        read(&path, &text?, &mut manifests, &mut all.notices)?;
    }
    all.deprecations.extend(manifests.iter().filter_map(deprecation));
    let mut loaded = load(manifests);
    if let Some(reason) = spoiling(&loaded) {
        return Err(PolicyError::Spoiled(reason));
    }
    let document = |path: &str, reason: String| Notice::Document { path: path.to_owned(), reason };
    for problem in loaded.problems.drain(..) {
        all.notices.push(document(&problem.diagnostic.file, problem.diagnostic.to_string()));
    }
    for other in loaded.others.drain(..) {
        let reason = format!("{}: {} is no policy kind", other.source, other.gvk());
        all.notices.push(document(&other.source.file, reason));
    }
    Ok(loaded)
}

/// Kyverno compares the cleaned path's last element, so `.` and `..` are hidden too.
fn is_hidden(argument: &Path) -> bool {
    match argument.components().next_back() {
        Some(last) => last.as_os_str().to_string_lossy().starts_with('.'),
        None => true,
    }
}

fn read(path: &Path, text: &str, manifests: &mut Vec<Manifest>, notices: &mut Vec<Notice>) -> Result<(), FileError> {
    let (file, shared): (Arc<str>, Arc<str>) = (path.display().to_string().into(), text.into());
    for document in files::documents(path, text)? {
        let source = Source::of(Arc::clone(&file), Arc::clone(&shared), &document);
        match Manifest::expand(document.value, source) {
            Ok(expanded) => manifests.extend(expanded),
            Err(error) => notices.push(Notice::Document { path: file.to_string(), reason: error.to_string() }),
        }
    }
    Ok(())
}

/// The document that spoils a whole argument: one with an unknown field, or of a kind Kyverno knows
/// to be no policy.
fn spoiling(loaded: &Loaded) -> Option<String> {
    let unknown = loaded.problems.iter().find(|p| p.kind == ProblemKind::UnknownField);
    if let Some(problem) = unknown {
        return Some(problem.diagnostic.to_string());
    }
    let other = loaded.others.iter().find(|manifest| has_known_schema(manifest))?;
    Some(format!("{}: policy type not supported {}", other.source, other.gvk()))
}

/// Whether Kyverno's loader carries a schema for the kind: Kubernetes' own API groups and Kyverno's.
fn has_known_schema(manifest: &Manifest) -> bool {
    const GROUPS: &[&str] = &[
        "",
        "admissionregistration.k8s.io",
        "apiextensions.k8s.io",
        "apiregistration.k8s.io",
        "apps",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "autoscaling",
        "batch",
        "certificates.k8s.io",
        "cli.kyverno.io",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "events.k8s.io",
        "flowcontrol.apiserver.k8s.io",
        "kyverno.io",
        "networking.k8s.io",
        "node.k8s.io",
        "policies.kyverno.io",
        "policy",
        "rbac.authorization.k8s.io",
        "resource.k8s.io",
        "scheduling.k8s.io",
        "storage.k8s.io",
    ];
    GROUPS.contains(&manifest.gvk().group.as_str())
}

fn merge(into: &mut Loaded, from: Loaded) {
    into.policies.extend(from.policies);
    into.exceptions.extend(from.exceptions);
    into.rejected.extend(from.rejected);
    into.unsupported.extend(from.unsupported);
    into.cleanups.extend(from.cleanups);
    into.others.extend(from.others);
    into.problems.extend(from.problems);
}

/// The warning of Kyverno 1.19.1 about a document of the old group.
fn deprecation(manifest: &Manifest) -> Option<String> {
    let gvk = manifest.gvk();
    if gvk.group != "kyverno.io" {
        return None;
    }
    let replacement = match gvk.kind.as_str() {
        "ClusterPolicy" => "ValidatingPolicy, MutatingPolicy, GeneratingPolicy or ImageValidatingPolicy",
        "Policy" => "NamespacedValidatingPolicy and the other namespaced policy types",
        "ClusterCleanupPolicy" => "DeletingPolicy",
        "CleanupPolicy" => "NamespacedDeletingPolicy",
        "PolicyException" => "PolicyException",
        _ => return None,
    };
    Some(format!(
        "Warning: {}: {} {} is deprecated and will be removed in a future release; migrate to {replacement} \
         (policies.kyverno.io), see https://kyverno.io/docs/guides/migration-to-cel/",
        manifest.source.file,
        gvk.api_version(),
        gvk.kind
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec:\n  rules:\n  - name: r\n    \
        match: {any: [{resources: {kinds: [Pod]}}]}\n    validate: {message: m, pattern: {spec: {hostNetwork: false}}}\n";

    fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a temporary directory");
        for (name, text) in files {
            let path = dir.path().join("policies").join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(path, text).expect("a file");
        }
        dir
    }

    #[test]
    fn directories_are_walked_and_hidden_names_skipped() {
        let dir = directory(&[("a.yaml", GOOD), ("sub/b.yml", GOOD), (".hidden/c.yaml", "kind: [")]);
        let policies = load_strict(&[dir.path().join("policies")]).expect("policies");
        assert_eq!(policies.loaded.policies.len(), 2);
        assert_eq!(policies.deprecations.len(), 2);
        let hidden = dir.path().join("policies").join(".hidden");
        let policies = load_forgiving(std::slice::from_ref(&hidden), None);
        assert_eq!(policies.notices, [Notice::Hidden(hidden)]);
        assert!(is_hidden(Path::new(".")) && is_hidden(Path::new("./")) && is_hidden(Path::new("..")));
    }

    #[test]
    fn one_bad_document_is_named_and_spoils_its_argument_only_for_test() {
        let config_map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";
        let misspelt = GOOD.replace("match:", "matches:");
        for bad in [config_map, misspelt.as_str()] {
            let dir = directory(&[("a.yaml", GOOD), ("b.yaml", bad)]);
            let argument = dir.path().join("policies");
            let policies = load_forgiving(std::slice::from_ref(&argument), None);
            assert_eq!(policies.loaded.policies.len(), 1, "the good one stays");
            let named = policies.unusable.iter().any(|(name, reason)| name == "p" && reason.contains("b.yaml"));
            assert!(named || policies.loaded.others.len() == 1, "{policies:?}");
            let error = load_strict(&[argument]).expect_err("Kyverno's test command ends here");
            assert!(error.to_string().contains("b.yaml"), "{error}");
        }
    }

    #[test]
    fn documents_of_unknown_kinds_are_lost_alone() {
        let dir = directory(&[("a.yaml", &format!("{GOOD}---\napiVersion: example.com/v1\nkind: Thing\n"))]);
        let policies = load_strict(&[dir.path().join("policies")]).expect("policies");
        assert_eq!(policies.loaded.policies.len(), 1);
        assert!(matches!(policies.notices.as_slice(), [Notice::Document { .. }]));
    }

    #[test]
    fn missing_paths_and_other_files_are_named() {
        let dir = directory(&[("a.txt", "x")]);
        let paths = [dir.path().join("nope.yaml"), dir.path().join("policies/a.txt")];
        let policies = load_forgiving(&paths, None);
        assert!(matches!(policies.notices.as_slice(), [Notice::Missing(_), Notice::NotYaml(_)]));
        let stdin = load_forgiving(&["-".into()], Some(GOOD));
        assert_eq!(stdin.loaded.policies.len(), 1);
    }
}

//! Reading the operator's files. They are trusted: links are followed (a mounted ConfigMap is made of
//! them), hidden names are skipped.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::gate::PathEntry;
use crate::document::manifest::{Manifest, Source};
use crate::document::{Value, yaml};

/// Directories nest at most this deep.
const DEEPEST: usize = 32;

/// The longest file, in bytes.
const LONGEST: u64 = 32 << 20;

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
#[must_use]
pub fn why(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or directory".to_owned(),
        kind => kind.to_string(),
    }
}

pub(super) fn collect(entries: &[PathEntry], base: &Path, problems: &mut Vec<String>) -> Vec<Manifest> {
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

/// The text of a file.
///
/// # Errors
/// With the file's name: no file, too long, or not UTF-8.
pub fn text_of(path: &Path) -> Result<String, String> {
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

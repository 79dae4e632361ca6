//! Walks a directory and reads its manifests, in the order of their paths' bytes.

use std::collections::BTreeMap;

use crate::document::manifest::Manifest;
use crate::document::yaml;

use super::Limits;
use super::error::{Fault, SourceError};
use super::files::{EntryKind, FileFault, Files, join};
use super::glob::Glob;
use super::jsonnet::Evaluate;
use super::objects::{Content, from_json, from_jsonnet, from_yaml};

/// The application's own configuration file: never a manifest.
pub const RENDER_CONFIGURATION: &str = ".rendergate.yaml";

/// The mark that keeps a file out of a render, as Argo CD knows it.
const SKIP: &str = "+argocd:skip-file-rendering";

/// Which files of a checkout are the application.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The application's directory, relative to the checkout; empty for the checkout itself.
    pub directory: String,
    /// Whether sub-directories are read.
    pub recurse: bool,
    /// Only paths (relative to the directory) that match.
    pub include: Option<Glob>,
    /// No paths that match; goes before `include`.
    pub exclude: Option<Glob>,
}

/// What a directory holds.
#[derive(Debug, Default)]
pub struct Reading {
    /// The objects, by path bytes, then as written.
    pub manifests: Vec<Manifest>,
    /// What happened on the way that is no error: `file:line: …`, in the same order.
    pub notes: Vec<String>,
    /// Files that were read.
    pub files: usize,
    /// Whether there were sub-directories that were not looked into.
    pub subdirectories: bool,
}

/// A file to read: its length as listed.
type Listing = BTreeMap<String, u64>;

/// Reads the manifests of `tree`; jsonnet in it is refused.
///
/// # Errors
/// As [`read_with`].
pub fn read(files: &dyn Files, tree: &Tree, limits: &Limits) -> Result<Reading, SourceError> {
    read_with(files, tree, limits, None)
}

/// Reads the manifests of `tree`, those of jsonnet files as `jsonnet` evaluates them.
///
/// An empty result is no error here: the caller knows whether it is wanted.
///
/// # Errors
/// The first thing, in path order, that is refused; what is wrong with jsonnet before all else.
pub fn read_with(
    files: &dyn Files,
    tree: &Tree,
    limits: &Limits,
    jsonnet: Option<&dyn Evaluate>,
) -> Result<Reading, SourceError> {
    let mut reading = Reading::default();
    let listing = list(files, tree, limits, &mut reading)?;
    let total = listing.values().fold(0_u64, |sum, length| sum.saturating_add(*length));
    if total > limits.tree_bytes {
        return Err(SourceError::of("", Fault::TreeTooLong(limits.tree_bytes)));
    }
    let mut evaluated = evaluate(files, tree, &listing, limits, jsonnet, &mut reading)?;
    let (mut bytes_left, mut documents_left, mut values_left) = (limits.tree_bytes, limits.documents, limits.values);
    for (path, length) in listing {
        if length > limits.file_bytes {
            return Err(SourceError::of(path, Fault::FileTooLong(limits.file_bytes)));
        }
        if has_extension(&path, &["jsonnet"]) && !evaluated.contains_key(&path) {
            continue;
        }
        let text = match evaluated.remove(&path) {
            Some(text) => text,
            None => text_of(files, &join(&tree.directory, &path), &path, limits.file_bytes.min(bytes_left))?,
        };
        bytes_left = bytes_left.saturating_sub(text.len() as u64);
        reading.files += 1;
        if !has_extension(&path, &["jsonnet"]) && text.contains(SKIP) {
            reading.notes.push(skipped(&path));
            continue;
        }
        let yaml_limits = yaml::Limits { documents: documents_left, values: values_left, ..limits.yaml() };
        let content = if has_extension(&path, &["jsonnet"]) {
            from_jsonnet(&path, &text, &yaml_limits)
        } else if has_extension(&path, &["json"]) {
            from_json(&path, &text, &yaml_limits)
        } else {
            from_yaml(&path, &text, &yaml_limits)
        };
        match content.map_err(|error| name_total(error, limits))? {
            Content::Foreign(note) => reading.notes.push(note),
            Content::Objects { manifests, documents, values, notes } => {
                documents_left = documents_left.saturating_sub(documents);
                values_left = values_left.saturating_sub(values);
                reading.manifests.extend(manifests);
                reading.notes.extend(notes);
            }
        }
    }
    Ok(reading)
}

/// The texts of jsonnet files, evaluated all at once; those that are marked to be left out are not there.
fn evaluate(
    files: &dyn Files,
    tree: &Tree,
    listing: &Listing,
    limits: &Limits,
    jsonnet: Option<&dyn Evaluate>,
    reading: &mut Reading,
) -> Result<BTreeMap<String, String>, SourceError> {
    let mut mains = Vec::new();
    for path in listing.keys().filter(|path| has_extension(path, &["jsonnet"])) {
        let main = join(&tree.directory, path);
        if text_of(files, &main, path, limits.file_bytes)?.contains(SKIP) {
            reading.notes.push(skipped(path));
        } else {
            mains.push((path.clone(), main));
        }
    }
    let Some((first, _)) = mains.first() else { return Ok(BTreeMap::new()) };
    let Some(jsonnet) = jsonnet else { return Err(SourceError::of(first.as_str(), Fault::Jsonnet)) };
    let paths: Vec<String> = mains.iter().map(|(_, main)| main.clone()).collect();
    let texts = jsonnet.evaluate(&paths)?;
    Ok(mains.into_iter().map(|(path, _)| path).zip(texts).collect())
}

fn skipped(path: &str) -> String {
    format!("{path}: left out, as its mark {SKIP} asks")
}

/// The reader knows how many documents and values are left; people know how many there may be in all.
fn name_total(error: SourceError, limits: &Limits) -> SourceError {
    match error.fault {
        Fault::Yaml(yaml::Problem::TooManyDocuments(_)) => {
            SourceError { fault: Fault::TooManyDocuments(limits.documents), ..error }
        }
        Fault::Yaml(yaml::Problem::TooManyValues(_)) => {
            SourceError { fault: Fault::TooManyValues(limits.values), ..error }
        }
        _ => error,
    }
}

fn list(files: &dyn Files, tree: &Tree, limits: &Limits, reading: &mut Reading) -> Result<Listing, SourceError> {
    let mut listing = Listing::new();
    let mut seen = 0_usize;
    let mut waiting = vec![(String::new(), 0_usize)];
    while let Some((directory, level)) = waiting.pop() {
        if level > limits.depth {
            return Err(SourceError::of(directory, Fault::TooDeep(limits.depth)));
        }
        let mut entries = files
            .entries(&join_path(&tree.directory, &directory), limits.files.saturating_sub(seen))
            .map_err(|fault| SourceError::of(directory.as_str(), of_file(fault, 0)))?;
        seen += entries.len();
        if seen > limits.files {
            return Err(SourceError::of("", Fault::TooManyFiles(limits.files)));
        }
        // Sorted, so that of several faults the same one is named whatever order the disk has.
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        for entry in entries {
            let path = join(&directory, &entry.name);
            match entry.kind {
                EntryKind::LinkOutside => return Err(SourceError::of(path, Fault::LinkOutside)),
                EntryKind::Special => return Err(SourceError::of(path, Fault::Special)),
                // A checkout's own data is no part of the application.
                EntryKind::Directory if entry.name == ".git" => {}
                EntryKind::Directory if tree.recurse => waiting.push((path, level + 1)),
                EntryKind::Directory => reading.subdirectories = true,
                EntryKind::LinkToDirectory => {}
                EntryKind::LinkBroken | EntryKind::NotUtf8 | EntryKind::File { .. } => {
                    if entry.name == RENDER_CONFIGURATION || !is_wanted(tree, &path) {
                        continue;
                    }
                    let length = match entry.kind {
                        EntryKind::File { length } => length,
                        EntryKind::NotUtf8 => return Err(SourceError::of(path, Fault::NameNotUtf8)),
                        _ => return Err(SourceError::of(path, Fault::LinkBroken)),
                    };
                    listing.insert(path, length);
                }
            }
        }
    }
    Ok(listing)
}

fn is_wanted(tree: &Tree, path: &str) -> bool {
    has_extension(path, &["yaml", "yml", "json", "jsonnet"])
        && !tree.exclude.as_ref().is_some_and(|glob| glob.matches(path))
        && tree.include.as_ref().is_none_or(|glob| glob.matches(path))
}

fn has_extension(path: &str, extensions: &[&str]) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extensions.contains(&extension))
}

fn join_path(directory: &str, rest: &str) -> String {
    if rest.is_empty() { directory.to_owned() } else { join(directory, rest) }
}

/// The text of a file, read within `limit`; `shown` is its name in errors.
pub(super) fn text_of(files: &dyn Files, path: &str, shown: &str, limit: u64) -> Result<String, SourceError> {
    let bytes = files.read(path, limit).map_err(|fault| SourceError::of(shown, of_file(fault, limit)))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes().iter().take(at).filter(|b| **b == b'\n').count();
        SourceError { file: shown.to_owned(), line: Some(line), fault: Fault::NotUtf8(at) }
    })
}

pub(super) fn of_file(fault: FileFault, limit: u64) -> Fault {
    match fault {
        FileFault::Missing => Fault::Unreadable("there is no such file or directory".to_owned()),
        FileFault::NotAFile => Fault::Special,
        FileFault::TooLong => Fault::FileTooLong(limit),
        FileFault::System(words) => Fault::Unreadable(words),
    }
}

#[cfg(test)]
#[path = "directory_tests.rs"]
mod tests;

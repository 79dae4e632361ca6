//! What `kustomize build` needs of a checkout: every file it will open is found here first, by its own
//! rules, so that nothing it reads lies outside and nothing is fetched. What a kustomization names and
//! the checkout does not hold is refused with file, line and remedy.
//!
//! Kustomizations and plugin configurations are handed over as they were read here, written anew: there
//! is no second reading of the same text that could find something else in it.

mod edit;
mod fields;

use std::collections::BTreeSet;

use crate::config::Application;
use crate::config::render::Kustomize;
use crate::document::{Pointer, Segment, Value, yaml};

use super::Limits;
use super::error::{Fault, SourceError};
use super::files::{EntryKind, Files, join};
use super::needs::Needs;
use super::paths::resolve;
use fields::{Field, Place};

/// The names of a kustomization, as kustomize and Argo CD know them.
pub const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// The files that building the kustomization in `directory` needs, its own changed as `options` say.
///
/// # Errors
/// The first thing that is refused.
pub fn needs(
    files: &dyn Files,
    directory: &str,
    options: &Kustomize,
    app: &Application,
    limits: &Limits,
) -> Result<Needs, SourceError> {
    let mut walk = Walk { files, limits, needs: Needs::new(limits), waiting: Vec::new(), seen: BTreeSet::new() };
    let mut own = walk.kustomization(directory, None)?;
    if !options.changes_nothing() {
        let there = |path: &str| resolve(directory, path, false).is_ok_and(|path| files.entries(&path, 0).is_ok());
        edit::edit(&mut own.value, options, app, &there)
            .map_err(|words| SourceError::of(own.path.as_str(), Fault::Refused(words)))?;
    }
    walk.seen.insert(directory.to_owned());
    walk.scan(own)?;
    while let Some(waiting) = walk.waiting.pop() {
        if walk.seen.len() > limits.files {
            return Err(SourceError::of("", Fault::TooManyFiles(limits.files)));
        }
        if walk.seen.insert(waiting.directory.clone()) {
            let next = walk.kustomization(&waiting.directory, Some(&waiting))?;
            walk.scan(next)?;
        }
    }
    Ok(walk.needs)
}

/// A kustomization as it was read.
struct Kustomization {
    /// Its directory, from the checkout.
    directory: String,
    /// Its path, from the checkout.
    path: String,
    text: String,
    value: Value,
}

impl Kustomization {
    fn refuse(&self, place: &Pointer, fault: Fault) -> SourceError {
        let position = yaml::locate(&self.text, 0, place);
        SourceError { file: self.path.clone(), line: position.map(|p| p.line.max(1)), fault }
    }
}

/// A directory that a kustomization names, and who names it.
struct Waiting {
    directory: String,
    error: SourceError,
}

struct Walk<'a> {
    files: &'a dyn Files,
    limits: &'a Limits,
    needs: Needs,
    waiting: Vec<Waiting>,
    seen: BTreeSet<String>,
}

impl Walk<'_> {
    /// Reads the kustomization of a directory.
    fn kustomization(&mut self, directory: &str, named: Option<&Waiting>) -> Result<Kustomization, SourceError> {
        let mut found: Option<(String, Vec<u8>)> = None;
        for name in NAMES {
            let path = join(directory, name);
            let Some(bytes) = self.needs.take(self.files, &path)?.map(<[u8]>::to_vec) else { continue };
            if let Some((first, _)) = found {
                let words = format!("a second kustomization beside {first}: keep one of them");
                return Err(SourceError::of(path, Fault::Refused(words)));
            }
            found = Some((path, bytes));
        }
        let Some((path, bytes)) = found else {
            let missing = Fault::NotThere(join(directory, "kustomization.yaml"));
            return Err(named.map_or_else(|| SourceError::of("", missing.clone()), |w| w.with(missing.clone())));
        };
        let text = String::from_utf8(bytes)
            .map_err(|e| SourceError::of(path.as_str(), Fault::NotUtf8(e.utf8_error().valid_up_to())))?;
        let documents = self.documents(&path, &text)?;
        let mut documents = documents.into_iter();
        let (Some(document), None) = (documents.next(), documents.next()) else {
            let words = "a kustomization is one document: take the others out".to_owned();
            return Err(SourceError::of(path, Fault::Refused(words)));
        };
        Ok(Kustomization { directory: directory.to_owned(), path, text, value: document })
    }

    /// The documents of a text whose maps hold every key once.
    fn documents(&self, path: &str, text: &str) -> Result<Vec<Value>, SourceError> {
        let documents = yaml::read(text, &self.limits.yaml())
            .map_err(|error| SourceError::at(path, error.position, Fault::Yaml(error.problem)))?;
        if let Some(again) = documents.iter().find_map(|d| d.duplicates.first()) {
            let words = "a key is written twice in one map: keep one of them".to_owned();
            return Err(SourceError::at(path, again.position, Fault::Refused(words)));
        }
        Ok(documents.into_iter().map(|d| d.value).collect())
    }

    /// Finds what a kustomization names, and hands it over.
    fn scan(&mut self, mut kustomization: Kustomization) -> Result<(), SourceError> {
        let Value::Map(map) = &kustomization.value else {
            return Err(kustomization.refuse(&Pointer::root(), Fault::Refused("a kustomization is a map".to_owned())));
        };
        let mut rewritten = (**map).clone();
        for (key, value) in map.iter() {
            let at = Pointer::root().with(key.clone());
            let field =
                fields::of_kustomization(key).map_err(|words| kustomization.refuse(&at, Fault::Refused(words)))?;
            for (place, what) in field.places(value) {
                let at: Pointer = at.segments().iter().chain(place.segments()).cloned().collect();
                self.place(&kustomization, &at, &what)?;
            }
            if field == Field::Plugins
                && let Value::List(list) = value
            {
                let mut plugins = Vec::with_capacity(list.len());
                for (index, entry) in list.iter().enumerate() {
                    let at: Pointer = at.segments().iter().cloned().chain([Segment::from(index)]).collect();
                    plugins.push(self.plugin(&kustomization, &at, entry)?);
                }
                rewritten.insert(key.clone(), plugins.into());
            }
        }
        kustomization.value = Value::map(rewritten);
        self.needs.put(&kustomization.path, yaml::write(&kustomization.value).into_bytes())
    }

    /// One place that names a file or a directory.
    fn place(&mut self, of: &Kustomization, at: &Pointer, what: &Place) -> Result<(), SourceError> {
        let named = match what {
            Place::Wrong(words) => return Err(of.refuse(at, Fault::Refused((*words).to_owned()))),
            Place::File(path) | Place::FileOrDirectory(path) | Place::Directory(path) | Place::FileOrText(path) => path,
        };
        if matches!(what, Place::FileOrText(_)) && named.contains('\n') {
            return Ok(());
        }
        let path = resolve(&of.directory, named, false).map_err(|fault| of.refuse(at, fault))?;
        let wants_file = !matches!(what, Place::Directory(_));
        if wants_file && !path.is_empty() && self.needs.take(self.files, &path)?.is_some() {
            return Ok(());
        }
        match what {
            Place::FileOrText(_) => Ok(()),
            Place::Directory(_) | Place::FileOrDirectory(_) if self.files.entries(&path, 0).is_ok() => {
                self.no_link(&path).map_err(|fault| of.refuse(at, fault))?;
                let error = of.refuse(at, Fault::NotThere(path.clone()));
                self.waiting.push(Waiting { directory: path, error });
                Ok(())
            }
            _ => Err(of.refuse(at, Fault::NotThere(path))),
        }
    }

    /// Kustomize takes paths in a linked directory from where the link leads.
    fn no_link(&self, path: &str) -> Result<(), Fault> {
        let mut directory = String::new();
        for part in path.split('/').filter(|p| !p.is_empty()) {
            let entries = self.files.entries(&directory, self.limits.files).unwrap_or_default();
            if entries.iter().any(|e| e.name == part && e.kind == EntryKind::LinkToDirectory) {
                return Err(Fault::LinkToDirectory);
            }
            directory = join(&directory, part);
        }
        Ok(())
    }

    /// A generator, transformer or validator: written in place, or in a file.
    fn plugin(&mut self, of: &Kustomization, at: &Pointer, entry: &Value) -> Result<Value, SourceError> {
        let Some(text) = entry.as_str() else {
            return Err(of.refuse(at, Fault::Refused("must be a path, or a configuration as text".to_owned())));
        };
        let inline = self.documents(&of.path, text).ok().filter(|d| d.iter().any(|d| d.as_map().is_some()));
        if let Some(configurations) = inline {
            return self.configurations(of, at, &configurations).map(Value::from);
        }
        let path = resolve(&of.directory, text, false).map_err(|fault| of.refuse(at, fault))?;
        let Some(bytes) = self.needs.take(self.files, &path)?.map(<[u8]>::to_vec) else {
            let fault = if self.files.entries(&path, 0).is_ok() {
                Fault::Refused("a directory of generators or transformers: name its files one by one".to_owned())
            } else {
                Fault::NotThere(path)
            };
            return Err(of.refuse(at, fault));
        };
        let text = String::from_utf8(bytes)
            .map_err(|e| SourceError::of(path.as_str(), Fault::NotUtf8(e.utf8_error().valid_up_to())))?;
        let configurations = self.documents(&path, &text)?;
        let written = self.configurations(of, at, &configurations)?;
        self.needs.put(&path, written.into_bytes())?;
        Ok(entry.clone())
    }

    /// Plugin configurations, written anew. Their paths start at the kustomization that names them.
    fn configurations(&mut self, of: &Kustomization, at: &Pointer, all: &[Value]) -> Result<String, SourceError> {
        let mut written = Vec::with_capacity(all.len());
        for configuration in all {
            for what in fields::of_plugin(configuration).map_err(|words| of.refuse(at, Fault::Refused(words)))? {
                self.place(of, at, &what)?;
            }
            written.push(yaml::write(configuration));
        }
        Ok(written.join("---\n"))
    }
}

impl Waiting {
    fn with(&self, fault: Fault) -> SourceError {
        SourceError { fault, ..self.error.clone() }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

//! [`Word`]: a GateConfiguration, and what it says for one application.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::config::gate::PathEntry;
use crate::config::{Application, ConfigError, GateConfiguration, Settings};
use crate::document::{Value, hex};
use crate::policy::set::PolicySet;

use super::files;
use super::policies::{self, Policies};

/// What a digest begins with: another way to digest must not look like another configuration.
const DIGESTED: &[u8] = b"rendergate.dev/bundle/v1";

/// A GateConfiguration, and where its relative paths start.
#[derive(Clone, Debug, Default)]
pub struct Word {
    /// What it says.
    pub configuration: GateConfiguration,
    file: Option<PathBuf>,
    base: PathBuf,
}

/// What holds for the applications of one section (or of none): settings and compiled policies.
#[derive(Clone, Debug)]
pub struct Section {
    /// The settings.
    pub settings: Settings,
    /// The policies and exceptions.
    pub set: Arc<PolicySet>,
    /// What was read and does not count, and why.
    pub notes: Arc<[String]>,
}

/// Objects the operator says are there.
#[derive(Clone, Debug, Default)]
pub struct KnownObjects {
    /// Namespaces.
    pub namespaces: Vec<Value>,
    /// ConfigMaps, sources of clones.
    pub objects: Vec<Value>,
}

impl Word {
    /// Reads a configuration file; its own folder is where relative paths start.
    ///
    /// # Errors
    /// With the file's name, and the line where there is one.
    pub fn read(path: &Path) -> Result<Self, String> {
        let shown = path.display().to_string();
        let text = files::text_of(path)?;
        let configuration = GateConfiguration::parse(&shown, &text).map_err(|e: ConfigError| e.to_string())?;
        let base = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Ok(Self { configuration, file: Some(path.to_path_buf()), base })
    }

    /// A configuration that names these policies and is silent otherwise.
    #[must_use]
    pub fn of_policies(paths: &[PathBuf]) -> Self {
        let policies = paths.iter().map(|p| PathEntry { path: p.display().to_string() }).collect();
        let mut word = Self::default();
        word.configuration.policies = policies;
        word
    }

    /// Where its relative paths start.
    #[must_use]
    pub fn base(&self) -> &Path {
        &self.base
    }

    /// The file's name in errors.
    #[must_use]
    pub fn shown(&self) -> String {
        self.file.as_ref().map(|f| f.display().to_string()).unwrap_or_default()
    }

    /// What holds for `app`.
    ///
    /// # Errors
    /// When a section asks for what Argo CD did not tell.
    pub fn settings(&self, app: &Application) -> Result<Settings, String> {
        Settings::for_application(&self.configuration, app, &self.shown()).map_err(|e| e.to_string())
    }

    /// Reads and compiles what `settings` name.
    ///
    /// # Errors
    /// Everything that does not load, each with file and line.
    pub fn section(&self, settings: Settings) -> Result<Section, Vec<String>> {
        let Policies { policies, exceptions, notes } = policies::policies(&settings, &self.base)?;
        Ok(Section { settings, set: Arc::new(PolicySet::new(policies, exceptions)), notes: notes.into() })
    }

    /// Reads the objects of `facts`.
    ///
    /// # Errors
    /// Everything that cannot be read.
    pub fn known_objects(&self) -> Result<KnownObjects, Vec<String>> {
        let facts = &self.configuration.facts;
        let mut namespaces = files::objects(&facts.namespaces, &self.base)?;
        namespaces.retain(|object| object.str_at(&["kind"]) == Some("Namespace"));
        Ok(KnownObjects { namespaces, objects: files::objects(&facts.objects, &self.base)? })
    }

    /// The SHA-256, in hexadecimal, of the configuration and of every file it names, with their names as
    /// the configuration has them: equal wherever the same folder is mounted.
    ///
    /// # Errors
    /// When something cannot be read.
    pub fn digest(&self) -> Result<String, String> {
        let mut named: Vec<PathBuf> = self.file.clone().into_iter().collect();
        named.extend(files::files(self.paths(), &self.base)?);
        let mut digest = Sha256::new();
        digest.update(DIGESTED);
        for file in named {
            let text = files::text_of(&file)?;
            let name = file.strip_prefix(&self.base).unwrap_or(&file).as_os_str().as_encoded_bytes();
            digest.update(Sha256::digest(name));
            digest.update(Sha256::digest(text.as_bytes()));
        }
        Ok(hex::lower(&digest.finalize()))
    }

    /// Every path the configuration names, in order.
    fn paths(&self) -> impl Iterator<Item = &str> {
        let configuration = &self.configuration;
        let sections = configuration.sections.iter().flat_map(|s| s.exceptions.iter().chain(&s.extra_policies));
        let entries = configuration.policies.iter().chain(&configuration.exceptions).chain(sections);
        let facts = configuration.facts.namespaces.iter().chain(&configuration.facts.objects);
        entries.map(|entry| entry.path.as_str()).chain(facts.map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_of_content_and_relative_names() {
        let digest = |policy: &str, name: &str| {
            let folder = tempfile::tempdir().expect("a folder");
            let gate = "apiVersion: rendergate.dev/v1alpha1\nkind: GateConfiguration\npolicies: [{path: p}]\n\
                        sections: [{name: s, match: {projects: [x]}, extraPolicies: [{path: q.yaml}]}]\n";
            std::fs::create_dir(folder.path().join("p")).expect("a folder");
            for (name, text) in [("gate.yaml", gate), (name, policy), ("q.yaml", policy)] {
                std::fs::write(folder.path().join(name), text).expect("a file");
            }
            Word::read(&folder.path().join("gate.yaml")).expect("a configuration").digest().expect("a digest")
        };
        let one = digest("a: 1", "p/a.yaml");
        assert_eq!(one.len(), 64);
        assert_eq!(one, digest("a: 1", "p/a.yaml"), "the folder's own place does not matter");
        assert_ne!(one, digest("a: 2", "p/a.yaml"));
        assert_ne!(one, digest("a: 1", "p/b.yaml"));
    }
}

//! [`Bundle`]: everything a configuration says, for every application, loaded once and kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{Application, GateConfiguration, Settings};

use super::reload::{Source, first};
use super::{KnownObjects, Section, Word};

/// The operator's word as one immutable value.
#[derive(Debug)]
pub struct Bundle {
    /// The configuration.
    pub configuration: GateConfiguration,
    /// What it says of the world.
    pub known: Arc<KnownObjects>,
    /// What was read, as [`Word::digest`] tells.
    pub digest: String,
    shown: String,
    /// By the configuration's sections, then for applications of none.
    sections: Vec<Section>,
}

impl Bundle {
    /// Reads and compiles a configuration and all it names.
    ///
    /// # Errors
    /// Everything that does not load, each with file and line; also when files change meanwhile.
    pub fn load(file: &Path) -> Result<Self, Vec<String>> {
        let one = |problem: String| vec![problem];
        let word = Word::read(file).map_err(one)?;
        let digest = word.digest().map_err(one)?;
        let mut sections: Vec<Section> = Vec::new();
        let count = word.configuration.sections.len();
        for at in (0..count).map(Some).chain([None]) {
            let settings = Settings::of_section(&word.configuration, at);
            // Most sections name the same policies: those are compiled once.
            let same = sections.iter().find(|s| {
                s.settings.policies == settings.policies
                    && s.settings.exceptions == settings.exceptions
                    && s.settings.minimum_policies == settings.minimum_policies
            });
            let section = match same {
                Some(section) => Section { settings, ..section.clone() },
                None => word.section(settings)?,
            };
            sections.push(section);
        }
        let known = Arc::new(word.known_objects()?);
        if word.digest().map_err(one)? != digest {
            return Err(vec![format!("{}: files changed while they were read", word.shown())]);
        }
        Ok(Self { shown: word.shown(), configuration: word.configuration, known, digest, sections })
    }

    /// What holds for `app`.
    ///
    /// # Errors
    /// When a section asks for what Argo CD did not tell.
    pub fn section(&self, app: &Application) -> Result<&Section, String> {
        let at = Settings::section_of(&self.configuration, app, &self.shown).map_err(|e| e.to_string())?;
        let at = at.unwrap_or(self.configuration.sections.len());
        self.sections.get(at).ok_or_else(|| format!("{}: section {at} is not loaded", self.shown))
    }

    /// All sections; the last is for applications of none.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.sections
    }
}

/// A configuration file as the source of bundles.
#[derive(Clone, Debug)]
pub struct BundleFile(pub PathBuf);

impl Source<Bundle> for BundleFile {
    fn digest(&self) -> Result<String, String> {
        Word::read(&self.0)?.digest()
    }

    fn load(&self) -> Result<Bundle, String> {
        Bundle::load(&self.0).map_err(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: NAME}\nspec:\n  rules:\n  \
                          - name: r\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    validate: {deny: {}}\n";

    #[test]
    fn sections_share_what_they_have_in_common() {
        let folder = tempfile::tempdir().expect("a folder");
        let gate = "apiVersion: rendergate.dev/v1alpha1\nkind: GateConfiguration\npolicies: [{path: a.yaml}]\nsections:\n\
                    - {name: loose, match: {projects: [loose]}, enforcement: audit}\n\
                    - {name: more, match: {projects: [more]}, extraPolicies: [{path: b.yaml}]}\n";
        for (name, text) in [("gate.yaml", gate), ("a.yaml", POLICY), ("b.yaml", &POLICY.replace("NAME", "b"))] {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        let bundle = Bundle::load(&folder.path().join("gate.yaml")).expect("it loads");
        let of = |project: &str| {
            let app = Application { name: Some("x".into()), project: Some(project.into()), ..Application::default() };
            bundle.section(&app).expect("a section")
        };
        assert!(Arc::ptr_eq(&of("loose").set, &of("other").set));
        assert_eq!(
            (of("loose").settings.section.as_deref(), of("other").settings.section.as_deref()),
            (Some("loose"), None)
        );
        assert_eq!((of("more").set.policies().len(), of("other").set.policies().len()), (2, 1));
        let untold = Application { name: Some("x".into()), ..Application::default() };
        assert!(bundle.section(&untold).is_err_and(|e| e.contains("needs ARGOCD_APP_PROJECT_NAME")));
    }
}

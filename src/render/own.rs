//! The application's own configuration and policies, from its checkout. They can only tighten.

use std::sync::Arc;

use crate::config::{ConfigError, RenderConfiguration};
use crate::document::Str;
use crate::operator::policies::faults;
use crate::policy::load;
use crate::policy::rule::{Policy, Stage};
use crate::source::{self, FileFault, Files, Limits, RENDER_CONFIGURATION, Tree};

/// The longest `.rendergate.yaml`, in bytes.
const LONGEST_CONFIGURATION: u64 = 1 << 20;

/// The application's own configuration, and where it stands.
#[derive(Debug, Default)]
pub struct Own {
    /// What it says.
    pub configuration: RenderConfiguration,
    /// Its directory, relative to the checkout; `None` if there is no such file.
    pub directory: Option<String>,
}

impl Own {
    /// Finds the configuration of the application in `directory`: there, else the nearest above.
    ///
    /// # Errors
    /// When there is one that cannot be read, with file and line.
    pub fn find(files: &dyn Files, directory: &str) -> Result<Self, String> {
        let mut directory = directory;
        loop {
            let path = source::files::join(directory, RENDER_CONFIGURATION);
            match files.read(&path, LONGEST_CONFIGURATION) {
                Ok(bytes) => {
                    let text = String::from_utf8(bytes).map_err(|_| format!("{path}: not UTF-8"))?;
                    let configuration =
                        RenderConfiguration::parse(&path, &text).map_err(|e: ConfigError| e.to_string())?;
                    return Ok(Self { configuration, directory: Some(directory.to_owned()) });
                }
                Err(FileFault::Missing) => {}
                Err(FileFault::NotAFile) => return Err(format!("{path}: not a regular file inside the repository")),
                Err(FileFault::TooLong) => return Err(format!("{path}: longer than {LONGEST_CONFIGURATION} bytes")),
                Err(FileFault::System(words)) => return Err(format!("{path}: {words}")),
            }
            if directory.is_empty() {
                return Ok(Self::default());
            }
            directory = directory.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }

    /// The application's own policies, named `repo/NAME`: validate rules only.
    ///
    /// # Errors
    /// Everything that is not such a policy, with file and line.
    pub fn policies(&self, files: &dyn Files, limits: &Limits) -> Result<Vec<Arc<Policy>>, String> {
        let Some(directory) = &self.directory else { return Ok(Vec::new()) };
        let file = source::files::join(directory, RENDER_CONFIGURATION);
        let mut policies = Vec::new();
        for entry in &self.configuration.policies {
            let path = inside(directory, &entry.path)
                .ok_or_else(|| format!("{file}: policies path '{}' leads out of the repository", entry.path))?;
            let reading = policy_files(files, &path, limits).map_err(|e| format!("{path}/{e}"))?;
            let loaded = load::load(reading.manifests);
            if let Some(problem) = faults(&loaded).into_iter().next() {
                return Err(format!("{path}/{problem}"));
            }
            if !loaded.exceptions.is_empty() || !loaded.refused_exceptions.is_empty() {
                return Err(format!(
                    "{path}: a PolicyException in the repository: only the operator can make exceptions"
                ));
            }
            for policy in loaded.policies {
                if let Some(rule) = policy.rules.iter().find(|r| r.body.stage() != Stage::Validate) {
                    return Err(format!(
                        "{path}/{}: rule {} of policy {}: a repository's policies may only validate",
                        policy.source, rule.name, policy.name
                    ));
                }
                let Ok(mut policy) = Arc::try_unwrap(policy) else {
                    return Err(format!("{path}: a policy is in use while it is loaded"));
                };
                policy.name = Str::from(format!("repo/{}", policy.name));
                policies.push(Arc::new(policy));
            }
        }
        Ok(policies)
    }
}

fn policy_files(files: &dyn Files, path: &str, limits: &Limits) -> Result<source::Reading, source::SourceError> {
    let (directory, include) = match files.entries(path, 1) {
        Ok(_) => (path.to_owned(), None),
        Err(_) => {
            let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
            let escaped: String = name.chars().flat_map(|c| ['\\', c]).collect();
            (directory.to_owned(), source::glob::Glob::compile(&escaped).ok())
        }
    };
    let tree = Tree { directory, recurse: include.is_none(), include, exclude: None };
    source::read(files, &tree, limits)
}

/// `directory` joined with a relative path that stays inside; `None` if it does not.
fn inside(directory: &str, path: &str) -> Option<String> {
    if path.starts_with('/') { None } else { source::paths::within(directory, path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_policies_stay_inside() {
        assert_eq!(inside("apps/shop", "policies/"), Some("apps/shop/policies".to_owned()));
        assert_eq!(inside("apps/shop", "../../p"), Some("p".to_owned()));
        assert_eq!(inside("apps", "../../p"), None);
        assert_eq!(inside("apps", "/etc"), None);
    }
}

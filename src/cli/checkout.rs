//! Where a checkout begins, and the application's own configuration in it.

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::config::{ConfigError, RenderConfiguration};
use crate::document::Str;
use crate::policy::load;
use crate::policy::rule::{Policy, Stage};
use crate::source::{self, FileFault, Files, Limits, RENDER_CONFIGURATION, Tree};

use super::disk::Disk;
use super::operator;

/// The longest `.rendergate.yaml`, in bytes.
const LONGEST_CONFIGURATION: u64 = 1 << 20;

/// A checkout, and the application's directory in it.
#[derive(Debug)]
pub(super) struct Checkout {
    /// Its files.
    pub(super) files: Disk,
    /// The application's directory, relative to the checkout.
    pub(super) directory: String,
}

/// The application's own configuration, and where it stands.
#[derive(Debug, Default)]
pub(super) struct Own {
    /// What it says.
    pub(super) configuration: RenderConfiguration,
    /// Its directory, relative to the checkout; `None` if there is no such file.
    directory: Option<String>,
}

impl Checkout {
    /// The checkout that holds `directory`: what is left of it without `source_path` (as Argo CD tells
    /// it), else the nearest directory above with a `.git`, else `directory` itself.
    pub(super) fn open(directory: &Path, source_path: Option<&str>) -> Result<Self, String> {
        let shown = directory.display();
        let real = fs::canonicalize(directory).map_err(|e| format!("{shown}: {}", operator::why(&e)))?;
        if !real.is_dir() {
            return Err(format!("{shown}: not a directory"));
        }
        let root = below(&real, source_path)
            .or_else(|| real.ancestors().find(|a| a.join(".git").exists()).map(Path::to_path_buf))
            .unwrap_or_else(|| real.clone());
        let inside = real.strip_prefix(&root).map_err(|_| format!("{shown}: not inside its checkout"))?;
        let inside = inside.to_str().ok_or_else(|| format!("{shown}: the directory's name is not UTF-8"))?;
        Ok(Self { directory: inside.to_owned(), files: Disk::new(root) })
    }

    /// The application's own configuration: in its directory, else the nearest above.
    pub(super) fn own(&self) -> Result<Own, String> {
        let mut directory = self.directory.as_str();
        loop {
            let path = source::files::join(directory, RENDER_CONFIGURATION);
            match self.files.read(&path, LONGEST_CONFIGURATION) {
                Ok(bytes) => {
                    let text = String::from_utf8(bytes).map_err(|_| format!("{path}: not UTF-8"))?;
                    let configuration =
                        RenderConfiguration::parse(&path, &text).map_err(|e: ConfigError| e.to_string())?;
                    return Ok(Own { configuration, directory: Some(directory.to_owned()) });
                }
                Err(FileFault::Missing) => {}
                Err(FileFault::NotAFile) => return Err(format!("{path}: not a regular file inside the repository")),
                Err(FileFault::TooLong) => return Err(format!("{path}: longer than {LONGEST_CONFIGURATION} bytes")),
                Err(FileFault::System(words)) => return Err(format!("{path}: {words}")),
            }
            if directory.is_empty() {
                return Ok(Own::default());
            }
            directory = directory.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }

    /// The application's own policies, named `repo/NAME`: validate rules only.
    pub(super) fn policies(&self, own: &Own, limits: &Limits) -> Result<Vec<Arc<Policy>>, String> {
        let Some(directory) = &own.directory else { return Ok(Vec::new()) };
        let file = source::files::join(directory, RENDER_CONFIGURATION);
        let mut policies = Vec::new();
        for entry in &own.configuration.policies {
            let path = inside(directory, &entry.path)
                .ok_or_else(|| format!("{file}: policies path '{}' leads out of the repository", entry.path))?;
            let reading = self.policy_files(&path, limits).map_err(|e| format!("{path}/{e}"))?;
            let loaded = load::load(reading.manifests);
            if let Some(problem) = operator::faults(&loaded).into_iter().next() {
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

    fn policy_files(&self, path: &str, limits: &Limits) -> Result<source::Reading, source::SourceError> {
        let (directory, include) = match self.files.entries(path, 1) {
            Ok(_) => (path.to_owned(), None),
            Err(_) => {
                let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
                let escaped: String = name.chars().flat_map(|c| ['\\', c]).collect();
                (directory.to_owned(), source::glob::Glob::compile(&escaped).ok())
            }
        };
        let tree = Tree { directory, recurse: include.is_none(), include, exclude: None, plain: true };
        source::read(&self.files, &tree, limits)
    }
}

/// `directory` joined with a relative path that stays inside; `None` if it does not.
fn inside(directory: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = directory.split('/').filter(|p| !p.is_empty()).collect();
    for component in Path::new(path).components() {
        match component {
            Component::CurDir => {}
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// `real` without the components of `source_path`, compared one by one.
fn below(real: &Path, source_path: Option<&str>) -> Option<PathBuf> {
    let mut root = real;
    for component in Path::new(source_path?).components().rev() {
        match component {
            Component::Normal(part) if root.file_name() == Some(part) => root = root.parent()?,
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(root.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_begins_above_the_source_path() {
        let real = Path::new("/tmp/uuid/apps/shop");
        assert_eq!(below(real, Some("apps/shop")), Some(PathBuf::from("/tmp/uuid")));
        assert_eq!(below(real, Some("./apps/shop/")), Some(PathBuf::from("/tmp/uuid")));
        assert_eq!(below(real, Some(".")), Some(real.to_path_buf()));
        for other in ["apps/hop", "ps/shop", "../shop", "/tmp/uuid/apps/shop"] {
            assert_eq!(below(real, Some(other)), None, "{other}");
        }
    }

    #[test]
    fn paths_of_policies_stay_inside() {
        assert_eq!(inside("apps/shop", "policies/"), Some("apps/shop/policies".to_owned()));
        assert_eq!(inside("apps/shop", "../../p"), Some("p".to_owned()));
        assert_eq!(inside("apps", "../../p"), None);
        assert_eq!(inside("apps", "/etc"), None);
    }
}

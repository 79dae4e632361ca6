//! [`Workspace`]: the private directory of one run. It goes when the run does.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::source::Needs;

use super::ToolFault;

/// A directory that nobody else reads: `tree` is the checkout as far as it is needed, the rest is for the
/// program itself.
#[derive(Debug)]
pub struct Workspace {
    directory: tempfile::TempDir,
    root: PathBuf,
}

impl Workspace {
    /// A new one, empty.
    ///
    /// # Errors
    /// When the system gives no room.
    pub fn new() -> Result<Self, ToolFault> {
        let directory = tempfile::Builder::new()
            .prefix("rendergate-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .map_err(|e| no_room(&e))?;
        // Programs show and compare paths without links.
        let root = fs::canonicalize(directory.path()).map_err(|e| no_room(&e))?;
        let workspace = Self { directory, root };
        for inside in ["tree", "home", "nothing", "tmp"] {
            make(&workspace.root.join(inside))?;
        }
        Ok(workspace)
    }

    /// Where it is, without links.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The checkout's place.
    #[must_use]
    pub fn tree(&self) -> PathBuf {
        self.root.join("tree")
    }

    /// Where a file of the checkout stands.
    #[must_use]
    pub fn at(&self, path: &str) -> PathBuf {
        if path.is_empty() { self.tree() } else { self.tree().join(path) }
    }

    /// Writes files of the checkout. Their paths were made by [`crate::source::paths`]: none leads out.
    ///
    /// # Errors
    /// When the system gives no room.
    pub fn fill(&self, needs: &Needs) -> Result<(), ToolFault> {
        for (path, bytes) in &needs.files {
            if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
                return Err(ToolFault::Gate("a path that leads out of a checkout got past its check".to_owned()));
            }
            let at = self.at(path);
            if let Some(above) = at.parent() {
                make(above)?;
            }
            write(&at, bytes)?;
        }
        Ok(())
    }

    /// Writes a file beside the checkout.
    ///
    /// # Errors
    /// When the system gives no room.
    pub fn beside(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, ToolFault> {
        let at = self.root.join(name);
        write(&at, bytes)?;
        Ok(at)
    }

    /// The environment of a program here: everything it may keep is in this directory, its search path is
    /// an empty one, and what it would fetch goes to a proxy that is not there.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, PathBuf)> {
        let home = |inside: &str| self.root.join("home").join(inside);
        let nothing = self.root.join("nothing");
        let nowhere = PathBuf::from("http://127.0.0.1:9");
        vec![
            ("HOME", self.root.join("home")),
            ("TMPDIR", self.root.join("tmp")),
            ("PATH", nothing.clone()),
            ("XDG_CACHE_HOME", home("cache")),
            ("XDG_CONFIG_HOME", home("config")),
            ("XDG_DATA_HOME", home("data")),
            ("HELM_CACHE_HOME", home("cache/helm")),
            ("HELM_CONFIG_HOME", home("config/helm")),
            ("HELM_DATA_HOME", home("data/helm")),
            ("HELM_PLUGINS", nothing.clone()),
            ("KUSTOMIZE_PLUGIN_HOME", nothing.clone()),
            ("KUBECONFIG", nothing.join("kubeconfig")),
            ("HTTP_PROXY", nowhere.clone()),
            ("HTTPS_PROXY", nowhere.clone()),
            ("ALL_PROXY", nowhere),
            ("NO_COLOR", PathBuf::from("1")),
        ]
    }

    /// Removes it now, so that a failure to do so is seen by tests.
    ///
    /// # Errors
    /// The system's.
    pub fn remove(self) -> std::io::Result<()> {
        self.directory.close()
    }
}

fn make(directory: &Path) -> Result<(), ToolFault> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(|e| no_room(&e))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), ToolFault> {
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(|e| no_room(&e))?;
    file.write_all(bytes).map_err(|e| no_room(&e))
}

fn no_room(error: &std::io::Error) -> ToolFault {
    ToolFault::Gate(format!("no temporary directory can be made and filled: {}", error.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Limits;

    #[test]
    fn files_are_private_and_go_with_it() {
        let workspace = Workspace::new().unwrap();
        let mut needs = Needs::new(&Limits::default());
        needs.put("a/b.yaml", b"x".to_vec()).unwrap();
        workspace.fill(&needs).unwrap();
        let at = workspace.at("a/b.yaml");
        assert_eq!(fs::read(&at).unwrap(), b"x");
        assert_eq!(fs::metadata(&at).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(workspace.root()).unwrap().permissions().mode() & 0o777, 0o700);
        let root = workspace.root().to_path_buf();
        workspace.remove().unwrap();
        assert!(!root.exists());
    }

    #[test]
    fn a_path_that_leads_out_is_refused_once_more() {
        let workspace = Workspace::new().unwrap();
        let mut needs = Needs::new(&Limits::default());
        needs.put("a/../../x", b"x".to_vec()).unwrap();
        assert!(matches!(workspace.fill(&needs), Err(ToolFault::Gate(_))));
    }

    #[test]
    fn the_environment_names_nothing_outside() {
        let workspace = Workspace::new().unwrap();
        for (name, value) in workspace.environment() {
            let inside = value.starts_with(workspace.root());
            assert!(inside || name.ends_with("PROXY") || name == "NO_COLOR", "{name}={}", value.display());
        }
        assert_eq!(fs::read_dir(workspace.root().join("nothing")).unwrap().count(), 0);
    }
}

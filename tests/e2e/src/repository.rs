//! A git repository that Applications render from.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::failure::{Context as _, Result};
use crate::process::output;

/// A repository on disk, branch `main`.
#[derive(Debug, Clone)]
pub struct Repository {
    folder: PathBuf,
}

impl Repository {
    /// An empty repository.
    ///
    /// # Errors
    /// When git refuses.
    pub fn create(folder: PathBuf) -> Result<Self> {
        fs::create_dir_all(&folder).context(folder.display())?;
        let repository = Self { folder };
        repository.git(&["init", "--quiet", "--initial-branch=main"])?;
        Ok(repository)
    }

    /// `file://…`, as an Application's repoURL.
    pub fn url(&self) -> String {
        format!("file://{}", self.folder.display())
    }

    /// Writes files, an empty text meaning that the file goes, commits everything, and returns the
    /// commit's full name.
    ///
    /// # Errors
    /// When git refuses, for example because nothing changed.
    pub fn commit(&self, message: &str, files: &[(&str, &str)]) -> Result<String> {
        for (name, text) in files {
            let path = self.folder.join(name);
            if text.is_empty() {
                fs::remove_file(&path).context(path.display())?;
                continue;
            }
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&path, text).context(path.display())?;
        }
        self.git(&["add", "--all"])?;
        self.git(&["commit", "--quiet", "--message", message])?;
        self.head()
    }

    /// The newest commit's full name.
    ///
    /// # Errors
    /// When there is none.
    pub fn head(&self) -> Result<String> {
        Ok(self.git(&["rev-parse", "HEAD"])?.trim().to_owned())
    }

    fn git(&self, arguments: &[&str]) -> Result<String> {
        let identity = ["-c", "user.name=e2e", "-c", "user.email=e2e@example.invalid", "-c", "commit.gpgsign=false"];
        output(Command::new("git").arg("-C").arg(&self.folder).args(identity).args(arguments))
    }
}

/// The short name that messages carry.
pub fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

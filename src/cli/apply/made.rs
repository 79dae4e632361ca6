//! `apply --output`: where changed and generated objects go (chapter 60 §5.3).

use std::collections::BTreeSet;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Where objects are written.
pub enum Destination {
    /// Standard output.
    Standard,
    /// One file, emptied at the start.
    File(PathBuf),
    /// A directory: a file for each resource or policy.
    Directory {
        /// The directory.
        path: PathBuf,
        /// Files of this run, emptied when first written.
        started: BTreeSet<PathBuf>,
    },
}

impl Destination {
    /// Creates what is missing and empties the file.
    pub fn prepare(output: Option<&Path>) -> Result<Self, String> {
        let Some(path) = output.filter(|p| !p.as_os_str().is_empty()) else { return Ok(Self::Standard) };
        let failed = |e: std::io::Error| format!("failed to create file/folder ({}: {e})", path.display());
        let is_file = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
        let directory = if is_file { path.parent().unwrap_or(Path::new("")) } else { path };
        if !directory.as_os_str().is_empty() {
            create_directory(directory).map_err(failed)?;
        }
        if is_file {
            append(path, true, "").map_err(failed)?;
            Ok(Self::File(path.to_owned()))
        } else {
            Ok(Self::Directory { path: path.to_owned(), started: BTreeSet::new() })
        }
    }

    /// Whether objects are printed.
    pub fn is_standard(&self) -> bool {
        matches!(self, Self::Standard)
    }

    /// Writes `text` for the object or policy `name`; `suffix` is `mutated` or `generated`.
    pub fn write(&mut self, name: &str, suffix: &str, text: &str) -> Result<(), String> {
        let (path, fresh) = match self {
            Self::Standard => return Ok(()),
            Self::File(path) => (path.clone(), false),
            Self::Directory { path, started } => {
                if name.contains(['/', '\\', '\0']) {
                    return Err(format!("{name:?} cannot name a file in {}", path.display()));
                }
                let file = path.join(format!("{name}-{suffix}.yaml"));
                let fresh = started.insert(file.clone());
                (file, fresh)
            }
        };
        append(&path, fresh, text).map_err(|e| format!("failed to print mutated result ({}: {e})", path.display()))
    }
}

#[cfg(unix)]
fn create_directory(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    DirBuilder::new().recursive(true).mode(0o750).create(path)
}

#[cfg(not(unix))]
fn create_directory(path: &Path) -> std::io::Result<()> {
    DirBuilder::new().recursive(true).create(path)
}

fn append(path: &Path, empty_first: bool, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true);
    if empty_first {
        options.write(true).truncate(true)
    } else {
        options.append(true)
    };
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_emptied_and_appended_to() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("new/out.yaml");
        for _ in 0..2 {
            let mut made = Destination::prepare(Some(&path)).expect("a file");
            made.write("a", "mutated", "one\n").expect("written");
            made.write("b", "mutated", "two\n").expect("written");
        }
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "one\ntwo\n");
    }

    #[test]
    fn directories_get_a_file_for_each_name_and_none_outside() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut made = Destination::prepare(Some(&dir.path().join("out"))).expect("a directory");
        made.write("a", "mutated", "one\n").expect("written");
        made.write("a", "mutated", "two\n").expect("written");
        assert!(made.write("../a", "mutated", "x").is_err());
        let text = std::fs::read_to_string(dir.path().join("out/a-mutated.yaml")).expect("a file");
        assert_eq!(text, "one\ntwo\n");
    }
}

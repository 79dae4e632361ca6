//! Reading files and walking directories, with the error texts Kyverno's users know.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::document::yaml::{Document, Limits};

use super::parts;

/// The largest file that is read, in bytes.
pub const FILE_BYTES: u64 = 256 << 20;
/// The deepest directory that is walked.
const WALK_DEPTH: usize = 64;

/// Why a file or directory could not be used; the text names it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The operating system refused.
    #[error("{operation} {path}: {reason}")]
    System {
        /// What was tried: `open`, `stat`, `read`.
        operation: &'static str,
        /// The path as given.
        path: String,
        /// The reason, in the system's words.
        reason: String,
    },
    /// The content is not usable.
    #[error("{path}: {reason}")]
    Content {
        /// The path as given.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

fn system(operation: &'static str, path: &Path, error: &std::io::Error) -> FileError {
    let reason = match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        std::io::ErrorKind::NotADirectory => "not a directory".to_owned(),
        std::io::ErrorKind::IsADirectory => "is a directory".to_owned(),
        _ => error.to_string(),
    };
    FileError::System { operation, path: path.display().to_string(), reason }
}

/// Whether the path is a directory.
///
/// # Errors
/// When it does not exist or may not be looked at.
pub fn is_directory(path: &Path) -> Result<bool, FileError> {
    fs::metadata(path).map(|m| m.is_dir()).map_err(|e| system("stat", path, &e))
}

/// Reads a text file.
///
/// # Errors
/// When it is missing, no regular file (a directory, a pipe), larger than [`FILE_BYTES`] or not
/// UTF-8.
pub fn read_text(path: &Path) -> Result<String, FileError> {
    let content = |reason: String| FileError::Content { path: path.display().to_string(), reason };
    let metadata = fs::metadata(path).map_err(|e| system("open", path, &e))?;
    if metadata.is_dir() {
        return Err(FileError::System {
            operation: "read",
            path: path.display().to_string(),
            reason: "is a directory".to_owned(),
        });
    }
    if !metadata.is_file() {
        return Err(content("not a regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|e| system("open", path, &e))?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(content(format!("larger than {FILE_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|e| content(format!("not UTF-8 after {} bytes", e.utf8_error().valid_up_to())))
}

/// Bounds for files a user names on the command line.
#[must_use]
pub fn limits() -> Limits {
    Limits { bytes: usize::try_from(FILE_BYTES).unwrap_or(usize::MAX), ..Limits::default() }
}

/// Reads the documents of a text; empty ones are left out.
///
/// # Errors
/// When the text is not YAML.
pub fn documents(path: &Path, text: &str) -> Result<Vec<Document>, FileError> {
    let documents = parts::read(text, &limits())
        .map_err(|e| FileError::Content { path: path.display().to_string(), reason: e.to_string() })?;
    Ok(documents.into_iter().filter(|d| !d.value.is_null()).collect())
}

/// Whether the name ends in `.yaml` or `.yml`.
#[must_use]
pub fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|e| e == "yaml" || e == "yml")
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|n| n.to_string_lossy().starts_with('.'))
}

fn children(directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    let entries = fs::read_dir(directory).map_err(|e| system("open", directory, &e))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|e| system("open", directory, &e))?.path());
    }
    paths.sort();
    Ok(paths)
}

/// The YAML files directly inside a directory, by name.
///
/// # Errors
/// When the directory cannot be read.
pub fn yaml_children(directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    Ok(children(directory)?.into_iter().filter(|p| is_yaml(p) && !p.is_dir()).collect())
}

/// The YAML files below a directory, by name, without hidden files and directories.
///
/// # Errors
/// When a directory cannot be read.
pub fn yaml_tree(directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    let mut found = Vec::new();
    walk(directory, WALK_DEPTH, &|path| !is_hidden(path), &mut |path| {
        if is_yaml(&path) && !is_hidden(&path) {
            found.push(path);
        }
    })?;
    Ok(found)
}

/// The files of exactly this name below a directory, by path, hidden directories included.
///
/// # Errors
/// When the directory is missing or no directory, or one below it cannot be read.
pub fn named_tree(directory: &Path, name: &str) -> Result<Vec<PathBuf>, FileError> {
    let mut found = Vec::new();
    walk(directory, WALK_DEPTH, &|_| true, &mut |path| {
        if path.file_name().is_some_and(|n| n == name) {
            found.push(path);
        }
    })?;
    Ok(found)
}

fn walk(
    directory: &Path,
    depth: usize,
    enter: &dyn Fn(&Path) -> bool,
    file: &mut dyn FnMut(PathBuf),
) -> Result<(), FileError> {
    let Some(depth) = depth.checked_sub(1) else {
        let reason = format!("directories nest deeper than {WALK_DEPTH} levels");
        return Err(FileError::Content { path: directory.display().to_string(), reason });
    };
    for path in children(directory)? {
        let kind = fs::symlink_metadata(&path).map_err(|e| system("lstat", &path, &e))?;
        if kind.is_dir() {
            if enter(&path) {
                walk(&path, depth, enter, file)?;
            }
        } else {
            file(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a temporary directory");
        for name in ["b.yaml", "a.yml", "c.txt", "sub/d.yaml", ".hidden/e.yaml", ".f.yaml"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            fs::write(path, "kind: X\n").expect("a file");
        }
        dir
    }

    fn names(root: &Path, paths: &[PathBuf]) -> Vec<String> {
        paths.iter().map(|p| p.strip_prefix(root).expect("below").display().to_string()).collect()
    }

    #[test]
    fn policies_are_found_recursively_resources_are_not() {
        let dir = tree();
        let all = yaml_tree(dir.path()).expect("a walk");
        assert_eq!(names(dir.path(), &all), ["a.yml", "b.yaml", "sub/d.yaml"]);
        let direct = yaml_children(dir.path()).expect("a walk");
        assert_eq!(names(dir.path(), &direct), [".f.yaml", "a.yml", "b.yaml"]);
        let hidden = named_tree(dir.path(), "e.yaml").expect("a walk");
        assert_eq!(names(dir.path(), &hidden), [".hidden/e.yaml"]);
    }

    #[test]
    fn errors_read_as_kyvernos() {
        let dir = tree();
        let missing = is_directory(&dir.path().join("nope")).expect_err("missing");
        assert_eq!(missing.to_string(), format!("stat {}/nope: no such file or directory", dir.path().display()));
        let directory = read_text(dir.path()).expect_err("a directory");
        assert_eq!(directory.to_string(), format!("read {}: is a directory", dir.path().display()));
        let file = named_tree(&dir.path().join("c.txt"), "x").expect_err("a file");
        assert_eq!(file.to_string(), format!("open {}/c.txt: not a directory", dir.path().display()));
    }
}

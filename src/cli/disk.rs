//! [`Disk`]: a checkout on disk, read without ever leaving it and without opening anything but
//! regular files.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};

use rustix::fs::OFlags;

use crate::source::{Entry, EntryKind, FileFault, Files};

/// A checkout.
#[derive(Debug)]
pub struct Disk {
    root: PathBuf,
}

impl Disk {
    /// The checkout at `root`, whose path must be canonical.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// Whether a canonical path is part of the checkout; its own `.git` is not.
    fn holds(&self, real: &Path) -> bool {
        real.strip_prefix(&self.root)
            .is_ok_and(|inside| !inside.components().any(|c| c == Component::Normal(".git".as_ref())))
    }

    fn link(&self, path: &Path) -> EntryKind {
        let real = match fs::canonicalize(path) {
            Ok(real) => real,
            Err(error) if error.kind() == ErrorKind::NotFound => return EntryKind::LinkBroken,
            // A circle, or a place we may not look at.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return EntryKind::LinkOutside,
            Err(_) => return EntryKind::LinkBroken,
        };
        if !self.holds(&real) {
            return EntryKind::LinkOutside;
        }
        match fs::symlink_metadata(&real) {
            Ok(metadata) if metadata.is_file() => EntryKind::File { length: metadata.len() },
            Ok(metadata) if metadata.is_dir() => EntryKind::LinkToDirectory,
            Ok(_) => EntryKind::Special,
            Err(_) => EntryKind::LinkBroken,
        }
    }
}

impl Files for Disk {
    fn entries(&self, directory: &str, limit: usize) -> Result<Vec<Entry>, FileFault> {
        let path = fs::canonicalize(self.root.join(directory)).map_err(fault)?;
        if path != self.root && !self.holds(&path) {
            return Err(FileFault::NotAFile);
        }
        let mut entries = Vec::new();
        for entry in fs::read_dir(&path).map_err(fault)? {
            let entry = entry.map_err(fault)?;
            let name = entry.file_name();
            let kind = entry.file_type().map_err(fault)?;
            let kind = if name.to_str().is_none() {
                EntryKind::NotUtf8
            } else if kind.is_symlink() {
                self.link(&entry.path())
            } else if kind.is_dir() {
                EntryKind::Directory
            } else if kind.is_file() {
                EntryKind::File { length: entry.metadata().map_err(fault)?.len() }
            } else {
                EntryKind::Special
            };
            entries.push(Entry { name: name.to_string_lossy().into_owned(), kind });
            if entries.len() > limit {
                break;
            }
        }
        Ok(entries)
    }

    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileFault> {
        let real = fs::canonicalize(self.root.join(path)).map_err(fault)?;
        if !self.holds(&real) {
            return Err(FileFault::NotAFile);
        }
        let seen = fs::symlink_metadata(&real).map_err(fault)?;
        if !seen.is_file() {
            return Err(FileFault::NotAFile);
        }
        // Should the file be swapped for a FIFO or a link now, opening neither waits nor follows, and
        // what was opened is checked to be what was seen.
        let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOFOLLOW).bits()).unwrap_or_default();
        let file = OpenOptions::new().read(true).custom_flags(flags).open(&real).map_err(fault)?;
        let opened = file.metadata().map_err(fault)?;
        if !opened.is_file() || (opened.dev(), opened.ino()) != (seen.dev(), seen.ino()) {
            return Err(FileFault::NotAFile);
        }
        read_bounded(file, opened.len(), limit)
    }
}

fn read_bounded(file: File, length: u64, limit: u64) -> Result<Vec<u8>, FileFault> {
    if length > limit {
        return Err(FileFault::TooLong);
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(fault)?;
    if bytes.len() as u64 > limit { Err(FileFault::TooLong) } else { Ok(bytes) }
}

fn fault(error: std::io::Error) -> FileFault {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => FileFault::Missing,
        kind => FileFault::System(kind.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn checkout() -> (tempfile::TempDir, Disk) {
        let directory = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(directory.path()).unwrap().join("checkout");
        fs::create_dir_all(root.join("app/.git")).unwrap();
        fs::write(root.join("app/a.yaml"), "text").unwrap();
        fs::write(root.join("app/.git/config"), "token").unwrap();
        fs::write(root.join("../outside.yaml"), "secret").unwrap();
        (directory, Disk::new(root))
    }

    #[test]
    fn links_are_told_apart() {
        let (_keep, disk) = checkout();
        let app = disk.root.join("app");
        symlink("a.yaml", app.join("inside.yaml")).unwrap();
        symlink("../../outside.yaml", app.join("outside.yaml")).unwrap();
        symlink("/etc/hostname", app.join("absolute.yaml")).unwrap();
        symlink("nothing", app.join("broken.yaml")).unwrap();
        symlink("circle.yaml", app.join("circle.yaml")).unwrap();
        symlink("..", app.join("up")).unwrap();
        symlink(".git/config", app.join("git.yaml")).unwrap();
        let mut entries = disk.entries("app", 100).unwrap();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        let kinds: Vec<_> = entries.iter().map(|e| (e.name.as_str(), e.kind)).collect();
        assert_eq!(
            kinds,
            [
                (".git", EntryKind::Directory),
                ("a.yaml", EntryKind::File { length: 4 }),
                ("absolute.yaml", EntryKind::LinkOutside),
                ("broken.yaml", EntryKind::LinkBroken),
                ("circle.yaml", EntryKind::LinkBroken),
                ("git.yaml", EntryKind::LinkOutside),
                ("inside.yaml", EntryKind::File { length: 4 }),
                ("outside.yaml", EntryKind::LinkOutside),
                ("up", EntryKind::LinkToDirectory),
            ]
        );
        assert_eq!(disk.read("app/inside.yaml", 4).unwrap(), b"text");
        for path in ["app/outside.yaml", "app/git.yaml", "../outside.yaml", "app/.git/config", "app"] {
            assert_eq!(disk.read(path, 100), Err(FileFault::NotAFile), "{path}");
        }
        assert_eq!(disk.read("app/a.yaml", 3), Err(FileFault::TooLong));
        assert_eq!(disk.read("app/x.yaml", 3), Err(FileFault::Missing));
        assert_eq!(disk.entries("app", 2).unwrap().len(), 3);
    }

    #[test]
    fn a_fifo_is_never_opened() {
        let (_keep, disk) = checkout();
        let path = disk.root.join("app/pipe.yaml");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        assert!(disk.entries("app", 9).unwrap().iter().any(|e| e.kind == EntryKind::Special));
        assert_eq!(disk.read("app/pipe.yaml", 9), Err(FileFault::NotAFile));
    }
}

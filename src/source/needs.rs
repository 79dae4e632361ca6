//! [`Needs`]: the files that a renderer gets, and no others. They are taken from the checkout under its
//! limits; links come as the files they lead to.

use std::collections::BTreeMap;

use super::Limits;
use super::error::{Fault, SourceError};
use super::files::{EntryKind, FileFault, Files, join};

/// Files by path from the checkout.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// The files.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Bytes that may still be taken.
    left: u64,
    limits: Limits,
}

impl Needs {
    /// None yet.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self { files: BTreeMap::new(), left: limits.tree_bytes, limits: limits.clone() }
    }

    /// Takes a file; `None` if there is no file of that path.
    ///
    /// # Errors
    /// What is over a limit, or cannot be read.
    pub fn take(&mut self, files: &dyn Files, path: &str) -> Result<Option<&[u8]>, SourceError> {
        if !self.files.contains_key(path) {
            let bytes = match files.read(path, self.limit()) {
                Ok(bytes) => bytes,
                Err(FileFault::Missing | FileFault::NotAFile) => return Ok(None),
                Err(fault) => {
                    let fault = self.unread(fault);
                    // What is too long is the whole tree.
                    let file = if matches!(fault, Fault::TreeTooLong(_)) { "" } else { path };
                    return Err(SourceError::of(file, fault));
                }
            };
            self.put(path, bytes)?;
        }
        Ok(self.files.get(path).map(Vec::as_slice))
    }

    /// The longest file that may still be taken, in bytes.
    fn limit(&self) -> u64 {
        self.limits.file_bytes.min(self.left)
    }

    /// Why a file was not taken.
    fn unread(&self, fault: FileFault) -> Fault {
        match fault {
            FileFault::TooLong if self.left < self.limits.file_bytes => Fault::TreeTooLong(self.limits.tree_bytes),
            FileFault::TooLong => Fault::FileTooLong(self.limits.file_bytes),
            other => listing(other),
        }
    }

    /// Puts a file in the place of whatever was there.
    ///
    /// # Errors
    /// What is over a limit.
    pub fn put(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), SourceError> {
        let length = bytes.len() as u64;
        self.left = self
            .left
            .checked_sub(length)
            .ok_or_else(|| SourceError::of("", Fault::TreeTooLong(self.limits.tree_bytes)))?;
        if self.files.len() >= self.limits.files {
            return Err(SourceError::of("", Fault::TooManyFiles(self.limits.files)));
        }
        self.files.insert(path.to_owned(), bytes);
        Ok(())
    }

    /// Takes everything below `directory`, as though it stood at `at`.
    ///
    /// # Errors
    /// Links to directories or out of the checkout, what is no file, what is over a limit.
    pub fn take_all(&mut self, files: &dyn Files, directory: &str, at: &str) -> Result<(), SourceError> {
        let mut waiting = vec![(String::new(), 0_usize)];
        let mut seen = 0_usize;
        while let Some((inside, level)) = waiting.pop() {
            let here = if inside.is_empty() { directory.to_owned() } else { join(directory, &inside) };
            if level > self.limits.depth {
                return Err(SourceError::of(here, Fault::TooDeep(self.limits.depth)));
            }
            let mut entries = files
                .entries(&here, self.limits.files.saturating_sub(seen))
                .map_err(|fault| SourceError::of(here.as_str(), listing(fault)))?;
            seen += entries.len();
            if seen > self.limits.files {
                return Err(SourceError::of("", Fault::TooManyFiles(self.limits.files)));
            }
            entries.sort_by(|a, b| a.name.cmp(&b.name));
            for entry in entries {
                let path = join(&here, &entry.name);
                let inside = join(&inside, &entry.name);
                let refuse = |fault| Err(SourceError::of(path.as_str(), fault));
                match entry.kind {
                    EntryKind::Directory if entry.name == ".git" => {}
                    EntryKind::Directory => waiting.push((inside, level + 1)),
                    EntryKind::LinkToDirectory => return refuse(Fault::LinkToDirectory),
                    EntryKind::LinkOutside => return refuse(Fault::LinkOutside),
                    EntryKind::LinkBroken => return refuse(Fault::LinkBroken),
                    EntryKind::Special => return refuse(Fault::Special),
                    EntryKind::NotUtf8 => return refuse(Fault::NameNotUtf8),
                    EntryKind::File { .. } => {
                        let bytes = files
                            .read(&path, self.limit())
                            .map_err(|fault| SourceError::of(path.as_str(), self.unread(fault)))?;
                        self.put(&join(at, &inside), bytes)?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn listing(fault: FileFault) -> Fault {
    match fault {
        FileFault::Missing | FileFault::NotAFile => Fault::Unreadable("there is no such file or directory".to_owned()),
        FileFault::TooLong => Fault::Unreadable("it is too long".to_owned()),
        FileFault::System(words) => Fault::Unreadable(words),
    }
}

#[cfg(test)]
mod tests {
    use super::super::MemoryFiles;
    use super::*;

    #[test]
    fn limits_hold_for_all_files_together() {
        let files = MemoryFiles::new([("a", "12345"), ("b/c", "12345"), ("b/.git/x", "1")]);
        let limits = Limits { tree_bytes: 8, ..Limits::default() };
        let mut needs = Needs::new(&limits);
        assert_eq!(needs.take(&files, "a").unwrap(), Some(&b"12345"[..]));
        assert_eq!(needs.take(&files, "a").unwrap(), Some(&b"12345"[..]), "taken once");
        assert_eq!(needs.take(&files, "b").unwrap(), None);
        assert_eq!(needs.take(&files, "b/c").unwrap_err().fault, Fault::TreeTooLong(8));
        let mut needs = Needs::new(&Limits { file_bytes: 4, ..Limits::default() });
        assert_eq!(needs.take(&files, "a").unwrap_err().fault, Fault::FileTooLong(4));
    }

    #[test]
    fn a_directory_comes_without_git_and_links_are_refused() {
        let files = MemoryFiles::new([("a/x", "1"), ("a/b/y", "2"), ("a/.git/config", "3")]);
        let mut needs = Needs::new(&Limits::default());
        needs.take_all(&files, "a", "there").unwrap();
        assert_eq!(needs.files.keys().collect::<Vec<_>>(), ["there/b/y", "there/x"]);
        for (kind, fault) in [
            (EntryKind::LinkToDirectory, Fault::LinkToDirectory),
            (EntryKind::LinkOutside, Fault::LinkOutside),
            (EntryKind::Special, Fault::Special),
        ] {
            let files = files.clone().with("a/b/z", kind);
            let error = Needs::new(&Limits::default()).take_all(&files, "a", "").unwrap_err();
            assert_eq!((error.file.as_str(), error.fault), ("a/b/z", fault));
        }
    }
}

//! [`Files`]: the tree a render may look at. The disk and the tests' memory are two implementations.
//!
//! Paths are relative to the checkout, `/`-separated, without `.` and `..`; the checkout itself is
//! the empty path.

use std::collections::BTreeMap;

/// What a directory holds under one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name, without directories. Names that are not UTF-8 come with replacement characters and
    /// kind [`EntryKind::NotUtf8`].
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// What stands behind a name. Symbolic links come resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file, or a link to one inside the checkout; its length in bytes.
    File {
        /// Length in bytes.
        length: u64,
    },
    /// A directory.
    Directory,
    /// A link to a directory inside the checkout: never followed, as in Argo CD.
    LinkToDirectory,
    /// A link that leads out of the checkout.
    LinkOutside,
    /// A link to nothing, or in a circle.
    LinkBroken,
    /// A FIFO, socket or device. Never opened.
    Special,
    /// Something whose name is not UTF-8.
    NotUtf8,
}

/// Why a path cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// There is nothing.
    Missing,
    /// It is not a regular file inside the checkout (any more).
    NotAFile,
    /// It is longer than asked for.
    TooLong,
    /// The system says no; its words, without the path.
    System(String),
}

/// A tree of files. Answers must not change while one tree is read.
pub trait Files {
    /// What `directory` holds, in any order; at most `limit` entries and one more.
    ///
    /// # Errors
    /// When it is not a directory that can be listed.
    fn entries(&self, directory: &str, limit: usize) -> Result<Vec<Entry>, FileFault>;

    /// The bytes of a regular file inside the checkout; never more than `limit` are read.
    ///
    /// # Errors
    /// [`FileFault::TooLong`] when there are more than `limit` bytes.
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileFault>;
}

/// `directory/name`, without a slash at the checkout itself.
#[must_use]
pub fn join(directory: &str, name: &str) -> String {
    if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") }
}

/// Whether `path` is `folder` or stands below it, by components.
#[must_use]
pub fn is_below(path: &str, folder: &str) -> bool {
    folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A tree in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    nodes: BTreeMap<String, Result<Vec<u8>, EntryKind>>,
}

impl MemoryFiles {
    /// Files by path.
    pub fn new<P: Into<String>, B: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, B)>) -> Self {
        Self { nodes: files.into_iter().map(|(path, bytes)| (path.into(), Ok(bytes.into()))).collect() }
    }

    /// This tree with something else than a file at `path`.
    #[must_use]
    pub fn with(mut self, path: &str, kind: EntryKind) -> Self {
        self.nodes.insert(path.to_owned(), Err(kind));
        self
    }
}

impl Files for MemoryFiles {
    fn entries(&self, directory: &str, limit: usize) -> Result<Vec<Entry>, FileFault> {
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let mut entries: BTreeMap<&str, EntryKind> = BTreeMap::new();
        for (path, node) in &self.nodes {
            let Some(rest) = path.strip_prefix(&prefix) else { continue };
            match rest.split_once('/') {
                Some((name, _)) => entries.insert(name, EntryKind::Directory),
                None => entries.insert(
                    rest,
                    match node {
                        Ok(bytes) => EntryKind::File { length: bytes.len() as u64 },
                        Err(kind) => *kind,
                    },
                ),
            };
        }
        if entries.is_empty() && !directory.is_empty() {
            return Err(FileFault::Missing);
        }
        let entries = entries.into_iter().take(limit.saturating_add(1));
        Ok(entries.map(|(name, kind)| Entry { name: name.to_owned(), kind }).collect())
    }

    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileFault> {
        match self.nodes.get(path) {
            None => Err(FileFault::Missing),
            Some(Err(_)) => Err(FileFault::NotAFile),
            Some(Ok(bytes)) if bytes.len() as u64 > limit => Err(FileFault::TooLong),
            Some(Ok(bytes)) => Ok(bytes.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_lists_one_level() {
        let files = MemoryFiles::new([("a.yaml", "x"), ("b/c.yaml", "yy")]).with("p", EntryKind::Special);
        let names: Vec<_> = files.entries("", 10).unwrap().into_iter().map(|e| (e.name, e.kind)).collect();
        assert_eq!(
            names,
            [
                ("a.yaml".to_owned(), EntryKind::File { length: 1 }),
                ("b".to_owned(), EntryKind::Directory),
                ("p".to_owned(), EntryKind::Special),
            ]
        );
        assert_eq!(files.entries("b", 10).unwrap().len(), 1);
        assert_eq!(files.entries("c", 10), Err(FileFault::Missing));
        assert_eq!(files.read("b/c.yaml", 1), Err(FileFault::TooLong));
        assert_eq!(files.read("p", 1), Err(FileFault::NotAFile));
    }
}

//! [`SourceLimits`]: what one tree may cost.

use crate::document::yaml;

/// What one tree may cost; sizes in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceLimits {
    /// All files that are read, together.
    pub tree_bytes: u64,
    /// One file.
    pub file_bytes: u64,
    /// Files and directories that are looked at.
    pub files: usize,
    /// Values and keys in all files together, those behind aliases counted each time.
    pub values: usize,
    /// Documents in all files together.
    pub documents: usize,
    /// Levels of one document, and of directories.
    pub depth: usize,
    /// Values that the aliases of one file may stand for.
    pub alias_nodes: usize,
}

impl Default for SourceLimits {
    fn default() -> Self {
        Self {
            tree_bytes: 256 << 20,
            file_bytes: 32 << 20,
            files: 20_000,
            values: 1_000_000,
            documents: 50_000,
            depth: 128,
            alias_nodes: 100_000,
        }
    }
}

impl SourceLimits {
    /// The same for the reader of one text, whose length was bounded when it was read.
    #[must_use]
    pub fn yaml(&self) -> yaml::Limits {
        yaml::Limits {
            depth: self.depth,
            alias_nodes: self.alias_nodes,
            documents: self.documents,
            values: self.values,
            bytes: usize::MAX,
        }
    }
}

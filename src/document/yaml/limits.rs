//! What one text may cost.

use crate::document::json::MAX_VALUES;

/// Bounds on reading; whatever exceeds one is refused with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Levels of a document, its leaves counted: a value nests at most `depth - 1` lists and maps.
    pub depth: usize,
    /// Values that all aliases of the text together may stand for.
    pub alias_nodes: usize,
    /// Values of the text and keys of its maps, those behind aliases counted each time.
    pub values: usize,
    /// Documents of the text, empty ones counted.
    pub documents: usize,
    /// Length of the text in bytes.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 128, alias_nodes: 100_000, values: MAX_VALUES, documents: 50_000, bytes: 32 << 20 }
    }
}

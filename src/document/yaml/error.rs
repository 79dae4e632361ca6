//! Why a text is not read, and where. Nothing here ever quotes the text: it may hold secrets.

use std::fmt;

/// A place in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Bytes from the start of the text.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// A text that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{position}: {problem}")]
pub struct YamlError {
    /// Where.
    pub position: Position,
    /// Why.
    pub problem: Problem,
}

/// Why a text is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The text breaks YAML's grammar.
    #[error("{0}")]
    Syntax(String),
    /// A character YAML does not allow (NUL among them, which would hide all that follows it).
    #[error("control character U+{:04X} is not allowed", u32::from(*.0))]
    ControlCharacter(char),
    /// More than [`super::Limits::bytes`].
    #[error("longer than {0} bytes")]
    TooLong(usize),
    /// More than [`super::Limits::documents`].
    #[error("more than {0} documents")]
    TooManyDocuments(usize),
    /// More than [`super::Limits::depth`].
    #[error("nests deeper than {0} levels")]
    TooDeep(usize),
    /// More than [`super::Limits::alias_nodes`].
    #[error("aliases stand for more than {0} values")]
    TooManyAliasNodes(usize),
    /// More than [`super::Limits::values`].
    #[error("more than {0} values and keys")]
    TooManyValues(usize),
    /// A flow collection of more tokens than may be held in memory.
    #[error("a flow collection of more than {0} brackets and commas")]
    TooManyFlowTokens(usize),
    /// An alias without its anchor in the same document.
    #[error("an alias refers to an unknown anchor")]
    UnknownAnchor,
    /// An alias inside the very value it names.
    #[error("an anchor's value contains itself")]
    AnchorInsideItself,
    /// A list or a map as a key, or a null one.
    #[error("a map key must be a string, a number or a boolean")]
    KeyNotScalar,
    /// `<<` with something other than maps.
    #[error("'<<' needs a map or a list of maps")]
    MergeNeedsMap,
    /// `.inf`, `.nan`: JSON, and so the API server, has no such number.
    #[error("a number that is not finite")]
    NotFinite,
    /// An explicit tag that the scalar does not satisfy.
    #[error("the value is not a {0}")]
    TagMismatch(&'static str),
}

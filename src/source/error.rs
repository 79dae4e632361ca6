//! Why a tree is refused: what, where, and what to do about it. No text here quotes a manifest.

use std::fmt;

use crate::document::yaml::{Position, Problem};

/// A tree that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceError {
    /// The file, relative to the rendered directory; empty for the directory itself.
    pub file: String,
    /// The line in it, from 1, where one is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No file in the directory is read.
    NoManifestFiles {
        /// Whether sub-directories were left out.
        subdirectories: bool,
    },
    /// Files were read, and hold no object.
    NoObjects,
    /// A renderer the operator has not set up: its field under `tools`.
    NoTool(&'static str),
    /// A chart and a kustomization side by side.
    TwoRenderers,
    /// Jsonnet where nothing evaluates it.
    Jsonnet,
    /// Something of another place than the checkout; holds what people call it.
    Remote(String),
    /// A path that leads out of the checkout.
    OutsideCheckout(String),
    /// A file or directory that is named and not there; holds its path from the checkout.
    NotThere(String),
    /// A link to a directory where a renderer would follow it.
    LinkToDirectory,
    /// What a renderer refuses, with what to do instead.
    Refused(String),
    /// A link out of the checkout.
    LinkOutside,
    /// A link to nothing.
    LinkBroken,
    /// A FIFO, socket or device.
    Special,
    /// A file name that is not UTF-8.
    NameNotUtf8,
    /// The system says no.
    Unreadable(String),
    /// Content that is not UTF-8; bytes before the first bad one.
    NotUtf8(usize),
    /// A text that is not YAML, or over a limit of its own.
    Yaml(Problem),
    /// A text that is not JSON.
    Json(String),
    /// More than one value in a `.json` file.
    ManyJsonValues,
    /// A file over its limit.
    FileTooLong(u64),
    /// A tree over its limit.
    TreeTooLong(u64),
    /// Too many files and directories.
    TooManyFiles(usize),
    /// Too many documents in all files together.
    TooManyDocuments(usize),
    /// Values and keys in all files together; holds the limit.
    TooManyValues(usize),
    /// Directories nest too deep.
    TooDeep(usize),
    /// An `.argocd-source` file that changes the plugin; holds the key.
    PluginOverride {
        /// `plugin`, or the field of it.
        key: String,
    },
    /// The document is no map.
    NotAnObject,
    /// A field every object has is absent, empty or not text.
    Lacks(&'static str),
    /// Two objects are the same one: group, kind, namespace and name.
    SameObject {
        /// `Kind namespace/name`.
        object: String,
        /// The first one's `file:line`.
        first: String,
    },
}

impl SourceError {
    /// A fault of a whole file (or of the directory, if `file` is empty).
    pub fn of(file: impl Into<String>, fault: Fault) -> Self {
        Self { file: file.into(), line: None, fault }
    }

    /// A fault at a line.
    pub fn at(file: impl Into<String>, position: Position, fault: Fault) -> Self {
        Self { file: file.into(), line: Some(position.line.max(1)), fault }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file.is_empty() {
            write!(f, "{}:", self.file)?;
            if let Some(line) = self.line {
                write!(f, "{line}:")?;
            }
            write!(f, " ")?;
        }
        write!(f, "{}", self.fault)
    }
}

impl std::error::Error for SourceError {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoManifestFiles { subdirectories: false } => write!(
                f,
                "the directory holds no .yaml, .yml or .json file: check the application's path, or set allowEmpty in the gate's configuration"
            ),
            Self::NoManifestFiles { subdirectories: true } => write!(
                f,
                "the directory holds no .yaml, .yml or .json file, only sub-directories: set render.plain.recurse in .rendergate.yaml to read them"
            ),
            Self::NoObjects => write!(
                f,
                "the files hold no Kubernetes object, only comments or empty documents: add manifests, or set allowEmpty in the gate's configuration"
            ),
            Self::NoTool(tool) => write!(
                f,
                "{tool} is not set up in this gate: the operator names its program with tools.{tool}.path in the gate's configuration; or commit its output, and set render.type to plain in .rendergate.yaml if it lies in this directory"
            ),
            Self::TwoRenderers => write!(
                f,
                "the directory holds a chart and a kustomization: say which one counts, with render.type in .rendergate.yaml or the plugin parameter type"
            ),
            Self::Jsonnet => write!(
                f,
                "jsonnet is not evaluated by this build of rendergate: commit its output as YAML or JSON, or leave the file out with render.plain.exclude in .rendergate.yaml"
            ),
            Self::Remote(what) => write!(
                f,
                "{what} would be fetched over the network, which a render never uses: vendor it into the repository and name its path"
            ),
            Self::OutsideCheckout(path) => {
                write!(f, "the path '{path}' leads out of the repository: name a path inside it")
            }
            Self::NotThere(path) => write!(f, "there is no '{path}' in the repository: add it, or correct the path"),
            Self::LinkToDirectory => {
                write!(f, "a symbolic link to a directory: replace it with the directory, or name the real path")
            }
            Self::Refused(words) => write!(f, "{words}"),
            Self::LinkOutside => {
                write!(f, "a symbolic link leads out of the repository: replace it with a copy of the file")
            }
            Self::LinkBroken => write!(f, "a symbolic link leads to nothing: remove it or restore its target"),
            Self::Special => write!(f, "not a regular file (a FIFO, socket or device), and never opened: remove it"),
            Self::NameNotUtf8 => write!(f, "the file's name is not UTF-8: rename it"),
            Self::Unreadable(words) => write!(f, "cannot be read: {words}"),
            Self::NotUtf8(at) => write!(f, "not UTF-8 at byte {}: save the file as UTF-8", at + 1),
            Self::Yaml(problem) => write!(f, "not readable as YAML: {problem}"),
            Self::Json(problem) => write!(f, "not readable as JSON: {problem}"),
            Self::ManyJsonValues => write!(
                f,
                "more than one value: a .json file holds one object, as in Argo CD; use a List or one file each"
            ),
            Self::FileTooLong(limit) => write!(f, "longer than {limit} bytes (limits.fileBytes)"),
            Self::TreeTooLong(limit) => {
                write!(f, "the files together are longer than {limit} bytes (limits.treeBytes)")
            }
            Self::TooManyFiles(limit) => write!(f, "more than {limit} files and directories (limits.files)"),
            Self::TooManyValues(limit) => write!(f, "more than {limit} values and keys in all (limits.values)"),
            Self::TooManyDocuments(limit) => write!(f, "more than {limit} documents in all (limits.documents)"),
            Self::TooDeep(limit) => write!(f, "directories nest deeper than {limit} levels (limits.depth)"),
            Self::PluginOverride { key } => write!(
                f,
                "'{key}' would switch or change the plugin that the Application names: remove it, and write it in the Application"
            ),
            Self::NotAnObject => write!(
                f,
                "not a Kubernetes object: a manifest is a map with apiVersion, kind and metadata; leave the file out with render.plain.exclude in .rendergate.yaml if it is none"
            ),
            Self::Lacks(field) => write!(
                f,
                "a Kubernetes object without {field}: add it, or leave the file out with render.plain.exclude in .rendergate.yaml if it is none"
            ),
            Self::SameObject { object, first } => {
                write!(f, "{object} is written twice, first at {first}: remove or rename one")
            }
        }
    }
}

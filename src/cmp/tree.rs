//! [`ArchivedTree`]: a checkout that is still an archive. The first reading keeps the manifests of one
//! application; whatever else is asked for (a base beside it, a link's target, a chart's templates) costs
//! another reading, and only those who ask pay for it. `.git` is not there, links are followed inside only.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::Bound;

use crate::render::Stop;
use crate::source::files::{is_below, join};
use crate::source::{Entry, EntryKind, FileFault, Files, RENDER_CONFIGURATION};

use super::archive::{self, ArchiveError, Bounds, Kind, Name};
use super::spool::Reread;

/// Bytes of files that the first reading keeps.
const FIRST_KEEPS: u64 = 16 << 20;

/// Readings of single folders; after that, everything is read at once.
const MOST_READINGS: usize = 16;

/// Names that are kept of one archive.
const MOST_NAMES: usize = 200_000;

/// Links on the way to one file.
const MOST_LINKS: usize = 40;

/// Folders above one file.
const DEEPEST: usize = 256;

/// What a checkout may cost; sizes in bytes.
#[derive(Clone, Copy, Debug)]
pub struct TreeLimits {
    /// The whole archive when expanded.
    pub expanded: u64,
    /// One file that is kept.
    pub file: u64,
    /// All files that are kept.
    pub kept: u64,
}

/// A checkout that is still an archive.
pub struct ArchivedTree<'a> {
    archive: RefCell<Box<dyn Reread>>,
    limits: TreeLimits,
    stop: &'a Stop,
    /// The application's directory as the first reading knew it.
    application: String,
    nodes: RefCell<Nodes>,
    /// Whether every name of the archive is known.
    complete: Cell<bool>,
    readings: Cell<usize>,
    kept: Cell<u64>,
}

type Nodes = BTreeMap<String, Node>;

#[derive(Clone, Debug)]
enum Node {
    Directory,
    File { length: u64, content: Option<Vec<u8>> },
    Link(Option<String>),
    NotUtf8,
}

impl Node {
    /// The same without a file's content, which may be long.
    fn without_content(&self) -> Self {
        match self {
            Self::File { length, .. } => Self::File { length: *length, content: None },
            Self::Directory | Self::Link(_) | Self::NotUtf8 => self.clone(),
        }
    }
}

/// Where a path leads.
enum Place {
    Directory(String),
    File { path: String, length: u64 },
    Missing,
    Outside,
}

impl<'a> ArchivedTree<'a> {
    /// Reads an archive for the application at `relative` (Argo CD's appRelPath).
    ///
    /// # Errors
    /// When the archive is refused, with what stands in the way.
    pub fn open(
        archive: Box<dyn Reread>,
        relative: &str,
        limits: TreeLimits,
        stop: &'a Stop,
    ) -> Result<(Self, String), ArchiveError> {
        // By the rule of the names in the archive.
        let application = Name::of(relative.as_bytes()).map_err(|_| ArchiveError::LeadsOut(relative.to_owned()))?;
        let application = application.shown().to_owned();
        let tree = Self {
            archive: RefCell::new(archive),
            limits,
            stop,
            application,
            nodes: RefCell::new(BTreeMap::from([(String::new(), Node::Directory)])),
            complete: Cell::new(false),
            readings: Cell::new(0),
            kept: Cell::new(0),
        };
        let first = limits.kept.min(FIRST_KEEPS);
        let application = tree.application.clone();
        tree.reading(|path| tree.is_near(path), is_manifest, first, true)?;
        // The directory itself may be reached through a link.
        match tree.place(&application)? {
            Place::Directory(path) => Ok((tree, path)),
            Place::Outside => Err(ArchiveError::LeadsOut(application)),
            Place::File { .. } | Place::Missing => Err(ArchiveError::NoDirectory(application)),
        }
    }

    /// Whether the first reading remembers this name: the application's own, and what stands above it.
    fn is_near(&self, path: &str) -> bool {
        let above = |path: &str| path.is_empty() || is_below(&self.application, path);
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        is_below(path, &self.application) || above(path) || (name == RENDER_CONFIGURATION && above(folder))
    }

    /// One reading of the archive: remembers the names that `wanted` wants, and the content of those files
    /// that `content` wants, up to `budget` bytes of them. `fresh` says that no wanted name is known yet.
    fn reading(
        &self,
        wanted: impl Fn(&str) -> bool,
        content: impl Fn(&str) -> bool,
        budget: u64,
        fresh: bool,
    ) -> Result<(), ArchiveError> {
        self.readings.set(self.readings.get() + 1);
        let mut archive = self.archive.borrow_mut();
        archive.rewind().map_err(|error| ArchiveError::Damaged(error.kind()))?;
        let bounds = Bounds { expanded: self.limits.expanded, stop: self.stop };
        archive::read(&mut **archive, bounds, |name, kind| {
            let path = name.shown();
            if path.split('/').any(|component| component == ".git") || !wanted(path) {
                return Ok(());
            }
            let node = match (name, kind) {
                (Name::NotUtf8(_), _) => Node::NotUtf8,
                (_, Kind::Directory) => Node::Directory,
                (_, Kind::Link(target)) => Node::Link(target),
                (_, Kind::File(length, from)) => {
                    let kept = matches!(self.nodes.borrow().get(path), Some(Node::File { content: Some(_), .. }));
                    let fits = length <= self.limits.file && self.kept.get().saturating_add(length) <= budget;
                    let content = (!kept && fits && content(path)).then(|| read_all(from, length)).transpose()?;
                    self.kept.set(self.kept.get() + content.as_ref().map_or(0, |c| c.len() as u64));
                    Node::File { length, content }
                }
            };
            insert(&mut self.nodes.borrow_mut(), path, node, fresh)
        })
    }

    /// Learns every name of the archive.
    fn complete(&self) -> Result<(), ArchiveError> {
        if !self.complete.get() {
            self.reading(|path| !self.is_near(path), |_| false, 0, true)?;
            self.complete.set(true);
        }
        Ok(())
    }

    fn node(&self, path: &str) -> Result<Option<Node>, ArchiveError> {
        if !self.is_near(path) {
            self.complete()?;
        }
        Ok(self.nodes.borrow().get(path).map(Node::without_content))
    }

    /// Follows links as the system would, inside the archive only.
    fn place(&self, path: &str) -> Result<Place, ArchiveError> {
        let mut waiting: Vec<String> = path.split('/').rev().map(str::to_owned).collect();
        let mut at: Vec<String> = Vec::new();
        let mut links = 0;
        let mut length = None;
        while let Some(component) = waiting.pop() {
            match component.as_str() {
                "" | "." => continue,
                ".." if at.pop().is_some() => {
                    length = None;
                    continue;
                }
                ".." | ".git" => return Ok(Place::Outside),
                _ if length.is_some() || at.len() > DEEPEST => return Ok(Place::Missing),
                _ => at.push(component),
            }
            match self.node(&at.join("/"))? {
                None | Some(Node::NotUtf8 | Node::Link(None)) => return Ok(Place::Missing),
                Some(Node::Directory) => {}
                Some(Node::File { length: of, .. }) => length = Some(of),
                Some(Node::Link(Some(target))) => {
                    links += 1;
                    if target.starts_with('/') {
                        return Ok(Place::Outside);
                    }
                    if links > MOST_LINKS || target.is_empty() {
                        return Ok(Place::Missing);
                    }
                    at.pop();
                    waiting.extend(target.split('/').rev().map(str::to_owned));
                }
            }
        }
        let path = at.join("/");
        Ok(length.map_or_else(|| Place::Directory(path.clone()), |length| Place::File { path: path.clone(), length }))
    }

    /// The content of a file, read again for if it was not kept.
    fn content(&self, path: &str) -> Result<Vec<u8>, ArchiveError> {
        if let Some(content) = self.kept_content(path) {
            return Ok(content);
        }
        // Whoever reads one file of a folder reads more of them.
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let everything = self.readings.get() >= MOST_READINGS;
        let known = |path: &str| self.nodes.borrow().contains_key(path);
        self.reading(known, |p| p == path || everything || is_below(p, folder), self.limits.kept, false)?;
        self.kept_content(path).ok_or(ArchiveError::Full(self.limits.kept))
    }

    fn kept_content(&self, path: &str) -> Option<Vec<u8>> {
        match self.nodes.borrow().get(path) {
            Some(Node::File { content: Some(content), .. }) => Some(content.clone()),
            _ => None,
        }
    }
}

impl Files for ArchivedTree<'_> {
    fn entries(&self, directory: &str, limit: usize) -> Result<Vec<Entry>, FileFault> {
        let directory = match self.place(directory).map_err(fault)? {
            Place::Directory(path) => path,
            Place::File { .. } | Place::Missing => return Err(FileFault::Missing),
            Place::Outside => return Err(FileFault::NotAFile),
        };
        if !is_below(&directory, &self.application) {
            self.complete().map_err(fault)?;
        }
        let children = children(&self.nodes.borrow(), &directory, limit);
        children
            .into_iter()
            .map(|(name, node)| {
                let kind = match node {
                    Node::Directory => EntryKind::Directory,
                    Node::File { length, .. } => EntryKind::File { length },
                    Node::NotUtf8 => EntryKind::NotUtf8,
                    Node::Link(_) => match self.place(&join(&directory, &name)).map_err(fault)? {
                        Place::File { length, .. } => EntryKind::File { length },
                        Place::Directory(_) => EntryKind::LinkToDirectory,
                        Place::Missing => EntryKind::LinkBroken,
                        Place::Outside => EntryKind::LinkOutside,
                    },
                };
                Ok(Entry { name, kind })
            })
            .collect()
    }

    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileFault> {
        match self.place(path).map_err(fault)? {
            Place::File { length, .. } if length > limit => Err(FileFault::TooLong),
            Place::File { path, .. } => self.content(&path).map_err(fault),
            Place::Missing => Err(FileFault::Missing),
            Place::Directory(_) | Place::Outside => Err(FileFault::NotAFile),
        }
    }
}

/// What stands directly in a directory, at most `limit` names and one more.
fn children(nodes: &Nodes, directory: &str, limit: usize) -> Vec<(String, Node)> {
    let mut found = Vec::new();
    let mut from = if directory.is_empty() { String::new() } else { format!("{directory}/") };
    let prefix = from.clone();
    while found.len() <= limit {
        let Some((path, node)) = nodes.range::<str, _>((Bound::Included(from.as_str()), Bound::Unbounded)).next()
        else {
            break;
        };
        let Some(rest) = path.strip_prefix(&prefix) else { break };
        match rest.split_once('/') {
            // Everything below a child: skipped in one step, to what sorts behind `child/`.
            Some((name, _)) => from = format!("{prefix}{name}0"),
            None => {
                if !rest.is_empty() {
                    found.push((rest.to_owned(), node.without_content()));
                }
                from = format!("{path}\0");
            }
        }
    }
    found
}

/// Adds a node and the directories above it.
fn insert(nodes: &mut Nodes, path: &str, node: Node, fresh: bool) -> Result<(), ArchiveError> {
    let contradiction = || ArchiveError::Contradiction(path.chars().take(200).collect());
    for (at, _) in path.match_indices('/') {
        let above = path.get(..at).unwrap_or_default();
        match nodes.get(above) {
            Some(Node::Directory) => {}
            Some(_) => return Err(contradiction()),
            None => drop(nodes.insert(above.to_owned(), Node::Directory)),
        }
    }
    if nodes.len() >= MOST_NAMES {
        return Err(ArchiveError::TooMany);
    }
    match (nodes.get_mut(path), node) {
        (Some(Node::Directory), Node::Directory) | (Some(Node::NotUtf8), Node::NotUtf8) => {}
        (Some(_), _) if fresh => return Err(contradiction()),
        (Some(Node::File { content, .. }), Node::File { content: Some(read), .. }) => *content = Some(read),
        (Some(_), _) => {}
        (None, node) => drop(nodes.insert(path.to_owned(), node)),
    }
    Ok(())
}

fn is_manifest(path: &str) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(_, extension)| matches!(extension, "yaml" | "yml" | "json" | "jsonnet" | "libsonnet"))
}

fn read_all(from: &mut dyn std::io::Read, length: u64) -> Result<Vec<u8>, ArchiveError> {
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    from.take(length).read_to_end(&mut bytes).map_err(|error| ArchiveError::Damaged(error.kind()))?;
    Ok(bytes)
}

fn fault(error: ArchiveError) -> FileFault {
    FileFault::System(error.to_string())
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;

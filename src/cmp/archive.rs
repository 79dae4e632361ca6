//! Reading a gzipped tar with bounds on everything. Regular files, directories and symbolic links are what
//! Argo CD sends; anything else, and any name that leads out, is refused.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use tar::{Archive, EntryType, PaxExtensions};

use crate::render::{Stop, Stopped};

/// Entries of one archive.
const MOST_ENTRIES: usize = 1_000_000;

/// The longest name or extended header, in bytes.
const LONGEST_HEADER: u64 = 1 << 20;

/// Bytes between two looks at the clock.
const LOOK_EVERY: u64 = 1 << 20;

/// What stands under one name.
pub enum Kind<'r> {
    /// A directory.
    Directory,
    /// A regular file of this length; reading it is up to whoever is told of it.
    File(u64, &'r mut dyn Read),
    /// A symbolic link to this target; `None` if the target is not UTF-8.
    Link(Option<String>),
}

/// Why an archive is refused.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Not gzip, not tar, or cut short.
    #[error("the archive is damaged: {0}")]
    Damaged(io::ErrorKind),
    /// Over a bound.
    #[error("the archive is longer than {0} bytes when expanded (--expanded-bytes)")]
    TooLong(u64),
    /// Over a bound.
    #[error("the archive holds more than {MOST_ENTRIES} entries")]
    TooMany,
    /// A name, target or extended header over a bound.
    #[error("a header in the archive is longer than {LONGEST_HEADER} bytes")]
    HeaderTooLong,
    /// A name that leads out.
    #[error("{0}: a name in the archive leads out of it")]
    LeadsOut(String),
    /// A device, FIFO, hard link or sparse file.
    #[error("{0}: neither a regular file, nor a directory, nor a symbolic link")]
    Special(String),
    /// A file of 8 GiB or more.
    #[error("{0}: a file of 8 GiB or more")]
    Huge(String),
    /// Two entries contradict one another.
    #[error("{0}: the archive holds this name twice, or something below a file")]
    Contradiction(String),
    /// The application's directory is not there.
    #[error("{0}: there is no such directory in the repository")]
    NoDirectory(String),
    /// Files that must be kept at once are over the bound.
    #[error("the files of this render are longer than {0} bytes together (limits.treeBytes)")]
    Full(u64),
    /// Time is up.
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Bounds of one reading.
#[derive(Clone, Copy)]
pub struct Bounds<'a> {
    /// Bytes of the whole archive when expanded.
    pub expanded: u64,
    /// When to give up.
    pub stop: &'a Stop,
}

/// Reads `archive` and tells `each` of every entry: its path without `.` and empty components, `None` for a
/// path that is not UTF-8 together with its readable beginning.
///
/// # Errors
/// The first thing that is refused.
pub fn read(
    archive: impl Read,
    bounds: Bounds<'_>,
    mut each: impl FnMut(&Name, Kind<'_>) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let mut bounded = Bounded { inner: MultiGzDecoder::new(io::BufReader::new(archive)), bounds, read: 0, looked: 0 };
    let told = tell(&mut bounded, &mut each);
    // What the reader stopped for is said better than what tar makes of it.
    match told {
        Err(ArchiveError::Damaged(_)) if bounded.read > bounds.expanded => Err(ArchiveError::TooLong(bounds.expanded)),
        Err(ArchiveError::Damaged(kind)) => {
            bounds.stop.check()?;
            Err(ArchiveError::Damaged(kind))
        }
        told => told,
    }
}

fn tell(
    bounded: &mut Bounded<'_, impl Read>,
    each: &mut impl FnMut(&Name, Kind<'_>) -> Result<(), ArchiveError>,
) -> Result<(), ArchiveError> {
    let damaged = |error: io::Error| ArchiveError::Damaged(error.kind());
    let mut archive = Archive::new(&mut *bounded);
    let (mut name, mut target): (Option<Vec<u8>>, Option<Vec<u8>>) = (None, None);
    // Raw, because the library would read names and extended headers of any length.
    for (seen, entry) in archive.entries().map_err(damaged)?.raw(true).enumerate() {
        if seen >= MOST_ENTRIES {
            return Err(ArchiveError::TooMany);
        }
        let mut entry = entry.map_err(damaged)?;
        let kind = entry.header().entry_type();
        match kind {
            EntryType::GNULongName => name = Some(without_end(text_of(&mut entry)?)),
            EntryType::GNULongLink => target = Some(without_end(text_of(&mut entry)?)),
            EntryType::XHeader => {
                let bytes = text_of(&mut entry)?;
                for record in PaxExtensions::new(&bytes) {
                    let record = record.map_err(damaged)?;
                    match record.key_bytes() {
                        b"path" => name = Some(record.value_bytes().to_vec()),
                        b"linkpath" => target = Some(record.value_bytes().to_vec()),
                        // Written only when the header has no room for the length.
                        b"size" => return Err(ArchiveError::Huge(shown(name.as_deref().unwrap_or_default()))),
                        key if key.starts_with(b"GNU.sparse") => {
                            return Err(ArchiveError::Special(shown(name.as_deref().unwrap_or_default())));
                        }
                        _ => {}
                    }
                }
            }
            EntryType::XGlobalHeader => drop(text_of(&mut entry)?),
            _ => {
                let path = name.take().unwrap_or_else(|| entry.path_bytes().into_owned());
                let path = Name::of(&path)?;
                let target = target.take().or_else(|| entry.link_name_bytes().map(std::borrow::Cow::into_owned));
                match kind {
                    EntryType::Directory => each(&path, Kind::Directory)?,
                    EntryType::Regular | EntryType::Continuous => {
                        let length = entry.size();
                        each(&path, Kind::File(length, &mut entry))?;
                    }
                    EntryType::Symlink => {
                        each(&path, Kind::Link(String::from_utf8(target.unwrap_or_default()).ok()))?;
                    }
                    _ => return Err(ArchiveError::Special(path.shown().to_owned())),
                }
            }
        }
    }
    Ok(())
}

/// The content of a header that holds text.
fn text_of(entry: &mut impl Read) -> Result<Vec<u8>, ArchiveError> {
    let mut bytes = Vec::new();
    let read = entry.take(LONGEST_HEADER + 1).read_to_end(&mut bytes);
    read.map_err(|error| ArchiveError::Damaged(error.kind()))?;
    if bytes.len() as u64 > LONGEST_HEADER { Err(ArchiveError::HeaderTooLong) } else { Ok(bytes) }
}

/// GNU ends its long names with a zero.
fn without_end(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.last() == Some(&0) {
        bytes.pop();
    }
    bytes
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(200).collect()
}

/// An entry's path, normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// Components joined with `/`; empty for the root.
    Path(String),
    /// Not UTF-8: up to and with the first component that is not, in replacement characters.
    NotUtf8(String),
}

impl Name {
    /// Refuses what is absolute or climbs.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, ArchiveError> {
        let leads_out = || ArchiveError::LeadsOut(shown(bytes));
        if bytes.first() == Some(&b'/') || bytes.contains(&0) {
            return Err(leads_out());
        }
        let mut path = String::with_capacity(bytes.len());
        let mut unreadable = false;
        for component in bytes.split(|byte| *byte == b'/') {
            match component {
                b"" | b"." => continue,
                b".." => return Err(leads_out()),
                _ if unreadable => continue,
                _ => {}
            }
            if !path.is_empty() {
                path.push('/');
            }
            let text = String::from_utf8_lossy(component);
            unreadable = matches!(text, std::borrow::Cow::Owned(_));
            path.push_str(&text);
        }
        Ok(if unreadable { Self::NotUtf8(path) } else { Self::Path(path) })
    }

    /// The path for people.
    #[must_use]
    pub fn shown(&self) -> &str {
        match self {
            Self::Path(path) | Self::NotUtf8(path) => path,
        }
    }
}

/// Ends a reading that is over its bounds.
struct Bounded<'a, R> {
    inner: MultiGzDecoder<io::BufReader<R>>,
    bounds: Bounds<'a>,
    read: u64,
    looked: u64,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.read >= self.looked {
            self.looked = self.read + LOOK_EVERY;
            self.bounds.stop.check().map_err(io::Error::other)?;
        }
        let read = self.inner.read(into)?;
        self.read += read as u64;
        if self.read > self.bounds.expanded {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_inside() {
        let name = |bytes: &[u8]| Name::of(bytes).ok();
        assert_eq!(name(b"./a//b/"), Some(Name::Path("a/b".to_owned())));
        assert_eq!(name(b"./"), Some(Name::Path(String::new())));
        assert_eq!(name(b"a/\xff/b"), Some(Name::NotUtf8("a/\u{fffd}".to_owned())));
        for out in [&b"../a"[..], b"a/../b", b"/etc/passwd", b"a/\0b", b"\xff/.."] {
            assert_eq!(name(out), None, "{out:?}");
        }
    }
}

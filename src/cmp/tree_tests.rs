use std::io::{Cursor, Write};

use proptest::prelude::*;
use tar::{Builder, EntryType, Header};

use super::*;
use crate::render::Stop;

/// What goes into an archive: a file, a link, or another kind of entry.
enum Put<'p> {
    File(&'p str, &'p [u8]),
    Link(&'p str, &'p str),
    Special(&'p str, EntryType),
}
use Put::{File, Link, Special};

fn archive(entries: &[Put<'_>]) -> Box<dyn Reread> {
    let mut builder = Builder::new(Vec::new());
    for entry in entries {
        let (name, kind, target, content): (&str, _, _, &[u8]) = match entry {
            File(name, content) => (name, EntryType::Regular, "", content),
            Link(name, target) => (name, EntryType::Symlink, target, b""),
            Special(name, kind) => (name, *kind, "target", b""),
        };
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        // Written as bytes: the library refuses the names these tests are about.
        let gnu = header.as_gnu_mut().expect("a GNU header");
        gnu.name[..name.len()].copy_from_slice(name.as_bytes());
        gnu.linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_cksum();
        builder.append(&header, content).expect("an entry");
    }
    zipped(&builder.into_inner().expect("an archive"))
}

fn zipped(tar: &[u8]) -> Box<dyn Reread> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(tar).expect("memory");
    Box::new(Cursor::new(gzip.finish().expect("memory")))
}

const LIMITS: TreeLimits = TreeLimits { expanded: 64 << 20, file: 1 << 20, kept: 4 << 20 };

fn open<'a>(entries: &[Put<'_>], relative: &str, stop: &'a Stop) -> Result<(ArchivedTree<'a>, String), String> {
    ArchivedTree::open(archive(entries), relative, LIMITS, stop).map_err(|e| e.to_string())
}

fn listed(tree: &ArchivedTree<'_>, directory: &str) -> Vec<(String, EntryKind)> {
    tree.entries(directory, 100).expect("a directory").into_iter().map(|e| (e.name, e.kind)).collect()
}

const REPOSITORY: &[Put<'static>] = &[
    File("./apps/shop/web.yaml", b"web"),
    File("apps/shop/templates/helpers.tpl", b"helpers"),
    File("apps/shop/templates/notes.txt", b"notes"),
    File("apps/shopping/other.yaml", b"other"),
    File("apps/.rendergate.yaml", b"own"),
    File("base/web.yaml", b"base"),
    File(".git/config", b"token"),
    File("apps/shop/.git/config", b"token"),
    Link("apps/shop/linked.yaml", "../../base/web.yaml"),
    Link("apps/shop/folder", "templates"),
    Link("apps/shop/out.yaml", "../../../etc/passwd"),
    Link("apps/shop/absolute.yaml", "/etc/passwd"),
    Link("apps/shop/circle.yaml", "circle.yaml"),
    Link("apps/shop/broken.yaml", "nothing"),
    Link("apps/shop/git.yaml", "../../.git/config"),
    Link("apps/alias", "shop"),
];

#[test]
fn a_checkout_is_read_as_from_disk() {
    let stop = Stop::never();
    let (tree, directory) = open(REPOSITORY, "./apps//shop/", &stop).expect("a tree");
    assert_eq!(directory, "apps/shop");
    let file = |length| EntryKind::File { length };
    let expected = [
        ("absolute.yaml", EntryKind::LinkOutside),
        ("broken.yaml", EntryKind::LinkBroken),
        ("circle.yaml", EntryKind::LinkBroken),
        ("folder", EntryKind::LinkToDirectory),
        ("git.yaml", EntryKind::LinkOutside),
        ("linked.yaml", file(4)),
        ("out.yaml", EntryKind::LinkOutside),
        ("templates", EntryKind::Directory),
        ("web.yaml", file(3)),
    ];
    assert_eq!(listed(&tree, "apps/shop"), expected.map(|(name, kind)| (name.to_owned(), kind)));
    assert_eq!(tree.read("apps/shop/linked.yaml", 9).as_deref(), Ok(&b"base"[..]));
    assert_eq!(tree.read("apps/.rendergate.yaml", 9).as_deref(), Ok(&b"own"[..]));
    assert_eq!(tree.read(".rendergate.yaml", 9), Err(FileFault::Missing));
    assert_eq!(tree.read("apps/shop/web.yaml", 2), Err(FileFault::TooLong));
    for outside in ["apps/shop/out.yaml", "apps/shop/absolute.yaml", "apps/shop/git.yaml", ".git/config", "apps/shop"] {
        assert_eq!(tree.read(outside, 9), Err(FileFault::NotAFile), "{outside}");
    }
    for missing in ["apps/shop/circle.yaml", "apps/shop/web.yaml/x", "apps/other", "base/none.yaml"] {
        assert_eq!(tree.read(missing, 9), Err(FileFault::Missing), "{missing}");
    }
    assert_eq!(listed(&tree, "base"), [("web.yaml".to_owned(), file(4))]);
    assert_eq!(tree.entries("apps/shop", 2).expect("a directory").len(), 3, "one more than the limit");
}

#[test]
fn only_who_asks_for_more_pays_for_another_reading() {
    let stop = Stop::never();
    let (tree, _) = open(REPOSITORY, "apps/shop", &stop).expect("a tree");
    assert_eq!(tree.read("apps/shop/web.yaml", 9).as_deref(), Ok(&b"web"[..]));
    assert_eq!(tree.read("apps/shop/.rendergate.yaml", 9), Err(FileFault::Missing));
    assert_eq!(tree.readings.get(), 1);
    assert!(!tree.nodes.borrow().keys().any(|name| name.contains("shopping") || name.contains(".git")));
    assert_eq!(tree.read("apps/shop/templates/helpers.tpl", 9).as_deref(), Ok(&b"helpers"[..]));
    assert_eq!(tree.read("apps/shop/templates/notes.txt", 9).as_deref(), Ok(&b"notes"[..]));
    assert_eq!(tree.readings.get(), 2, "one folder, one reading");
}

#[test]
fn the_applications_directory_is_found_by_components() {
    let stop = Stop::never();
    let found = |relative: &str| open(REPOSITORY, relative, &stop).map(|(_, directory)| directory);
    assert_eq!(found(".").as_deref(), Ok(""));
    assert_eq!(found("apps/shopping").as_deref(), Ok("apps/shopping"));
    assert_eq!(found("apps/alias").as_deref(), Ok("apps/shop"), "through a link inside");
    for out in ["../apps", "apps/../../x", "/apps/shop"] {
        assert!(found(out).unwrap_err().contains("leads out"), "{out}");
    }
    for missing in ["apps/sho", "apps/shop/web.yaml", "apps/shop/folder/none"] {
        assert_eq!(found(missing).unwrap_err(), format!("{missing}: there is no such directory in the repository"));
    }
    let (tree, _) = open(REPOSITORY, "apps/shop", &stop).expect("a tree");
    assert!(!listed(&tree, "apps/shop").iter().any(|(name, _)| name == "other.yaml"), "a sibling with the same prefix");
}

#[test]
fn what_does_not_belong_into_a_checkout_is_refused() {
    let stop = Stop::never();
    let refused = |entries: &[Put<'_>]| open(entries, ".", &stop).err().expect("a refusal");
    for name in ["../a.yaml", "a/../../b.yaml", "/etc/passwd"] {
        assert!(refused(&[File(name, b"x")]).contains("leads out"), "{name}");
    }
    for kind in [EntryType::Char, EntryType::Block, EntryType::Fifo, EntryType::Link, EntryType::GNUSparse] {
        assert!(refused(&[Special("dev", kind)]).starts_with("dev: neither a regular file"), "{kind:?}");
    }
    let twice = "the archive holds this name twice";
    assert!(refused(&[File("a", b"1"), File("a", b"2")]).contains(twice));
    assert!(refused(&[Link("a", "b"), File("a/c.yaml", b"2")]).contains(twice));
    assert!(refused(&[File("a/c.yaml", b"2"), Link("a", "b")]).contains(twice));
}

#[test]
fn an_archive_is_bounded() {
    let stop = Stop::never();
    let bomb = vec![0_u8; 3 << 20];
    let entries = [File("apps/a.yaml", b"a"), File("big.bin", &bomb), File("apps/long.yaml", &bomb)];
    let limits = TreeLimits { expanded: 2 << 20, ..LIMITS };
    let error = ArchivedTree::open(archive(&entries), "apps", limits, &stop).err().expect("a refusal");
    assert_eq!(error.to_string(), "the archive is longer than 2097152 bytes when expanded (--expanded-bytes)");
    let (tree, _) = open(&entries, "apps", &stop).expect("within bounds");
    assert_eq!(tree.kept.get(), 1, "a file over the limit is listed and not kept");
    assert_eq!(tree.read("apps/long.yaml", LIMITS.file), Err(FileFault::TooLong));
    let many: Vec<Vec<u8>> = (0..6).map(|_| vec![b'x'; 1 << 20]).collect();
    let names: Vec<String> = (0..6).map(|n| format!("{n}.yaml")).collect();
    let entries: Vec<_> = names.iter().zip(&many).map(|(name, content)| File(name, content)).collect();
    let (tree, _) = open(&entries, ".", &stop).expect("within bounds");
    assert!(tree.read("3.yaml", LIMITS.file).is_ok());
    assert!(
        matches!(tree.read("5.yaml", LIMITS.file), Err(FileFault::System(why)) if why.contains("limits.treeBytes"))
    );
}

#[test]
fn a_damaged_archive_is_refused_and_a_late_one_given_up() {
    let stop = Stop::never();
    let damaged = |bytes: &[u8]| {
        let opened = ArchivedTree::open(Box::new(Cursor::new(bytes.to_vec())), ".", LIMITS, &stop);
        opened.err().expect("a refusal").to_string()
    };
    assert!(damaged(b"not gzip").starts_with("the archive is damaged"));
    let mut whole = Vec::new();
    let long: Vec<u8> = (0..100_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    std::io::Read::read_to_end(&mut archive(&[File("a.yaml", &long)]), &mut whole).expect("bytes");
    assert!(damaged(&whole[..whole.len() / 2]).starts_with("the archive is damaged"));
    let gone = Stop::never();
    gone.cancel();
    let late = ArchivedTree::open(archive(REPOSITORY), ".", LIMITS, &gone).err().expect("a refusal");
    assert!(matches!(late, ArchiveError::Stopped(_)), "{late}");
}

#[test]
fn long_names_are_read_in_both_forms() {
    let stop = Stop::never();
    let name = format!("apps/{}/{}.yaml", "d".repeat(120), "n".repeat(120));
    let mut gnu = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_size(1);
    gnu.append_data(&mut header, &name, &b"x"[..]).expect("an entry");
    let record = |key: &str, value: &str| {
        let rest = format!(" {key}={value}\n");
        let length = (rest.len()..).find(|n| n.to_string().len() + rest.len() == *n).expect("a length");
        format!("{length}{rest}")
    };
    let mut pax = Builder::new(Vec::new());
    for (kind, content) in [(EntryType::XHeader, record("path", &name)), (EntryType::Regular, "x".to_owned())] {
        let mut header = Header::new_ustar();
        header.set_path("short").expect("a name");
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_cksum();
        pax.append(&header, content.as_bytes()).expect("an entry");
    }
    for tar in [gnu.into_inner(), pax.into_inner()] {
        let archive = zipped(&tar.expect("an archive"));
        let (tree, _) = ArchivedTree::open(archive, "apps", LIMITS, &stop).expect("a tree");
        assert_eq!(tree.read(&name, 9).as_deref(), Ok(&b"x"[..]));
    }
}

proptest! {
    /// Whatever stands in an archive: an answer or an error, and nothing over the bounds.
    #[test]
    fn no_archive_leads_out_or_panics(
        edits in prop::collection::vec((0_usize..8192, any::<u8>()), 0..40),
        cut in 0_usize..8192,
        path in "[a-c./]{0,6}",
    ) {
        let mut tar = Vec::new();
        let mut zipped_archive = archive(REPOSITORY);
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&mut zipped_archive), &mut tar).expect("bytes");
        for (at, byte) in edits {
            if let Some(place) = tar.get_mut(at) {
                *place = byte;
            }
        }
        tar.truncate(tar.len() - cut.min(tar.len()));
        let stop = Stop::never();
        if let Ok((tree, directory)) = ArchivedTree::open(zipped(&tar), &path, LIMITS, &stop) {
            prop_assert!(!directory.split('/').any(|c| c == ".." || c == ".git"));
            for entry in tree.entries(&directory, 100).unwrap_or_default() {
                prop_assert!(!entry.name.contains('/') && entry.name != ".." && entry.name != ".git");
                let _ = tree.read(&join(&directory, &entry.name), LIMITS.file);
            }
            prop_assert!(tree.kept.get() <= LIMITS.kept);
        }
    }
}

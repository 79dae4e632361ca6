//! A room imports only rooms above it, and rooms 0 to 4 touch no file, clock, environment or network.
//! Read from parsed paths (syn), macro arguments included, not from text.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// Each room, its band, and the siblings of its own band it may see. `main.rs` and `lib.rs` are the frame.
const ROOMS: &[(&str, u8, &[&str])] = &[
    ("document", 0, &[]),
    ("jmespath", 1, &[]),
    ("template", 1, &["jmespath"]),
    ("pattern", 1, &[]),
    ("mutate", 1, &["pattern"]),
    ("pod_security", 1, &[]),
    ("signed_manifest", 1, &[]),
    ("config", 2, &[]),
    ("source", 2, &["config"]),
    ("policy", 3, &[]),
    ("engine", 4, &[]),
    ("output", 5, &[]),
    ("operator", 5, &["output"]),
    ("tools", 5, &[]),
    ("render", 6, &[]),
    ("cmp", 6, &["render"]),
    ("suite", 6, &[]),
    ("webhook", 6, &[]),
    ("cli", 7, &[]),
];

/// The last band that must be pure.
const PURE: u8 = 4;

/// What a pure room may not name, outside its tests. A path is refused when it begins with one of these.
const FENCED: &[&[&str]] = &[
    &["std", "fs"],
    &["std", "env"],
    &["std", "net", "TcpListener"],
    &["std", "net", "TcpStream"],
    &["std", "net", "ToSocketAddrs"],
    &["std", "net", "UdpSocket"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "io", "stdin"],
    &["std", "io", "stdout"],
    &["std", "io", "stderr"],
    &["std", "time", "SystemTime"],
    &["std", "time", "Instant"],
    &["tokio"],
    &["axum"],
    &["rustls"],
    &["getrandom"],
    &["tempfile"],
];

/// Macros a pure room may not call.
const FENCED_MACROS: &[&str] = &["print", "println", "eprint", "eprintln", "dbg"];

#[test]
fn rooms_import_only_rooms_above() {
    let mut breaches = Vec::new();
    for file in sources() {
        for path in paths_of(&file) {
            if let ["crate", target, ..] = segments(&path)[..]
                && let Some(breach) = import_breach(&file.room, target)
            {
                breaches.push(format!("{}: {breach} ({})", file.path.display(), path.join("::")));
            }
        }
    }
    assert!(breaches.is_empty(), "layering:\n{}", breaches.join("\n"));
}

#[test]
fn pure_rooms_touch_no_world() {
    let mut breaches = Vec::new();
    for file in sources().into_iter().filter(|f| band(&f.room).is_some_and(|b| b <= PURE)) {
        for path in paths_of(&file) {
            let path = segments(&path);
            let fenced = FENCED.iter().any(|f| path.starts_with(f));
            let printed = matches!(path[..], ["!", name] if FENCED_MACROS.contains(&name));
            if fenced || printed {
                breaches.push(format!("{}: {}", file.path.display(), path.join("::")));
            }
        }
    }
    assert!(breaches.is_empty(), "a pure room reaches for the world:\n{}", breaches.join("\n"));
}

#[test]
fn every_room_stands_in_the_table_and_on_the_map() {
    let found: BTreeSet<String> = sources().into_iter().map(|f| f.room).filter(|r| !r.is_empty()).collect();
    let table: BTreeSet<String> = ROOMS.iter().map(|(name, ..)| (*name).to_owned()).collect();
    assert_eq!(found, table, "the rooms under src/ and the table differ");
    let map = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs is readable");
    let architecture = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md is readable");
    for (room, ..) in ROOMS {
        assert!(map.contains(&format!("pub mod {room};")), "src/lib.rs does not declare {room}");
        assert!(
            map.lines().any(|l| l.starts_with("//!") && l.split_whitespace().any(|word| word == *room)),
            "the map in src/lib.rs does not show {room}"
        );
        let shown =
            |line: &str| line.trim_start_matches([' ', '0', '1', '2', '3', '4', '5', '6', '7']).starts_with(room);
        assert!(architecture.lines().any(shown), "ARCHITECTURE.md does not show {room}");
    }
}

/// The checks themselves see what they must: nested use trees, inline paths, `super`, macros, tests.
#[test]
fn the_reader_sees_every_way_to_write_a_path() {
    let text = r#"
        use crate::{document::Value, engine::{self, Review}};
        use std::{fs, time::{Duration, SystemTime}};
        fn f(x: crate::policy::Rule) { println!("{}", crate::output::y()); super::super::cli::run(); }
        mod inner { fn g() { super::super::super::suite::z() } }
        #[cfg(test)] mod tests { use crate::webhook::W; use std::env; }
    "#;
    let paths: Vec<String> =
        paths_in(text, &["pattern".to_owned(), "wild".to_owned()]).iter().map(|p| p.join("::")).collect();
    for expected in [
        "crate::document::Value",
        "crate::engine::self",
        "crate::engine::Review",
        "std::fs",
        "std::time::SystemTime",
        "crate::policy::Rule",
        "crate::output::y",
        "!::println",
        "crate::cli::run",
        "crate::suite::z",
    ] {
        assert!(paths.iter().any(|p| p == expected), "{expected} is not among {paths:?}");
    }
    assert!(!paths.iter().any(|p| p.contains("webhook") || p == "std::env"), "tests are not part of a room");
    assert!(import_breach("pattern", "engine").is_some(), "a room below is refused");
    assert!(import_breach("mutate", "template").is_some(), "a sibling is refused unless listed");
    assert!(import_breach("mutate", "pattern").is_none());
    assert!(import_breach("engine", "document").is_none());
}

/// One source file, and the room it belongs to (empty for the frame).
struct Source {
    path: PathBuf,
    room: String,
    modules: Vec<String>,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn band(room: &str) -> Option<u8> {
    ROOMS.iter().find(|(name, ..)| *name == room).map(|(_, band, _)| *band)
}

fn import_breach(room: &str, target: &str) -> Option<String> {
    let (_, own, siblings) = ROOMS.iter().find(|(name, ..)| *name == room)?;
    let other = band(target)?;
    let fine = target == room || other < *own || siblings.contains(&target);
    (!fine).then(|| format!("{room} may not see {target}"))
}

fn segments(path: &[String]) -> Vec<&str> {
    path.iter().map(String::as_str).collect()
}

fn sources() -> Vec<Source> {
    let src = root().join("src");
    let mut files = Vec::new();
    let mut folders = vec![src.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src is readable") {
            let path = entry.expect("src is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    let sources: Vec<Source> = files.into_iter().map(|path| source(&src, path)).collect();
    let of_tests: BTreeSet<Vec<String>> = sources.iter().flat_map(test_modules).collect();
    let in_tests = |s: &Source| (1..=s.modules.len()).any(|n| of_tests.contains(&s.modules[..n]));
    sources.into_iter().filter(|s| !in_tests(s)).collect()
}

/// The modules a file declares under `#[cfg(test)]`, wherever they live.
fn test_modules(file: &Source) -> Vec<Vec<String>> {
    let parsed = syn::parse_file(&file.text).expect("a source file parses");
    let name = |item: &syn::Item| match item {
        syn::Item::Mod(item) if for_tests(&item.attrs) => Some(item.ident.to_string()),
        _ => None,
    };
    parsed.items.iter().filter_map(name).map(|name| [file.modules.as_slice(), &[name]].concat()).collect()
}

fn source(src: &Path, path: PathBuf) -> Source {
    let inside = path.strip_prefix(src).expect("the file is under src").with_extension("");
    let mut modules: Vec<String> = inside.iter().map(|s| s.to_string_lossy().into_owned()).collect();
    if modules.last().is_some_and(|m| m == "mod") {
        modules.pop();
    }
    let frame = modules.len() == 1 && matches!(modules[0].as_str(), "lib" | "main");
    if frame {
        modules.clear();
    }
    let text = fs::read_to_string(&path).expect("a source file is UTF-8");
    Source { room: modules.first().cloned().unwrap_or_default(), path, modules, text }
}

fn paths_of(file: &Source) -> Vec<Vec<String>> {
    paths_in(&file.text, &file.modules)
}

/// Every path of the text outside `#[cfg(test)]` items; `super` and `self` are resolved, a macro call is
/// `["!", name]`.
fn paths_in(text: &str, modules: &[String]) -> Vec<Vec<String>> {
    let file = syn::parse_file(text).expect("a source file parses");
    let mut reader = Reader { modules: modules.to_vec(), paths: Vec::new() };
    reader.visit_file(&file);
    reader.paths
}

struct Reader {
    modules: Vec<String>,
    paths: Vec<Vec<String>>,
}

impl Reader {
    fn push(&mut self, path: Vec<String>) {
        let mut absolute = self.modules.clone();
        let mut rest = path.as_slice();
        let relative = matches!(rest.first().map(String::as_str), Some("self" | "super"));
        while let Some(first) = rest.first() {
            match first.as_str() {
                "self" if relative && rest.len() > 1 => {}
                "super" => drop(absolute.pop()),
                _ => break,
            }
            rest = &rest[1..];
        }
        if relative {
            absolute.insert(0, "crate".to_owned());
            absolute.extend_from_slice(rest);
            self.paths.push(absolute);
        } else {
            self.paths.push(path);
        }
    }

    fn use_tree(&mut self, prefix: &[String], tree: &syn::UseTree) {
        let with = |name: &syn::Ident| [prefix, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.use_tree(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) => self.push(with(&name.ident)),
            syn::UseTree::Rename(name) => self.push(with(&name.ident)),
            syn::UseTree::Glob(_) => self.push(prefix.to_vec()),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.use_tree(prefix, item)),
        }
    }

    /// Paths among the tokens of a macro call, which syn leaves unparsed.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 && !path.is_empty() {
                        self.push(std::mem::take(&mut path));
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Punct(punct) => {
                    if punct.as_char() == '!' && path.len() == 1 {
                        path.insert(0, "!".to_owned());
                    }
                    self.push(std::mem::take(&mut path));
                    colons = 0;
                }
                TokenTree::Group(group) => {
                    self.push(std::mem::take(&mut path));
                    colons = 0;
                    self.tokens(group.stream());
                }
                TokenTree::Literal(_) => {
                    self.push(std::mem::take(&mut path));
                    colons = 0;
                }
            }
        }
        self.push(path);
    }
}

fn for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|a| {
        a.path().is_ident("test")
            || (a.path().is_ident("cfg") && a.parse_args::<syn::Path>().is_ok_and(|p| p.is_ident("test")))
    })
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !for_tests(&item.attrs) {
            self.modules.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.modules.pop();
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !for_tests(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if !for_tests(&item.attrs) {
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        if !for_tests(&item.attrs) {
            self.use_tree(&[], &item.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.push(path.segments.iter().map(|s| s.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Some(name) = call.path.segments.last() {
            self.push(vec!["!".to_owned(), name.ident.to_string()]);
        }
        self.tokens(call.tokens.clone());
        visit::visit_macro(self, call);
    }
}

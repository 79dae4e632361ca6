//! The table of features in `docs/compatibility.md` is made from the recordings and the list of
//! passing suites; `RENDERGATE_UPDATE=1 cargo test --test it feature_table` writes it anew. It may be
//! behind, but never say more than is so.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::oracle::{Figures, families, replay, shared};

const BEGIN: &str = "<!-- features: begin -->";
const END: &str = "<!-- features: end -->";

/// Families of recordings, in the order shown, and what they are about.
const FEATURES: &[(&str, &str)] = &[
    ("match", "`match`, `exclude`"),
    ("pattern-scalar", "`pattern`: values and operators"),
    ("pattern-anchor", "`pattern`: anchors"),
    ("pattern-tree", "`pattern`, `anyPattern`: maps and lists"),
    ("deny-conditions", "`deny`, `preconditions`: operators"),
    ("conditions-structure", "`deny`, `preconditions`: structure"),
    ("foreach", "`foreach`"),
    ("podsecurity", "`podSecurity`"),
    ("mutate", "`mutate`"),
    ("generate", "`generate`"),
    ("exceptions", "PolicyException"),
    ("jmespath", "JMESPath"),
    ("cel", "CEL"),
    ("decisions-classic", "the policy library, rules evaluated by this version"),
];

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/compatibility.md")
}

/// What stands before, between and after the markers.
fn parts(page: &str) -> (&str, &str, &str) {
    let (before, rest) = page.split_once(BEGIN).expect("the first marker");
    let (table, after) = rest.split_once(END).expect("the second marker");
    (before, table, after)
}

/// Suites of the committed list by what they belong to.
fn suites() -> BTreeMap<&'static str, usize> {
    let list = include_str!("../suites/passing.txt");
    let mut counts = BTreeMap::new();
    for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let row = if line.starts_with("policies/") {
            "suites of the policy library"
        } else {
            "suites of Kyverno's command line"
        };
        *counts.entry(row).or_default() += 1;
    }
    counts
}

/// One cell: equal ones of all, nothing if there are none.
fn cell(equal: usize, all: usize) -> String {
    if all == 0 { String::new() } else { format!("{equal} of {all}") }
}

fn row(name: &str, figures: &Figures) -> String {
    let results = cell(figures.equal, figures.results);
    let messages = cell(figures.messages, figures.results);
    format!("| {name} | {results} | {messages} | {} |\n", cell(figures.objects_equal, figures.objects))
}

/// The numbers before "of", by row and column.
fn claims(table: &str) -> BTreeMap<(String, usize), usize> {
    let mut claims = BTreeMap::new();
    for line in table.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        for (column, cell) in cells.iter().enumerate().skip(1) {
            if let Some(number) = cell.split(' ').next().and_then(|n| n.parse().ok()) {
                claims.insert((cells[0].to_owned(), column), number);
            }
        }
    }
    claims
}

#[test]
fn the_page_says_what_the_tests_say() {
    let text = std::fs::read_to_string(page()).expect("the page");
    let (before, table, after) = parts(&text);
    let mut made = String::new();
    if let Some(shared) = shared() {
        let known = families(&shared);
        let missing: Vec<&String> =
            known.iter().filter(|f| *f != "decisions" && !FEATURES.iter().any(|(name, _)| name == f)).collect();
        assert!(missing.is_empty(), "families without a row: {missing:?}");
        made.push_str("\n| feature | results equal | messages equal | objects equal |\n|---|---|---|---|\n");
        for (family, name) in FEATURES {
            made.push_str(&row(name, &replay(&shared, family, None)));
        }
    } else {
        eprintln!("skipped: the recordings behind the table of features are absent");
        made.push_str(table.split_once("\n\n").map_or(table, |(first, _)| first));
        made.push('\n');
    }
    made.push_str("\n| suites | pass |\n|---|---|\n");
    for (name, count) in suites() {
        let _ = writeln!(made, "| {name} | {count} |");
    }
    if std::env::var_os("RENDERGATE_UPDATE").is_some() {
        std::fs::write(page(), format!("{before}{BEGIN}{made}{END}{after}")).expect("the page");
        return;
    }
    let (claimed, real) = (claims(table), claims(&made));
    assert!(claimed.len() > 10, "the table of features is empty");
    let wrong: Vec<_> = claimed.iter().filter(|(cell, number)| real.get(*cell).is_none_or(|r| r < *number)).collect();
    assert!(wrong.is_empty(), "docs/compatibility.md says more than is so, RENDERGATE_UPDATE=1 mends it: {wrong:?}");
    if claimed != real {
        eprintln!("the table of features is behind: RENDERGATE_UPDATE=1 writes it anew");
    }
}

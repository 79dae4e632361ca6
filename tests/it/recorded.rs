//! The recorded answers of Kyverno, family by family, against the bars that must hold.
//! `cargo run --example oracle` prints all figures.

use crate::oracle::{replay, shared};

/// Families and the share of results that must be equal, in percent.
const BARS: &[(&str, f64)] = &[
    ("pattern-scalar", 99.9),
    ("pattern-anchor", 99.9),
    ("pattern-tree", 99.9),
    ("conditions-structure", 99.9),
    ("deny-conditions", 99.9),
    ("match", 99.9),
    ("foreach", 99.9),
    ("exceptions", 99.9),
    ("podsecurity", 99.9),
    ("mutate", 99.9),
    ("generate", 80.0),
    ("jmespath", 99.0),
];

#[test]
fn results_equal_the_recorded_ones() {
    let Some(shared) = shared() else {
        eprintln!("skipped: the recordings are absent");
        return;
    };
    let mut below = Vec::new();
    for (family, bar) in BARS {
        let figures = replay(&shared, family, None);
        assert!(figures.results > 0, "{family}: nothing was recorded");
        if figures.percent() < *bar {
            let shown: Vec<&String> = figures.differences.iter().take(5).collect();
            below.push(format!(
                "{family}: {:.2}% of {} equal, {bar}% must be: {shown:#?}",
                figures.percent(),
                figures.results
            ));
        }
    }
    assert!(below.is_empty(), "{below:#?}");
}

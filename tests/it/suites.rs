//! The public test suites: those of the policy library and of Kyverno's own command line. The list
//! of passing ones is committed and may only grow; `RENDERGATE_UPDATE=1` writes it anew.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rendergate::document::{Str, Value, yaml};
use rendergate::suite::files;
use rendergate::suite::run;
use rendergate::suite::test_file::{self, Case};

use crate::oracle::shared;

/// Suites of `kyverno.io` policies only, without verifyImages, cel and podSecurity, that must pass.
const CLASSIC_BAR: usize = 144;

fn list_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suites/passing.txt")
}

fn listed() -> BTreeSet<String> {
    let text = std::fs::read_to_string(list_path()).expect("the committed list");
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

/// Every suite of the corpus: its path below the corpus, and its tests.
fn suites() -> Option<Vec<(String, Vec<Case>)>> {
    let Some(shared) = shared() else {
        eprintln!("skipped: the shared corpus is absent");
        return None;
    };
    let corpus = shared.join("corpus");
    let mut suites = Vec::new();
    for part in ["policies", "kyverno-cli"] {
        for path in files::named_tree(&corpus.join(part), "kyverno-test.yaml").expect("the corpus") {
            let name = path.strip_prefix(&corpus).expect("below").parent().expect("a directory");
            suites.push((name.display().to_string(), test_file::load(&path)));
        }
    }
    Some(suites)
}

/// Why a suite does not pass.
fn failure(cases: &[Case]) -> Option<String> {
    for case in cases {
        let test = match &case.test {
            Ok(test) => test,
            Err(error) => return Some(error.clone()),
        };
        match run::run(case, &test.results, &mut |_| {}) {
            Err(error) => return Some(error),
            Ok(outcome) if outcome.counts.fail > 0 => {
                let rows = outcome.rows.iter().filter(|row| row.is_failure);
                let rows: Vec<String> = rows
                    .map(|r| format!("{} / {} on {}: {} ({})", r.policy, r.rule, r.resource, r.reason, r.message))
                    .collect();
                return Some(rows.join("\n    "));
            }
            Ok(_) => {}
        }
    }
    None
}

/// Whether all policies are `kyverno.io`'s and use neither verifyImages, cel nor podSecurity.
fn is_classic(cases: &[Case]) -> bool {
    let paths = cases.iter().filter_map(|case| Some((case, case.test.as_ref().ok()?)));
    let policies = paths.flat_map(|(case, test)| test.policies.iter().map(|p| case.directory().join(p.as_str())));
    policies.flat_map(|path| if path.is_dir() { files::yaml_tree(&path).unwrap_or_default() } else { vec![path] }).all(
        |path| {
            let Ok(text) = files::read_text(&path) else { return false };
            let Ok(documents) = yaml::read(&text, &files::limits()) else { return false };
            let documents = documents.iter().filter(|d| !d.value.is_null());
            documents.into_iter().all(|d| {
                d.value.str_at(&["apiVersion"]).is_some_and(|v| v.starts_with("kyverno.io/")) && is_plain(&d.value)
            })
        },
    )
}

fn is_plain(policy: &Value) -> bool {
    let rules = policy.at(&["spec", "rules"]).and_then(Value::as_list).unwrap_or_default();
    rules.iter().all(|rule| {
        rule.get("verifyImages").is_none()
            && rule.at(&["validate", "cel"]).is_none()
            && rule.at(&["validate", "podSecurity"]).is_none()
    })
}

#[test]
fn listed_suites_pass_and_the_list_grows() {
    let Some(suites) = suites() else { return };
    let (mut passing, mut failing, mut classic, mut classic_passing) = (BTreeSet::new(), Vec::new(), 0, 0);
    for (name, cases) in &suites {
        let failure = failure(cases);
        if is_classic(cases) {
            classic += 1;
            classic_passing += usize::from(failure.is_none());
        }
        match failure {
            None => drop(passing.insert(name.clone())),
            Some(why) => failing.push((name.clone(), why)),
        }
    }
    let listed = listed();
    eprintln!("{} of {} suites pass; classic ones: {classic_passing} of {classic}", passing.len(), suites.len());
    let lost: Vec<&(String, String)> = failing.iter().filter(|(name, _)| listed.contains(name)).collect();
    let new: Vec<&String> = passing.difference(&listed).collect();
    if std::env::var_os("RENDERGATE_SHOW").is_some() {
        failing.iter().for_each(|(name, why)| eprintln!("FAILS {name}\n    {why}"));
    }
    if std::env::var_os("RENDERGATE_UPDATE").is_some() {
        let lines: String = passing.iter().map(|name| format!("{name}\n")).collect();
        let head =
            "# Suites of the shared corpus that pass; written by RENDERGATE_UPDATE=1 cargo test --test it suites.\n";
        std::fs::write(list_path(), format!("{head}{lines}")).expect("the list");
        return;
    }
    assert!(lost.is_empty(), "listed suites fail: {lost:#?}");
    assert!(new.is_empty(), "these suites pass and are not listed yet; run with RENDERGATE_UPDATE=1: {new:#?}");
    assert!(classic_passing >= CLASSIC_BAR, "{classic_passing} of {classic} classic suites pass, {CLASSIC_BAR} must");
}

/// Whether every row only says that no rule applied. Kyverno passes such rows whatever is expected
/// (chapter 60 §10.3), so exchanging expectations changes nothing.
fn says_nothing(cases: &[Case]) -> bool {
    cases.iter().all(|case| {
        let Ok(test) = &case.test else { return false };
        run::run(case, &test.results, &mut |_| {}).is_ok_and(|o| o.rows.iter().all(|row| row.reason == "Excluded"))
    })
}

#[test]
fn exchanged_expectations_fail() {
    let Some(suites) = suites() else { return };
    let listed = listed();
    let mut still_passing = Vec::new();
    for (name, mut cases) in suites.into_iter().filter(|(name, _)| listed.contains(name)) {
        let mut exchanged = 0;
        for test in cases.iter_mut().filter_map(|case| case.test.as_mut().ok()) {
            for result in &mut test.results {
                let other = match result.result.as_str() {
                    "pass" => "fail",
                    "fail" => "pass",
                    _ => continue,
                };
                result.result = Str::from(other);
                exchanged += 1;
            }
        }
        if exchanged > 0 && failure(&cases).is_none() && !says_nothing(&cases) {
            still_passing.push(name);
        }
    }
    assert!(still_passing.is_empty(), "these suites pass with every pass and fail exchanged: {still_passing:#?}");
}

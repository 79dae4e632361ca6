//! `test DIR...`: Kyverno's test suites (chapter 60 §8–§12).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::output::table::{self, Row, TableStyle};
use crate::output::test_results::{self, Numbered, TestFormat};
use crate::suite::files::{self, FileError};
use crate::suite::matching::Counts;
use crate::suite::run;
use crate::suite::selector::Selector;
use crate::suite::test_file::{self, Case};

use super::apply::NO_REGISTRY;
use super::{ExitStatus, Io};

/// Arguments of `test`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Directories searched for test files, hidden ones included.
    directories: Vec<PathBuf>,
    /// Name of the test files.
    #[arg(short, long, default_value = "kyverno-test.yaml")]
    file_name: String,
    /// Branch of git repositories; without effect, they are not cloned.
    #[arg(short = 'b', long)]
    git_branch: Option<String>,
    /// Which results to check: comma-separated `policy=`, `rule=` and `resource=` with wildcards.
    #[arg(short, long, default_value = "policy=*,rule=*,resource=*")]
    test_case_selector: String,
    /// Print results as json, yaml, markdown or junit rather than in a table.
    #[arg(short, long)]
    output_format: Option<String>,
    /// Allow access to image registries (not supported).
    #[arg(long)]
    registry: bool,
    /// Print only failures, at the end.
    #[arg(long)]
    fail_only: bool,
    /// Print without colours.
    #[arg(long)]
    remove_color: bool,
    /// Print messages too.
    #[arg(long)]
    detailed_results: bool,
    /// Fail when no test is found.
    #[arg(long)]
    require_tests: bool,
    /// Fail when a policy is of a deprecated kind.
    #[arg(long)]
    warnings_as_errors: bool,
}

/// Runs `test`.
pub fn run(args: &Args, io: &mut Io) -> ExitStatus {
    match checked(args).and_then(|format| run_all(args, format, io)) {
        Ok(()) => ExitStatus::Clean,
        Err(text) => {
            io.say(format_args!("Error: {text}\n"));
            ExitStatus::PolicySaidNo
        }
    }
}

/// The flags that can be wrong.
fn checked(args: &Args) -> Result<Option<TestFormat>, String> {
    let format = match args.output_format.as_deref() {
        None | Some("") => None,
        Some(name) => Some(
            TestFormat::parse(name)
                .ok_or_else(|| "invalid format, expected (json, yaml, markdown, junit)".to_owned())?,
        ),
    };
    if args.directories.is_empty() {
        return Err("requires at least 1 arg(s), only received 0".to_owned());
    }
    if args.registry {
        return Err(NO_REGISTRY.to_owned());
    }
    Ok(format)
}

fn run_all(args: &Args, format: Option<TestFormat>, io: &mut Io) -> Result<(), String> {
    let selector = Selector::parse(&args.test_case_selector);
    if !selector.errors.is_empty() {
        io.print("\nFilter errors:\n");
        selector.errors.iter().for_each(|error| io.print(format_args!("  Error: {error}\n")));
    }
    let cases = load(args).inspect_err(|error| io.print(format_args!("\nError loading tests: {error}\n")))?;
    if cases.is_empty() {
        io.print("\nNo test yamls available\n");
        return match selector.errors.first() {
            _ if args.require_tests => Err("no tests found".to_owned()),
            Some(error) => Err(error.clone()),
            None => Ok(()),
        };
    }
    refuse_bad_files(&cases, io)?;
    let style =
        TableStyle { colour: !args.remove_color && format.is_none() && io.colours(), detailed: args.detailed_results };
    let (mut counts, mut failed) = (Counts::default(), Vec::new());
    let mut progress = Progress::new(cases.len());
    let mut deprecations = 0;
    for case in &cases {
        progress.show(io);
        let Some(outcome) = one(case, &selector, io)? else { continue };
        deprecations += outcome.deprecations.len();
        outcome.deprecations.iter().for_each(|warning| io.say(format_args!("  {warning}\n")));
        counts.pass += outcome.counts.pass;
        counts.skip += outcome.counts.skip;
        counts.fail += outcome.counts.fail;
        let rows: Vec<Numbered> = (1..).zip(outcome.rows).collect();
        if !args.fail_only {
            io.print(shown(&rows, format, style));
        }
        failed.extend(rows.into_iter().filter(|(_, row)| row.is_failure));
    }
    progress.clear(io);
    if args.warnings_as_errors && deprecations > 0 {
        return Err(format!("found {deprecations} deprecation warning(s) and --warnings-as-errors is set"));
    }
    summarize(args, format, style, counts, &failed, io)
}

/// Runs one test; `None` when the selector leaves none of its results.
fn one(case: &Case, selector: &Selector, io: &mut Io) -> Result<Option<run::Outcome>, String> {
    let Ok(test) = &case.test else { return Ok(None) };
    if !test.has_schema || !test.name.is_empty() {
        let path = case.path.display();
        io.print(format_args!("\nWARNING: test file ({path}) uses a deprecated schema that will be removed in 1.14\n"));
        return Err(format!("test file {path} uses a deprecated schema — please migrate to the latest format"));
    }
    let results = selector.select(&test.results);
    if results.is_empty() {
        return Ok(None);
    }
    run::run(case, &results, &mut |line| io.print(line)).map(Some).map_err(|e| format!("failed to run test ({e})"))
}

fn summarize(
    args: &Args,
    format: Option<TestFormat>,
    style: TableStyle,
    counts: Counts,
    failed: &[Numbered],
    io: &mut Io,
) -> Result<(), String> {
    let Counts { pass, fail, skip } = counts;
    if args.fail_only {
        io.print(format_args!("\nTest Summary: {fail} out of {} tests failed\n\n", pass + skip + fail));
    } else {
        io.print(format_args!("\nTest Summary: {} tests passed and {fail} tests failed\n\n", pass + skip));
    }
    if fail == 0 {
        return Ok(());
    }
    if args.fail_only {
        io.print(match format {
            None => format!("Aggregated Failed Test Cases : \n{}", as_table(failed, style)),
            Some(_) => shown(failed, format, style),
        });
    }
    Err(format!("{fail} tests failed"))
}

/// The rows with the empty lines around them.
fn shown(rows: &[Numbered], format: Option<TestFormat>, style: TableStyle) -> String {
    match format {
        None => format!("\n{}\n", as_table(rows, style)),
        Some(format) => format!("\n{}\n\n", test_results::print(rows, format, style.detailed)),
    }
}

/// The table numbers its rows anew.
fn as_table(rows: &[Numbered], style: TableStyle) -> String {
    let rows: Vec<Row> = rows.iter().map(|(_, row)| row.clone()).collect();
    table::print(&rows, style)
}

fn load(args: &Args) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for directory in &args.directories {
        let text = directory.display().to_string();
        if text.starts_with("http://") || text.starts_with("https://") {
            return Err(format!("{text}: git repositories are not cloned; clone it and name the directory"));
        }
        let clean: PathBuf = directory.components().collect();
        let files = files::named_tree(&clean, &args.file_name).map_err(|e: FileError| e.to_string())?;
        cases.extend(files.iter().flat_map(|path| test_file::load(path)));
    }
    Ok(cases)
}

fn refuse_bad_files(cases: &[Case], io: &mut Io) -> Result<(), String> {
    let bad: Vec<(&Case, &String)> = cases.iter().filter_map(|c| Some((c, c.test.as_ref().err()?))).collect();
    if bad.is_empty() {
        return Ok(());
    }
    io.print("\nTest errors:\n");
    for (case, error) in &bad {
        io.print(format_args!("  Path: {}\n    Error: {error}\n", case.path.display()));
    }
    Err(format!("found {} errors after loading tests", bad.len()))
}

/// A line on standard error for people who wait.
struct Progress {
    all: usize,
    done: usize,
    start: Instant,
    shown: bool,
}

impl Progress {
    fn new(all: usize) -> Self {
        Self { all, done: 0, start: Instant::now(), shown: false }
    }

    fn show(&mut self, io: &mut Io) {
        if io.err.is_terminal && !io.out.is_terminal && self.start.elapsed() > Duration::from_secs(1) {
            io.say(format_args!("\r{} of {} tests", self.done, self.all));
            self.shown = true;
        }
        self.done += 1;
    }

    fn clear(&self, io: &mut Io) {
        if self.shown {
            io.say("\r\u{1b}[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use crate::cli::{self, ExitStatus};

    const POLICY: &str = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: need-owner}\nspec:\n  rules:\n  \
        - name: check\n    match: {any: [{resources: {kinds: [Pod]}}]}\n    validate: {message: m, pattern: {metadata: {labels: {owner: \"?*\"}}}}\n";
    const PODS: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: good, labels: {owner: ann}}\n---\n\
        apiVersion: v1\nkind: Pod\nmetadata: {name: bad, namespace: team}\n";
    const TEST: &str = "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {name: t}\npolicies: [policy.yaml]\n\
        resources: [pods.yaml]\nresults:\n- {policy: need-owner, rule: check, kind: Pod, resources: [good], result: pass}\n\
        - {policy: need-owner, rule: check, kind: Pod, resources: [team/bad], result: EXPECTED}\n";

    fn suite(expected: &str) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("a file");
        write("policy.yaml", POLICY);
        write("pods.yaml", PODS);
        write("kyverno-test.yaml", &TEST.replace("EXPECTED", expected));
        dir
    }

    fn test(dir: &tempfile::TempDir, more: &[&str]) -> (ExitStatus, String, String) {
        let path = dir.path().display().to_string();
        let args = ["rendergate", "test", &path].into_iter().chain(more.iter().copied());
        let argv: Vec<OsString> = args.map(Into::into).collect();
        let (status, out, err) = cli::io::capture("", |io| cli::run(argv, io));
        (status, out.replace(&path, "DIR"), err.replace(&path, "DIR"))
    }

    #[test]
    fn a_passing_suite_prints_its_table() {
        let (status, out, _) = test(&suite("fail"), &[]);
        assert_eq!(status, ExitStatus::Clean);
        assert_eq!(
            out,
            "\
Loading test  ( DIR/kyverno-test.yaml ) ...
  Loading values/variables ...
  Loading policies ...
  Loading resources ...
  Loading exceptions ...
  Applying 1 policy to 2 resources with 0 exceptions ...
  Checking results ...

│────│────────────│───────│─────────────────────│────────│────────│
│ ID │ POLICY     │ RULE  │ RESOURCE            │ RESULT │ REASON │
│────│────────────│───────│─────────────────────│────────│────────│
│ 1  │ need-owner │ check │ v1/Pod/default/good │ Pass   │ Ok     │
│ 2  │ need-owner │ check │ v1/Pod/team/bad     │ Pass   │ Ok     │
│────│────────────│───────│─────────────────────│────────│────────│


Test Summary: 2 tests passed and 0 tests failed

"
        );
    }

    #[test]
    fn a_failing_suite_exits_with_one_and_says_what_it_got() {
        let dir = suite("pass");
        let (status, out, err) = test(&dir, &["--fail-only"]);
        assert_eq!(status, ExitStatus::PolicySaidNo);
        assert!(err.ends_with("Error: 1 tests failed\n"), "{err}");
        assert!(out.contains("Test Summary: 1 out of 2 tests failed\n\nAggregated Failed Test Cases : \n│"), "{out}");
        assert!(out.contains("│ 1  │ need-owner │ check │ v1/Pod/team/bad │ Fail   │ Want pass, got fail │"), "{out}");
        assert!(!out.contains("v1/Pod/default/good"), "{out}");
        let (_, out, _) = test(&dir, &["-o", "markdown", "-t", "resource=*,policy=need-*"]);
        assert!(out.contains("| 2 | need-owner | check | v1/Pod/team/bad | Fail | Want pass, got fail |\n"), "{out}");
    }

    #[test]
    fn nothing_to_test_is_no_failure_unless_asked() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (status, out, _) = test(&dir, &[]);
        assert_eq!((status, out.as_str()), (ExitStatus::Clean, "\nNo test yamls available\n"));
        let (status, _, err) = test(&dir, &["--require-tests"]);
        assert_eq!((status, err.as_str()), (ExitStatus::PolicySaidNo, "Error: no tests found\n"));
    }

    #[test]
    fn bad_files_stop_everything() {
        let dir = suite("fail");
        std::fs::write(dir.path().join("kyverno-test.yaml"), "apiVersion: v\nkind: Test\nresults: [{status: pass}]\n")
            .expect("a file");
        let (status, out, err) = test(&dir, &[]);
        assert_eq!(status, ExitStatus::PolicySaidNo);
        assert!(out.starts_with("\nTest errors:\n  Path: DIR/kyverno-test.yaml\n    Error: "), "{out}");
        assert!(out.contains("results[0]: unknown field \"status\""), "{out}");
        assert_eq!(err, "Error: found 1 errors after loading tests\n");
        let (_, _, err) = test(&dir, &["-o", "xml"]);
        assert_eq!(err, "Error: invalid format, expected (json, yaml, markdown, junit)\n");
    }

    #[test]
    fn a_missing_policy_fails_the_run_a_wrong_name_its_row() {
        let dir = suite("fail");
        std::fs::remove_file(dir.path().join("policy.yaml")).expect("removed");
        let (status, _, err) = test(&dir, &[]);
        assert_eq!(status, ExitStatus::PolicySaidNo);
        assert!(err.starts_with("Error: failed to run test (error: failed to load policies ("), "{err}");
        std::fs::write(dir.path().join("policy.yaml"), POLICY.replace("need-owner", "other")).expect("a file");
        let (_, out, _) = test(&dir, &[]);
        assert_eq!(out.matches("Not found").count(), 2, "{out}");
    }
}

//! `summarise`: policy reports from files or standard input become one overview.

use std::path::{Path, PathBuf};

use crate::document::{Value, yaml};
use crate::operator::files::why;
use crate::output::blast_radius::BlastRadius;
use crate::output::reports::{self, Reports, Unlisted};
use crate::output::summary::{self, By, View};

use super::{ExitStatus, Io};

/// The longest input, in bytes.
const LONGEST: u64 = 512 << 20;

/// Arguments of `summarise`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Files, or directories of YAML and JSON files: policy reports of both API groups, lists of them,
    /// findings of rendergate; also Applications, and objects that Argo CD tracks, which say what
    /// application a result belongs to. Standard input if there is none, or for `-`.
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Show only what fails, then every failure on its own line.
    #[arg(long)]
    failures_only: bool,
    /// Only these policies (wildcards allowed).
    #[arg(long = "policy", value_name = "NAME")]
    policies: Vec<String>,
    /// What a line of the table stands for.
    #[arg(long, value_enum, default_value = "rule")]
    by: Grouping,
    /// Exit with 1 when anything fails or could not be evaluated.
    #[arg(long)]
    exit_on_violations: bool,
    /// Show which objects and applications would stop if these policies (wildcards allowed) went
    /// from Audit to Enforce; exit with 1 if any would.
    #[arg(long, value_name = "POLICY", value_delimiter = ',', conflicts_with_all = ["failures_only", "policies", "by"])]
    if_enforced: Vec<String>,
    /// Text, or one compact line of JSON.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// How the overview is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Text,
    /// `rendergate.dev/summary/v1`, or `rendergate.dev/blast-radius/v1` with `--if-enforced`.
    Json,
}

/// What a line of the table stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Grouping {
    Policy,
    Rule,
    Namespace,
    Kind,
    Application,
    Severity,
}

/// Runs the command.
pub fn run(args: &Args, io: &mut Io) -> ExitStatus {
    let reports = match read_all(args, io) {
        Ok(reports) => reports,
        Err(problem) => {
            io.say(format_args!("rendergate: {problem}\n"));
            return ExitStatus::CouldNotWork;
        }
    };
    if reports.reports == 0 {
        io.say("rendergate: there is no policy report in the input\n");
        return ExitStatus::CouldNotWork;
    }
    if reports.others > 0 {
        io.say(format_args!("rendergate: note: {} documents are no policy reports\n", reports.others));
    }
    if !args.if_enforced.is_empty() {
        return if_enforced(args, &reports, io);
    }
    let rows = reports::of_policies(reports.rows(), &args.policies);
    let by = match args.by {
        Grouping::Policy => By::Policy,
        Grouping::Rule => By::Rule,
        Grouping::Namespace => By::Namespace,
        Grouping::Kind => By::Kind,
        Grouping::Application => By::Application,
        Grouping::Severity => By::Severity,
    };
    let unlisted = if args.policies.is_empty() {
        reports.unlisted
    } else {
        if reports.unlisted != Unlisted::default() {
            io.say(
                "rendergate: note: findings do not list what passed or was skipped; with --policy it is not counted\n",
            );
        }
        Unlisted::default()
    };
    let view = View { by, failures_only: args.failures_only, unlisted };
    io.print(match args.format {
        Format::Text => view.text(&rows),
        Format::Json => view.json(&rows),
    });
    if args.exit_on_violations && rows.iter().any(summary::is_failure) {
        ExitStatus::PolicySaidNo
    } else {
        ExitStatus::Clean
    }
}

/// What would stop. A policy without any result is refused: nothing is known of it, and a name
/// written wrongly must not read as harmless.
fn if_enforced(args: &Args, reports: &Reports, io: &mut Io) -> ExitStatus {
    let rows = reports.rows();
    for policy in &args.if_enforced {
        if reports::of_policies(rows.clone(), std::slice::from_ref(policy)).is_empty() {
            io.say(format_args!("rendergate: the input holds no result of a policy '{policy}'\n"));
            return ExitStatus::CouldNotWork;
        }
    }
    let radius = BlastRadius::of(&reports::of_policies(rows, &args.if_enforced));
    io.print(match args.format {
        Format::Text => radius.text(&args.if_enforced),
        Format::Json => radius.json(&args.if_enforced),
    });
    if radius.is_empty() { ExitStatus::Clean } else { ExitStatus::PolicySaidNo }
}

fn read_all(args: &Args, io: &mut Io) -> Result<Reports, String> {
    let mut reports = Reports::default();
    let stdin = [PathBuf::from("-")];
    let named = if args.files.is_empty() { &stdin[..] } else { &args.files };
    let mut files = Vec::new();
    for path in named {
        if path.is_dir() { files.extend(children(path)?) } else { files.push(path.clone()) }
    }
    for file in &files {
        let shown = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
        let text = if file == Path::new("-") {
            io.input.read_text(LONGEST)?
        } else {
            let length = std::fs::metadata(file).map_err(|e| format!("{shown}: {}", why(&e)))?.len();
            if length > LONGEST {
                return Err(format!("{shown}: longer than {LONGEST} bytes"));
            }
            std::fs::read_to_string(file).map_err(|e| format!("{shown}: {}", why(&e)))?
        };
        documents(&text).map_err(|problem| format!("{shown}: {problem}"))?.iter().for_each(|d| reports.add(d));
    }
    Ok(reports)
}

/// The YAML and JSON files of a directory, by name, without those of its subdirectories.
fn children(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let fault = |e: std::io::Error| format!("{}: {}", directory.display(), why(&e));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(fault)? {
        let path = entry.map_err(fault)?.path();
        if path.is_file() && path.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The documents of a text: JSON values one after another, else a YAML stream.
fn documents(text: &str) -> Result<Vec<Value>, String> {
    if text.trim_start().starts_with('{') {
        let json: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(text).into_iter().collect();
        if let Ok(documents) = json {
            return Ok(documents);
        }
    }
    let limits = yaml::Limits { bytes: usize::MAX, ..yaml::Limits::default() };
    let documents = yaml::read(text, &limits).map_err(|e| format!("{}: {}", e.position, e.problem))?;
    Ok(documents.into_iter().map(|d| d.value).collect())
}

#[cfg(test)]
mod tests {
    use super::super::io::capture;
    use super::super::run as command;
    use super::*;

    const REPORT: &str = r#"{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"wgpolicyk8s.io/v1alpha2","kind":"PolicyReport",
        "metadata":{"name":"a","namespace":"shop"},"scope":{"kind":"Pod","name":"web","namespace":"shop"},
        "results":[{"policy":"p","rule":"r","result":"fail","message":"refused"}]}]}"#;

    fn summarise(input: &str, arguments: &[&str]) -> (ExitStatus, String, String) {
        let argv = ["rendergate", "summarise"].iter().chain(arguments).map(std::ffi::OsString::from);
        capture(input, |io| command(argv.collect::<Vec<_>>(), io))
    }

    #[test]
    fn standard_input() {
        let (status, out, _) = summarise(REPORT, &["--failures-only"]);
        assert_eq!(status, ExitStatus::Clean);
        assert!(out.ends_with("fail p/r Pod shop/web: refused\n"), "{out}");
        let (status, ..) = summarise(REPORT, &["--exit-on-violations"]);
        assert_eq!(status, ExitStatus::PolicySaidNo);
        let (status, out, _) = summarise(REPORT, &["--exit-on-violations", "--policy", "other"]);
        assert_eq!((status, out.starts_with("pass: 0, fail: 0")), (ExitStatus::Clean, true));
    }

    #[test]
    fn what_enforcing_would_stop() {
        let (status, out, err) = summarise(REPORT, &["--if-enforced", "p"]);
        let text = "if p were enforced: 1 object would stop, 0 applications known\n\n\
                    (application unknown): 1 object\n  Pod shop/web: p/r\n";
        assert_eq!((status, out.as_str(), err.as_str()), (ExitStatus::PolicySaidNo, text, ""));
        let passing = REPORT.replace("\"fail\"", "\"pass\"");
        let (status, out, _) = summarise(&passing, &["--if-enforced", "p", "--format", "json"]);
        let nothing = "{\"apiVersion\":\"rendergate.dev/blast-radius/v1\",\"applications\":[],\"objects\":0,\"policies\":[\"p\"]}\n";
        assert_eq!((status, out.as_str()), (ExitStatus::Clean, nothing));
        let (status, out, err) = summarise(REPORT, &["--if-enforced", "p,typo"]);
        assert_eq!((status, out.as_str()), (ExitStatus::CouldNotWork, ""));
        assert!(err.contains("no result of a policy 'typo'"), "{err}");
    }

    #[test]
    fn directories_findings_and_reports_of_apply() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).expect("a file");
        write(
            "p.yaml",
            "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\nspec:\n  rules:\n  - name: r\n    \
             match: {any: [{resources: {kinds: [Pod]}}]}\n    validate: {message: m, pattern: {spec: {hostNetwork: true}}}\n",
        );
        write("r.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {hostNetwork: false}\n");
        let path = |name: &str| dir.path().join(name).display().to_string();
        let apply = |more: &[&str]| {
            let (policies, resources) = (path("p.yaml"), path("r.yaml"));
            let first = ["rendergate", "apply", policies.as_str(), "-r", resources.as_str()];
            let argv: Vec<_> = first.iter().chain(more).map(std::ffi::OsString::from).collect();
            capture("", |io| command(argv, io)).1
        };
        let once = "pass: 0, fail: 1, warn: 0, error: 0, skip: 0 (1 objects)\n\nPOLICY  RULE  FAIL  ERROR  WARN  PASS  SKIP\n\
                    p       r        1      0     0     0     0\n";
        let (reports, found) = (apply(&["-p"]), apply(&["--format", "json"]));
        let (_, out, _) = summarise(&found.replace("\"pass\":0", "\"pass\":4"), &["--format", "json"]);
        assert!(out.contains("\"counts\":{\"error\":0,\"fail\":1,\"pass\":4,"), "{out}");
        for input in [&reports, &found] {
            let (status, out, err) = summarise(input, &[]);
            assert_eq!((status, out.as_str(), err.as_str()), (ExitStatus::Clean, once, ""), "{input}");
        }
        std::fs::create_dir(dir.path().join("reports")).expect("a directory");
        write("reports/a.yaml", &reports);
        write("reports/b.json", REPORT);
        write("reports/notes.txt", "no report: [");
        let (_, out, err) = summarise("", &[&path("reports"), "--by", "namespace"]);
        assert!(out.starts_with("pass: 0, fail: 2,") && out.contains("\nshop ") && out.contains("\ndefault "), "{out}");
        assert_eq!(err, "");
    }

    #[test]
    fn what_is_no_report_is_said() {
        for (input, text) in [
            ("a: [", "standard input: line "),
            ("a: b\n", "there is no policy report in the input"),
            ("", "there is no policy report in the input"),
        ] {
            let (status, out, err) = summarise(input, &[]);
            assert_eq!((status, out.as_str()), (ExitStatus::CouldNotWork, ""));
            assert!(err.contains(text), "{err}");
        }
        let (status, out, _) = summarise("apiVersion: v1\nkind: List\nitems: []\n", &[]);
        assert_eq!(
            (status, out.as_str()),
            (ExitStatus::Clean, "pass: 0, fail: 0, warn: 0, error: 0, skip: 0 (0 objects)\n")
        );
    }
}

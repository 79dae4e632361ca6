//! `jp query|function|parse` (chapter 60 §13): trying out expressions of the policy dialect.

use std::path::{Path, PathBuf};

use clap::{CommandFactory, Subcommand};

use crate::document::{Value, json};
use crate::jmespath::{Clock, Expression, Random, Runtime, functions};
use crate::suite::files;

use super::{Cli, ExitStatus, Io};

/// Arguments of `jp`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Evaluate expressions over an input document.
    Query(QueryArgs),
    /// List the functions, or the named ones.
    Function {
        /// Names of functions; none for all.
        names: Vec<String>,
    },
    /// Print the syntax tree of expressions.
    Parse {
        /// Expressions.
        expressions: Vec<String>,
        /// Read an expression from a file.
        #[arg(short, long = "file", value_delimiter = ',')]
        files: Vec<PathBuf>,
    },
}

#[derive(clap::Args, Debug)]
struct QueryArgs {
    /// Expressions.
    expressions: Vec<String>,
    /// Read the input from a JSON or YAML file instead of standard input.
    #[arg(short, long)]
    input: Option<PathBuf>,
    /// Read an expression from a file.
    #[arg(short, long = "query", value_delimiter = ',')]
    queries: Vec<PathBuf>,
    /// Print JSON without white space.
    #[arg(short, long)]
    compact: bool,
    /// Print a string result without quotes.
    #[arg(short, long)]
    unquoted: bool,
}

/// The most that is read from standard input, in bytes.
const INPUT_BYTES: u64 = 64 << 20;

/// Runs `jp`.
pub fn run(args: &Args, io: &mut Io) -> ExitStatus {
    let done = match &args.command {
        None => {
            let mut cli = Cli::command();
            cli.build();
            let jp = cli.find_subcommand_mut("jp").map(clap::Command::render_help);
            jp.iter().for_each(|help| io.print(help));
            Ok(())
        }
        Some(Command::Query(args)) => query(args, io),
        Some(Command::Function { names }) => {
            list_functions(names, io);
            Ok(())
        }
        Some(Command::Parse { expressions, files }) => parse(expressions, files, io),
    };
    match done {
        Ok(()) => ExitStatus::Clean,
        Err(text) => {
            io.say(format_args!("Error: {text}\n"));
            ExitStatus::PolicySaidNo
        }
    }
}

fn query(args: &QueryArgs, io: &mut Io) -> Result<(), String> {
    let mut expressions = with_files(&args.expressions, &args.queries)?;
    if expressions.is_empty() && args.input.is_none() {
        return Err("at least one query or input object is required".to_owned());
    }
    if expressions.is_empty() {
        io.print("Reading from terminal input.\nEnter a jmespath expression and hit Ctrl+D.\n");
        expressions.push(io.input.read_text(INPUT_BYTES)?);
    }
    let input = match &args.input {
        Some(path) => document(path, &read(path)?)?,
        None => {
            io.print("Reading from terminal input.\nEnter input object and hit Ctrl+D.\n");
            let text = io.input.read_text(INPUT_BYTES)?;
            document(Path::new("standard input"), &text)?
        }
    };
    for expression in expressions {
        let result = evaluate(&expression, &input)?;
        io.print(format_args!("# {expression}\n"));
        match &result {
            Value::String(text) if args.unquoted => io.print(format_args!("{text}\n")),
            _ if args.compact => io.print(format_args!("{}\n", escape(&json::to_string(&result)))),
            _ => io.print(format_args!("{}\n", escape(&json::to_string_pretty(&result)))),
        }
    }
    Ok(())
}

/// Evaluates an expression over `input`, whose numbers are read as floats.
///
/// # Errors
/// Kyverno's text.
pub fn evaluate(expression: &str, input: &Value) -> Result<Value, String> {
    let compiled =
        Expression::compile(expression).map_err(|e| format!("failed to compile JMESPath: {expression}, error: {e}"))?;
    let runtime = Runtime::new(&RealClock, &SystemRandom);
    compiled.search(&input.with_floats(), &runtime).map_err(|e| format!("error evaluating JMESPath expression: {e}"))
}

struct RealClock;
impl Clock for RealClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }
}

struct SystemRandom;
impl Random for SystemRandom {
    fn random(&self) -> u64 {
        getrandom::u64().unwrap_or_default()
    }
}

fn document(path: &Path, text: &str) -> Result<Value, String> {
    let documents = files::documents(path, text).map_err(|e| format!("error parsing input json: {e}"))?;
    Ok(documents.into_iter().next().map(|d| d.value).unwrap_or_default())
}

fn read(path: &Path) -> Result<String, String> {
    files::read_text(path).map_err(|e| format!("failed open file {}: {e}", path.display()))
}

fn with_files(expressions: &[String], files: &[PathBuf]) -> Result<Vec<String>, String> {
    let mut all = expressions.to_vec();
    for path in files {
        all.push(read(path)?);
    }
    Ok(all)
}

/// What Go's JSON printer escapes beyond what JSON asks for.
fn escape(text: &str) -> String {
    let pairs =
        [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(*from, to))
}

fn list_functions(names: &[String], io: &mut Io) {
    for function in functions::catalogue() {
        if names.is_empty() || names.iter().any(|name| name == function.name) {
            io.print(format_args!("Name: {}\n  Signature: {}\n", function.name, function.signature()));
            if !function.note.is_empty() {
                io.print(format_args!("  Note:      {}\n", function.note));
            }
            io.print("\n");
        }
    }
}

fn parse(expressions: &[String], files: &[PathBuf], io: &mut Io) -> Result<(), String> {
    let mut all = with_files(expressions, files)?;
    if all.is_empty() {
        io.print("Reading from terminal input.\nEnter a jmespath expression and hit Ctrl+D.\n");
        all.push(io.input.read_text(INPUT_BYTES)?);
    }
    for expression in all {
        let compiled = Expression::compile(&expression).map_err(|e| match e.highlight() {
            Some(place) => format!("{e}\n{place}"),
            None => e.to_string(),
        })?;
        io.print(format_args!("# {expression}\n{}\n", compiled.tree()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli;

    fn jp(args: &[&str], input: &str) -> (ExitStatus, String, String) {
        let argv: Vec<std::ffi::OsString> = ["rendergate", "jp"].iter().chain(args).map(Into::into).collect();
        cli::io::capture(input, |io| cli::run(argv, io))
    }

    #[test]
    fn queries_print_their_result_as_json() {
        let (status, out, _) = jp(&["query", "-c", "a.b"], "a: {b: [1, '<']}\n");
        assert_eq!(status, ExitStatus::Clean);
        let result = out.split_once("# a.b\n").map(|(_, rest)| rest);
        assert_eq!(result, Some("[1,\"\\u003c\"]\n"));
        let (_, out, _) = jp(&["query", "-u", "s"], "s: text\n");
        assert!(out.ends_with("# s\ntext\n"), "{out}");
    }

    #[test]
    fn errors_are_kyvernos_and_exit_with_one() {
        let (status, _, err) = jp(&["query", "a.nope"], "a: {b: 1}\n");
        assert_eq!(status, ExitStatus::PolicySaidNo);
        assert_eq!(err, "Error: error evaluating JMESPath expression: Unknown key \"nope\" in path\n");
        let (status, _, err) = jp(&["query"], "");
        assert_eq!(
            (status, err.as_str()),
            (ExitStatus::PolicySaidNo, "Error: at least one query or input object is required\n")
        );
        let (_, _, err) = jp(&["query", "a["], "a: 1\n");
        assert!(err.starts_with("Error: failed to compile JMESPath: a[, error: SyntaxError"), "{err}");
    }

    #[test]
    fn functions_are_listed_with_their_signatures() {
        let (_, out, _) = jp(&["function", "length"], "");
        assert!(out.starts_with("Name: length\n  Signature: length(string|array|object) number\n"), "{out}");
        assert_eq!(out.matches("Name: ").count(), 1);
    }

    #[test]
    fn trees_are_printed_and_syntax_errors_show_the_place() {
        let (_, out, _) = jp(&["parse", "a.b"], "");
        assert!(out.starts_with("# a.b\nASTSubexpression {\n"), "{out}");
        let (status, _, err) = jp(&["parse", "a[?"], "");
        assert_eq!(status, ExitStatus::PolicySaidNo);
        assert!(err.lines().count() >= 3 && err.trim_end().ends_with('^'), "{err}");
    }

    #[test]
    fn alone_it_prints_its_help_and_files_hold_expressions() {
        let (status, out, err) = jp(&[], "");
        assert_eq!((status, err.as_str()), (ExitStatus::Clean, ""));
        assert!(out.contains("query") && out.contains("function") && out.contains("parse"), "{out}");
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name).display().to_string();
            std::fs::write(&path, text).expect("a file");
            path
        };
        let (one, two, input) = (file("1", "a"), file("2", "length(b)"), file("i.yaml", "a: x\nb: [1, 2]\n"));
        let both = format!("{one},{two}");
        let (_, out, _) = jp(&["query", "--unquoted=true", "-i", &input, "-q", &both, "b[0]"], "");
        assert_eq!(out, "# b[0]\n1\n# a\nx\n# length(b)\n2\n");
        let (status, _, err) = jp(&["query", "-i", "/nowhere/i.json", "a"], "");
        assert_eq!(status, ExitStatus::PolicySaidNo);
        assert!(err.starts_with("Error: failed open file /nowhere/i.json: "), "{err}");
        let (_, out, _) = jp(&["parse", "-f", &one], "");
        assert!(out.starts_with("# a\nASTField"), "{out}");
    }
}

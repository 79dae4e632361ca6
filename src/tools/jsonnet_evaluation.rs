//! The evaluation itself, over the files of a [`Job`] and nothing else.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jrsonnet_evaluator::error::ErrorKind;
use jrsonnet_evaluator::manifest::JsonFormat;
use jrsonnet_evaluator::stack::limit_stack_depth;
use jrsonnet_evaluator::tla::{TlaArg, apply_tla};
use jrsonnet_evaluator::trace::PathResolver;
use jrsonnet_evaluator::{AsPathLike, Error, IStr, ImportResolver, ResolvePath, SourcePath, State};
use jrsonnet_gcmodule::Acyclic;
use jrsonnet_ir::{SourceFifo, SourceFile};
use jrsonnet_stdlib::{ContextInitializer, TracePrinter};

use crate::source::paths::resolve;

use super::{Answer, Job};

/// How deep calls may nest: go-jsonnet's bound, on which Argo CD stands.
const DEEPEST: usize = 500;

/// The longest complaint, in characters.
const LONGEST: usize = 500;

/// Evaluates a job.
#[must_use]
pub fn answer(job: &Job) -> Answer {
    let mut texts = Vec::with_capacity(job.mains.len());
    let _depth = limit_stack_depth(DEEPEST);
    for main in &job.mains {
        match evaluate(job, main) {
            Ok(text) => texts.push(text),
            Err(error) => return fault(main, &error),
        }
    }
    Answer::Json(texts)
}

#[allow(clippy::mutable_key_type, reason = "the evaluator's own names: their hash is that of their text")]
fn evaluate(job: &Job, main: &str) -> Result<String, Error> {
    let context = ContextInitializer::new(PathResolver::Relative(PathBuf::from(ROOT)));
    context.settings_mut().trace_printer = Rc::new(Silent);
    for (name, text) in &job.texts {
        context.add_ext_str(name.as_str().into(), text.as_str().into());
    }
    for (name, code) in &job.codes {
        context.add_ext_code(name, code)?;
    }
    let files = job.files.keys().filter_map(|path| Some((path.clone(), job.file(path)?))).collect();
    let mut builder = State::builder();
    builder.import_resolver(Tree { files, search: job.search.clone() }).context_initializer(context);
    let state = builder.build();
    let _entered = state.enter();
    let mut arguments: HashMap<IStr, TlaArg> = HashMap::new();
    for (name, text) in &job.argument_texts {
        arguments.insert(name.as_str().into(), TlaArg::String(text.as_str().into()));
    }
    for (name, code) in &job.argument_codes {
        arguments.insert(name.as_str().into(), TlaArg::InlineCode(code.clone()));
    }
    let value = state.import_resolved(source(main))?;
    apply_tla(&arguments, value)?.manifest(JsonFormat::default())
}

/// Paths of the checkout are shown from here.
const ROOT: &str = "/";

fn source(path: &str) -> SourcePath {
    SourcePath::new(SourceFile::new(Path::new(ROOT).join(path)))
}

fn path_of(source: &SourcePath) -> Option<String> {
    let path = source.downcast_ref::<SourceFile>()?.path();
    Some(path.strip_prefix(ROOT).ok()?.to_str()?.to_owned())
}

/// The files of a job.
#[derive(Acyclic)]
struct Tree {
    files: HashMap<String, Vec<u8>>,
    search: Vec<String>,
}

impl ImportResolver for Tree {
    fn resolve_from(&self, from: &SourcePath, path: &dyn AsPathLike) -> Result<SourcePath, Error> {
        let path = path.as_path();
        let named = match path {
            ResolvePath::Str(text) => text.to_owned(),
            ResolvePath::Path(path) => path.to_string_lossy().into_owned(),
        };
        let from_path = path_of(from).unwrap_or_default();
        let own = from_path.rsplit_once('/').map_or("", |(directory, _)| directory);
        for directory in std::iter::once(own).chain(self.search.iter().map(String::as_str)) {
            if let Ok(candidate) = resolve(directory, &named, false)
                && self.files.contains_key(&candidate)
            {
                return Ok(source(&candidate));
            }
        }
        Err(ErrorKind::ImportFileNotFound(from.clone(), path.to_owned()).into())
    }

    fn load_file_contents(&self, resolved: &SourcePath) -> Result<Vec<u8>, Error> {
        if let Some(inline) = resolved.downcast_ref::<SourceFifo>() {
            return Ok(inline.1.to_vec());
        }
        let file = path_of(resolved).and_then(|path| self.files.get(&path).cloned());
        file.ok_or_else(|| ErrorKind::ResolvedFileNotFound(resolved.clone()).into())
    }
}

/// `std.trace` is for whoever writes jsonnet, not for those who see an application.
#[derive(Acyclic)]
struct Silent;

impl TracePrinter for Silent {
    fn print_trace(&self, _: jrsonnet_evaluator::function::CallLocation, _: IStr) {}
}

fn fault(main: &str, error: &Error) -> Answer {
    let mut file = main.to_owned();
    let mut line = 0;
    // The deepest frame that stands in a file of the checkout.
    for frame in &error.trace().0 {
        let Some(span) = &frame.location else { continue };
        if let Some(path) = path_of(span.0.source_path()) {
            file = path;
            line = span.0.map_source_locations(&[span.1]).first().map_or(0, |at| at.line);
            break;
        }
    }
    let words = match error.error() {
        ErrorKind::StackOverflow => format!("calls nest deeper than {DEEPEST} levels"),
        other => other.to_string(),
    };
    let words = words.replace(" from /", " from ");
    let words: String = words.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect();
    Answer::Fault { file, line, words: format!("jsonnet: {words}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Application;
    use crate::config::render::Jsonnet;
    use crate::document::{Map, Str, Value};
    use crate::source::jsonnet::Evaluate as _;
    use crate::source::{Limits, MemoryFiles};
    use crate::tools::Bounds;
    use crate::tools::jsonnet::Evaluator;

    fn run(files: &MemoryFiles, options: Jsonnet, mains: &[&str]) -> Result<Vec<String>, String> {
        let app = Application { name: Some("shop".to_owned()), ..Application::default() };
        let limits = Limits::default();
        let bounds = Bounds { limits: &limits, go_on: &|| true, own: None };
        let mains: Vec<String> = mains.iter().map(|m| (*m).to_owned()).collect();
        let evaluator = Evaluator::new(files, "app", options, &app, bounds);
        let compact = |text: String| text.split_whitespace().collect::<String>();
        evaluator.evaluate(&mains).map(|texts| texts.into_iter().map(compact).collect()).map_err(|e| e.to_string())
    }

    fn map(pairs: &[(&str, Value)]) -> Map {
        pairs.iter().map(|(k, v)| (Str::from(*k), v.clone())).collect()
    }

    #[test]
    fn variables_arguments_and_libraries() {
        let files = MemoryFiles::new([
            (
                "app/m.jsonnet",
                "local l = import 'l.libsonnet'; function(a, n) {a: a, n: n, e: std.extVar('e'), c: std.extVar('c'), t: importstr 't.txt', l: l.x}",
            ),
            ("app/t.txt", "text"),
            ("lib/l.libsonnet", "{x: (import 'deep/d').y}"),
            ("lib/deep/d", "{y: std.length([1, 2])}"),
            ("app/n.jsonnet", "[std.extVar('v').k, std.base64('x')]"),
        ]);
        let options = Jsonnet {
            libraries: vec!["lib".to_owned()],
            external_variables: map(&[
                ("e", "$ARGOCD_APP_NAME".into()),
                ("v", Value::map(map(&[("k", Value::Int(1))]))),
            ]),
            external_code: map(&[("c", "1 + 1".into())]),
            top_level_arguments: map(&[("a", "A".into())]),
            top_level_code: map(&[("n", "[3]".into())]),
        };
        let texts = run(&files, options, &["app/m.jsonnet", "app/n.jsonnet"]).unwrap();
        assert_eq!(texts, [r#"{"a":"A","c":2,"e":"shop","l":2,"n":[3],"t":"text"}"#, r#"[1,"eA=="]"#]);
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        for (text, expected) in [
            ("{\n  a: error 'no',\n}", "app/m.jsonnet:2: jsonnet: "),
            ("{\n  a: import 'gone' }", "app/m.jsonnet: jsonnet: can't resolve gone from app/m.jsonnet"),
            ("{ a: ", "app/m.jsonnet"),
            ("{ a: std.extVar('x') }", "app/m.jsonnet:1: jsonnet: "),
            ("local f(n) = f(n + 1) + 1; f(0)", "app/m.jsonnet:1: jsonnet: calls nest deeper than 500 levels"),
            ("{ a: importstr '/etc/hostname' }", "app/m.jsonnet:1: the path '/etc/hostname' leads out"),
            ("{ a: importstr '../../etc/hostname' }", "app/m.jsonnet: jsonnet: can't resolve "),
        ] {
            let files = MemoryFiles::new([("app/m.jsonnet", text)]);
            let error = run(&files, Jsonnet::default(), &["app/m.jsonnet"]).unwrap_err();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn only_the_jobs_files_are_there() {
        let job = Job { mains: vec!["m".to_owned()], ..Job::default() };
        assert!(matches!(answer(&job), Answer::Fault { .. }));
        // An import no scan saw is not there, whatever the disk holds.
        let files = [("m".to_owned(), base64(b"importstr 'Cargo.toml'"))].into_iter().collect();
        let Answer::Fault { words, .. } = answer(&Job { files, ..job }) else { panic!("it was found") };
        assert!(words.contains("Cargo.toml"), "{words}");
    }

    fn base64(bytes: &[u8]) -> String {
        use base64::Engine as _;
        base64::prelude::BASE64_STANDARD.encode(bytes)
    }
}

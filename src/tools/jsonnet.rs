//! Jsonnet, evaluated in a process of our own: nothing inside an evaluation asks whether time is up, so the
//! process is ended from outside, and its memory is bounded by the system.
//!
//! The process gets the files, all of them, with the question ([`Job`]); it opens none.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use crate::config::Application;
use crate::config::render::Jsonnet;
use crate::document::{Map, Value, json};
use crate::source::jsonnet::{Evaluate, needs, search_paths};
use crate::source::{Fault, Files, SourceError};

use super::process::{Call, Failure};
use super::{Bounds, ToolFault, confined};

/// The command by which our own program is called.
pub const COMMAND: &str = "evaluate-jsonnet";

/// What is to be evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Files by path from the checkout, as base64.
    pub files: BTreeMap<String, String>,
    /// The files to evaluate.
    pub mains: Vec<String>,
    /// Where imports are looked for behind the importing file's own directory.
    pub search: Vec<String>,
    /// External variables that are text.
    pub texts: BTreeMap<String, String>,
    /// External variables that are code.
    pub codes: BTreeMap<String, String>,
    /// Top-level arguments that are text.
    pub argument_texts: BTreeMap<String, String>,
    /// Top-level arguments that are code.
    pub argument_codes: BTreeMap<String, String>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The JSON of each main file.
    Json(Vec<String>),
    /// The first file that cannot be evaluated.
    Fault {
        /// Its path from the checkout, or that of a file it imports.
        file: String,
        /// The line in it, from 1; 0 if unknown.
        line: usize,
        /// What is wrong.
        words: String,
    },
}

impl Job {
    /// A file's bytes.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<Vec<u8>> {
        BASE64_STANDARD.decode(self.files.get(path)?).ok()
    }
}

/// Evaluates the jsonnet files of one application.
pub struct Evaluator<'a> {
    files: &'a dyn Files,
    directory: &'a str,
    options: Jsonnet,
    app: &'a Application,
    bounds: Bounds<'a>,
}

impl<'a> Evaluator<'a> {
    /// For the application in `directory`.
    #[must_use]
    pub fn new(
        files: &'a dyn Files,
        directory: &'a str,
        options: Jsonnet,
        app: &'a Application,
        bounds: Bounds<'a>,
    ) -> Self {
        Self { files, directory, options, app, bounds }
    }

    fn job(&self, mains: &[String]) -> Result<Job, SourceError> {
        let search =
            search_paths(self.directory, &self.options.libraries).map_err(|fault| SourceError::of("", fault))?;
        let needs = needs(self.files, mains, &search, self.bounds.limits)?;
        let variables = |map: &Map, code: bool| {
            let of_kind = map.iter().filter(move |(_, value)| matches!(value, Value::String(_)) != code);
            let text = |value: &Value| match value {
                Value::String(text) => text.to_string(),
                other => json::to_string(other),
            };
            of_kind.map(|(name, value)| (name.to_string(), self.app.expand(&text(value)))).collect::<BTreeMap<_, _>>()
        };
        let codes = |values: &Map, codes: &Map| {
            let mut all = variables(values, true);
            all.extend(variables(codes, false));
            all
        };
        let Jsonnet { external_variables, external_code, top_level_arguments, top_level_code, .. } = &self.options;
        Ok(Job {
            files: needs.files.into_iter().map(|(path, bytes)| (path, BASE64_STANDARD.encode(bytes))).collect(),
            mains: mains.to_vec(),
            search,
            texts: variables(external_variables, false),
            codes: codes(external_variables, external_code),
            argument_texts: variables(top_level_arguments, false),
            argument_codes: codes(top_level_arguments, top_level_code),
        })
    }

    fn answer(&self, job: &Job) -> Result<Answer, ToolFault> {
        let Some(own) = self.bounds.own else { return Ok(answer(job)) };
        let input = serde_json::to_vec(job).map_err(|e| ToolFault::Gate(format!("jsonnet: {e}")))?;
        let call = Call {
            program: own,
            arguments: vec![COMMAND.into()],
            directory: Path::new("/"),
            environment: Vec::new(),
            input,
            // Escapes make a text longer than it is.
            most: self.bounds.limits.tree_bytes.saturating_mul(2),
        };
        let printed =
            confined::through(Some(own), None, call).run(self.bounds.go_on).map_err(|failure| match failure {
                Failure::NotStarted(why) => ToolFault::Gate(format!("jsonnet cannot be evaluated: {why}")),
                Failure::TooMuch => ToolFault::Complaint("jsonnet evaluates to more than limits.treeBytes".to_owned()),
                Failure::Stopped => ToolFault::Stopped,
                // It was not confined, so it was not started either.
                Failure::Failed { complaint, .. } if complaint.starts_with("error: ") => {
                    ToolFault::Gate(format!("jsonnet cannot be evaluated: {}", complaint.trim_end()))
                }
                Failure::Failed { ending, .. } => ToolFault::Complaint(format!(
                    "jsonnet ended with {ending}: it needs more than {} MiB of memory, or nests too deep",
                    confined::MEMORY >> 20
                )),
            })?;
        serde_json::from_slice(&printed.output).map_err(|_| ToolFault::Gate("jsonnet: no answer".to_owned()))
    }
}

impl Evaluate for Evaluator<'_> {
    fn evaluate(&self, mains: &[String]) -> Result<Vec<String>, SourceError> {
        let job = self.job(mains)?;
        let refused = |words: String| SourceError::of("", Fault::Refused(words));
        let answer = self.answer(&job).map_err(|fault| match fault {
            ToolFault::Repository(error) => error,
            ToolFault::Complaint(words) | ToolFault::Gate(words) => refused(words),
            ToolFault::Stopped => refused("jsonnet was not evaluated in time".to_owned()),
        })?;
        match answer {
            Answer::Json(texts) if texts.len() == mains.len() => Ok(texts),
            Answer::Json(_) => Err(refused("jsonnet: not every file was evaluated".to_owned())),
            Answer::Fault { file, line, words } => {
                Err(SourceError { file, line: (line > 0).then_some(line), fault: Fault::Refused(words) })
            }
        }
    }
}

#[cfg(feature = "jsonnet")]
pub use evaluation::answer;

/// Nothing evaluates jsonnet in this build.
#[cfg(not(feature = "jsonnet"))]
#[must_use]
pub fn answer(job: &Job) -> Answer {
    let file = job.mains.first().cloned().unwrap_or_default();
    Answer::Fault { file, line: 0, words: Fault::Jsonnet.to_string() }
}

#[cfg(feature = "jsonnet")]
#[path = "jsonnet_evaluation.rs"]
mod evaluation;

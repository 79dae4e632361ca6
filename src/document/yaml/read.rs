//! Reading a stream of documents.

use std::cell::Cell;
use std::str::Chars;

use yaml_rust2::Event;
use yaml_rust2::parser::Parser;
use yaml_rust2::scanner::{Marker, ScanError, TScalarStyle};

use super::build::Builder;
use super::error::{Position, Problem, YamlError};
use super::limits::Limits;
use super::text::{Places, Text};
use crate::document::{Str, Value, json};

/// Brackets and commas a flow collection may have: until it closes, yaml-rust2 holds all its tokens.
const FLOW_TOKENS: usize = 250_000;
/// How much, and how often, a text is read again to mend its tabs.
const REREAD_BYTES: usize = 16 << 20;
const REREAD_TIMES: usize = 1000;

/// One document of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// What it says.
    pub value: Value,
    /// Its number in the stream, from 0, empty documents counted: what [`super::locate()`] takes.
    pub index: usize,
    /// Where its content starts.
    pub start: Position,
    /// Keys written more than once in one map; the last one counted.
    pub duplicates: Vec<Duplicate>,
    /// Values and keys it holds, as [`Limits::values`] counts them.
    pub values: usize,
}

/// A key that was written before in the same map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The key.
    pub key: Str,
    /// Where it is written again.
    pub position: Position,
}

/// Reads every document of `text`; documents that are empty or null are left out.
///
/// # Errors
/// The first thing that is not YAML, has no meaning as a Kubernetes object, or exceeds `limits`.
/// The error has a place and never quotes the text.
pub fn read(text: &str, limits: &Limits) -> Result<Vec<Document>, YamlError> {
    read_part(text, limits).map(|(documents, _)| documents)
}

/// The same, with the number of documents, empty ones counted: for a stream that is read in parts.
///
/// # Errors
/// As [`read`].
pub fn read_part(text: &str, limits: &Limits) -> Result<(Vec<Document>, usize), YamlError> {
    match read_once(text, limits) {
        Err(error) if is_tab_after_colon(&error.problem) => mend(text, limits, error).1,
        result => result,
    }
}

/// yaml-rust2 alone refuses a tab between a colon and a plain value: puts spaces there, one place
/// after the other, as often as costs no more than reading a large file. All other places stay.
pub(super) fn mend(
    text: &str,
    limits: &Limits,
    mut error: YamlError,
) -> (String, Result<(Vec<Document>, usize), YamlError>) {
    let mut text = text.to_owned();
    for _ in 0..(REREAD_BYTES / text.len().max(1)).min(REREAD_TIMES) {
        let end = error.position.offset.min(text.len());
        let start = text[..end].trim_end_matches(['\t', ' ']).len();
        text.replace_range(start..end, &" ".repeat(end - start));
        match read_once(&text, limits) {
            Err(next) if is_tab_after_colon(&next.problem) && next.position > error.position => error = next,
            result => return (text, result),
        }
    }
    (text, Err(error))
}

pub(super) fn is_tab_after_colon(problem: &Problem) -> bool {
    matches!(problem, Problem::Syntax(info) if info == "':' must be followed by a valid YAML whitespace")
}

fn read_once(text: &str, limits: &Limits) -> Result<(Vec<Document>, usize), YamlError> {
    let text = Text::check(text, limits)?;
    if let Some(document) = as_json(text, limits)? {
        return Ok((vec![document], 1));
    }
    if text.flow_tokens < FLOW_TOKENS {
        if text.body.is_ascii() {
            return documents(text, Parser::new(text.body.bytes().map(char::from)), limits, || false);
        }
        return documents(text, Parser::new_from_str(text.body), limits, || false);
    }
    let left = Cell::new(0);
    documents(text, Parser::new(Metered::new(text, &left)), limits, || Metered::is_spent(&left))
}

/// A text that is JSON, read as such: the same value, much faster, and without holding its tokens.
/// What JSON refuses, a repeated key among it, is left to the YAML reader to read or to explain.
///
/// # Errors
/// More values than allowed.
fn as_json(text: Text<'_>, limits: &Limits) -> Result<Option<Document>, YamlError> {
    let content = text.body.trim_start_matches([' ', '\t', '\r', '\n']);
    if !content.starts_with(['{', '[']) {
        return Ok(None);
    }
    let start = text.position_of(text.body.len() - content.len());
    match json::parse_counted(content.as_bytes(), json::Keys::Unique, limits.values) {
        Ok((value, values)) if value.depth() < limits.depth => {
            Ok(Some(Document { value, index: 0, start, duplicates: Vec::new(), values }))
        }
        Err(json::JsonError::TooManyValues(limit)) => {
            Err(YamlError { position: start, problem: Problem::TooManyValues(limit) })
        }
        _ => Ok(None),
    }
}

/// `exhausted` is asked after each event whether the parser was cut short.
fn documents<T: Iterator<Item = char>>(
    text: Text<'_>,
    mut parser: Parser<T>,
    limits: &Limits,
    exhausted: impl Fn() -> bool,
) -> Result<(Vec<Document>, usize), YamlError> {
    let mut places = Places::new(text);
    let mut documents = Vec::new();
    let mut builder = Builder::new(limits);
    let mut index = 0;
    let mut start = None;
    let mut counted = 0;
    loop {
        let next = parser.next_token();
        let flow_too_long = exhausted();
        let (event, mark) = match next {
            Ok((event, mark)) if !flow_too_long => (event, mark),
            Ok((_, mark)) => return Err(refuse(&mut places, &mark, Problem::TooManyFlowTokens(FLOW_TOKENS))),
            Err(error) if flow_too_long => {
                return Err(refuse(&mut places, error.marker(), Problem::TooManyFlowTokens(FLOW_TOKENS)));
            }
            Err(error) => return Err(syntax(&mut places, &error, limits)),
        };
        match event {
            Event::StreamEnd => return Ok((documents, index)),
            Event::DocumentStart => {
                if index == limits.documents {
                    return Err(refuse(&mut places, &mark, Problem::TooManyDocuments(limits.documents)));
                }
                start = None;
            }
            Event::DocumentEnd => {
                let value = builder.finish();
                let repeated = std::mem::take(&mut builder.repeated);
                if !value.is_null() {
                    documents.push(Document {
                        value,
                        index,
                        start: start.map(|mark| places.position(&mark)).unwrap_or_default(),
                        duplicates: repeated
                            .into_iter()
                            .map(|(key, mark)| Duplicate { key, position: places.position(&mark) })
                            .collect(),
                        values: builder.nodes - counted,
                    });
                }
                counted = builder.nodes;
                index += 1;
            }
            mut event => {
                if let Event::Scalar(content, TScalarStyle::Literal | TScalarStyle::Folded, ..) = &mut event
                    && content == "\n"
                    && places.is_clipped_block(&mark)
                {
                    content.clear();
                }
                // A block map is marked at its first colon: the key before it is where the document starts.
                if start.is_none_or(|start: Marker| mark.index() < start.index()) {
                    start = Some(mark);
                }
                builder.event(&event, mark).map_err(|(problem, mark)| refuse(&mut places, &mark, problem))?;
            }
        }
    }
}

fn refuse(places: &mut Places<'_>, mark: &Marker, problem: Problem) -> YamlError {
    YamlError { position: places.position(mark), problem }
}

/// yaml-rust2's messages name the construct and never quote the text, but for a reserved indicator.
fn syntax(places: &mut Places<'_>, error: &ScanError, limits: &Limits) -> YamlError {
    let problem = match error.info() {
        "recursion limit exceeded" => Problem::TooDeep(limits.depth),
        info => Problem::Syntax(info.to_owned()),
    };
    refuse(places, error.marker(), problem)
}

/// Ends the text early when too many flow tokens come without an event.
pub(super) struct Metered<'t> {
    chars: Chars<'t>,
    left: &'t Cell<usize>,
}

impl<'t> Metered<'t> {
    pub(super) fn new(text: Text<'t>, left: &'t Cell<usize>) -> Self {
        left.set(FLOW_TOKENS);
        Self { chars: text.body.chars(), left }
    }

    /// Whether the text was ended early; to be asked after each event.
    pub(super) fn is_spent(left: &Cell<usize>) -> bool {
        left.replace(FLOW_TOKENS) == 0
    }
}

impl Iterator for Metered<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        if self.left.get() == 0 {
            return None;
        }
        let c = self.chars.next()?;
        if matches!(c, '[' | '{' | ',') {
            self.left.set(self.left.get() - 1);
        }
        Some(c)
    }
}

//! Replacing variables by values (spec 30 §1.2 to §1.7).

use std::borrow::Cow;

use super::compile::{Key, Node, Text, unescape};
use super::location::{here, path_text};
use super::query::{Limits, Query, QueryError, ResolveError};
use super::scan::{Occurrence, occurrences};
use super::variable::{Kind, Variable, rewrite_for_delete};
use crate::document::path::Segment;
use crate::document::{Map, Str, Value};
use crate::jmespath::Expression;
use crate::jmespath::go::json::{Exponent, write};

pub(super) struct Resolver<'a> {
    query: &'a dyn Query,
    limits: Limits,
    at: Vec<Segment>,
    depth: usize,
    produced: usize,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(query: &'a dyn Query, prefix: &[Segment]) -> Self {
        Self { query, limits: query.limits(), at: prefix.to_vec(), depth: 0, produced: 0 }
    }

    pub(super) fn node(&mut self, node: &Node) -> Result<Value, ResolveError> {
        match node {
            Node::Constant(value) => Ok(value.clone()),
            Node::Text(text) => {
                let value = match text.only_variable() {
                    // What the first scan would find is known.
                    Some(variable) if self.limits.passes > 0 => {
                        self.spend(text.text.len())?;
                        self.ask(variable)?
                    }
                    _ => self.text(&text.text, &text.variables)?,
                };
                self.enter(value)
            }
            Node::List(nodes) => {
                let mut items = Vec::with_capacity(nodes.len());
                for (i, node) in nodes.iter().enumerate() {
                    items.push(self.below(i, |this| this.node(node))?);
                }
                Ok(Value::list(items))
            }
            Node::Map(pairs) => {
                let mut map = Map::with_capacity(pairs.len());
                for (key, node) in pairs {
                    let (written, resolved) = match key {
                        Key::Constant(key) => (key, key.clone()),
                        Key::Text(Text { text, variables }) => (text, self.key(text, variables)?),
                    };
                    let value = self.below(written.clone(), |this| this.node(node))?;
                    map.insert(resolved, value);
                }
                Ok(Value::map(map))
            }
        }
    }

    fn below<T>(
        &mut self,
        segment: impl Into<Segment>,
        f: impl FnOnce(&mut Self) -> Result<T, ResolveError>,
    ) -> Result<T, ResolveError> {
        self.at.push(segment.into());
        let result = f(self);
        self.at.pop();
        result
    }

    fn endless(&self, limit: impl Into<String>) -> ResolveError {
        ResolveError::Endless { path: path_text(&self.at), limit: limit.into() }
    }

    fn spend(&mut self, bytes: usize) -> Result<(), ResolveError> {
        self.produced = self.produced.saturating_add(bytes);
        if self.produced > self.limits.bytes {
            return Err(self.endless(format!("{} bytes", self.limits.bytes)));
        }
        Ok(())
    }

    /// A renamed key; null leaves it as it is written.
    fn key(&mut self, text: &Str, variables: &[Variable]) -> Result<Str, ResolveError> {
        match self.text(text, variables)? {
            Value::String(key) => Ok(key),
            Value::Null => Ok(text.clone()),
            _ => Err(ResolveError::Failed(format!(
                "expected string after substituting variables in key {}",
                crate::jmespath::go::quote(text)
            ))),
        }
    }

    /// What a string came to, with the variables inside a list or map resolved in turn.
    fn enter(&mut self, value: Value) -> Result<Value, ResolveError> {
        if !matches!(value, Value::List(_) | Value::Map(_)) || !self.holds_braces(&value)? {
            return Ok(value);
        }
        if self.depth >= self.limits.depth {
            return Err(self.endless(format!("{} levels of fetched data", self.limits.depth)));
        }
        self.depth += 1;
        let walked = self.walk(&value);
        self.depth -= 1;
        walked
    }

    fn holds_braces(&mut self, value: &Value) -> Result<bool, ResolveError> {
        match value {
            Value::String(text) => Ok(text.contains("{{")),
            Value::List(items) => {
                self.spend(items.len())?;
                for item in items.iter() {
                    if self.holds_braces(item)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Value::Map(map) => {
                self.spend(map.len())?;
                for (key, item) in map.iter() {
                    if key.contains("{{") || self.holds_braces(item)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => Ok(false),
        }
    }

    /// Resolves fetched data.
    fn walk(&mut self, value: &Value) -> Result<Value, ResolveError> {
        self.spend(16)?;
        match value {
            Value::String(text) if text.contains("{{") => {
                let value = self.text(text, &[])?;
                self.enter(value)
            }
            Value::List(items) => {
                let mut walked = Vec::with_capacity(items.len());
                for (i, item) in items.iter().enumerate() {
                    walked.push(self.below(i, |this| this.walk(item))?);
                }
                Ok(Value::list(walked))
            }
            Value::Map(map) => {
                let mut walked = Map::with_capacity(map.len());
                for (key, item) in map.iter() {
                    let resolved = if key.contains("{{") { self.key(key, &[])? } else { key.clone() };
                    let value = self.below(key.clone(), |this| this.walk(item))?;
                    walked.insert(resolved, value);
                }
                Ok(Value::map(walked))
            }
            other => Ok(other.clone()),
        }
    }

    /// One string: scan, replace, scan again. `known` are the variables of the first scan, compiled.
    fn text(&mut self, text: &str, known: &[Variable]) -> Result<Value, ResolveError> {
        let mut current = Cow::Borrowed(text);
        for pass in 0.. {
            let found = occurrences(&current);
            if found.is_empty() {
                break;
            }
            if pass >= self.limits.passes {
                return Err(self.endless(format!("{} passes", self.limits.passes)));
            }
            self.spend(current.len())?;
            let mut next = current.clone().into_owned();
            let mut shallow = false;
            for occurrence in found {
                let compiled = known.iter().find(|v| pass == 0 && v.is(&occurrence));
                let variable = match compiled {
                    Some(variable) => Cow::Borrowed(variable),
                    None => Cow::Owned(Variable::compile(occurrence)),
                };
                shallow = variable.shallow;
                let value = self.ask(&variable)?;
                if occurrence.token.len() == current.len() {
                    return Ok(value);
                }
                next = self.paste(next, occurrence, &variable, &value)?;
            }
            current = Cow::Owned(next);
            if shallow {
                break;
            }
        }
        Ok(Value::from(unescape(&current)))
    }

    /// Puts a value in the place of the first such variable.
    fn paste(
        &mut self,
        text: String,
        occurrence: Occurrence<'_>,
        variable: &Variable,
        value: &Value,
    ) -> Result<String, ResolveError> {
        let rendered = match value {
            Value::String(string) if variable.shallow => string.replace("{{", "\\{{"),
            Value::String(string) => string.to_string(),
            // Here the original ends; a rule error is the kinder answer.
            other if variable.shallow && !other.is_null() => {
                return Err(self.failed(&variable.text, "only a string can be inserted without further resolution"));
            }
            other => write(other, Exponent::TwoDigits).map_err(|e| self.failed(&variable.text, &e.to_string()))?,
        };
        // Finding the place costs time in proportion to the text.
        self.spend(rendered.len() + text.len() / 64)?;
        let before = occurrence.before.map(String::from).unwrap_or_default();
        let written = format!("{before}{}", occurrence.token);
        Ok(text.replacen(&written, &format!("{before}{rendered}"), 1))
    }

    fn failed(&self, expression: &str, cause: &str) -> ResolveError {
        ResolveError::Failed(format!("failed to resolve {expression} at path {}: {cause}", path_text(&self.at)))
    }

    /// The value of a variable.
    fn ask(&self, variable: &Variable) -> Result<Value, ResolveError> {
        let is_delete = self.query.is_delete();
        match &variable.kind {
            Kind::Empty => Err(self.failed("", "invalid query (nil)")),
            Kind::Query { on_delete: Some(expression), .. } if is_delete => {
                self.run(&rewrite_for_delete(&variable.text), expression)
            }
            Kind::Query { expression, .. } => self.run(&variable.text, expression),
            Kind::Here => {
                let mut text = here(self.here_root()?, &self.at);
                if is_delete {
                    text = rewrite_for_delete(&text);
                }
                self.run(&text, &Expression::compile(&text))
            }
        }
    }

    /// `target` when there is one, else `request.object`.
    fn here_root(&self) -> Result<&'static str, ResolveError> {
        let Ok(target) = Expression::compile("target") else { return Ok("request.object") };
        match self.query.query(&target) {
            Ok(_) => Ok("target"),
            Err(QueryError::Unavailable(reason)) => Err(ResolveError::Unavailable(reason)),
            Err(QueryError::Budget(limit)) => Err(ResolveError::Budget(limit)),
            Err(QueryError::Failed(_) | QueryError::Refused(_)) => Ok("request.object"),
        }
    }

    fn run(
        &self,
        text: &str,
        expression: &Result<Expression, crate::jmespath::CompileError>,
    ) -> Result<Value, ResolveError> {
        let outcome = match expression {
            Ok(expression) => self.query.query(expression),
            Err(error) => Err(self.query.syntax_error(text, error)),
        };
        outcome.map_err(|error| match error {
            QueryError::Unavailable(reason) => ResolveError::Unavailable(reason),
            QueryError::Budget(limit) => ResolveError::Budget(limit),
            QueryError::Refused(text) => ResolveError::Failed(text),
            QueryError::Failed(cause) => self.failed(text, &cause),
        })
    }
}

//! Strict reading of small configuration files whose field names ignore case, as Go's JSON decoder
//! reads them: a field nobody asked for is an error.

use crate::document::{Str, Value};

/// A field that is unknown or of the wrong type; the text names where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}{problem}")]
pub struct FieldError {
    /// The path of the map, ending in `: ` unless it is the document itself.
    at: String,
    /// What is wrong.
    problem: String,
}

/// The fields of one map, each to be taken by name.
pub struct Fields<'a> {
    at: String,
    rest: Vec<(&'a Str, &'a Value)>,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of `value`; null is an empty map.
    ///
    /// # Errors
    /// When it is no map.
    pub fn of(value: &'a Value, at: &str) -> Result<Self, FieldError> {
        let rest = match value {
            Value::Null => Vec::new(),
            Value::Map(map) => map.iter().collect(),
            _ => return Err(wrong_type(at, "a map", value)),
        };
        Ok(Self { at: at.to_owned(), rest, asked: Vec::new() })
    }

    fn path(&self, name: &str) -> String {
        if self.at.is_empty() { name.to_owned() } else { format!("{}.{name}", self.at) }
    }

    /// The value of a field; `None` when absent or null.
    pub fn take(&mut self, name: &'static str) -> Option<&'a Value> {
        self.asked.push(name);
        let at = self
            .rest
            .iter()
            .position(|(key, _)| *key == name)
            .or_else(|| self.rest.iter().position(|(key, _)| key.eq_ignore_ascii_case(name)))?;
        Some(self.rest.remove(at).1).filter(|value| !value.is_null())
    }

    /// A text field, empty when absent.
    ///
    /// # Errors
    /// When it is not text.
    pub fn text(&mut self, name: &'static str) -> Result<Str, FieldError> {
        match self.take(name) {
            None => Ok(Str::default()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => Err(wrong_type(&self.path(name), "a string", other)),
        }
    }

    /// A truth value, false when absent.
    ///
    /// # Errors
    /// When it is no truth value.
    pub fn flag(&mut self, name: &'static str) -> Result<bool, FieldError> {
        match self.take(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(other) => Err(wrong_type(&self.path(name), "true or false", other)),
        }
    }

    /// A list of texts, `None` when absent.
    ///
    /// # Errors
    /// When it is not a list of texts.
    pub fn texts(&mut self, name: &'static str) -> Result<Option<Vec<Str>>, FieldError> {
        let path = self.path(name);
        let Some(items) = self.list(name)? else { return Ok(None) };
        items
            .iter()
            .map(|item| match item {
                Value::String(text) => Ok(text.clone()),
                other => Err(wrong_type(&path, "a list of strings", other)),
            })
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// A list, `None` when absent.
    ///
    /// # Errors
    /// When it is no list.
    pub fn list(&mut self, name: &'static str) -> Result<Option<&'a [Value]>, FieldError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::List(items)) => Ok(Some(items)),
            Some(other) => Err(wrong_type(&self.path(name), "a list", other)),
        }
    }

    /// A list read item by item, empty when absent.
    ///
    /// # Errors
    /// When it is no list or `read` refuses an item.
    pub fn each<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(Fields<'a>) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, FieldError> {
        let path = self.path(name);
        let items = self.list(name)?.unwrap_or_default();
        items.iter().enumerate().map(|(i, item)| read(Fields::of(item, &format!("{path}[{i}]"))?)).collect()
    }

    /// A map from text to anything, empty when absent.
    ///
    /// # Errors
    /// When it is no map.
    pub fn entries(&mut self, name: &'static str) -> Result<Vec<(Str, Value)>, FieldError> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Value::Map(map)) => Ok(map.iter().map(|(k, v)| (k.clone(), v.clone())).collect()),
            Some(other) => Err(wrong_type(&self.path(name), "a map", other)),
        }
    }

    /// The map under a name, to be read the same way; an empty one when absent.
    ///
    /// # Errors
    /// When it is no map.
    pub fn inner(&mut self, name: &'static str) -> Result<Fields<'a>, FieldError> {
        let path = self.path(name);
        Fields::of(self.take(name).unwrap_or(&Value::Null), &path)
    }

    /// Takes what is left, so that it is allowed.
    pub fn allow_rest(&mut self) {
        self.rest.clear();
    }

    /// An error about this map.
    pub fn error(&self, problem: impl Into<String>) -> FieldError {
        FieldError { at: prefix(&self.at), problem: problem.into() }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// When a field was not asked for.
    pub fn finish(self) -> Result<(), FieldError> {
        match self.rest.first() {
            None => Ok(()),
            Some((name, _)) => {
                let known = self.asked.join(", ");
                Err(self.error(format!("unknown field \"{name}\" (known: {known})")))
            }
        }
    }
}

fn prefix(at: &str) -> String {
    if at.is_empty() { String::new() } else { format!("{at}: ") }
}

fn wrong_type(at: &str, wanted: &str, found: &Value) -> FieldError {
    let found = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Int(_) | Value::Float(_) => "a number",
        Value::String(_) => "a string",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
    };
    FieldError { at: prefix(at), problem: format!("must be {wanted}, not {found}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ignore_case_and_unknown_ones_are_refused() {
        let value = Value::from([("isMUtatingPolicy", Value::Bool(true)), ("resuorces", Value::list(vec![]))]);
        let mut fields = Fields::of(&value, "results[0]").expect("a map");
        assert_eq!(fields.flag("isMutatingPolicy"), Ok(true));
        assert_eq!(fields.texts("resources"), Ok(None));
        let error = fields.finish().expect_err("unknown");
        assert_eq!(error.to_string(), "results[0]: unknown field \"resuorces\" (known: isMutatingPolicy, resources)");
    }

    #[test]
    fn types_are_checked_with_their_place() {
        let value = Value::from([("a", Value::from([("b", Value::list(vec![Value::Int(3)]))]))]);
        let mut fields = Fields::of(&value, "").expect("a map");
        let mut inner = fields.inner("a").expect("a map");
        assert_eq!(inner.texts("b").expect_err("a number").to_string(), "a.b: must be a list of strings, not a number");
    }
}

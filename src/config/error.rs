//! Why a configuration is refused, and where. Also how every configuration text is read.

use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::document::manifest::Source;
use crate::document::{Pointer, Value, de, yaml};

/// A configuration that is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct ConfigError {
    /// The file as shown to people.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and the nearest valid name where there is one.
    pub message: String,
}

impl ConfigError {
    /// An error about a whole file.
    pub fn whole(file: &str, message: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: 1, message: message.into() }
    }
}

/// A configuration text, read as one document of the right kind.
pub(super) struct Text {
    value: Value,
    source: Source,
}

/// The `apiVersion` of both configurations.
pub(super) const API_VERSION: &str = "rendergate.dev/v1alpha1";

impl Text {
    /// Reads `text`, which must be one document of `kind`.
    pub(super) fn read(file: &str, text: &str, kind: &str) -> Result<Self, ConfigError> {
        let documents = yaml::read(text, &yaml::Limits::default()).map_err(|error| ConfigError {
            file: file.to_owned(),
            line: error.position.line,
            message: format!("not readable as YAML: {}", error.problem),
        })?;
        let mut documents = documents.into_iter();
        let Some(document) = documents.next() else {
            return Err(ConfigError::whole(file, format!("empty: a {kind} is needed")));
        };
        if let Some(second) = documents.next() {
            let line = second.start.line;
            return Err(ConfigError {
                file: file.to_owned(),
                line,
                message: "only one document is allowed".to_owned(),
            });
        }
        let source = Source::of(Arc::from(file), Arc::from(text), &document);
        let read = Self { value: document.value, source };
        for (field, expected) in [("apiVersion", API_VERSION), ("kind", kind)] {
            if read.value.str_at(&[field]) != Some(expected) {
                return Err(read.error(&Pointer::root().with(field), format!("{field} must be {expected}")));
            }
        }
        if let Some(again) = document.duplicates.first() {
            let message = format!("'{}' is given twice", again.key);
            return Err(ConfigError { file: file.to_owned(), line: again.position.line, message });
        }
        Ok(read)
    }

    /// The document as a `T`.
    pub(super) fn typed<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        de::from_value(&self.value).map_err(|error| {
            let hint = error.nearest.as_ref().map(|n| format!(": did you mean '{n}'?")).unwrap_or_default();
            let place = if error.pointer.is_root() { String::new() } else { format!(" ({})", error.pointer) };
            self.error(&error.pointer, format!("{}{hint}{place}", error.message))
        })
    }

    /// The document.
    pub(super) fn value(&self) -> &Value {
        &self.value
    }

    /// An error about the value at `pointer`.
    pub(super) fn error(&self, pointer: &Pointer, message: String) -> ConfigError {
        ConfigError { file: self.source.file.to_string(), line: self.source.place(pointer).line, message }
    }
}

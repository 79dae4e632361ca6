//! `{{ }}` variables and `$( )` references inside any value, compiled at load (spec 30 §1).
//!
//! ```text
//! value -> references resolved -> Node tree: shared constants, whole variables, texts with variables
//!       -> resolve: query each variable, paste or replace, scan again, walk into what was fetched
//! ```
//!
//! [`Template::compile`] never fails: what is wrong with a variable or a reference is an error of [`Template::resolve`]
//! (and is told earlier by [`Template::variables`]). A template without variables resolves to a clone of a shared value.

mod compile;
mod location;
mod query;
mod references;
mod resolve;
mod scan;
mod variable;

use std::sync::Arc;

pub use query::{Limits, Query, QueryError, ResolveError};
pub use scan::occurrences as scan_variables;

use crate::document::path::Segment;
use crate::document::{Pointer, Str, Value};
use crate::jmespath::{CompileError, mentions};
use compile::Node;

/// A compiled value; cheap to clone.
#[derive(Clone, Debug)]
pub struct Template(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Value,
    /// Or why a `$( )` reference has no value: known at load, raised at resolution, before any variable.
    root: Result<Node, String>,
    uses: Vec<VariableUse>,
    /// The strings and keys that hold variables.
    texts: Vec<Str>,
}

/// One variable as it is written.
#[derive(Clone, Debug)]
pub struct VariableUse {
    /// The expression without braces, white space and the `-` of a shallow variable. For nested variables only the
    /// innermost are listed; what surrounds them is known when they are.
    pub expression: Str,
    /// Where the string (or the map whose key) is, from the template's root.
    pub location: Pointer,
    /// Why it is no expression.
    pub error: Option<CompileError>,
}

impl Template {
    /// Compiles every variable of `value` (in strings and keys) and resolves every `$( )` reference.
    #[must_use]
    pub fn compile(value: &Value) -> Self {
        let mut compiler = compile::Compiler::default();
        let root = match references::resolve_all(value) {
            Ok(resolved) => Ok(compiler.node(&resolved)),
            Err(error) => Err(error),
        };
        let (uses, texts) = compiler.finish();
        Self(Arc::new(Inner { source: value.clone(), root, uses, texts }))
    }

    /// Compiles a text, such as a message.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::compile(&Value::from(text))
    }

    /// The value as it was written.
    #[must_use]
    pub fn source(&self) -> &Value {
        &self.0.source
    }

    /// Whether resolution always gives the same value.
    #[must_use]
    pub fn is_constant(&self) -> bool {
        self.constant().is_some()
    }

    /// The value that resolution always gives, if there is one.
    #[must_use]
    pub fn constant(&self) -> Option<&Value> {
        match &self.0.root {
            Ok(Node::Constant(value)) => Some(value),
            _ => None,
        }
    }

    /// The error of a `$( )` reference that can never be resolved.
    #[must_use]
    pub fn reference_error(&self) -> Option<&str> {
        self.0.root.as_ref().err().map(String::as_str)
    }

    /// The variables, in document order.
    pub fn variables(&self) -> impl Iterator<Item = &VariableUse> {
        self.0.uses.iter()
    }

    /// Whether any text with variables mentions `name`, by the text match of the lazy loader (see
    /// [`crate::jmespath::mentions`]); may be true for a mention outside the braces.
    #[must_use]
    pub fn mentions(&self, name: &str) -> bool {
        self.0.texts.iter().any(|text| mentions(text, name))
    }

    /// The value with every variable replaced.
    ///
    /// # Errors
    /// [`ResolveError`]: a reference or variable without a value, or a limit reached.
    pub fn resolve(&self, query: &dyn Query) -> Result<Value, ResolveError> {
        self.resolve_at(query, &[])
    }

    /// The same, for a template that stands at `prefix` in the document Kyverno substitutes as a whole: error texts and
    /// `{{ @ }}` count from there.
    ///
    /// # Errors
    /// As [`Template::resolve`].
    pub fn resolve_at(&self, query: &dyn Query, prefix: &[Segment]) -> Result<Value, ResolveError> {
        match &self.0.root {
            Ok(Node::Constant(value)) => Ok(value.clone()),
            Ok(node) => resolve::Resolver::new(query, prefix).node(node),
            Err(error) => Err(ResolveError::Failed(error.clone())),
        }
    }
}

#[cfg(test)]
mod tests;

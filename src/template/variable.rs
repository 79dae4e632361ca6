//! One variable, compiled.

use crate::document::Str;
use crate::jmespath::{CompileError, Expression};

use super::scan::Occurrence;

/// What a variable asks for.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// `{{ }}`.
    Empty,
    /// `{{ @ }}`: the field of the resource at the place of the variable.
    Here,
    /// An expression.
    Query {
        expression: Result<Expression, CompileError>,
        /// The one to ask when the request deletes, where that is another (spec 30 §1.7).
        on_delete: Option<Result<Expression, CompileError>>,
    },
}

#[derive(Clone, Debug)]
pub(super) struct Variable {
    /// As written, with braces.
    pub(super) token: Str,
    /// How many bytes the character before it leaves in the expression (see [`stray`]).
    stray: usize,
    /// The expression text.
    pub(super) text: Str,
    /// Written `{{- …}}`: what it yields is not scanned again.
    pub(super) shallow: bool,
    pub(super) kind: Kind,
}

/// The expression text for a request that deletes.
pub(super) fn rewrite_for_delete(text: &str) -> String {
    text.replace("request.object", "request.oldObject")
}

/// The original drops one byte before the braces; what is left of a longer character spoils the expression.
fn stray(occurrence: &Occurrence<'_>) -> usize {
    occurrence.before.map_or(0, |c| c.len_utf8() - 1)
}

impl Variable {
    pub(super) fn compile(occurrence: Occurrence<'_>) -> Self {
        let token = occurrence.token;
        let stray = stray(&occurrence);
        let inner = "\u{fffd}".repeat(stray) + &token.replace("{{", "").replace("}}", "");
        let (text, shallow) = match inner.trim().strip_prefix('-') {
            Some(rest) => (rest.trim(), true),
            None => (inner.trim(), false),
        };
        let kind = match text {
            "" => Kind::Empty,
            "@" => Kind::Here,
            _ => Kind::Query {
                expression: Expression::compile(text),
                on_delete: text.contains("request.object").then(|| Expression::compile(&rewrite_for_delete(text))),
            },
        };
        Self { token: token.into(), stray, text: text.into(), shallow, kind }
    }

    /// Whether this is what compiling `occurrence` gives.
    pub(super) fn is(&self, occurrence: &Occurrence<'_>) -> bool {
        self.token == occurrence.token && self.stray == stray(occurrence)
    }

    pub(super) fn error(&self) -> Option<&CompileError> {
        match &self.kind {
            Kind::Query { expression: Err(error), .. } => Some(error),
            _ => None,
        }
    }
}

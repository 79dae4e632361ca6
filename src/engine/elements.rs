//! The elements of a `foreach`: what its `list` evaluates to.

use std::sync::Arc;

use crate::document::Pointer;
use crate::document::Value;
use crate::jmespath::Expression;

use super::interrupt::Interrupt;
use super::scope::Scope;

/// What a `list` expression gave.
pub(super) struct Elements<'a> {
    /// The elements; null ones are skipped but keep their index.
    pub(super) items: Arc<Vec<Value>>,
    expression: &'a str,
}

impl Elements<'_> {
    /// Where the element at `index` lies in the reviewed object, when the expression is a plain path
    /// into it.
    pub(super) fn place_of(&self, index: usize) -> Option<Pointer> {
        plain_path(self.expression).map(|place| place.with(index))
    }
}

/// Evaluates a `list`. A list gives its elements, anything else is one element.
pub(super) fn list<'a>(
    expression: &'a Result<Expression, String>,
    scope: &Scope<'_>,
) -> Result<Elements<'a>, Interrupt> {
    let expression = match expression {
        Ok(expression) => expression,
        Err(text) => return Err(Interrupt::Error(text.clone())),
    };
    let items = match scope.evaluate(expression).map_err(Interrupt::from)? {
        Value::List(items) => items,
        other => Arc::new(vec![other]),
    };
    Ok(Elements { items, expression: expression.text() })
}

/// `request.object.a.b` as a pointer `/a/b`; `None` for anything but a plain path.
fn plain_path(text: &str) -> Option<Pointer> {
    let rest = text.trim().strip_prefix("request.object.")?;
    let rest = rest.strip_suffix("[]").unwrap_or(rest);
    let mut pointer = Pointer::root();
    for part in rest.split('.') {
        if part.is_empty() || !part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return None;
        }
        pointer.push(part);
    }
    Some(pointer)
}

#[cfg(test)]
mod tests {
    use super::plain_path;

    #[test]
    fn only_plain_paths_have_a_place() {
        assert_eq!(
            plain_path("request.object.spec.containers").map(|p| p.to_string()).as_deref(),
            Some("/spec/containers")
        );
        assert_eq!(
            plain_path("request.object.spec.containers[]").map(|p| p.to_string()).as_deref(),
            Some("/spec/containers")
        );
        assert!(plain_path("request.object.spec.[containers, initContainers][]").is_none());
        assert!(plain_path("request.object.spec.containers[?name=='a']").is_none());
    }
}

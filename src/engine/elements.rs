//! The elements of a `foreach`: what its `list` evaluates to.

use crate::document::Pointer;
use crate::document::Value;
use crate::jmespath::Expression;

use super::interrupt::Interrupt;
use super::scope::Scope;

/// What a `list` expression gave.
pub(super) struct Elements {
    /// The elements; null ones are skipped but keep their index.
    pub(super) items: Vec<Value>,
    /// Where the list lies in the reviewed object, when the expression is a plain path into it.
    place: Option<Pointer>,
}

impl Elements {
    /// Where the element at `index` lies in the reviewed object.
    pub(super) fn place_of(&self, index: usize) -> Option<Pointer> {
        self.place.as_ref().map(|place| place.with(index))
    }
}

/// Evaluates a `list`. A list gives its elements, anything else is one element.
pub(super) fn list(expression: &Result<Expression, String>, scope: &Scope<'_>) -> Result<Elements, Interrupt> {
    let expression = match expression {
        Ok(expression) => expression,
        Err(text) => return Err(Interrupt::Error(text.clone())),
    };
    let place = plain_path(expression.text());
    let items = match scope.evaluate(expression).map_err(Interrupt::from)? {
        Value::List(items) => items.as_ref().clone(),
        other => vec![other],
    };
    Ok(Elements { items, place })
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

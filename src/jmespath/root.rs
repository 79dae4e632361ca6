//! What an expression is evaluated over.

use crate::document::Value;

/// "This cannot be known here": a reason, which is never turned into null or a default by the language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unavailable(pub String);

/// The data at the root of an expression. Fields are asked for one by one, so that a root can load them when they are
/// first needed.
pub trait Root {
    /// The value of a top-level field; `None` when there is no such field.
    ///
    /// # Errors
    /// When the field exists but cannot be known here.
    fn field(&self, name: &str) -> Result<Option<Value>, Unavailable>;

    /// The whole root as one value, for expressions such as `@` or `keys(@)`.
    ///
    /// # Errors
    /// When part of it cannot be known here.
    fn whole(&self) -> Result<Value, Unavailable>;

    /// Called with the leading chain of plain fields of an expression that is evaluated at the root, before any of it
    /// is read: `["request", "userInfo", "username"]` for `request.userInfo.username[0]`. A chain that stops short of
    /// a guarded field uses all of what it names.
    ///
    /// # Errors
    /// When what the chain names cannot be known here.
    fn guard(&self, chain: &[&str]) -> Result<(), Unavailable> {
        let _ = chain;
        Ok(())
    }
}

/// A value is a root whose fields are its own. A root that is not a map has no fields; see [`super::Expression`] for
/// how fields of other values are read.
impl Root for Value {
    fn field(&self, name: &str) -> Result<Option<Value>, Unavailable> {
        match self {
            Value::Map(map) => Ok(map.get(name).cloned()),
            // A field of what is not an object is null, not unknown (spec 30 §4.2).
            _ => Ok(Some(Value::Null)),
        }
    }

    fn whole(&self) -> Result<Value, Unavailable> {
        Ok(self.clone())
    }
}

//! One operation of a JSON patch, and how a list of them is read and written.

use crate::document::{Map, Value, json};
use crate::mutate::MAX_DEPTH;

/// One step of a JSON patch. Paths are as written, escapes included.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are RFC 6902's")]
pub enum Operation {
    /// Sets a member, or inserts an element before `path`'s index.
    Add { path: String, value: Value },
    /// Removes what is there.
    Remove { path: String },
    /// Sets what must be there.
    Replace { path: String, value: Value },
    /// Removes at `from`, adds at `path`.
    Move { from: String, path: String },
    /// Adds the value at `from` at `path`.
    Copy { from: String, path: String },
    /// Fails the patch unless the values are equal.
    Test { path: String, value: Value },
}

impl Operation {
    /// The operation's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Add { .. } => "add",
            Self::Remove { .. } => "remove",
            Self::Replace { .. } => "replace",
            Self::Move { .. } => "move",
            Self::Copy { .. } => "copy",
            Self::Test { .. } => "test",
        }
    }

    /// Where the operation acts.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Add { path, .. }
            | Self::Remove { path }
            | Self::Replace { path, .. }
            | Self::Move { path, .. }
            | Self::Copy { path, .. }
            | Self::Test { path, .. } => path,
        }
    }

    /// The operation as RFC 6902 writes it.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut map = Map::with_capacity(3);
        map.insert("op", self.name().into());
        if let Self::Move { from, .. } | Self::Copy { from, .. } = self {
            map.insert("from", from.as_str().into());
        }
        map.insert("path", self.path().into());
        if let Self::Add { value, .. } | Self::Replace { value, .. } | Self::Test { value, .. } = self {
            map.insert("value", value.clone());
        }
        Value::map(map)
    }
}

/// Reads a list of operations; the error is the library's text without Kyverno's prefix.
pub(super) fn decode(value: &Value) -> Result<Vec<Operation>, String> {
    if value.depth() > MAX_DEPTH {
        return Err(format!("the patch nests deeper than {MAX_DEPTH}"));
    }
    match value {
        Value::Null => Ok(Vec::new()),
        Value::List(items) => {
            // Go reads the whole list before it checks any operation.
            if let Some(item) = items.iter().find(|v| !matches!(v, Value::Map(_) | Value::Null)) {
                return Err(type_error(item, "jsonpatch.Operation"));
            }
            items
                .iter()
                .map(|item| {
                    decode_one(item).map_err(|e| match json::to_string_go(item) {
                        Ok(text) => format!("invalid operation {text}: {e}"),
                        Err(_) => format!("invalid operation: {e}"),
                    })
                })
                .collect()
        }
        other => Err(type_error(other, "jsonpatch.Patch")),
    }
}

fn decode_one(item: &Value) -> Result<Operation, String> {
    let value = || match item.get("value") {
        Some(value) => Ok(value.clone()),
        None => Err("failed to decode 'value': operation, missing value field: missing value".to_owned()),
    };
    let from = || text_field(item, "from", "operation, missing from field");
    let path = || text_field(item, "path", "operation missing path field");
    match item.str_at(&["op"]) {
        Some("add") => value().and_then(|value| Ok(Operation::Add { value, path: path()? })),
        Some("replace") => value().and_then(|value| Ok(Operation::Replace { value, path: path()? })),
        Some("move") => from().and_then(|from| Ok(Operation::Move { from, path: path()? })),
        Some("copy") => from().and_then(|from| Ok(Operation::Copy { from, path: path()? })),
        Some("remove") => Ok(Operation::Remove { path: path()? }),
        Some("test") => Ok(Operation::Test { path: path()?, value: item.get("value").cloned().unwrap_or_default() }),
        _ => Err("unsupported operation".to_owned()),
    }
}

fn text_field(item: &Value, name: &str, missing: &str) -> Result<String, String> {
    match item.get(name) {
        Some(Value::String(text)) => Ok(text.to_string()),
        None | Some(Value::Null) => Err(format!("failed to decode '{name}': {missing}: missing value")),
        Some(other) => Err(format!("failed to decode '{name}': {}", type_error(other, "string"))),
    }
}

/// What Go's JSON decoder says of a value of the wrong type.
fn type_error(value: &Value, wanted: &str) -> String {
    let got = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Int(_) | Value::Float(_) => "number",
        Value::String(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
    };
    format!("json: cannot unmarshal {got} into Go value of type {wanted}")
}

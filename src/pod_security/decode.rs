//! The object as Go would decode it: Kyverno reads the whole object into typed structs first, and a
//! field of the wrong type is the rule's error, with Go's text (chapter 20 §5.1).
//!
//! `pod_types.txt` names the fields of every type a Pod, Deployment or CronJob reaches. Laxer than
//! Go: `status` is not read, the text of a time is not parsed, a name is folded by its ASCII letters
//! only.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::document::{Quantity, Value, json};

use super::home::Home;

/// One Go type.
#[derive(Debug, PartialEq)]
enum Shape {
    Text(&'static str),
    Flag,
    /// Its Go type, and whether it has 32 bits.
    Number(&'static str, bool),
    List(Box<Shape>),
    Map(Box<Shape>),
    Struct(&'static str),
    Quantity,
    /// A number of 32 bits or a text.
    NumberOrText,
    Time,
    Any,
}

type Fields = Vec<(&'static str, Shape)>;

static TYPES: LazyLock<BTreeMap<&'static str, Fields>> =
    LazyLock::new(|| include_str!("pod_types.txt").lines().filter_map(read_type).collect());

fn read_type(line: &'static str) -> Option<(&'static str, Fields)> {
    let mut words = line.split(' ');
    let name = words.next()?;
    Some((name, words.filter_map(|w| w.split_once('=')).map(|(field, shape)| (field, read_shape(shape))).collect()))
}

fn read_shape(text: &'static str) -> Shape {
    if let Some(inner) = text.strip_prefix("map[").and_then(|t| t.strip_suffix(']')) {
        return Shape::Map(Box::new(read_shape(inner)));
    }
    if let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        return Shape::List(Box::new(read_shape(inner)));
    }
    match text.split_once(':').unwrap_or((text, text)) {
        ("string", go) => Shape::Text(go),
        ("bool", _) => Shape::Flag,
        ("int32", go) => Shape::Number(go, true),
        ("int64", go) => Shape::Number(go, false),
        ("Quantity", _) => Shape::Quantity,
        ("IntOrString", _) => Shape::NumberOrText,
        ("Time", _) => Shape::Time,
        ("any", _) => Shape::Any,
        (name, _) => Shape::Struct(name),
    }
}

impl Shape {
    /// The type as Go prints it.
    fn go_name(&self) -> String {
        match self {
            Self::Text(go) | Self::Number(go, _) => (*go).to_owned(),
            Self::Flag => "bool".to_owned(),
            Self::List(item) => format!("[]{}", item.go_name()),
            Self::Map(item) if **item == Self::Quantity => "v1.ResourceList".to_owned(),
            Self::Map(item) => format!("map[string]{}", item.go_name()),
            Self::Struct(name) => format!("v1.{name}"),
            Self::Quantity => "resource.Quantity".to_owned(),
            Self::NumberOrText => "int32".to_owned(),
            Self::Time => "string".to_owned(),
            Self::Any => "interface {}".to_owned(),
        }
    }
}

/// Says what Go's decoder would say of the object, if it would refuse it.
///
/// # Errors
/// Go's text: the first mismatch in the order of sorted keys; one a type's own reader finds (a
/// quantity, a port) ends the reading and stands above the others.
pub(super) fn check(object: &Value, home: Home) -> Result<(), String> {
    let mut walk = Walk { path: Vec::new(), within: "", first: None };
    let root = home.decoded_as();
    walk.structure(root, object)?;
    walk.first.map_or(Ok(()), Err)
}

struct Walk {
    /// The fields on the way, without indexes and keys of maps.
    path: Vec<&'static str>,
    /// The struct the last of them belongs to.
    within: &'static str,
    first: Option<String>,
}

impl Walk {
    /// # Errors
    /// What ends the reading at once.
    fn value(&mut self, shape: &Shape, value: &Value) -> Result<(), String> {
        match (shape, value) {
            (_, Value::Null)
            | (Shape::Any, _)
            | (Shape::Text(_) | Shape::NumberOrText | Shape::Time, Value::String(_))
            | (Shape::Flag, Value::Bool(_)) => {}
            (Shape::Number(_, narrow), Value::Int(_) | Value::Float(_)) if fits(value, *narrow) => {}
            (Shape::NumberOrText, Value::Int(_) | Value::Float(_)) if fits(value, true) => {}
            (Shape::NumberOrText | Shape::Time, _) => return Err(self.mismatch(shape, value)),
            (Shape::Quantity, _) => {
                let text = value.as_str().map_or_else(|| json::to_string(value), |text| text.trim().to_owned());
                Quantity::parse(&text).map_err(|error| error.to_string())?;
            }
            (Shape::List(item), Value::List(items)) => {
                for value in items.iter() {
                    self.value(item, value)?;
                }
            }
            (Shape::Map(item), Value::Map(map)) => {
                for (_, value) in map.sorted() {
                    self.value(item, value)?;
                }
            }
            (Shape::Struct(name), Value::Map(_)) => self.structure(name, value)?,
            _ => {
                let text = self.mismatch(shape, value);
                self.first.get_or_insert(text);
            }
        }
        Ok(())
    }

    fn structure(&mut self, name: &'static str, value: &Value) -> Result<(), String> {
        let Some(fields) = TYPES.get(name) else { return Ok(()) };
        let outer = std::mem::replace(&mut self.within, name);
        for (key, value) in value.as_map().map(|map| map.sorted()).unwrap_or_default() {
            let exact = fields.iter().find(|(field, _)| field == key);
            let field = exact.or_else(|| fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(key)));
            if let Some((field, shape)) = field {
                self.path.push(field);
                self.value(shape, value)?;
                self.path.pop();
            }
        }
        self.within = outer;
        Ok(())
    }

    fn mismatch(&self, shape: &Shape, value: &Value) -> String {
        let numeric = matches!(shape, Shape::Number(..) | Shape::NumberOrText);
        let found = match value {
            Value::Null => "null".to_owned(),
            Value::Bool(_) => "bool".to_owned(),
            Value::Int(_) | Value::Float(_) if numeric => format!("number {}", json::to_string(value)),
            Value::Int(_) | Value::Float(_) => "number".to_owned(),
            Value::String(_) => "string".to_owned(),
            Value::List(_) => "array".to_owned(),
            Value::Map(_) => "object".to_owned(),
        };
        format!(
            "json: cannot unmarshal {found} into Go struct field {}.{} of type {}",
            self.within,
            self.path.join("."),
            shape.go_name()
        )
    }
}

/// Whether the number, as JSON prints it, is an integer of 32 or 64 bits.
fn fits(value: &Value, narrow: bool) -> bool {
    let text = json::to_string(value);
    if narrow { text.parse::<i32>().is_ok() } else { text.parse::<i64>().is_ok() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn error(text: &str) -> Option<String> {
        let object = json::parse(text.as_bytes()).unwrap();
        check(&object, Home::of(&object).unwrap()).err()
    }

    #[test]
    fn every_type_named_is_there() {
        assert_eq!(TYPES.len(), include_str!("pod_types.txt").lines().count());
        fn names(shape: &Shape) -> Option<&'static str> {
            match shape {
                Shape::Struct(name) => Some(name),
                Shape::List(item) | Shape::Map(item) => names(item),
                _ => None,
            }
        }
        for (name, fields) in TYPES.iter() {
            assert!(!fields.is_empty(), "{name}");
            for (field, shape) in fields {
                assert!(names(shape).is_none_or(|inner| TYPES.contains_key(inner)), "{name}.{field}");
            }
        }
    }

    #[test]
    fn says_what_go_says() {
        let cases = [
            (
                r#"{"kind":"Pod","spec":{"volumes":[{"name":false,"nfs":{}}]}}"#,
                "json: cannot unmarshal bool into Go struct field Volume.spec.volumes.name of type string",
            ),
            (
                r#"{"kind":"Pod","spec":{"containers":{}}}"#,
                "json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container",
            ),
            (
                r#"{"kind":"DaemonSet","spec":{"template":{"metadata":{"annotations":{"a":1}}}}}"#,
                "json: cannot unmarshal number into Go struct field ObjectMeta.spec.template.metadata.annotations of type string",
            ),
            (
                r#"{"kind":"Pod","spec":{"containers":[{"ports":[{"hostPort":1.5}]}]}}"#,
                "json: cannot unmarshal number 1.5 into Go struct field ContainerPort.spec.containers.ports.hostPort of type int32",
            ),
            (
                r#"{"kind":"Pod","spec":{"containers":[{"securityContext":{"capabilities":{"add":[1]}}}]}}"#,
                "json: cannot unmarshal number into Go struct field Capabilities.spec.containers.securityContext.capabilities.add of type v1.Capability",
            ),
            // The reader of a quantity ends everything, even after another mismatch.
            (
                r#"{"kind":"Pod","spec":{"containers":[{"name":1,"resources":{"limits":{"cpu":"x"}}}]}}"#,
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
            ),
            (
                r#"{"kind":"CronJob","spec":{"jobTemplate":{"spec":{"template":{"spec":{"hostPID":"true"}}}}}}"#,
                "json: cannot unmarshal string into Go struct field PodSpec.spec.jobTemplate.spec.template.spec.hostPID of type bool",
            ),
        ];
        for (object, text) in cases {
            assert_eq!(error(object).as_deref(), Some(text), "{object}");
        }
    }

    #[test]
    fn takes_what_go_takes() {
        for object in [
            r#"{"kind":"Pod","spec":{"hostpid":true,"unknown":{"a":[1]},"volumes":null}}"#,
            r#"{"kind":"Job","spec":{"template":{"spec":{"containers":[null,{"ports":[{"hostPort":8080.0}]}]}}}}"#,
            r#"{"kind":"Pod","status":{"phase":1},"spec":{"containers":[{"resources":{"limits":{"cpu":1}}}]}}"#,
        ] {
            assert_eq!(error(object), None, "{object}");
        }
    }
}

//! Label selectors, with Kyverno's wildcards in `matchLabels` (chapter 10 §2.5).

use super::map::Map;
use super::value::{Str, Value};
use super::wildcard::{self, Wildcard};

/// A compiled `metav1.LabelSelector`.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    requirements: Vec<Requirement>,
}

#[derive(Clone, Debug)]
enum Requirement {
    Equals(Str, Str),
    In(Str, Vec<Str>),
    NotIn(Str, Vec<Str>),
    Exists(Str),
    DoesNotExist(Str),
    /// Some label whose key and value both match; failing that, the pair with every wildcard
    /// replaced by `0`, taken literally.
    SomeLabel {
        key: Wildcard,
        value: Wildcard,
        literal: (Str, Str),
    },
}

/// Why a selector is not one. Kyverno treats the filter that holds it as not matching.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    /// A field of the wrong type.
    #[error("{0}")]
    Structure(String),
    /// A key, value or set of values that Kubernetes refuses.
    #[error("{0}")]
    Requirement(String),
    /// An unknown operator.
    #[error("{0:?} is not a valid label selector operator")]
    Operator(String),
}

impl Selector {
    /// Compiles `{matchLabels, matchExpressions}`. An empty selector matches everything.
    ///
    /// # Errors
    /// When Kubernetes would not accept the selector.
    pub fn compile(selector: &Value) -> Result<Self, SelectorError> {
        let map = selector.as_map().ok_or_else(|| structure("a label selector must be a map"))?;
        let mut requirements = Vec::new();
        match map.get("matchLabels") {
            None | Some(Value::Null) => {}
            Some(Value::Map(labels)) => {
                for (key, value) in labels.sorted() {
                    requirements.push(match_label(key, value)?);
                }
            }
            Some(_) => return Err(structure("matchLabels must be a map")),
        }
        match map.get("matchExpressions") {
            None | Some(Value::Null) => {}
            Some(Value::List(expressions)) => {
                for expression in expressions.iter() {
                    requirements.push(match_expression(expression)?);
                }
            }
            Some(_) => return Err(structure("matchExpressions must be a list")),
        }
        Ok(Self { requirements })
    }

    /// Whether nothing is required: everything matches.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether an object with these labels is selected. A null label counts as empty text; with any
    /// other label that is not text the object counts as unlabelled, as in Kubernetes' own reading.
    #[must_use]
    pub fn matches(&self, labels: Option<&Map>) -> bool {
        let labels = labels.filter(|l| l.values().all(|v| matches!(v, Value::String(_) | Value::Null)));
        self.requirements.iter().all(|requirement| requirement.holds(labels))
    }
}

impl Requirement {
    fn holds(&self, labels: Option<&Map>) -> bool {
        let get = |key: &str| Some(text_of(labels?.get(key)?));
        match self {
            Self::Equals(key, value) => get(key) == Some(value),
            Self::In(key, values) => get(key).is_some_and(|label| values.iter().any(|v| v == label)),
            Self::NotIn(key, values) => get(key).is_none_or(|label| values.iter().all(|v| v != label)),
            Self::Exists(key) => get(key).is_some(),
            Self::DoesNotExist(key) => get(key).is_none(),
            Self::SomeLabel { key, value, literal } => {
                let some = labels.is_some_and(|labels| {
                    labels.iter().any(|(k, v)| {
                        let v = text_of(v);
                        key.matches(k) && value.matches(v) && check_key(k).is_ok() && check_value(v).is_none()
                    })
                });
                some || get(&literal.0) == Some(&literal.1)
            }
        }
    }
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn structure(message: &str) -> SelectorError {
    SelectorError::Structure(message.to_owned())
}

fn match_label(key: &Str, value: &Value) -> Result<Requirement, SelectorError> {
    let value = match value {
        Value::String(text) => text.clone(),
        Value::Null => Str::default(),
        _ => return Err(SelectorError::Structure(format!("matchLabels: the value of {key} must be a string"))),
    };
    if wildcard::contains_wildcard(key) || wildcard::contains_wildcard(&value) {
        let literal = (key.replace(['*', '?'], "0"), value.replace(['*', '?'], "0"));
        checked(&literal.0, &[literal.1.as_str().into()])?;
        return Ok(Requirement::SomeLabel {
            key: Wildcard::new(key),
            value: Wildcard::new(&value),
            literal: (literal.0.into(), literal.1.into()),
        });
    }
    checked(key, std::slice::from_ref(&value))?;
    Ok(Requirement::Equals(key.clone(), value))
}

fn match_expression(expression: &Value) -> Result<Requirement, SelectorError> {
    let key: Str = expression.str_at(&["key"]).unwrap_or_default().into();
    let operator = expression.str_at(&["operator"]).unwrap_or_default();
    let values = match expression.get("values") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::List(values)) => values
            .iter()
            .map(|v| v.as_str().map(Str::from))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| structure("matchExpressions: values must be strings"))?,
        Some(_) => return Err(structure("matchExpressions: values must be a list")),
    };
    let requirement = match operator {
        "In" | "NotIn" if values.is_empty() => {
            return Err(SelectorError::Requirement(
                "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty".to_owned(),
            ));
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            let values: Vec<_> = values.iter().map(|v| format!("{v:?}")).collect();
            return Err(SelectorError::Requirement(format!(
                "values: Invalid value: [{}]: values set must be empty for exists and does not exist",
                values.join(",")
            )));
        }
        "In" => Requirement::In(key.clone(), values.clone()),
        "NotIn" => Requirement::NotIn(key.clone(), values.clone()),
        "Exists" => Requirement::Exists(key.clone()),
        "DoesNotExist" => Requirement::DoesNotExist(key.clone()),
        other => return Err(SelectorError::Operator(other.to_owned())),
    };
    checked(&key, &values)?;
    Ok(requirement)
}

/// Kubernetes' own validation of a requirement.
fn checked(key: &str, values: &[Str]) -> Result<(), SelectorError> {
    if let Err(reason) = check_key(key) {
        return Err(SelectorError::Requirement(format!("key: Invalid value: {key:?}: {reason}")));
    }
    for (index, value) in values.iter().enumerate() {
        if let Some(reason) = check_value(value) {
            return Err(SelectorError::Requirement(format!(
                "values[{index}][{key}]: Invalid value: {value:?}: {reason}"
            )));
        }
    }
    Ok(())
}

const NAME_RULE: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end \
    with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const PREFIX_RULE: &str = "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
    characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used \
    for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const QUALIFIED_RULE: &str = "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must \
    start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for \
    validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. \
    'example.com/MyName')";
const VALUE_RULE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or \
    '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex \
    used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// Whether `key` is a qualified name: `[prefix/]name`.
fn check_key(key: &str) -> Result<(), String> {
    let mut reasons = Vec::new();
    let name = match key.split('/').collect::<Vec<_>>()[..] {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                reasons.push("prefix part must be non-empty".to_owned());
            } else if !is_subdomain(prefix) {
                reasons.push(PREFIX_RULE.to_owned());
            } else if prefix.len() > 253 {
                reasons.push("prefix part must be no more than 253 bytes".to_owned());
            }
            name
        }
        _ => return Err(QUALIFIED_RULE.to_owned()),
    };
    if name.is_empty() {
        reasons.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        reasons.push("name part must be no more than 63 bytes".to_owned());
    }
    if !is_label_name(name) {
        reasons.push(NAME_RULE.to_owned());
    }
    if reasons.is_empty() { Ok(()) } else { Err(reasons.join("; ")) }
}

/// Why `value` is not a label value.
fn check_value(value: &str) -> Option<String> {
    if value.len() > 63 {
        return Some("must be no more than 63 bytes".to_owned());
    }
    (!value.is_empty() && !is_label_name(value)).then(|| VALUE_RULE.to_owned())
}

fn is_label_name(text: &str) -> bool {
    let ends = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    ends(text.bytes().next())
        && ends(text.bytes().next_back())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

fn is_subdomain(text: &str) -> bool {
    let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    text.split('.').all(|part| {
        edge(part.bytes().next())
            && edge(part.bytes().next_back())
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Map {
        pairs.iter().map(|(k, v)| (Str::from(*k), Value::from(*v))).collect()
    }

    fn match_labels(pairs: &[(&str, &str)]) -> Result<Selector, SelectorError> {
        Selector::compile(&Value::from([("matchLabels", Value::map(labels(pairs)))]))
    }

    fn expression(key: &str, operator: &str, values: &[&str]) -> Result<Selector, SelectorError> {
        let values = Value::list(values.iter().map(|v| Value::from(*v)).collect());
        let one = Value::from([("key", key.into()), ("operator", operator.into()), ("values", values)]);
        Selector::compile(&Value::from([("matchExpressions", Value::list(vec![one]))]))
    }

    #[test]
    fn wildcards_need_a_label() {
        let any = match_labels(&[("*", "*")]).unwrap();
        assert!(!any.matches(None));
        assert!(any.matches(Some(&labels(&[("a", "b")]))));
        let team = match_labels(&[("app.*/team", "pay*")]).unwrap();
        assert!(team.matches(Some(&labels(&[("app.io/team", "payments")]))));
        assert!(!team.matches(Some(&labels(&[("app.io/team", "shop"), ("x", "payments")]))));
        assert!(team.matches(Some(&labels(&[("app.0/team", "pay0")]))));
    }

    #[test]
    fn expressions() {
        let dev = labels(&[("env", "dev")]);
        for (operator, values, on_dev, unlabelled) in [
            ("In", &["dev", "test"][..], true, false),
            ("In", &["d*"][..], false, false),
            ("NotIn", &["dev"][..], false, true),
            ("NotIn", &["prod"][..], true, true),
            ("Exists", &[][..], true, false),
            ("DoesNotExist", &[][..], false, true),
        ] {
            let Ok(selector) = expression("env", operator, values) else {
                assert_eq!(values, ["d*"], "only a wildcard is refused");
                continue;
            };
            assert_eq!(selector.matches(Some(&dev)), on_dev, "{operator} {values:?}");
            assert_eq!(selector.matches(None), unlabelled, "{operator} {values:?}");
        }
    }

    #[test]
    fn invalid_selectors_say_why() {
        let text = |r: Result<Selector, SelectorError>| r.map(|_| ()).map_err(|e| e.to_string()).unwrap_err();
        assert!(text(match_labels(&[("a b", "x")])).starts_with("key: Invalid value: \"a b\": name part must consist"));
        assert!(text(match_labels(&[("a", "x y")])).starts_with("values[0][a]: Invalid value: \"x y\": a valid label"));
        assert_eq!(text(expression("a", "in", &["x"])), "\"in\" is not a valid label selector operator");
        assert!(text(expression("a", "In", &[])).contains("values set can't be empty"));
        assert!(text(expression("a", "Exists", &["x"])).starts_with("values: Invalid value: [\"x\"]: values set must"));
        assert!(text(match_labels(&[("/a", "x")])).contains("prefix part must be non-empty"));
    }

    #[test]
    fn labels_that_are_not_text() {
        let exists = expression("a", "Exists", &[]).unwrap();
        let with = |v: Value| Map::from_iter([(Str::from("a"), v)]);
        assert!(exists.matches(Some(&with(Value::Null))));
        assert!(!exists.matches(Some(&with(Value::Int(1)))));
    }
}

//! `metadata` and label selectors.

use serde::Deserialize;

use crate::document::{Map, Str, Value};

/// Text to text, in written order.
pub type TextMap = std::collections::BTreeMap<Str, Str>;

/// Kubernetes `ObjectMeta`; only names, labels and annotations are read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields of Kubernetes' ObjectMeta")]
pub struct ObjectMeta {
    pub name: Str,
    pub generate_name: Str,
    pub namespace: Str,
    pub labels: TextMap,
    pub annotations: TextMap,
    pub uid: Value,
    pub self_link: Value,
    pub resource_version: Value,
    pub generation: Value,
    pub creation_timestamp: Value,
    pub deletion_timestamp: Value,
    pub deletion_grace_period_seconds: Value,
    pub owner_references: Value,
    pub finalizers: Value,
    pub managed_fields: Value,
}

/// A Kubernetes label selector.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct LabelSelector {
    /// Label to value; wildcards allowed where Kyverno allows them.
    pub match_labels: TextMap,
    /// Requirements, all of which must hold.
    pub match_expressions: Vec<Requirement>,
}

impl LabelSelector {
    /// The selector as a document again.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let text = |s: &Str| Value::String(s.clone());
        let labels: Map = self.match_labels.iter().map(|(k, v)| (k.clone(), text(v))).collect();
        let requirement = |r: &Requirement| {
            Value::from([
                ("key", text(&r.key)),
                ("operator", text(&r.operator)),
                ("values", Value::list(r.values.iter().map(text).collect())),
            ])
        };
        let mut out = Map::new();
        if !labels.is_empty() {
            out.insert("matchLabels", Value::map(labels));
        }
        if !self.match_expressions.is_empty() {
            out.insert("matchExpressions", Value::list(self.match_expressions.iter().map(requirement).collect()));
        }
        Value::map(out)
    }
}

/// One `matchExpressions` entry.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// The label.
    pub key: Str,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`.
    pub operator: Str,
    /// What `In` and `NotIn` compare with.
    #[serde(default)]
    pub values: Vec<Str>,
}

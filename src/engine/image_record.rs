//! What verification said of each image: kept while a review is decided, and written on the object as
//! Kyverno does (chapter 40 §6.6).

use std::collections::BTreeMap;

use crate::document::{Map, Str, Value, json};
use crate::policy::rule::Policy;

/// For people, and older Kyvernos.
const ANNOTATION: &str = "kyverno.io/verify-images";
/// What later checks read: by policy, rule and image.
const SCOPED: &str = "kyverno.io/verify-images-scoped";

/// What verification said of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Pass,
    Fail,
    Skip,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skip => "skip",
        }
    }

    /// Only `pass` and `skip` say anything for the image.
    fn parse(text: &str) -> Self {
        match text {
            "pass" => Self::Pass,
            "skip" => Self::Skip,
            _ => Self::Fail,
        }
    }
}

/// What was found out in one decision.
#[derive(Debug, Default)]
pub(super) struct ImageRecord {
    images: BTreeMap<String, Status>,
    scoped: BTreeMap<String, BTreeMap<Str, BTreeMap<String, Status>>>,
    /// What could not be known here, by policy, rule and image: nothing else counts for these.
    unknown: BTreeMap<(String, Str, String), String>,
}

/// `namespace/name`; the namespace is empty for a cluster-wide policy.
fn key(policy: &Policy) -> String {
    format!("{}/{}", policy.namespace.as_deref().unwrap_or_default(), policy.name)
}

impl ImageRecord {
    pub(super) fn add(&mut self, policy: &Policy, rule: &Str, image: &str, status: Status) {
        self.images.insert(image.to_owned(), status);
        let rules = self.scoped.entry(key(policy)).or_default();
        rules.entry(rule.clone()).or_default().insert(image.to_owned(), status);
    }

    pub(super) fn add_unknown(&mut self, policy: &Policy, rule: &Str, image: &str, what: &str) {
        self.unknown.entry((key(policy), rule.clone(), image.to_owned())).or_insert_with(|| what.to_owned());
    }

    /// What of the image could not be known here.
    pub(super) fn unknown(&self, policy: &Policy, rule: &Str, image: &str) -> Option<&str> {
        self.unknown.get(&(key(policy), rule.clone(), image.to_owned())).map(String::as_str)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.scoped.is_empty()
    }

    /// Writes the record on `object`.
    pub(super) fn write(&self, object: &mut Value) {
        let statuses = |images: &BTreeMap<String, Status>| -> Value {
            images.iter().map(|(image, s)| (Str::from(image), Value::from(s.as_str()))).collect::<Map>().into()
        };
        let policies: Map = self
            .scoped
            .iter()
            .map(|(policy, rules)| {
                let rules: Map = rules.iter().map(|(rule, images)| (rule.clone(), statuses(images))).collect();
                (Str::from(policy), rules.into())
            })
            .collect();
        let scoped = format!(r#"{{"version":1,"policies":{}}}"#, text(&policies.into()));
        let Some(root) = object.as_map_mut() else { return };
        let Some(metadata) = root.entry_or_insert_with("metadata", Value::empty_map).as_map_mut() else { return };
        let annotations = metadata.entry_or_insert_with("annotations", Value::empty_map);
        if annotations.is_null() {
            *annotations = Value::empty_map();
        }
        if let Some(annotations) = annotations.as_map_mut() {
            annotations.insert(ANNOTATION, text(&statuses(&self.images)).into());
            annotations.insert(SCOPED, scoped.into());
        }
    }
}

/// Objects of text alone always have a JSON form.
fn text(value: &Value) -> String {
    json::to_string_go(value).unwrap_or_default()
}

/// What `object` says of the image.
///
/// # Errors
/// The annotation is there, but cannot be read.
pub(super) fn status_on(object: &Value, policy: &Policy, rule: &str, image: &str) -> Result<Status, String> {
    let Some(text) = object.str_at(&["metadata", "annotations", SCOPED]) else { return Ok(Status::Fail) };
    let value = json::parse(text.as_bytes()).map_err(|e| format!("failed to parse scoped image metadata: {e}"))?;
    if value.as_map().is_none() {
        return Err("failed to parse scoped image metadata: not an object".to_owned());
    }
    let written = (value.get("version") == Some(&Value::Int(1)))
        .then(|| value.str_at(&["policies", &key(policy), rule, image]))
        .flatten();
    Ok(written.map_or(Status::Fail, Status::parse))
}

//! Values files and `--set` (chapter 60 §7.1, §7.2): values for variables that only a cluster or a
//! request would know, labels of namespaces, and how subresources map to their parents.

use std::path::Path;

use crate::document::{Map, Str, Value};
use crate::engine::review::{Operation, SuppliedVariables};

use super::fields::{FieldError, Fields};
use super::files;

/// Everything a Values file supplies.
#[derive(Clone, Debug, Default)]
pub struct Values {
    global: Vec<(Str, Value)>,
    policies: Vec<PolicyValues>,
    namespaces: Vec<(Str, Value)>,
    /// Subresource kinds and their parents.
    pub subresources: Vec<Subresource>,
    set: Vec<(Str, Str)>,
}

#[derive(Clone, Debug)]
struct PolicyValues {
    name: Str,
    rules: Vec<RuleValues>,
    resources: Vec<(Str, Vec<(Str, Value)>)>,
}

#[derive(Clone, Debug)]
struct RuleValues {
    name: Str,
    values: Vec<(Str, Value)>,
    for_each: Vec<(Str, Value)>,
}

/// How a subresource's kind maps to the resource it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subresource {
    /// `group/version` (or `version`) of the subresource's kind.
    pub api_version: Str,
    /// The subresource's kind, such as `Scale`.
    pub kind: Str,
    /// The subresource, such as `scale`.
    pub subresource: Str,
    /// Group of the parent.
    pub parent_group: Str,
    /// Version of the parent.
    pub parent_version: Str,
    /// Kind of the parent.
    pub parent_kind: Str,
}

/// A file that is no usable Values file.
#[derive(Debug, thiserror::Error)]
pub enum ValuesError {
    /// It cannot be read.
    #[error("unable to load variable file: {path} ({reason})")]
    Load {
        /// As given.
        path: String,
        /// Why.
        reason: String,
    },
    /// It lacks `apiVersion` or `kind`.
    #[error("values file {0} uses a deprecated schema — please migrate to the latest format")]
    Deprecated(String),
    /// `request.operation` names no operation.
    #[error("invalid request.operation value {0:?}, must be one of CREATE, UPDATE, DELETE, CONNECT")]
    Operation(String),
}

impl Values {
    /// Reads a Values file; `name` is how messages call it.
    ///
    /// # Errors
    /// [`ValuesError`].
    pub fn load(path: &Path, name: &str) -> Result<Self, ValuesError> {
        let failed = |reason: String| ValuesError::Load { path: name.to_owned(), reason };
        let text = files::read_text(path).map_err(|e| failed(e.to_string()))?;
        let documents = files::documents(path, &text).map_err(|e| failed(e.to_string()))?;
        let document = documents.into_iter().next().map(|d| d.value).unwrap_or_default();
        let mut fields = Fields::of(&document, "").map_err(|e| failed(e.to_string()))?;
        let kind = fields.text("kind").map_err(|e| failed(e.to_string()))?;
        let api_version = fields.text("apiVersion").map_err(|e| failed(e.to_string()))?;
        fields.take("metadata");
        let values = Self::body(fields).map_err(|e| failed(e.to_string()))?;
        if kind.is_empty() || api_version.is_empty() {
            return Err(ValuesError::Deprecated(name.to_owned()));
        }
        values.checked()
    }

    /// Reads the `values` block of a test file.
    ///
    /// # Errors
    /// When a field is unknown or of the wrong type.
    pub fn inline(fields: Fields<'_>) -> Result<Self, FieldError> {
        Self::body(fields)
    }

    fn body(mut fields: Fields<'_>) -> Result<Self, FieldError> {
        let values = Self {
            global: fields.entries("globalValues")?,
            policies: fields.each("policies", |mut policy| {
                let read = PolicyValues {
                    name: policy.text("name")?,
                    rules: policy.each("rules", |mut rule| {
                        let read = RuleValues {
                            name: rule.text("name")?,
                            values: rule.entries("values")?,
                            for_each: rule.entries("foreachValues")?,
                        };
                        rule.finish()?;
                        Ok(read)
                    })?,
                    resources: policy.each("resources", |mut resource| {
                        let read = (resource.text("name")?, resource.entries("values")?);
                        resource.finish()?;
                        Ok(read)
                    })?,
                };
                policy.finish()?;
                Ok(read)
            })?,
            namespaces: namespaces(&mut fields)?,
            subresources: fields.each("subresources", subresource)?,
            set: Vec::new(),
        };
        fields.finish()?;
        Ok(values)
    }

    /// Refuses a global `request.operation` that names no operation.
    ///
    /// # Errors
    /// [`ValuesError::Operation`].
    pub fn checked(self) -> Result<Self, ValuesError> {
        match self.global.iter().find(|(k, _)| k == "request.operation").and_then(|(_, v)| v.as_str()) {
            Some(text) if !text.is_empty() && Operation::parse(text).is_none() => {
                Err(ValuesError::Operation(text.to_owned()))
            }
            _ => Ok(self),
        }
    }

    /// Values from `--set`: items that are not exactly `key=value` are dropped, as are keys inside
    /// `request.object`; returned second. The first of two equal keys wins.
    #[must_use]
    pub fn from_set(items: &[String]) -> (Self, Vec<String>) {
        let (mut values, mut dropped) = (Self::default(), Vec::new());
        for item in items {
            let parts: Vec<&str> = item.trim().split('=').map(str::trim).collect();
            match parts.as_slice() {
                [key, value]
                    if !key.is_empty()
                        && !value.is_empty()
                        && !key.contains("request.object.")
                        && !values.set.iter().any(|(k, _)| k == key) =>
                {
                    values.set.push(((*key).into(), (*value).into()));
                }
                _ => dropped.push(item.clone()),
            }
        }
        (values, dropped)
    }

    /// The labels of a namespace, if the file says anything about it.
    #[must_use]
    pub fn namespace_labels(&self, name: &str) -> Option<Map> {
        let labels = self.namespaces.iter().find(|(n, _)| n == name)?.1.at(&["metadata", "labels"]);
        Some(labels.and_then(Value::as_map).cloned().unwrap_or_default())
    }

    /// The namespaces the file describes, as objects.
    pub fn namespaces(&self) -> impl Iterator<Item = &Value> {
        self.namespaces.iter().map(|(_, object)| object)
    }

    /// Whether no policy sees anything but the resource itself.
    #[must_use]
    pub fn supplies_nothing(&self) -> bool {
        self.global.is_empty() && self.policies.is_empty() && self.set.is_empty()
    }

    fn for_resource(&self, policy: &str, resource: &str) -> Vec<(Str, Value)> {
        let mut merged: Vec<(Str, Value)> = Vec::new();
        let mut put = |key: &Str, value: Value| match merged.iter_mut().find(|(k, _)| k == key) {
            Some(entry) => entry.1 = value,
            None => merged.push((key.clone(), value)),
        };
        for (key, value) in &self.global {
            put(key, value.clone());
        }
        for (name, values) in self.policies.iter().filter(|p| p.name == policy).flat_map(|p| &p.resources) {
            if name == resource {
                values.iter().for_each(|(k, v)| put(k, v.clone()));
            }
        }
        for (key, value) in &self.set {
            put(key, Value::String(value.clone()));
        }
        merged
    }

    /// The operation under which a policy sees a resource: UPDATE and DELETE as the values say,
    /// else CREATE (Kyverno does not simulate CONNECT).
    #[must_use]
    pub fn operation(&self, policy: &str, resource: &str) -> Operation {
        let values = self.for_resource(policy, resource);
        let named = values.iter().rev().find(|(k, _)| k == "request.operation").and_then(|(_, v)| v.as_str());
        match named.and_then(Operation::parse) {
            Some(operation @ (Operation::Update | Operation::Delete)) => operation,
            Some(Operation::Create | Operation::Connect) | None => Operation::Create,
        }
    }

    /// The variables a policy sees for a resource, by scope: the resource's for every rule, then
    /// each rule's own. Nothing when nothing is supplied. A supplied `request.operation` is what
    /// expressions read, even if it names none; unless a test sets the operation (`is_set`).
    #[must_use]
    pub fn variables(&self, policy: &str, resource: &str, is_set: bool) -> Vec<SuppliedVariables> {
        let mut of_resource = self.for_resource(policy, resource);
        let simulated = |v: &Value| matches!(v.as_str(), Some("CREATE" | "UPDATE" | "DELETE"));
        of_resource.retain(|(k, v)| k != "request.operation" || !is_set && !simulated(v));
        let scope = |rule: Option<Str>, values: &[(Str, Value)]| SuppliedVariables {
            policy: Some(policy.into()),
            rule,
            values: expand(values).with_floats(),
        };
        let mut all = Vec::new();
        if !of_resource.is_empty() {
            all.push(scope(None, &of_resource));
        }
        for rule in self.policies.iter().filter(|p| p.name == policy).flat_map(|p| &p.rules) {
            // Kyverno never advances the foreach element, so the first value stands for all.
            let first = rule.for_each.iter().filter_map(|(k, v)| Some((k.clone(), v.as_list()?.first()?.clone())));
            let values: Vec<(Str, Value)> = rule.values.iter().cloned().chain(first).collect();
            if !values.is_empty() {
                all.push(scope(Some(rule.name.clone()), &values));
            }
        }
        all
    }
}

fn namespaces(fields: &mut Fields<'_>) -> Result<Vec<(Str, Value)>, FieldError> {
    let full = fields.list("namespaces")?.unwrap_or_default();
    let mut all: Vec<(Str, Value)> = full
        .iter()
        .map(|object| (object.str_at(&["metadata", "name"]).unwrap_or_default().into(), object.clone()))
        .collect();
    let labelled = fields.each("namespaceSelector", |mut entry| {
        let name = entry.text("name")?;
        let labels: Map = entry.entries("labels")?.into_iter().collect();
        entry.finish()?;
        let metadata = Value::from([("name", Value::String(name.clone())), ("labels", Value::map(labels))]);
        let object = [("apiVersion", "v1".into()), ("kind", "Namespace".into()), ("metadata", metadata)];
        Ok((name, Value::from(object)))
    })?;
    for (name, object) in labelled.into_iter().rev() {
        if !all.iter().any(|(n, _)| *n == name) {
            all.push((name, object));
        }
    }
    Ok(all)
}

fn subresource(mut entry: Fields<'_>) -> Result<Subresource, FieldError> {
    let resource = |mut fields: Fields<'_>| -> Result<[Str; 4], FieldError> {
        let read = [fields.text("group")?, fields.text("version")?, fields.text("kind")?, fields.text("name")?];
        for other in ["singularName", "namespaced", "verbs", "shortNames", "categories", "storageVersionHash"] {
            fields.take(other);
        }
        fields.finish()?;
        Ok(read)
    };
    let [group, version, kind, name] = resource(entry.inner("subresource")?)?;
    let [parent_group, parent_version, parent_kind, _] = resource(entry.inner("parentResource")?)?;
    let Some((_, subresource)) = name.split_once('/') else {
        return Err(entry.error(format!("subresource.name must be RESOURCE/SUBRESOURCE, not \"{name}\"")));
    };
    let subresource = Str::from(subresource);
    entry.finish()?;
    let api_version = if group.is_empty() { version } else { Str::from(format!("{group}/{version}")) };
    Ok(Subresource { api_version, kind, subresource, parent_group, parent_version, parent_kind })
}

/// Turns `a.b: x` into `{a: {b: x}}`. A part in double quotes may hold dots (`"a.b".c`), as in the
/// CSV reading Kyverno gives a key.
fn expand(values: &[(Str, Value)]) -> Value {
    let mut root = Value::empty_map();
    for (key, value) in values {
        insert(&mut root, &split(key), value.clone());
    }
    root
}

/// Sets a value at a path of maps, replacing whatever is in the way.
fn insert(into: &mut Value, path: &[String], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        *into = value;
        return;
    };
    if into.as_map().is_none() {
        *into = Value::empty_map();
    }
    if let Some(map) = into.as_map_mut() {
        insert(map.entry_or_insert_with(first, Value::empty_map), rest, value);
    }
}

/// More parts than any real variable has; what is longer is one name.
const PARTS: usize = 64;

fn split(key: &str) -> Vec<String> {
    let (mut parts, mut part, mut quoted) = (Vec::new(), String::new(), false);
    for c in key.chars() {
        match c {
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(std::mem::take(&mut part)),
            _ => part.push(c),
        }
    }
    parts.push(part);
    if parts.len() > PARTS { vec![key.to_owned()] } else { parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Values {
        let document = files::documents(Path::new("values.yaml"), text).expect("YAML").remove(0).value;
        Values::inline(Fields::of(&document, "").expect("a map")).expect("values")
    }

    const TEXT: &str = r#"
globalValues: {request.operation: UPDATE, request.mode: dev, size: 1}
policies:
- name: check-labels
  rules:
  - {name: need-owner, values: {ownerMap.data.team: blue}, foreachValues: {image.arch: [amd64, arm64]}}
  resources:
  - {name: web-0, values: {request.operation: DELETE, size: 2}}
namespaceSelector: [{name: prod, labels: {tier: gold}}, {name: dev, labels: {tier: lead}}]
namespaces: [{apiVersion: v1, kind: Namespace, metadata: {name: dev, labels: {tier: bronze}}}]
subresources:
- subresource: {name: deployments/scale, kind: Scale, group: autoscaling, version: v1}
  parentResource: {name: deployments, kind: Deployment, group: apps, version: v1}
"#;

    #[test]
    fn the_resources_values_win_over_global_ones() {
        let values = values(TEXT);
        assert_eq!(values.operation("check-labels", "web-0"), Operation::Delete);
        assert_eq!(values.operation("check-labels", "other"), Operation::Update);
        let (odd, _) = Values::from_set(&["request.operation=create".to_owned()]);
        assert_eq!(odd.operation("p", "r"), Operation::Create);
        assert_eq!(odd.variables("p", "r", false)[0].values.str_at(&["request", "operation"]), Some("create"));
        assert!(odd.variables("p", "r", true).is_empty());
        let variables = values.variables("check-labels", "web-0", false);
        assert_eq!(variables[0].values.at(&["size"]), Some(&Value::Float(2.0)));
        assert_eq!(variables[0].values.str_at(&["request", "mode"]), Some("dev"));
        assert_eq!(variables[1].rule.as_deref(), Some("need-owner"));
        assert_eq!(variables[1].values.str_at(&["ownerMap", "data", "team"]), Some("blue"));
        assert_eq!(variables[1].values.str_at(&["image", "arch"]), Some("amd64"));
    }

    #[test]
    fn full_namespaces_win_over_labels() {
        let values = values(TEXT);
        let tier = |ns: &str| values.namespace_labels(ns).and_then(|l| l.get("tier").cloned());
        assert_eq!(tier("dev"), Some("bronze".into()));
        assert_eq!(tier("prod"), Some("gold".into()));
        assert_eq!(tier("unknown"), None);
        assert_eq!(values.subresources[0].subresource, "scale");
        assert_eq!(values.subresources[0].api_version, "autoscaling/v1");
    }

    #[test]
    fn set_takes_only_plain_pairs() {
        let items = ["a.b=1", " c = d ", "x=y=z", "request.object.a=1", "a.b=2"].map(String::from);
        let (values, dropped) = Values::from_set(&items);
        assert_eq!(dropped, ["x=y=z", "request.object.a=1", "a.b=2"]);
        let variables = values.variables("p", "r", false);
        assert_eq!(variables[0].values.str_at(&["a", "b"]), Some("1"));
        assert_eq!(variables[0].values.str_at(&["c"]), Some("d"));
    }

    #[test]
    fn keys_split_at_dots_outside_quotes() {
        assert_eq!(split(r#"request.object.metadata.labels."a.b/c""#).last().map(String::as_str), Some("a.b/c"));
    }

    #[test]
    fn files_need_kind_and_version_and_a_known_operation() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("v.yaml");
        let load = |text: &str| {
            std::fs::write(&path, text).expect("a file");
            Values::load(&path, "v.yaml").map(|_| ()).expect_err("refused").to_string()
        };
        assert_eq!(
            load("globalValues: {}"),
            "values file v.yaml uses a deprecated schema — please migrate to the latest format"
        );
        let head = "apiVersion: cli.kyverno.io/v1alpha1\nkind: Values\n";
        assert_eq!(
            load(&format!("{head}globalValues: {{request.operation: create}}")),
            "invalid request.operation value \"create\", must be one of CREATE, UPDATE, DELETE, CONNECT"
        );
        assert!(load(&format!("{head}globalValue: {{}}")).contains("unknown field \"globalValue\""));
    }
}

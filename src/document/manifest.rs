//! A value proven to be a Kubernetes object, and where it was read.

use std::fmt;
use std::sync::Arc;

use super::yaml::{self, Position};
use super::{Map, Pointer, Str, Value};

/// Group, version and kind of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gvk {
    /// The API group; empty for the core group.
    pub group: Str,
    /// The version.
    pub version: Str,
    /// The kind.
    pub kind: Str,
}

impl Gvk {
    /// From the two fields every object has: `apps/v1` and `Deployment`, or `v1` and `Pod`.
    #[must_use]
    pub fn parse(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self { group: group.into(), version: version.into(), kind: kind.into() }
    }

    /// The `apiVersion` field: `apps/v1`, `v1`.
    #[must_use]
    pub fn api_version(&self) -> Str {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version).into() }
    }
}

/// `apps/v1/Deployment`, `v1/Pod`.
impl fmt::Display for Gvk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.group.is_empty() {
            write!(f, "{}/", self.group)?;
        }
        write!(f, "{}/{}", self.version, self.kind)
    }
}

/// Where an object was read: enough to find the line of any of its values again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The path shown to people.
    pub file: Arc<str>,
    /// The whole text of the file.
    pub text: Arc<str>,
    /// The number of the document in the text, from 0 (see [`yaml::Document::index`]).
    pub document: usize,
    /// The line the object starts on, from 1; for an item of a List inside a List, that of the inner List.
    pub line: usize,
    /// The way from the document's root to the object: not empty for an item of a List.
    pub base: Pointer,
}

impl Source {
    /// For a document of `text`.
    #[must_use]
    pub fn of(file: Arc<str>, text: Arc<str>, document: &yaml::Document) -> Self {
        Self { file, text, document: document.index, line: document.start.line, base: Pointer::root() }
    }

    /// Where the value at `pointer` (from the object's root) stands, or its deepest ancestor that is
    /// written there. Reads the text again: for findings only.
    #[must_use]
    pub fn place(&self, pointer: &Pointer) -> Position {
        yaml::locate(&self.text, self.document, &self.in_document(pointer)).unwrap_or_else(|| self.start())
    }

    /// The way from the document's root to the value at `pointer` (from the object's root).
    #[must_use]
    pub fn in_document(&self, pointer: &Pointer) -> Pointer {
        self.base.segments().iter().chain(pointer.segments()).cloned().collect()
    }

    /// Where the object starts, as far as it is known without reading.
    #[must_use]
    pub fn start(&self) -> Position {
        Position { offset: 0, line: self.line, column: 1 }
    }
}

/// `web.yaml:4`
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A document that is no Kubernetes object.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not a map.
    #[error("{0}: not a Kubernetes object: a map is needed")]
    NotAMap(String),
    /// A field every object has is missing, empty or not a string.
    #[error("{place}: not a Kubernetes object: {field} is missing or not a string")]
    Missing {
        /// File and line.
        place: String,
        /// `apiVersion` or `kind`.
        field: &'static str,
    },
    /// A List whose `items` is not a list.
    #[error("{0}: items of a List must be a list")]
    ItemsNotAList(String),
}

/// A Kubernetes object: a map with `apiVersion` and `kind`.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// The object. Changing its `apiVersion` or `kind` does not change [`Manifest::gvk`].
    pub value: Value,
    /// Where it was read.
    pub source: Source,
    gvk: Gvk,
}

impl Manifest {
    /// Proves that `value` is an object.
    ///
    /// # Errors
    /// [`ManifestError`], with file and line.
    pub fn new(value: Value, source: Source) -> Result<Self, ManifestError> {
        if value.as_map().is_none() {
            return Err(ManifestError::NotAMap(source.to_string()));
        }
        let field = |field: &'static str| match value.str_at(&[field]) {
            Some(text) if !text.is_empty() => Ok(text),
            _ => Err(ManifestError::Missing { place: source.to_string(), field }),
        };
        let gvk = Gvk::parse(field("apiVersion")?, field("kind")?);
        Ok(Self { value, source, gvk })
    }

    /// The objects that `value` stands for: the items of a List (`v1` List, or a kind ending in
    /// `List` that has `items`), however deep they nest, else the object itself.
    ///
    /// # Errors
    /// [`ManifestError`] of the first value that is no object.
    pub fn expand(value: Value, source: Source) -> Result<Vec<Self>, ManifestError> {
        let mut objects = Vec::new();
        let mut waiting = vec![Self::new(value, source)?];
        while let Some(object) = waiting.pop() {
            let Some(items) = object.list_items()? else {
                objects.push(object);
                continue;
            };
            let first = waiting.len();
            let lines = object.item_lines();
            for (index, item) in items.iter().enumerate().filter(|(_, item)| !item.is_null()) {
                let mut source = object.source.clone();
                source.base.push("items");
                source.base.push(index);
                source.line = lines.get(index).copied().unwrap_or(source.line);
                waiting.push(Self::new(item.clone(), source)?);
            }
            waiting[first..].reverse();
        }
        Ok(objects)
    }

    /// The lines of a List's items. Reads the text again, so only for a whole document: items of a
    /// List inside a List go by the line of the inner List.
    fn item_lines(&self) -> Vec<usize> {
        if !self.source.base.is_root() {
            return Vec::new();
        }
        let items = Pointer::root().with("items");
        yaml::locate_items(&self.source.text, self.source.document, &items).iter().map(|place| place.line).collect()
    }

    fn list_items(&self) -> Result<Option<&[Value]>, ManifestError> {
        if !self.gvk.kind.ends_with("List") {
            return Ok(None);
        }
        match self.value.get("items") {
            Some(Value::List(items)) => Ok(Some(items)),
            None if self.gvk.kind != "List" => Ok(None),
            None | Some(Value::Null) => Ok(Some(&[])),
            Some(_) => Err(ManifestError::ItemsNotAList(self.source.to_string())),
        }
    }

    /// Group, version and kind.
    #[must_use]
    pub fn gvk(&self) -> &Gvk {
        &self.gvk
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.gvk.kind
    }

    /// `metadata.name`; empty if absent.
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata("name")
    }

    /// `metadata.generateName`; empty if absent.
    #[must_use]
    pub fn generate_name(&self) -> &str {
        self.metadata("generateName")
    }

    /// `metadata.namespace`; empty if absent.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.metadata("namespace")
    }

    /// `metadata.labels` that have text as their value, in the order written.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts("labels")
    }

    /// `metadata.annotations` that have text as their value, in the order written.
    pub fn annotations(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts("annotations")
    }

    fn metadata(&self, field: &str) -> &str {
        self.value.str_at(&["metadata", field]).unwrap_or("")
    }

    fn texts(&self, field: &str) -> impl Iterator<Item = (&str, &str)> {
        let map = self.value.at(&["metadata", field]).and_then(Value::as_map);
        map.into_iter().flat_map(Map::iter).filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(text: &str) -> Vec<Result<Vec<Manifest>, ManifestError>> {
        let documents = yaml::read(text, &yaml::Limits::default()).unwrap();
        documents
            .iter()
            .map(|d| Manifest::expand(d.value.clone(), Source::of("web.yaml".into(), text.into(), d)))
            .collect()
    }

    #[test]
    fn an_object_knows_itself_and_its_places() {
        let text = "# c\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  namespace: shop\n  labels: {a: b, n: 1}\n";
        let object = objects(text).remove(0).unwrap().remove(0);
        assert_eq!(object.gvk(), &Gvk::parse("apps/v1", "Deployment"));
        assert_eq!(object.gvk().to_string(), "apps/v1/Deployment");
        assert_eq!((object.name(), object.namespace(), object.generate_name()), ("web", "shop", ""));
        assert_eq!(object.labels().collect::<Vec<_>>(), [("a", "b")]);
        assert_eq!(object.source.to_string(), "web.yaml:3");
        assert_eq!(object.source.place(&Pointer::parse("/metadata/namespace").unwrap()).line, 7);
    }

    #[test]
    fn lists_are_expanded_in_order() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: PodList\n  items:\n  - {apiVersion: v1, kind: Pod, metadata: {name: a}}\n- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: b\n";
        let found = objects(text).remove(0).unwrap();
        assert_eq!(found.iter().map(Manifest::name).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(found.iter().map(|o| o.source.line).collect::<Vec<_>>(), [4, 8]);
        assert_eq!(found[1].source.place(&Pointer::parse("/metadata/name").unwrap()).line, 11);
    }

    #[test]
    fn what_is_no_object_says_where() {
        let errors: Vec<String> = objects("a: 1\n---\n- 1\n---\napiVersion: v1\nkind: List\nitems:\n- {kind: Pod}\n")
            .into_iter()
            .map(|o| o.unwrap_err().to_string())
            .collect();
        assert_eq!(
            errors,
            [
                "web.yaml:1: not a Kubernetes object: apiVersion is missing or not a string",
                "web.yaml:3: not a Kubernetes object: a map is needed",
                "web.yaml:8: not a Kubernetes object: apiVersion is missing or not a string",
            ]
        );
    }
}

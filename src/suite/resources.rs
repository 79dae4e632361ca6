//! Loading the objects policies are applied to (chapter 60 §3.3): the first path decides how the
//! list is read, objects get a namespace, null maps become empty, and every number a float.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::document::{Map, Segment, Source, Value};

use super::files::{self, FileError};
use super::scope::Scopes;

/// Fields that are maps in Kubernetes: null there means empty.
const MAP_FIELDS: &[&str] = &["annotations", "labels", "matchLabels", "nodeSelector", "data", "stringData"];

/// What a list of resource paths gave.
#[derive(Debug, Default)]
pub struct Resources {
    /// The objects, in file order.
    pub objects: Vec<Value>,
    /// Where each object was read.
    pub sources: Vec<Source>,
    /// Later paths that could not be read: Kyverno reports them and goes on.
    pub failed: Vec<(PathBuf, FileError)>,
    /// Paths after a leading directory: Kyverno drops them without a word.
    pub dropped: Vec<PathBuf>,
}

/// Loads resource files. If the first path is a directory, its direct YAML children are the input
/// and all further paths are dropped.
///
/// # Errors
/// When the first path does not exist or a file of it cannot be read.
pub fn load(paths: &[PathBuf], scopes: &Scopes) -> Result<Resources, FileError> {
    let mut loaded = Resources::default();
    let Some((first, later)) = paths.split_first() else { return Ok(loaded) };
    if files::is_directory(first)? {
        for path in files::yaml_children(first)? {
            loaded.add(read_placed(&path, scopes)?);
        }
        loaded.dropped = later.to_vec();
        return Ok(loaded);
    }
    loaded.add(read_placed(first, scopes)?);
    for path in later {
        match read_placed(path, scopes) {
            Ok(objects) => loaded.add(objects),
            Err(error) => loaded.failed.push((path.clone(), error)),
        }
    }
    Ok(loaded)
}

/// Loads files and whole directories, each in full: what Kyverno would drop is read, and files that
/// cannot be read are listed.
#[must_use]
pub fn load_trees(paths: &[PathBuf], scopes: &Scopes) -> Resources {
    let mut loaded = Resources::default();
    for path in paths {
        let files = match files::is_directory(path) {
            Ok(true) => files::yaml_tree(path),
            Ok(false) => Ok(vec![path.clone()]),
            Err(error) => Err(error),
        };
        match files {
            Err(error) => loaded.failed.push((path.clone(), error)),
            Ok(files) => {
                for file in files {
                    match read_placed(&file, scopes) {
                        Ok(objects) => loaded.add(objects),
                        Err(error) => loaded.failed.push((file, error)),
                    }
                }
            }
        }
    }
    loaded
}

/// Reads the objects of one file, completed as for evaluation.
///
/// # Errors
/// When the file cannot be read or a document is no object.
pub fn read(path: &Path, scopes: &Scopes) -> Result<Vec<Value>, FileError> {
    parse(path, &files::read_text(path)?, scopes)
}

fn read_placed(path: &Path, scopes: &Scopes) -> Result<Vec<(Value, Source)>, FileError> {
    parse_placed(path, files::read_text(path)?.into(), scopes)
}

impl Resources {
    fn add(&mut self, objects: Vec<(Value, Source)>) {
        for (object, source) in objects {
            self.objects.push(object);
            self.sources.push(source);
        }
    }

    /// The objects of one text.
    ///
    /// # Errors
    /// As [`parse`].
    pub fn of_text(path: &Path, text: &str, scopes: &Scopes) -> Result<Self, FileError> {
        let mut loaded = Self::default();
        loaded.add(parse_placed(path, text.into(), scopes)?);
        Ok(loaded)
    }
}

/// Reads the objects of a text, completed as for evaluation; `path` is for messages.
///
/// # Errors
/// When the text is not YAML or a document is no object.
pub fn parse(path: &Path, text: &str, scopes: &Scopes) -> Result<Vec<Value>, FileError> {
    Ok(parse_placed(path, text.into(), scopes)?.into_iter().map(|(object, _)| object).collect())
}

fn parse_placed(path: &Path, text: Arc<str>, scopes: &Scopes) -> Result<Vec<(Value, Source)>, FileError> {
    let file: Arc<str> = path.display().to_string().into();
    let mut objects = Vec::new();
    for document in files::documents(path, &text)? {
        let refuse = |reason: &str| FileError::Content {
            path: path.display().to_string(),
            reason: format!("document at line {}: {reason}", document.start.line),
        };
        if document.value.as_map().is_none() {
            return Err(refuse("an object is wanted, a map with apiVersion and kind"));
        }
        for (item, object) in expand_list(&document.value) {
            if object.str_at(&["kind"]).is_none_or(str::is_empty) {
                return Err(refuse("'kind' is missing"));
            }
            let mut source = Source::of(file.clone(), text.clone(), &document);
            if let Some(item) = item {
                source.base = [Segment::from("items"), item.into()].into_iter().collect();
            }
            objects.push((complete(object, scopes), source));
        }
    }
    Ok(objects)
}

/// The items of a `v1` List, else the object itself. Kyverno evaluates nothing of a List it is
/// given as a resource; that is a silent loss, which is not copied.
fn expand_list(value: &Value) -> Vec<(Option<usize>, Value)> {
    match value.get("items").and_then(Value::as_list) {
        Some(items)
            if value.str_at(&["apiVersion"]) == Some("v1")
                && value.str_at(&["kind"]).is_some_and(|k| k.ends_with("List")) =>
        {
            items.iter().cloned().enumerate().map(|(at, item)| (Some(at), item)).collect()
        }
        _ => vec![(None, value.clone())],
    }
}

/// Completes an object as Kyverno's command line does: a default namespace, no null maps, floats.
#[must_use]
pub fn complete(object: Value, scopes: &Scopes) -> Value {
    let text = |value: &Value, keys: &[&str]| value.str_at(keys).unwrap_or_default().to_owned();
    let (api_version, kind) = (text(&object, &["apiVersion"]), text(&object, &["kind"]));
    let mut object = without_null_maps(object);
    if text(&object, &["metadata", "namespace"]).is_empty()
        && !scopes.is_cluster_scoped(&api_version, &kind)
        && let Some(map) = object.as_map_mut()
    {
        let metadata = map.entry_or_insert_with("metadata", Value::empty_map);
        if metadata.is_null() {
            *metadata = Value::empty_map();
        }
        if let Some(metadata) = metadata.as_map_mut() {
            metadata.insert("namespace", Value::from("default"));
        }
    }
    object.with_floats()
}

fn without_null_maps(value: Value) -> Value {
    match value {
        Value::Map(map) if map.iter().any(|(k, v)| is_container(v) || is_null_map(k, v)) => {
            let changed: Map = std::sync::Arc::unwrap_or_clone(map)
                .into_iter()
                .map(|(k, v)| {
                    let v = if is_null_map(&k, &v) { Value::empty_map() } else { without_null_maps(v) };
                    (k, v)
                })
                .collect();
            Value::map(changed)
        }
        Value::List(items) if items.iter().any(is_container) => Value::list(
            std::sync::Arc::unwrap_or_clone(items)
                .into_iter()
                .map(|v| if v.as_map().is_some() { without_null_maps(v) } else { v })
                .collect(),
        ),
        other => other,
    }
}

fn is_container(value: &Value) -> bool {
    matches!(value, Value::Map(_) | Value::List(_))
}

fn is_null_map(key: &str, value: &Value) -> bool {
    value.is_null() && MAP_FIELDS.contains(&key)
}

/// What names an object: `apiVersion`, kind, namespace (empty if cluster-scoped) and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// `apiVersion`.
    pub api_version: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.name`.
    pub name: String,
}

impl Identity {
    /// The identity of an object; absent parts are empty.
    #[must_use]
    pub fn of(object: &Value) -> Self {
        let text = |keys: &[&str]| object.str_at(keys).unwrap_or_default().to_owned();
        Self {
            api_version: text(&["apiVersion"]),
            kind: text(&["kind"]),
            namespace: text(&["metadata", "namespace"]),
            name: text(&["metadata", "name"]),
        }
    }

    /// `namespace/Kind/name`, as `apply` prints it; an object without any of them is a payload.
    #[must_use]
    pub fn path(&self) -> String {
        let path = format!("{}/{}/{}", self.namespace, self.kind, self.name);
        if path == "//" { "JSON payload".to_owned() } else { path }
    }

    /// API group, empty for the core one.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// API version without its group.
    #[must_use]
    pub fn version(&self) -> &str {
        self.api_version.split_once('/').map_or(self.api_version.as_str(), |(_, version)| version)
    }
}

/// Splits off objects that repeat an earlier one's group, kind, namespace and name.
#[must_use]
pub fn without_duplicates(objects: Vec<Value>) -> (Vec<Value>, Vec<Identity>) {
    let mut seen = std::collections::BTreeSet::new();
    let (mut unique, mut repeated) = (Vec::with_capacity(objects.len()), Vec::new());
    for object in objects {
        let id = Identity::of(&object);
        if seen.insert((id.group().to_owned(), id.kind.clone(), id.namespace.clone(), id.name.clone())) {
            unique.push(object);
        } else {
            repeated.push(id);
        }
    }
    (unique, repeated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(text: &str) -> Vec<Value> {
        parse(Path::new("r.yaml"), text, &Scopes::default()).expect("objects")
    }

    #[test]
    fn objects_are_completed() {
        let objects = objects(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: }\nspec: {size: 3}\n---\n---\n\
             apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n",
        );
        assert_eq!(Identity::of(&objects[0]).path(), "default/Pod/p");
        assert_eq!(objects[0].at(&["metadata", "labels"]), Some(&Value::empty_map()));
        assert_eq!(objects[0].at(&["spec", "size"]), Some(&Value::Float(3.0)));
        assert_eq!(Identity::of(&objects[1]).path(), "/Namespace/shop");
    }

    #[test]
    fn lists_are_expanded_and_duplicates_found() {
        let objects = objects(
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n\
             - {apiVersion: v1, kind: Pod, metadata: {name: b}}\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n",
        );
        let (unique, repeated) = without_duplicates(objects);
        assert_eq!(unique.len(), 2);
        assert_eq!(repeated[0].name, "a");
    }

    #[test]
    fn what_is_no_object_is_refused_with_its_line() {
        let error =
            parse(Path::new("r.yaml"), "kind: A\n---\nmetadata: {}\n", &Scopes::default()).expect_err("no kind");
        assert_eq!(error.to_string(), "r.yaml: document at line 3: 'kind' is missing");
    }

    #[test]
    fn the_first_path_decides() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let file = dir.path().join("a.yaml");
        std::fs::write(&file, "kind: A\nmetadata: {name: a}\n").expect("a file");
        let missing = dir.path().join("missing.yaml");
        assert!(load(&[missing.clone(), file.clone()], &Scopes::default()).is_err());
        let loaded = load(&[file.clone(), missing], &Scopes::default()).expect("the first exists");
        assert_eq!((loaded.objects.len(), loaded.failed.len()), (1, 1));
        let loaded = load(&[dir.path().to_owned(), file], &Scopes::default()).expect("a directory");
        assert_eq!((loaded.objects.len(), loaded.dropped.len()), (1, 1));
    }
}

//! Loading the objects policies are applied to (chapter 60 §3.3): the first path decides how the
//! list is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::document::{Segment, Source, Value};

use super::complete::complete;
use super::files::{self, FileError};
use super::scope::Scopes;

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
    for mut document in files::documents(path, &text)? {
        let line = document.start.line;
        let refuse = |reason: &str| FileError::Content {
            path: path.display().to_string(),
            reason: format!("document at line {line}: {reason}"),
        };
        let value = std::mem::take(&mut document.value);
        if value.as_map().is_none() {
            return Err(refuse("an object is wanted, a map with apiVersion and kind"));
        }
        for (item, object) in expand_list(value) {
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
fn expand_list(mut value: Value) -> Vec<(Option<usize>, Value)> {
    let is_list = value.get("items").is_some_and(|items| items.as_list().is_some())
        && value.str_at(&["apiVersion"]) == Some("v1")
        && value.str_at(&["kind"]).is_some_and(|k| k.ends_with("List"));
    let items = if is_list { value.as_map_mut().and_then(|map| map.remove("items")) } else { None };
    match items {
        Some(Value::List(items)) => {
            Arc::unwrap_or_clone(items).into_iter().enumerate().map(|(at, item)| (Some(at), item)).collect()
        }
        _ => vec![(None, value)],
    }
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

//! ClusterResource files (chapter 60 §7.6): the objects of an in-memory cluster for tests.

use std::path::{Path, PathBuf};

use crate::document::Value;

use super::fields::{FieldError, Fields};
use super::files::{self, FileError};

/// What ClusterResource files put into the cluster.
#[derive(Clone, Debug, Default)]
pub struct ClusterResources {
    /// CustomResourceDefinitions.
    pub definitions: Vec<Value>,
    /// Objects, as written.
    pub objects: Vec<Value>,
}

/// Reads ClusterResource files; the paths of CRDs in them are relative to `directory`.
///
/// # Errors
/// When a file cannot be read or a field is unknown.
pub fn load(paths: &[PathBuf], directory: &Path) -> Result<ClusterResources, FileError> {
    let mut all = ClusterResources::default();
    for path in paths {
        let refuse = |e: FieldError| FileError::Content { path: path.display().to_string(), reason: e.to_string() };
        for document in files::documents(path, &files::read_text(path)?)? {
            let (definitions, objects) = read(&document.value).map_err(refuse)?;
            all.objects.extend(objects);
            let paths: Vec<PathBuf> = definitions.iter().map(|definition| directory.join(definition)).collect();
            all.definitions.extend(self::definitions(&paths)?);
        }
    }
    Ok(all)
}

/// Reads CustomResourceDefinitions out of files and the YAML files of directories.
///
/// # Errors
/// When a file cannot be read.
pub fn definitions(paths: &[PathBuf]) -> Result<Vec<Value>, FileError> {
    let mut all = Vec::new();
    for path in paths {
        let files = if files::is_directory(path)? { files::yaml_tree(path)? } else { vec![path.clone()] };
        for file in files {
            let documents = files::documents(&file, &files::read_text(&file)?)?;
            all.extend(documents.into_iter().map(|d| d.value));
        }
    }
    Ok(all)
}

fn read(document: &Value) -> Result<(Vec<String>, Vec<Value>), FieldError> {
    let mut fields = Fields::of(document, "")?;
    for name in ["apiVersion", "kind", "metadata", "status"] {
        fields.take(name);
    }
    let mut spec = fields.inner("spec")?;
    let definitions = spec.texts("crds")?.unwrap_or_default();
    let objects = spec.list("resources")?.unwrap_or_default().to_vec();
    spec.finish()?;
    fields.finish()?;
    Ok((definitions.iter().map(ToString::to_string).collect(), objects))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_read_beside_the_test() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("cluster.yaml");
        std::fs::write(&path, "kind: ClusterResource\nspec:\n  crds: [crd.yaml]\n  resources: [{kind: A}]\n")
            .expect("a file");
        assert!(load(std::slice::from_ref(&path), dir.path()).is_err(), "the CRD is missing");
        std::fs::write(dir.path().join("crd.yaml"), "kind: CustomResourceDefinition\n").expect("a file");
        let all = load(&[path], dir.path()).expect("cluster resources");
        assert_eq!((all.definitions.len(), all.objects.len()), (1, 1));
    }
}

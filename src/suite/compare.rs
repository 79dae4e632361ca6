//! Comparing what a policy made with what a test expects (chapter 60 §11).

use std::path::Path;

use crate::document::{Map, Value, yaml};
use crate::mutate::merge_patch;

use super::files;
use super::resources::{self, Identity};
use super::scope::Scopes;

/// How an object compares with a file of expected ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// Equal once tidied.
    Equal,
    /// Different; holds a line diff.
    Different(String),
    /// The file has no such object.
    Missing(String),
    /// The file cannot be read.
    Unreadable(String),
}

/// Compares `actual` with the object of the same identity in the file at `path`.
#[must_use]
pub fn with_file(actual: &Value, path: &Path, scopes: &Scopes) -> Comparison {
    let expected = match files::read_text(path).and_then(|text| resources::parse(path, &text, scopes)) {
        Ok(objects) => objects,
        Err(error) => return Comparison::Unreadable(error.to_string()),
    };
    let identity = Identity::of(actual);
    match expected.iter().find(|object| Identity::of(object) == identity) {
        Some(expected) => objects(actual, expected),
        None => Comparison::Missing(format!("resource with name {} not found in manifest", identity.name)),
    }
}

/// Compares two objects: generation labels aside, empty maps, lists and nulls removed.
#[must_use]
pub fn objects(actual: &Value, expected: &Value) -> Comparison {
    let (actual, expected) = (with_fixed_labels(actual), with_fixed_labels(expected));
    if merge_patch::equal_when_tidied(&actual, &expected) {
        Comparison::Equal
    } else {
        Comparison::Different(diff(&yaml::write_sorted(&expected), &yaml::write_sorted(&actual)))
    }
}

/// The object without `generate.kyverno.io/` labels and with a `managed-by` label.
fn with_fixed_labels(object: &Value) -> Value {
    let mut labels: Map = object.at(&["metadata", "labels"]).and_then(Value::as_map).cloned().unwrap_or_default();
    labels.retain(|key, _| !key.starts_with("generate.kyverno.io/"));
    if !labels.contains_key("app.kubernetes.io/managed-by") {
        labels.insert("app.kubernetes.io/managed-by", Value::from("kyverno"));
    }
    let mut object = object.with_floats();
    if let Some(map) = object.as_map_mut()
        && let Some(metadata) = map.entry_or_insert_with("metadata", Value::empty_map).as_map_mut()
    {
        metadata.insert("labels", Value::map(labels));
    }
    object
}

/// Beyond this many lines on a side a diff is not computed line by line.
const DIFF_LINES: usize = 2_000;

/// The lines only in `expected` (`-`), only in `actual` (`+`), and in both (` `).
fn diff(expected: &str, actual: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), actual.lines().collect());
    let mut out = String::new();
    let mut put = |sign: char, line: &str| {
        out.push(sign);
        out.push_str(line);
        out.push('\n');
    };
    if old.len() > DIFF_LINES || new.len() > DIFF_LINES {
        old.iter().for_each(|line| put('-', line));
        new.iter().for_each(|line| put('+', line));
        return out;
    }
    // common[i][j]: the most lines old[i..] and new[j..] have in common, in order.
    let mut common = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] =
                if old[i] == new[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            put(' ', old[i]);
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[i + 1][j] >= common[i][j + 1]) {
            put('-', old[i]);
            i += 1;
        } else {
            put('+', new[j]);
            j += 1;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Value {
        resources::parse(Path::new("o.yaml"), text, &Scopes::default()).expect("YAML").remove(0)
    }

    #[test]
    fn labels_of_generation_and_emptiness_do_not_count() {
        let actual = object(
            "kind: A\nmetadata: {name: a, labels: {generate.kyverno.io/rule-name: r}}\nspec: {size: 1, e: [], m: {x: null}}\n",
        );
        let expected = object("kind: A\nmetadata: {name: a}\nspec: {size: 1.0}\n");
        assert_eq!(objects(&actual, &expected), Comparison::Equal);
        assert_eq!(objects(&expected, &actual), Comparison::Equal);
    }

    #[test]
    fn differences_show_as_lines() {
        let (actual, expected) =
            (object("kind: A\nspec: {size: 2, k: 1}\n"), object("kind: A\nspec: {size: 1, k: 1}\n"));
        let Comparison::Different(diff) = objects(&actual, &expected) else { panic!("different") };
        let changed: Vec<&str> = diff.lines().filter(|l| !l.starts_with(' ')).collect();
        assert_eq!(changed, ["-  size: 1", "+  size: 2"]);
    }

    #[test]
    fn files_may_lack_the_object_or_not_be_there() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("e.yaml");
        let actual = object("kind: A\nmetadata: {name: a}\n");
        let scopes = Scopes::default();
        assert!(matches!(with_file(&actual, &path, &scopes), Comparison::Unreadable(_)));
        std::fs::write(&path, "kind: A\nmetadata: {name: b}\n").expect("a file");
        let missing = Comparison::Missing("resource with name a not found in manifest".into());
        assert_eq!(with_file(&actual, &path, &scopes), missing);
    }
}

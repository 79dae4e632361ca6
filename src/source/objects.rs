//! One file's text becomes [`Manifest`]s: Lists are taken apart, what is no object is refused or, as
//! in Argo CD, left alone together with its whole file.

use std::sync::Arc;

use crate::document::manifest::{Manifest, Source};
use crate::document::yaml::{self, Document, Position, Problem, YamlError};
use crate::document::{Pointer, Segment, Value, json};

use super::error::{Fault, SourceError};

/// What a file holds.
pub(super) enum Content {
    /// Objects, in the order written; possibly none.
    Objects {
        /// The objects.
        manifests: Vec<Manifest>,
        /// Documents read, empty ones not counted.
        documents: usize,
        /// Values and keys read.
        values: usize,
        /// What happened on the way that is no error: `file:line: …`.
        notes: Vec<String>,
    },
    /// Nothing that looks like an object: Argo CD ignores such a file. Holds why, and the line.
    Foreign(String),
}

/// Reads a `.yaml` or `.yml` file.
pub(super) fn from_yaml(file: &str, text: &str, limits: &yaml::Limits) -> Result<Content, SourceError> {
    let documents = match yaml::read(text, limits) {
        Ok(documents) => documents,
        Err(error) => return unreadable(file, text, error),
    };
    // Argo CD ignores a file that is no manifest, unless one of its objects was read already or its
    // text holds all three words (chapter 80 §7). A map that has one of them at its top is meant to
    // be an object here, too: a committer's typing error must not make an object vanish.
    if let Some(stranger) = documents.iter().find(|d| !has_kind(&d.value)) {
        let meant = documents.iter().any(|d| has_kind(&d.value)) || looks_meant(&stranger.value) || has_all_words(text);
        let line = stranger.start.line;
        return if meant {
            Err(SourceError::at(file, stranger.start, lack(&stranger.value)))
        } else {
            Ok(Content::Foreign(format!("{file}:{line}: no Kubernetes object; the file is left out, as Argo CD does")))
        };
    }
    let (file, text): (Arc<str>, Arc<str>) = (file.into(), text.into());
    let notes = documents.iter().flat_map(|d| &d.duplicates).map(|again| repeated(&file, again.position)).collect();
    let mut manifests = Vec::with_capacity(documents.len());
    let (count, values) = (documents.len(), documents.iter().map(|d| d.values).sum());
    for document in documents {
        let source = Source::of(file.clone(), text.clone(), &document);
        expand(document.value, source, &mut manifests)?;
    }
    Ok(Content::Objects { manifests, documents: count, values, notes })
}

/// Reads a `.json` file: one object.
pub(super) fn from_json(file: &str, text: &str, limits: &yaml::Limits) -> Result<Content, SourceError> {
    let parsed = json::parse_counted(text.as_bytes(), json::Keys::LastWins, limits.values);
    let (value, values) = parsed.map_err(|error| match error {
        json::JsonError::Syntax { message, line, .. } if message == "trailing characters" => {
            SourceError::at(file, Position { line, ..Position::default() }, Fault::ManyJsonValues)
        }
        json::JsonError::Syntax { message, line, .. } => {
            SourceError::at(file, Position { line, ..Position::default() }, Fault::Json(message))
        }
        json::JsonError::TooManyValues(limit) => SourceError::of(file, Fault::Yaml(Problem::TooManyValues(limit))),
        other @ json::JsonError::NotFinite => SourceError::of(file, Fault::Json(other.to_string())),
    })?;
    let start = Position { offset: 0, line: 1, column: 1 };
    if value.depth() >= limits.depth {
        return Err(SourceError::at(file, start, Fault::Yaml(Problem::TooDeep(limits.depth))));
    }
    let document = Document { value, index: 0, start, duplicates: Vec::new(), values };
    let source = Source::of(file.into(), text.into(), &document);
    let mut manifests = Vec::new();
    expand(document.value, source, &mut manifests)?;
    Ok(Content::Objects { manifests, documents: 1, values, notes: Vec::new() })
}

/// Reads what a jsonnet file evaluates to: an object, or a list of them, null among them being nothing.
/// Places are those of the JSON text, not of the jsonnet.
pub(super) fn from_jsonnet(file: &str, text: &str, limits: &yaml::Limits) -> Result<Content, SourceError> {
    let label = format!("{file} (evaluated)");
    let (value, values) =
        json::parse_counted(text.as_bytes(), json::Keys::LastWins, limits.values).map_err(|error| match error {
            json::JsonError::TooManyValues(limit) => SourceError::of(file, Fault::Yaml(Problem::TooManyValues(limit))),
            other => SourceError::of(label.as_str(), Fault::Json(other.to_string())),
        })?;
    let start = Position { offset: 0, line: 1, column: 1 };
    if value.depth() >= limits.depth {
        return Err(SourceError::at(file, start, Fault::Yaml(Problem::TooDeep(limits.depth))));
    }
    let document = Document { value: Value::Null, index: 0, start, duplicates: Vec::new(), values };
    let source = Source::of(label.as_str().into(), text.into(), &document);
    let mut manifests = Vec::new();
    match value {
        Value::List(list) => {
            for (index, item) in list.iter().enumerate().filter(|(_, item)| !item.is_null()) {
                let mut source = source.clone();
                source.base.push(index);
                expand(item.clone(), source, &mut manifests)?;
            }
        }
        Value::Null => {}
        value => expand(value, source, &mut manifests)?,
    }
    Ok(Content::Objects { documents: manifests.len().max(1), manifests, values, notes: Vec::new() })
}

fn repeated(file: &str, at: Position) -> String {
    format!("{file}:{}: a key is written twice in one map; the last one counts", at.line)
}

fn unreadable(file: &str, text: &str, error: YamlError) -> Result<Content, SourceError> {
    let over_a_limit = matches!(
        error.problem,
        Problem::TooLong(_)
            | Problem::TooManyDocuments(_)
            | Problem::TooDeep(_)
            | Problem::TooManyAliasNodes(_)
            | Problem::TooManyFlowTokens(_)
            | Problem::TooManyValues(_)
            | Problem::AnchorInsideItself
            | Problem::ControlCharacter(_)
    );
    let meant = has_all_words(text) || text.lines().any(|l| l.starts_with("apiVersion:") || l.starts_with("kind:"));
    if over_a_limit || meant {
        return Err(SourceError::at(file, error.position, Fault::Yaml(error.problem)));
    }
    let line = error.position.line;
    Ok(Content::Foreign(format!(
        "{file}:{line}: not YAML, and no Kubernetes object; the file is left out, as Argo CD does"
    )))
}

fn has_kind(value: &Value) -> bool {
    value.str_at(&["kind"]).is_some_and(|kind| !kind.is_empty())
}

fn looks_meant(value: &Value) -> bool {
    ["apiVersion", "kind", "metadata"].iter().any(|field| value.get(field).is_some())
}

fn has_all_words(text: &str) -> bool {
    ["apiVersion:", "kind:", "metadata:"].iter().all(|word| text.contains(word))
}

fn lack(value: &Value) -> Fault {
    if value.as_map().is_some() { Fault::Lacks("kind") } else { Fault::NotAnObject }
}

/// Takes Lists apart, however deep they nest: a List that stayed whole would be taken apart by Argo CD
/// after the gate, its items unseen. As there, what has a list under `items` is a List whatever its
/// kind, and one whose `items` is null, without spec and status, is nothing.
fn expand(value: Value, source: Source, into: &mut Vec<Manifest>) -> Result<(), SourceError> {
    let mut waiting = vec![(value, source)];
    while let Some((value, source)) = waiting.pop() {
        match value.get("items") {
            Some(Value::List(items)) => {
                let first = waiting.len();
                for (index, item) in items.iter().enumerate() {
                    let mut source = source.clone();
                    source.base.push(Segment::from("items"));
                    source.base.push(index);
                    waiting.push((item.clone(), source));
                }
                waiting[first..].reverse();
            }
            Some(Value::Null) if value.get("spec").is_none() && value.get("status").is_none() => {}
            _ => into.push(object(value, source)?),
        }
    }
    Ok(())
}

/// Proves that `value` is an object that can be applied.
fn object(value: Value, source: Source) -> Result<Manifest, SourceError> {
    let text = |path: &[&str]| value.str_at(path).is_some_and(|text| !text.is_empty());
    let lacking = if value.as_map().is_none() {
        Some(Fault::NotAnObject)
    } else if !text(&["kind"]) {
        Some(Fault::Lacks("kind"))
    } else if !text(&["apiVersion"]) {
        Some(Fault::Lacks("apiVersion"))
    } else if !text(&["metadata", "name"]) && !text(&["metadata", "generateName"]) {
        Some(Fault::Lacks("metadata.name"))
    } else {
        None
    };
    let refuse = |fault| SourceError::at(&*source.file, source.place(&Pointer::root()), fault);
    if let Some(fault) = lacking {
        return Err(refuse(fault));
    }
    let place = source.clone();
    Manifest::new(value, source)
        .map_err(|_| SourceError::at(&*place.file, place.place(&Pointer::root()), Fault::NotAnObject))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Content, SourceError> {
        from_yaml("a.yaml", text, &yaml::Limits::default())
    }

    fn names(content: Content) -> Vec<String> {
        match content {
            Content::Objects { manifests, .. } => manifests.iter().map(|m| m.name().to_owned()).collect(),
            Content::Foreign(why) => vec![why],
        }
    }

    #[test]
    fn lists_are_taken_apart_to_the_last() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n\
                    - apiVersion: v1\n  kind: Odd\n  items:\n  - {apiVersion: v1, kind: Pod, metadata: {name: b}}\n\
                    - {apiVersion: v1, kind: Pod, metadata: {generateName: c-}}\n---\n\
                    {apiVersion: v1, kind: ConfigMapList, items: null}\n";
        assert_eq!(names(read(text).unwrap()), ["a", "b", ""]);
    }

    #[test]
    fn an_item_that_is_no_object_is_placed() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n- metadata: {name: b}\n";
        assert_eq!(
            read(text).err().unwrap().to_string().split(": add").next(),
            Some("a.yaml:5: a Kubernetes object without kind")
        );
        let text = "apiVersion: v1\nkind: List\nitems:\n- null\n";
        assert_eq!(read(text).err().unwrap().fault, Fault::NotAnObject);
    }

    #[test]
    fn foreign_files_are_left_alone_and_lost_kinds_are_not() {
        assert!(matches!(read("replicas: 3\n"), Ok(Content::Foreign(_))));
        assert!(matches!(read("a: b: c\n"), Ok(Content::Foreign(_))));
        for (text, line, fault) in [
            ("# x\n\napiVersion: v1\nmetadata: {name: a}\n", 3, Fault::Lacks("kind")),
            ("kind: Pod\napiVersion: v1\nmetadata: {name: a}\n---\nreplicas: 3\n", 5, Fault::Lacks("kind")),
            ("kind: Pod\napiVersion: v1\nmetadata: {name: a}\n---\n- 1\n", 5, Fault::NotAnObject),
            ("kind: ''\n", 1, Fault::Lacks("kind")),
            ("kind: Pod\nmetadata: {name: a}\n", 1, Fault::Lacks("apiVersion")),
            ("kind: Pod\napiVersion: v1\nmetadata: {}\n", 1, Fault::Lacks("metadata.name")),
            ("kind: Pod\napiVersion: v1\nmetadata: {name: 1}\n", 1, Fault::Lacks("metadata.name")),
        ] {
            let error = read(text).err().unwrap();
            assert_eq!((error.line, error.fault), (Some(line), fault), "{text}");
        }
        let broken = read("apiVersion: v1\nkind: Pod\nmetadata: {name: s3cret\n").err().unwrap();
        assert!(matches!(broken.fault, Fault::Yaml(_)));
        assert!(!broken.to_string().contains("s3cret"));
    }

    #[test]
    fn json_is_one_object() {
        let read = |text: &str| from_json("a.json", text, &yaml::Limits::default());
        let object = r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}"#;
        assert_eq!(names(read(object).unwrap()), ["a"]);
        assert_eq!(read(&format!("{object}\n{object}")).err().unwrap().fault, Fault::ManyJsonValues);
        assert_eq!(read("[]").err().unwrap().fault, Fault::NotAnObject);
        assert!(matches!(read("{").err().unwrap().fault, Fault::Json(_)));
        assert!(matches!(read(&"[".repeat(100_000)).err().unwrap().fault, Fault::Json(_)));
    }
}

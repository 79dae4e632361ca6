use super::super::MemoryFiles;
use super::*;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n";

fn pod(name: &str) -> String {
    POD.replace('x', name)
}

fn plain(files: &MemoryFiles) -> Result<Reading, SourceError> {
    read(files, &Tree::default(), &Limits::default())
}

fn names(reading: &Reading) -> Vec<&str> {
    reading.manifests.iter().map(Manifest::name).collect()
}

fn fault(files: MemoryFiles) -> (String, Fault) {
    let error = plain(&files).expect_err("is refused");
    (error.file, error.fault)
}

#[test]
fn files_come_in_the_order_of_their_bytes() {
    let files = MemoryFiles::new([
        ("b.yml", pod("b")),
        ("a.yaml", format!("{}---\n# nothing\n---\n{}", pod("a1"), pod("a2"))),
        ("B.json", r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"B"}}"#.to_owned()),
        ("sub/c.yaml", pod("c")),
        ("notes.txt", "kind".to_owned()),
        (".rendergate.yaml", "kind: RenderConfiguration".to_owned()),
        ("z.yaml", "just: values\n".to_owned()),
    ]);
    let reading = plain(&files).unwrap();
    assert_eq!(names(&reading), ["B", "a1", "a2", "b"]);
    assert_eq!(reading.manifests[2].source.line, 7);
    assert!(reading.subdirectories);
    assert_eq!(reading.notes, ["z.yaml:1: no Kubernetes object; the file is left out, as Argo CD does"]);

    let tree = Tree { recurse: true, exclude: Some(Glob::compile("{z,b}*").unwrap()), ..Tree::default() };
    assert_eq!(names(&read(&files, &tree, &Limits::default()).unwrap()), ["B", "a1", "a2", "c"]);
    let tree = Tree { recurse: true, include: Some(Glob::compile("*c.yaml").unwrap()), ..Tree::default() };
    assert_eq!(names(&read(&files, &tree, &Limits::default()).unwrap()), ["c"]);
    let tree = Tree { directory: "sub".to_owned(), ..Tree::default() };
    assert_eq!(names(&read(&files, &tree, &Limits::default()).unwrap()), ["c"]);
}

#[test]
fn charts_and_kustomizations_are_no_manifests() {
    let with = |name: &str| MemoryFiles::new([("a.yaml", pod("a")), (name, "x: 1\n".to_owned())]);
    assert_eq!(names(&plain(&with("kustomization.yml")).unwrap()), ["a"]);
    assert_eq!(fault(with("x.jsonnet")), ("x.jsonnet".to_owned(), Fault::Jsonnet));
}

/// Evaluates to its own text.
struct Verbatim<'f>(&'f MemoryFiles);

impl Evaluate for Verbatim<'_> {
    fn evaluate(&self, mains: &[String]) -> Result<Vec<String>, SourceError> {
        Ok(mains.iter().map(|m| String::from_utf8(self.0.read(m, 1000).unwrap()).unwrap()).collect())
    }
}

#[test]
fn jsonnet_stands_among_the_others() {
    let object = |name: &str| format!(r#"{{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{name}"}}}}"#);
    let files = MemoryFiles::new([
        ("app/a.yaml", pod("a")),
        ("app/b.jsonnet", format!("[{},null,{}]", object("b"), object("c"))),
        ("app/d.jsonnet", object("d")),
        ("app/e.jsonnet", "null".to_owned()),
        ("app/f.json", object("f")),
        ("app/g.jsonnet", "x // +argocd:skip-file-rendering".to_owned()),
        ("app/h.yaml", format!("# +argocd:skip-file-rendering\n{}", pod("h"))),
        ("app/i.libsonnet", "x".to_owned()),
    ]);
    let tree = Tree { directory: "app".to_owned(), ..Tree::default() };
    let reading = read_with(&files, &tree, &Limits::default(), Some(&Verbatim(&files))).unwrap();
    assert_eq!(names(&reading), ["a", "b", "c", "d", "f"]);
    assert_eq!(reading.manifests[1].source.to_string(), "b.jsonnet (evaluated):1");
    assert_eq!(reading.notes.len(), 2);
    let files = MemoryFiles::new([("x.jsonnet", "[1]"), ("y.jsonnet", "{}")]);
    let error = read_with(&files, &Tree::default(), &Limits::default(), Some(&Verbatim(&files))).unwrap_err();
    assert_eq!((error.file.as_str(), error.fault), ("x.jsonnet (evaluated)", Fault::NotAnObject));
}

#[test]
fn what_is_not_a_file_is_refused() {
    let with = |name: &str, kind| MemoryFiles::new([("a.yaml", pod("a"))]).with(name, kind);
    assert_eq!(fault(with("l.yaml", EntryKind::LinkOutside)).1, Fault::LinkOutside);
    assert_eq!(fault(with("anything", EntryKind::LinkOutside)).1, Fault::LinkOutside);
    assert_eq!(fault(with("pipe", EntryKind::Special)).1, Fault::Special);
    assert_eq!(fault(with("l.yaml", EntryKind::LinkBroken)).1, Fault::LinkBroken);
    assert_eq!(fault(with("l.yaml", EntryKind::NotUtf8)).1, Fault::NameNotUtf8);
    assert_eq!(names(&plain(&with("l", EntryKind::LinkBroken)).unwrap()), ["a"]);
}

#[test]
fn limits_hold() {
    let files = MemoryFiles::new([("a.yaml", pod("a")), ("b.yaml", pod("b"))]);
    let refused = |limits: Limits| read(&files, &Tree::default(), &limits).expect_err("is refused").fault;
    let limits = Limits::default();
    assert_eq!(refused(Limits { file_bytes: 10, ..limits.clone() }), Fault::FileTooLong(10));
    assert_eq!(refused(Limits { tree_bytes: 60, ..limits.clone() }), Fault::TreeTooLong(60));
    assert_eq!(refused(Limits { files: 1, ..limits.clone() }), Fault::TooManyFiles(1));
    assert_eq!(refused(Limits { documents: 1, ..limits.clone() }), Fault::TooManyDocuments(1));
    assert_eq!(refused(Limits { values: 5, ..limits.clone() }), Fault::TooManyValues(5));
    assert_eq!(refused(Limits { depth: 1, ..limits }), Fault::Yaml(yaml::Problem::TooDeep(1)));
}

#[test]
fn bytes_that_are_not_utf8_have_a_line() {
    let files = MemoryFiles::new([("a.yaml", b"kind: Pod\nx: \xff\n".to_vec())]);
    let error = plain(&files).expect_err("is refused");
    assert_eq!((error.line, error.fault), (Some(2), Fault::NotUtf8(13)));
}

mod any_bytes {
    use proptest::prelude::*;

    use super::*;

    /// Pieces that make up manifests, broken in every way.
    fn piece() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            Just(b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n".to_vec()),
            Just(b"---\n".to_vec()),
            Just(b"items:\n- ".to_vec()),
            Just(b"items: null\n".to_vec()),
            Just(b"  ".to_vec()),
            Just(b"&a [*a, *b]\n".to_vec()),
            Just(b"<<: {kind: 1}\n".to_vec()),
            proptest::collection::vec(any::<u8>(), 0..6),
        ]
    }

    proptest! {
        /// Whatever a file holds, it is read or refused with its name, and what is read has a name.
        #[test]
        fn are_read_or_refused(pieces in proptest::collection::vec(piece(), 0..12), json in any::<bool>()) {
            let name = if json { "f.json" } else { "f.yaml" };
            match plain(&MemoryFiles::new([(name, pieces.concat())])) {
                Err(error) => prop_assert_eq!(error.file, name),
                Ok(reading) => for manifest in &reading.manifests {
                    let called = manifest.name().len() + manifest.generate_name().len();
                    prop_assert!(called > 0 && !matches!(manifest.value.get("items"), Some(crate::document::Value::List(_))));
                },
            }
        }
    }
}

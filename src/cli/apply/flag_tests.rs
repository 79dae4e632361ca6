//! What single flags of `apply` do (chapter 60 §2, §3), beyond what they print.

use std::ffi::OsString;

use crate::cli::{self, ExitStatus};

const POLICY: &str = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: need-owner}\nspec:\n  rules:\n  - name: check\n    \
    match: {any: [{resources: {kinds: [Pod]}}]}\n    validate: {message: m, pattern: {metadata: {labels: {owner: '?*'}}}}\n";
const PODS: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: good, labels: {owner: ann}}\n---\n\
    apiVersion: v1\nkind: Pod\nmetadata: {name: bad, namespace: team}\n";
const EXCEPTION: &str = "apiVersion: kyverno.io/v2\nkind: PolicyException\nmetadata: {name: let-bad, namespace: team}\nspec:\n  \
    match: {any: [{resources: {kinds: [Pod], names: [bad]}}]}\n  exceptions: [{policyName: need-owner, ruleNames: [check]}]\n";

struct Folder(tempfile::TempDir);

impl Folder {
    /// `p.yaml`, `r.yaml`, and what a test adds.
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().expect("a temporary directory"));
        folder.write("p.yaml", POLICY);
        folder.write("r.yaml", PODS);
        folder
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("a file");
        path.display().to_string()
    }

    /// Runs `apply`; an argument that ends in `.yaml` or `/` is a path in the folder.
    fn apply(&self, stdin: &str, arguments: &[&str]) -> (ExitStatus, String, String) {
        let path = |argument: &&str| match argument {
            name if name.ends_with(".yaml") || name.ends_with('/') => self.0.path().join(name).into_os_string(),
            other => OsString::from(other),
        };
        let argv = ["rendergate", "apply"].iter().map(OsString::from).chain(arguments.iter().map(path));
        let argv: Vec<OsString> = argv.collect();
        cli::io::capture(stdin, |io| cli::run(argv, io))
    }
}

/// The last line that counts.
fn counts(out: &str) -> &str {
    out.lines().rfind(|line| line.starts_with("pass: ")).unwrap_or(out)
}

#[test]
fn exceptions_come_from_files_resources_and_policies() {
    let folder = Folder::new();
    folder.write("e.yaml", EXCEPTION);
    folder.write("re.yaml", &format!("{PODS}---\n{EXCEPTION}"));
    folder.write("pe.yaml", &format!("{POLICY}---\n{EXCEPTION}"));
    let other = EXCEPTION.replace("[bad]", "[good]");
    folder.write("other.yaml", &other);
    let excused = "pass: 1, fail: 0, warn: 0, error: 0, skip: 1 ";
    let refused = "pass: 1, fail: 1, warn: 0, error: 0, skip: 0 ";
    for (arguments, expected) in [
        (&["p.yaml", "-r", "r.yaml"][..], refused),
        (&["p.yaml", "-r", "r.yaml", "-e", "e.yaml"], excused),
        (&["p.yaml", "-r", "r.yaml", "--exception", "e.yaml"], excused),
        (&["p.yaml", "-r", "r.yaml", "--exceptions", "e.yaml"], excused),
        (&["p.yaml", "-r", "re.yaml"], refused),
        (&["p.yaml", "-r", "re.yaml", "--exceptions-with-resources"], excused),
        (&["p.yaml", "-r", "re.yaml", "--exceptions-within-resources"], excused),
        // Those of the resources replace those of files.
        (&["p.yaml", "-r", "r.yaml", "-e", "e.yaml", "--exceptions-with-resources"], refused),
        (&["pe.yaml", "-r", "r.yaml"], refused),
        (&["pe.yaml", "-r", "r.yaml", "--exceptions-within-policies"], excused),
        (
            &["pe.yaml", "-r", "r.yaml", "-e", "other.yaml", "--exceptions-within-policies"],
            "pass: 0, fail: 0, warn: 0, error: 0, skip: 2 ",
        ),
    ] {
        let (_, out, err) = folder.apply("", arguments);
        assert_eq!(counts(&out), expected, "{arguments:?}\n{out}{err}");
    }
    let (status, _, err) = folder.apply("", &["p.yaml", "-r", "r.yaml", "-e", "nowhere.yaml"]);
    assert_eq!(status, ExitStatus::PolicySaidNo);
    assert!(err.contains("Error: Error: failed to load exceptions ("), "{err}");
}

#[test]
fn generated_exceptions_last_as_long_as_asked() {
    let folder = Folder::new();
    let generate = |ttl: &str| {
        folder.apply("", &["p.yaml", "-r", "r.yaml", "--generate-exceptions", "--generated-exception-ttl", ttl])
    };
    let (_, out, _) = generate("90m");
    assert!(out.contains("cleanup.kyverno.io/ttl: 1h30m0s"), "{out}");
    let (_, out, _) = generate("-1h");
    assert!(!out.contains("cleanup.kyverno.io/ttl") && out.contains("kind: PolicyException"), "{out}");
    let (status, out, err) = generate("soon");
    assert_eq!((status, out.as_str()), (ExitStatus::PolicySaidNo, ""));
    assert!(err.contains("invalid argument \"soon\" for \"--generated-exception-ttl\" flag"), "{err}");
    let (_, out, _) = folder.apply("", &["p.yaml", "-r", "r.yaml", "--generate-exceptions", "--output-format", "json"]);
    assert!(out.starts_with("---\n{\"apiVersion\":\"kyverno.io/v2beta1\""), "{out}");
}

#[test]
fn definitions_say_which_kinds_have_no_namespace() {
    let folder = Folder::new();
    let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.com}\nspec:\n  \
        group: example.com\n  scope: Cluster\n  names: {kind: Thing, plural: things}\n  versions: [{name: v1, served: true, storage: true, \
        schema: {openAPIV3Schema: {type: object}}}]\n";
    folder.write("crd.yaml", definition);
    folder.write("thing.yaml", "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: one}\n");
    folder.write("any.yaml", &POLICY.replace("[Pod]", "['example.com/v1/Thing']"));
    for (flag, subject) in
        [(None, "default/Thing/one"), (Some("--crd-paths"), "/Thing/one"), (Some("--crd-path"), "/Thing/one")]
    {
        let more = flag.map(|flag| [flag, "crd.yaml"]);
        let arguments: Vec<&str> =
            ["any.yaml", "-r", "thing.yaml"].into_iter().chain(more.into_iter().flatten()).collect();
        let (_, out, err) = folder.apply("", &arguments);
        assert!(out.contains(&format!("-> resource {subject} failed")), "{flag:?}\n{out}{err}");
        let deprecated = err.contains("Flag --crd-path has been deprecated, use --crd-paths instead\n");
        assert_eq!(deprecated, flag == Some("--crd-path"), "{err}");
    }
    let refused = folder.apply("", &["any.yaml", "-r", "thing.yaml", "--crd-paths", "crd.yaml", "--kubeconfig", "k"]);
    assert!(refused.2.contains("crd-paths and kubeconfig flags are mutually exclusive"), "{}", refused.2);
}

#[test]
fn policies_or_resources_come_from_standard_input() {
    let folder = Folder::new();
    let refused = "pass: 1, fail: 1, warn: 0, error: 0, skip: 0 ";
    let (_, out, _) = folder.apply(POLICY, &["-", "-r", "r.yaml"]);
    assert_eq!(counts(&out), refused);
    let (_, out, err) = folder.apply(PODS, &["p.yaml", "-r", "-", "-r", "r.yaml"]);
    assert_eq!(counts(&out), refused);
    assert!(err.contains("r.yaml is not loaded: standard input comes first"), "{err}");
}

#[test]
fn directories_and_the_names_of_one_flag() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.0.path().join("many/deep")).expect("a directory");
    folder.write("many/a.yaml", PODS);
    folder.write("many/deep/b.yaml", PODS);
    let (_, out, err) = folder.apply("", &["p.yaml", "-r", "many/", "-r", "r.yaml"]);
    assert!(out.contains("to 2 resource(s)"), "the files of the folder itself: {out}");
    assert!(err.contains("r.yaml is not loaded: the first resource path is a directory"), "{err}");
    let (_, out, _) = folder.apply("", &["p.yaml", "-r", "r.yaml", "--resources", "many/deep/b.yaml"]);
    assert!(out.contains("to 4 resource(s)"), "{out}");
}

#[test]
fn targets_of_existing_objects_are_given_apart() {
    let folder = Folder::new();
    folder.write(
        "m.yaml",
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: mark}\nspec:\n  rules:\n  - name: existing\n    \
         match: {any: [{resources: {kinds: [Pod]}}]}\n    mutate:\n      targets: [{apiVersion: v1, kind: ConfigMap, name: c, namespace: team}]\n      \
         patchStrategicMerge: {data: {seen: 'yes'}}\n",
    );
    folder.write("t.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: team}\ndata: {a: b}\n");
    for flag in ["--target-resource", "--target-resources"] {
        let (status, out, err) = folder.apply("", &["m.yaml", "-r", "r.yaml", flag, "t.yaml"]);
        assert_eq!(status, ExitStatus::Clean, "{out}{err}");
        assert!(out.contains("patched targets: \n") && out.contains("    seen: \"yes\"\n"), "{out}{err}");
    }
}

#[test]
fn deprecated_kinds_can_be_errors() {
    let folder = Folder::new();
    let (status, out, err) = folder.apply("", &["p.yaml", "-r", "r.yaml", "--warnings-as-errors"]);
    assert_eq!((status, out.as_str()), (ExitStatus::PolicySaidNo, ""));
    assert!(err.ends_with("Error: found 1 deprecation warning(s) and --warnings-as-errors is set\n"), "{err}");
}

#[test]
fn a_directory_receives_a_file_for_each_object() {
    let folder = Folder::new();
    folder.write(
        "m.yaml",
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: add-team}\nspec:\n  rules:\n  - name: add\n    \
         match: {any: [{resources: {kinds: [Pod]}}]}\n    mutate: {patchStrategicMerge: {metadata: {labels: {team: blue}}}}\n",
    );
    std::fs::create_dir(folder.0.path().join("out")).expect("a directory");
    for _ in 0..2 {
        let (status, out, err) = folder.apply("", &["m.yaml", "-r", "r.yaml", "-o", "out/"]);
        assert_eq!(status, ExitStatus::Clean, "{out}{err}");
        let bad = std::fs::read_to_string(folder.0.path().join("out/bad-mutated.yaml")).expect("a file");
        assert_eq!((bad.matches("team: blue").count(), bad.ends_with("\n---\n\n")), (1, true), "{bad}");
    }
}

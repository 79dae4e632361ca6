//! Bad input to `generate`: each with a message that names file, line and remedy, exit status 2,
//! nothing on stdout, and within `gate::MEMORY`.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::gate::{GOOD, Gate, Ran};

/// Runs and checks everything but the words.
fn refused(gate: &Gate) -> String {
    said_no(&gate.run())
}

fn said_no(ran: &Ran) -> String {
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "one paragraph: {}", ran.stderr);
    ran.stderr.trim_end().to_owned()
}

#[track_caller]
fn expect(gate: &Gate, text: &str) {
    let said = refused(gate);
    assert!(said.contains(text), "expected: {text}\n     got: {said}");
}

#[test]
fn an_empty_tree() {
    expect(
        &Gate::new(),
        "rendergate: this render cannot be made: the directory holds no .yaml, .yml or .json file: check the \
         application's path, or set allowEmpty",
    );
    expect(&Gate::new().file("sub/a.yaml", GOOD), "only sub-directories: set render.plain.recurse in .rendergate.yaml");
}

#[test]
fn an_empty_tree_that_is_wanted() {
    let gate = Gate::new().config("policies: [{path: policies}]\nallowEmpty: true\n");
    let ran = gate.run();
    assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
}

#[test]
fn only_comments() {
    expect(
        &Gate::new().file("a.yaml", "# nothing\n---\n# here\n"),
        "the files hold no Kubernetes object, only comments",
    );
}

#[test]
fn a_document_without_kind() {
    let text = format!("{GOOD}---\n# lost\napiVersion: v1\nmetadata: {{name: x}}\n");
    expect(&Gate::new().file("a.yaml", text), "a.yaml:6: a Kubernetes object without kind: add it");
    let text = "apiVersion: v1\nmetadata: {name: x}\n";
    expect(&Gate::new().file("a.yaml", GOOD).file("b.yaml", text), "b.yaml:1: a Kubernetes object without kind");
}

#[test]
fn duplicate_objects() {
    let gate = Gate::new().file("a.yaml", GOOD).file("b.yaml", format!("\n{GOOD}"));
    expect(&gate, "b.yaml:2: ConfigMap default/good is written twice, first at a.yaml:1: remove or rename one");
}

#[test]
fn a_file_of_100_mb() {
    let gate = Gate::new().file("a.yaml", GOOD);
    fs::File::create(gate.app().join("big.yaml")).unwrap().set_len(100_000_000).unwrap();
    expect(&gate, "big.yaml: longer than 33554432 bytes (limits.fileBytes)");
}

#[test]
fn a_hundred_thousand_documents() {
    let text: String =
        (0..100_000).map(|n| format!("---\nkind: A\napiVersion: v1\nmetadata: {{name: a{n}}}\n")).collect();
    expect(&Gate::new().file("a.yaml", text), "a.yaml:200001: more than 50000 documents in all (limits.documents)");
}

#[test]
fn an_alias_bomb() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let aliases = vec![format!("*a{}", n - 1); 9].join(", ");
        text.push_str(&format!("a{n}: &a{n} [{aliases}]\n"));
    }
    expect(
        &Gate::new().file("a.yaml", text),
        "a.yaml:6: not readable as YAML: aliases stand for more than 100000 values",
    );
}

#[test]
fn deep_nesting() {
    let text = format!("{GOOD}data: {}{}\n", "[".repeat(10_000), "]".repeat(10_000));
    expect(&Gate::new().file("a.yaml", text), "a.yaml:4: not readable as YAML: nests deeper than 128 levels");
    let json = format!("{{\"data\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    expect(&Gate::new().file("a.json", json), "a.json:1: not readable as JSON: recursion limit exceeded");
}

#[test]
fn invalid_utf8() {
    let text = [GOOD.as_bytes(), b"data: {k: \"\xff\"}\n"].concat();
    expect(&Gate::new().file("a.yaml", text), "a.yaml:4: not UTF-8 at byte 85: save the file as UTF-8");
}

#[test]
fn a_symlink_out_of_the_tree() {
    let gate = Gate::new().file("a.yaml", GOOD);
    gate.write("secret.yaml", "token: hunter2-hunter2\n");
    symlink("../secret.yaml", gate.app().join("z.yaml")).unwrap();
    expect(&gate, "z.yaml: a symbolic link leads out of the repository: replace it with a copy of the file");
}

#[test]
fn a_symlink_inside_the_tree_is_read() {
    let gate = Gate::new().file("data/a.txt", GOOD);
    symlink("data/a.txt", gate.app().join("a.yaml")).unwrap();
    let ran = gate.run();
    assert_eq!((ran.status, ran.stdout.contains("name: good")), (0, true), "{}", ran.stderr);
}

#[test]
fn a_fifo() {
    let gate = Gate::new().file("a.yaml", GOOD);
    assert!(Command::new("mkfifo").arg(gate.app().join("pipe.yaml")).status().unwrap().success());
    let start = Instant::now();
    expect(&gate, "pipe.yaml: not a regular file (a FIFO, socket or device), and never opened: remove it");
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_policy_that_does_not_load_beside_good_ones() {
    let gate = Gate::new().file("a.yaml", GOOD);
    gate.write("policies/bad.yaml", crate::gate::TEAM.replace("pattern:", "patern:").replace("need-team", "bad"));
    expect(
        &gate,
        "policies/bad.yaml:11:7: /spec/rules/0/validate/patern: unknown field 'patern'; did you mean 'pattern'?",
    );
}

#[test]
fn a_bad_jmespath() {
    let gate = Gate::new().file("a.yaml", GOOD);
    let bad = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: bad}\nspec:\n  rules:\n  - name: r\n    \
               match: {any: [{resources: {kinds: [ConfigMap]}}]}\n    validate:\n      failureAction: Enforce\n      \
               message: refused\n      deny:\n        conditions:\n          any:\n          \
               - {key: \"{{ request.object.metadata.[ }}\", operator: Equals, value: x}\n";
    gate.write("policies/bad.yaml", bad);
    expect(&gate, "policies/bad.yaml:6:5: policy contains invalid variables");
    expect(&gate, "invalid JMESPath query request.object.metadata.[");
}

#[test]
fn an_empty_policy_folder() {
    let gate = Gate::new().file("a.yaml", GOOD).config("policies: [{path: none}]\n");
    expect(&gate, "none: there is no such file or directory");
    fs::create_dir(gate.path("none")).unwrap();
    expect(&gate, "0 policies found where there must be at least 1 (minimumPolicies): none");
}

#[test]
fn the_deadline() {
    // An alias-free file that is slow to read: the watch must speak before the reader is done.
    let text: String =
        (0..40_000).map(|n| format!("---\nkind: A\napiVersion: v1\nmetadata: {{name: a{n}}}\n")).collect();
    let gate = Gate::new().file("a.yaml", text).config("policies: [{path: policies}]\nlimits: {time: 1ms}\n");
    expect(&gate, "it took longer than 0.001s (limits.time)");
}

#[test]
fn trees_for_another_renderer() {
    for (name, remedy) in [
        ("Chart.yaml", "helm is not set up in this gate: the operator names its program with tools.helm.path"),
        ("kustomization.yaml", "kustomize is not set up in this gate: the operator names its program"),
        #[cfg(not(feature = "jsonnet"))]
        ("main.jsonnet", "main.jsonnet: jsonnet is not evaluated by this build of rendergate"),
        #[cfg(feature = "jsonnet")]
        ("main.jsonnet", "main.jsonnet:1: jsonnet: "),
    ] {
        expect(&Gate::new().file("a.yaml", GOOD).file(name, "x: 1\n"), remedy);
    }
    let own = "apiVersion: rendergate.dev/v1alpha1\nkind: RenderConfiguration\nrender: {type: helm}\n";
    expect(&Gate::new().file("a.yaml", GOOD).file(".rendergate.yaml", own), "helm is not set up in this gate");
}

#[test]
fn configurations() {
    let gate = Gate::new().file("a.yaml", GOOD).config("policies: [{path: policies}]\nenforcment: audit\n");
    expect(&gate, "gate.yaml:4: unknown field 'enforcment': did you mean 'enforcement'?");
    let gate = Gate::new().file("a.yaml", GOOD);
    let missing = gate.run_with(&["--config".to_owned(), gate.path("missing.yaml").display().to_string()]);
    assert!(
        said_no(&missing).contains("the gate's configuration: missing.yaml: there is no such file or directory"),
        "{}",
        missing.stderr
    );
    let policy = ["--policy".to_owned(), gate.path("policies").display().to_string()];
    assert_eq!(gate.run_with(&policy).status, 0);
    let gate = gate.environment("ARGOCD_APP_NAME", "shop");
    let inside = said_no(&gate.run_with(&policy));
    assert!(inside.contains("--policy is not for use inside Argo CD"), "{inside}");
}

#[test]
fn the_repository_cannot_loosen() {
    let own = |rest: &str| format!("apiVersion: rendergate.dev/v1alpha1\nkind: RenderConfiguration\n{rest}");
    let gate = || Gate::new().file("a.yaml", GOOD);
    expect(
        &gate().file(".rendergate.yaml", own("enforcement: audit\n")),
        ".rendergate.yaml:3: 'enforcement' belongs to the gate's own configuration",
    );
    expect(
        &gate().file(".rendergate.yaml", own("policies: [{path: ../../elsewhere}]\n")),
        ".rendergate.yaml: policies path '../../elsewhere' leads out of the repository",
    );
    let mutating = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: m}\nspec:\n  rules:\n  - name: r\n    \
                    match: {any: [{resources: {kinds: [Pod]}}]}\n    mutate: {patchStrategicMerge: {metadata: {labels: {a: b}}}}\n";
    expect(
        &gate().file("p/m.yaml", mutating).file(".rendergate.yaml", own("policies: [{path: p}]\n")),
        "p/m.yaml:1: rule r of policy m: a repository's policies may only validate",
    );
}

#[test]
fn the_repository_can_tighten() {
    let own =
        "apiVersion: rendergate.dev/v1alpha1\nkind: RenderConfiguration\npolicies: [{path: p}]\nenforce: ['repo/*']\n";
    let policy = crate::gate::TEAM.replace("Enforce", "Audit").replace("team: \"?*\"", "tier: \"?*\"");
    let gate = Gate::new().file("a.yaml", GOOD).file("p/own.yaml", policy).file(".rendergate.yaml", own);
    let ran = gate.run();
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    assert!(ran.stderr.contains("[repo/need-team/team] ConfigMap default/good"), "{}", ran.stderr);
}

#[test]
fn more_values_than_fit_the_memory() {
    let said = "more than 1000000 values and keys in all (limits.values)";
    let list = "[],".repeat(1_000_000);
    expect(&Gate::new().file("a.json", format!("{{\"kind\": \"A\", \"a\": [{list}1]}}")), said);
    expect(&Gate::new().file("a.yaml", format!("{{\"kind\": \"A\", \"a\": [{list}1]}}")), said);
    expect(&Gate::new().file("a.yaml", format!("kind: A\na:\n{}", "- []\n".repeat(1_000_000))), said);
    let half = format!("apiVersion: v1\nkind: A\nmetadata: {{name: a}}\na:\n{}", "- a\n".repeat(11_000));
    let two = Gate::new().file("a.yaml", &half).file("b.yaml", &half);
    expect(&two.config("policies: [{path: policies}]\nlimits: {values: 20000}\n"), "more than 20000 values and keys");
}

//! The promise of two modes: `generate` under argocd-cmp-server and `cmp-server` answer alike, objects and
//! text, whatever the tree.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::process::Process;
use super::{Shipment, write_gate};
use crate::gate::GOOD;

/// Makes a tree in a folder.
type Make = Box<dyn Fn(&Path)>;

/// Trees by name. What stands in them is the application at `app`.
fn trees() -> Vec<(&'static str, Make)> {
    let files = |files: &'static [(&'static str, &'static str)]| -> Make {
        Box::new(move |root| files.iter().for_each(|(name, text)| write(root, name, text)))
    };
    vec![
        (
            "passing",
            files(&[
                ("app/good.yaml", GOOD),
                ("app/b.json", r#"{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"}}"#),
            ]),
        ),
        (
            "blocked",
            files(&[("app/a.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: hunter22}\n")]),
        ),
        (
            "numbers",
            files(&[(
                "app/a.yaml",
                "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {a: 0644, b: 1.50, c: yes, d: 1e3, e: '1', f: ~, g: 12345678901234567890}\n",
            )]),
        ),
        ("empty", Box::new(|root| fs::create_dir_all(root.join("app")).expect("a folder"))),
        ("only-comments", files(&[("app/a.yaml", "# nothing\n---\n# here\n")])),
        ("only-folders", files(&[("app/deeper/a.yaml", GOOD)])),
        (
            "list",
            files(&[(
                "app/a.yaml",
                "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Service, metadata: {name: a}}\n- {apiVersion: v1, kind: Service, metadata: {name: b}}\n",
            )]),
        ),
        (
            "nested-list",
            files(&[(
                "app/a.yaml",
                "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Service, metadata: {name: a}}]}\n",
            )]),
        ),
        ("items-null", files(&[("app/a.yaml", "apiVersion: v1\nkind: List\nitems: null\n"), ("app/good.yaml", GOOD)])),
        ("duplicates", files(&[("app/a.yaml", GOOD), ("app/b.yaml", GOOD)])),
        ("no-kind", files(&[("app/a.yaml", "apiVersion: v1\nmetadata: {name: a}\n")])),
        ("not-yaml", files(&[("app/a.yaml", "apiVersion: v1\nkind: [Service\nmetadata: {name: a}\n")])),
        (
            "alias-bomb",
            files(&[(
                "app/a.yaml",
                "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n",
            )]),
        ),
        (
            "own-policy",
            files(&[
                ("app/a.yaml", GOOD),
                (
                    "shared/p.yaml",
                    "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: own}\nspec:\n  rules:\n  - name: r\n    match: {any: [{resources: {kinds: [ConfigMap]}}]}\n    validate: {failureAction: Enforce, message: never, deny: {}}\n",
                ),
                (
                    ".rendergate.yaml",
                    "apiVersion: rendergate.dev/v1alpha1\nkind: RenderConfiguration\npolicies: [{path: shared}]\n",
                ),
            ]),
        ),
        (
            "loosening",
            files(&[
                ("app/a.yaml", GOOD),
                (
                    "app/.rendergate.yaml",
                    "apiVersion: rendergate.dev/v1alpha1\nkind: RenderConfiguration\nenforcement: audit\n",
                ),
            ]),
        ),
        (
            "recursive",
            files(&[
                ("app/x/y.yaml", GOOD),
                ("app/ci/z.yaml", "not: an object\n"),
                (
                    "app/.rendergate.yaml",
                    "apiVersion: rendergate.dev/v1alpha1\nkind: RenderConfiguration\nrender: {plain: {recurse: true, exclude: 'ci/**'}}\n",
                ),
            ]),
        ),
        (
            "plugin-override",
            files(&[("app/good.yaml", GOOD), ("app/.argocd-source-other.yaml", "# images\nplugin: {name: other}\n")]),
        ),
        (
            "plugin-override-elsewhere",
            files(&[("app/good.yaml", GOOD), (".argocd-source.yaml", "plugin: {name: other}\n")]),
        ),
        (
            "exception",
            files(&[(
                "app/a.yaml",
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: kyverno.io/v2\nkind: PolicyException\nmetadata: {name: let}\nspec:\n  exceptions: [{policyName: need-team, ruleNames: [team]}]\n  match: {any: [{resources: {kinds: [ConfigMap]}}]}\n",
            )]),
        ),
        ("link-inside", with_link("../base/good.yaml")),
        ("link-outside", with_link("../../../gate.yaml")),
        ("link-absolute", with_link("/etc/hostname")),
        ("link-loop", with_link("linked.yaml")),
        ("link-to-git", with_link("../.git/good.yaml")),
        ("huge", Box::new(|root| write(root, "app/huge.yaml", &"# padding\n".repeat(200_000)))),
        (
            "git-is-absent",
            files(&[
                ("app/good.yaml", GOOD),
                ("app/.git/bad.yaml", "a: ["),
                (
                    "app/.rendergate.yaml",
                    "apiVersion: rendergate.dev/v1alpha1\nkind: RenderConfiguration\nrender: {plain: {recurse: true}}\n",
                ),
            ]),
        ),
    ]
}

fn with_link(target: &'static str) -> Make {
    Box::new(move |root| {
        write(root, "base/good.yaml", GOOD);
        write(root, ".git/good.yaml", GOOD);
        write(root, "app/a.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: s}\n");
        symlink(target, root.join("app/linked.yaml")).expect("a link");
    })
}

fn write(root: &Path, name: &str, text: &str) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, text).expect("a file");
}

const REVISION: &str = "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d";

/// What `generate` answers: objects, or the text.
fn generated(root: &Path, gate: &Path) -> Result<Vec<String>, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rendergate"));
    for (variable, _) in std::env::vars().filter(|(name, _)| name.starts_with("ARGOCD_")) {
        command.env_remove(variable);
    }
    command.args(["generate", "--output", "json", "--config"]).arg(gate).current_dir(root.join("app"));
    command.env("ARGOCD_APP_NAME", "shop").env("ARGOCD_APP_REVISION", REVISION).env("ARGOCD_APP_SOURCE_PATH", "app");
    let output = command.output().expect("the binary runs");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    if output.status.success() {
        Ok(text(&output.stdout).lines().map(str::to_owned).collect())
    } else {
        assert!(output.stdout.is_empty());
        Err(text(&output.stderr).trim_end().to_owned())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_modes_answer_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    write_gate(folder.path(), "policies: [{path: policies}]\nlimits: {fileBytes: 1Mi}\n");
    let plugin = Process::start(folder.path());
    let mut client = plugin.client().await;
    let (mut passed, mut refused) = (0, 0);
    for (name, make) in trees() {
        let root = folder.path().join("trees").join(name);
        fs::create_dir_all(&root).expect("a folder");
        make(&root);
        let shipment = Shipment::of_folder(&root).at("app").env("ARGOCD_APP_SOURCE_PATH", "app");
        let answered = shipment.send(&mut client).await;
        let answered = answered.map(|a| a.manifests).map_err(|status| status.message().to_owned());
        assert_eq!(answered, generated(&root, &folder.path().join("gate.yaml")), "{name}");
        if answered.is_ok() { passed += 1 } else { refused += 1 }
    }
    assert!(passed >= 7 && refused >= 12, "both answers occur: {passed} and {refused}");
}

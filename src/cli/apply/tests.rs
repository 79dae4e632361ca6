//! What people and scripts read of `apply`: text, table, report, exceptions, exit statuses.

use std::ffi::OsString;

use crate::cli::{self, ExitStatus};
use crate::document::{Value, json};

const POLICIES: &str = r#"
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: need-owner
  annotations: {policies.kyverno.io/severity: medium, policies.kyverno.io/category: Hygiene}
spec:
  validationFailureAction: Audit
  rules:
  - name: check-owner
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate:
      message: owner label missing
      pattern: {metadata: {labels: {owner: "?*"}}}
"#;

const MUTATION: &str = r#"
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: add-team}
spec:
  rules:
  - name: add
    match: {any: [{resources: {kinds: [Pod]}}]}
    mutate: {patchStrategicMerge: {metadata: {labels: {+(team): blue}}}}
"#;

const RESOURCES: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: good, labels: {owner: ann}}
spec: {containers: [{name: a, image: nginx, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: bad, namespace: team}
spec: {containers: [{name: a, image: nginx}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: prod}
"#;

struct Files(tempfile::TempDir);

impl Files {
    fn new(policies: &str, resources: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(dir.path().join("p.yaml"), policies).expect("a file");
        std::fs::write(dir.path().join("r.yaml"), resources).expect("a file");
        Self(dir)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// `apply p.yaml -r r.yaml` and more.
    fn apply(&self, more: &[&str]) -> (ExitStatus, String, String) {
        let (policies, resources) = (self.path("p.yaml"), self.path("r.yaml"));
        let args: Vec<&str> = [policies.as_str(), "-r", &resources].iter().chain(more).copied().collect();
        apply(&args)
    }
}

fn apply(args: &[&str]) -> (ExitStatus, String, String) {
    let argv: Vec<OsString> = ["rendergate", "apply"].iter().chain(args).map(Into::into).collect();
    cli::io::capture("", |io| cli::run(argv, io))
}

#[test]
fn the_default_text_is_kyvernos() {
    let files = Files::new(POLICIES, RESOURCES);
    let (status, out, err) = files.apply(&[]);
    assert_eq!(status, ExitStatus::PolicySaidNo);
    assert_eq!(
        out,
        "
Applying 3 policy rule(s) to 3 resource(s)...
policy need-owner -> resource team/Pod/bad failed:
1 - check-owner validation error: owner label missing. rule check-owner failed at path /metadata/labels/

pass: 1, fail: 1, warn: 0, error: 0, skip: 0 \n"
    );
    assert!(err.contains("kyverno.io/v1 ClusterPolicy is deprecated"), "{err}");
}

#[test]
fn mutations_are_printed_for_every_resource() {
    let files = Files::new(MUTATION, RESOURCES);
    let (status, out, _) = files.apply(&["-i"]);
    assert_eq!(status, ExitStatus::Clean);
    assert!(!out.contains("Applying") && !out.contains("applied to"), "{out}");
    let (_, out, _) = files.apply(&[]);
    assert_eq!(out.matches("Mutation has been applied successfully.").count(), 3);
    let bad = "
policy add-team applied to team/Pod/bad:
apiVersion: v1
kind: Pod
metadata:
    labels:
        team: blue
    name: bad
    namespace: team
spec:
    containers:
        - image: nginx
          name: a

---


Mutation:
Mutation has been applied successfully.";
    assert!(out.contains(bad), "{out}");
    assert!(out.ends_with("successfully.\npass: 2, fail: 0, warn: 0, error: 0, skip: 0 \n"), "{out}");
}

#[test]
fn changed_objects_go_where_output_says() {
    let files = Files::new(MUTATION, RESOURCES);
    let target = files.path("out/changed.yaml");
    let (_, out, _) = files.apply(&["-o", &target]);
    assert!(!out.contains("kind: Pod"), "{out}");
    let written = std::fs::read_to_string(&target).expect("a file");
    assert_eq!(written.matches("kind: Pod").count(), 2);
    assert!(written.ends_with("\n---\n\n"), "{written}");
}

#[test]
fn the_table_has_a_row_for_each_result() {
    let files = Files::new(POLICIES, RESOURCES);
    let (status, out, _) = files.apply(&["-t"]);
    assert_eq!(status, ExitStatus::PolicySaidNo);
    assert_eq!(
        out,
        "
Applying 3 policy rule(s) to 3 resource(s)...
│────│────────────│─────────────│──────────────────│────────│────────│
│ ID │ POLICY     │ RULE        │ RESOURCE         │ RESULT │ REASON │
│────│────────────│─────────────│──────────────────│────────│────────│
│ 1  │ need-owner │ check-owner │ default/Pod/good │ Pass   │        │
│ 2  │ need-owner │ check-owner │ team/Pod/bad     │ Fail   │        │
│────│────────────│─────────────│──────────────────│────────│────────│
"
    );
    let (_, out, _) = files.apply(&["-t", "--detailed-results"]);
    assert!(out.contains("│ MESSAGE") && out.contains("validation error: owner label missing."), "{out}");
}

#[test]
fn the_report_is_one_compact_line_of_json() {
    let files = Files::new(POLICIES, RESOURCES);
    let (status, out, _) = files.apply(&["--policy-report", "--output-format", "json"]);
    assert_eq!(status, ExitStatus::PolicySaidNo);
    assert_eq!(out.lines().count(), 1);
    let mut report = json::parse(out.as_bytes()).expect("JSON");
    let results = report.as_map_mut().expect("a report").get_mut("results").and_then(Value::as_list_mut);
    for result in results.expect("results") {
        let seconds = result.as_map_mut().expect("a result").remove("timestamp");
        assert!(seconds.is_some_and(|t| t.get("seconds").is_some()));
    }
    assert_eq!(
        json::to_string_pretty(&report),
        r#"{
  "apiVersion": "openreports.io/v1alpha1",
  "kind": "ClusterReport",
  "metadata": {
    "name": "merged"
  },
  "results": [
    {
      "category": "Hygiene",
      "message": "validation rule 'check-owner' passed.",
      "policy": "need-owner",
      "properties": {
        "process": "background scan"
      },
      "resources": [
        {
          "apiVersion": "v1",
          "kind": "Pod",
          "name": "good",
          "namespace": "default"
        }
      ],
      "result": "pass",
      "rule": "check-owner",
      "scored": true,
      "severity": "medium",
      "source": "kyverno"
    },
    {
      "category": "Hygiene",
      "message": "validation error: owner label missing. rule check-owner failed at path /metadata/labels/",
      "policy": "need-owner",
      "properties": {
        "process": "background scan"
      },
      "resources": [
        {
          "apiVersion": "v1",
          "kind": "Pod",
          "name": "bad",
          "namespace": "team"
        }
      ],
      "result": "fail",
      "rule": "check-owner",
      "scored": true,
      "severity": "medium",
      "source": "kyverno"
    }
  ],
  "source": "",
  "summary": {
    "error": 0,
    "fail": 1,
    "pass": 1,
    "skip": 0,
    "warn": 0
  }
}"#
    );
}

#[test]
fn exceptions_are_generated_and_taken_back() {
    let files = Files::new(POLICIES, RESOURCES);
    let (_, out, _) = files.apply(&["--generate-exceptions"]);
    assert!(out.contains("  name: need-owner-check-owner-team-bad\n"), "{out}");
    assert!(out.contains("cleanup.kyverno.io/ttl: 720h0m0s"), "{out}");
    let exceptions = files.path("e.yaml");
    std::fs::write(&exceptions, out).expect("a file");
    let (status, out, _) = files.apply(&["-e", &exceptions]);
    assert_eq!(status, ExitStatus::Clean, "{out}");
    assert!(out.contains("with 1 exception(s)...") && out.contains("skip: 1 "), "{out}");
}

#[test]
fn warnings_choose_the_exit_status() {
    let files = Files::new(POLICIES, RESOURCES);
    let (status, out, _) = files.apply(&["--audit-warn"]);
    assert_eq!(status, ExitStatus::Clean);
    assert!(out.contains("failed as audit warning:") && out.contains("fail: 0, warn: 1"), "{out}");
    let (status, out, _) = files.apply(&["--audit-warn", "--warn-exit-code", "3"]);
    assert_eq!(status, ExitStatus::Chosen(3));
    assert!(out.ends_with("exit as warnExitCode is 3"), "{out}");
    let namespace = Files::new(POLICIES, "apiVersion: v1\nkind: Namespace\nmetadata: {name: prod}\n");
    let (status, out, _) = namespace.apply(&["--warn-no-pass", "--warn-exit-code", "4"]);
    assert_eq!(status, ExitStatus::Chosen(4));
    assert!(out.ends_with("exit as no objects satisfied policy\n"), "{out}");
}

#[test]
fn flags_are_checked_in_kyvernos_order() {
    let refused = |args: &[&str], text: &str| {
        let (status, out, err) = apply(args);
        assert_eq!((status, out.as_str(), err), (ExitStatus::PolicySaidNo, "", format!("Error: {text}\n")));
    };
    refused(&["-f", "v", "--set", "a=b"], "pass the values either using set flag or values_file flag");
    refused(&[], "require policy");
    refused(&["-", "-r", "-"], "a stdin pipe can be used for either policies or resources, not both");
    refused(&["p"], "resource file(s) or cluster required");
    refused(
        &["p", "-r", "r", "--json", "j"],
        "both resource and json files can not be used together, use one or the other",
    );
    let (status, _, err) = apply(&["p", "--frobnicate"]);
    assert_eq!(status, ExitStatus::PolicySaidNo);
    assert!(err.starts_with("Error: unexpected argument '--frobnicate'"), "{err}");
}

#[test]
fn losses_keep_kyvernos_exit_status_and_are_told() {
    let files = Files::new(POLICIES, RESOURCES);
    let resources = files.path("r.yaml");
    let (status, out, err) = apply(&["/nowhere/p.yaml", "-r", &resources]);
    assert_eq!(status, ExitStatus::Clean);
    assert!(out.contains("Applying 0 policy rule(s) to 3 resource(s)..."), "{out}");
    assert_eq!(err, "Warning: no policies loaded: stat /nowhere/p.yaml: no such file or directory\n");
    let hidden = files.path(".hidden");
    std::fs::create_dir(&hidden).expect("a directory");
    let (status, _, err) = apply(&[&hidden, "-r", &resources]);
    assert_eq!(status, ExitStatus::Clean);
    assert!(err.contains("directories whose name starts with a dot are skipped"), "{err}");
    let (status, _, err) = apply(&[&files.path("p.yaml"), "-r", "/nowhere/r.yaml"]);
    assert_eq!(status, ExitStatus::PolicySaidNo);
    assert!(
        err.ends_with("Error: failed to load resources (stat /nowhere/r.yaml: no such file or directory)\n"),
        "{err}"
    );
    let later = format!("{resources},/nowhere/r.yaml");
    let (_, out, _) = apply(&[&files.path("p.yaml"), "-r", &later]);
    assert!(out.contains("failed to load resources: /nowhere/r.yaml. \nerror: open /nowhere/r.yaml: no such"), "{out}");
}

#[test]
fn a_folder_of_policies_and_objects_is_applied_to_itself() {
    let files = Files::new(POLICIES, RESOURCES);
    let folder = files.path("mixed");
    std::fs::create_dir(&folder).expect("a directory");
    for name in ["p.yaml", "r.yaml"] {
        std::fs::copy(files.path(name), format!("{folder}/{name}")).expect("a copy");
    }
    let (_, separate, _) = files.apply(&[]);
    let (status, out, err) = apply(&[&folder]);
    assert_eq!(status, ExitStatus::PolicySaidNo);
    assert!(err.contains("3 objects found beside the policies are used"), "{err}");
    assert_eq!(out, separate, "the same policies over the same objects");
}

#[test]
fn a_policy_that_does_not_load_is_listed_and_counts_as_an_error() {
    let files = Files::new(&format!("{POLICIES}---\n{}", POLICIES.replace("match:", "matches:")), RESOURCES);
    let (status, out, _) = files.apply(&[]);
    assert_eq!(status, ExitStatus::PolicySaidNo);
    assert!(out.contains("unknown field"), "{out}");
    assert!(!out.contains("error: 0,"), "{out}");
    let files = Files::new(&format!("{POLICIES}---\n{}", POLICIES.replace("kinds: [Pod]", "kinds: Pod")), RESOURCES);
    let (status, out, _) = files.apply(&[]);
    assert_eq!(status, ExitStatus::PolicySaidNo);
    assert!(out.contains("expected a list") && !out.contains("error: 0,"), "{out}");
}

#[test]
fn what_would_stop_is_shown_by_application_or_folder() {
    let application = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: shop}\nspec: {source: {path: NOWHERE}}\n";
    let files = Files::new(POLICIES, &format!("{RESOURCES}---\n{application}"));
    let (status, out, _) = files.apply(&["--if-enforced", "*"]);
    assert_eq!(status, ExitStatus::PolicySaidNo);
    assert!(out.starts_with("if * were enforced: "), "{out}");
    assert!(out.contains("1 application known"), "{out}");
    let (status, _, err) = files.apply(&["--if-enforced", "nope"]);
    assert_eq!(status, ExitStatus::PolicySaidNo);
    assert!(err.contains("no policy named \"nope\" is loaded"), "{err}");
}

#[test]
fn findings_name_file_and_line_in_every_format() {
    let files = Files::new(POLICIES, RESOURCES);
    for (format, sign) in
        [("json", "\"line\":"), ("sarif", "\"startLine\":"), ("junit", "r.yaml:"), ("github", ",line=")]
    {
        let (status, out, _) = files.apply(&["--format", format]);
        assert_eq!(status, ExitStatus::PolicySaidNo, "{format}");
        assert!(out.contains(sign) && out.contains("r.yaml"), "{format}: {out}");
        assert!(!out.contains("Applying"), "{format}: {out}");
    }
}

#[test]
fn policies_that_are_not_evaluated_are_listed_and_count_as_errors() {
    let other = "apiVersion: policies.kyverno.io/v1\nkind: ImageValidatingPolicy\nmetadata: {name: signed}\nspec: {}\n";
    let files = Files::new(other, RESOURCES);
    let (status, out, _) = files.apply(&[]);
    assert_eq!(status, ExitStatus::PolicySaidNo);
    assert!(out.contains("Policies Skipped:\n1. signed: "), "{out}");
    assert!(out.contains("error: 1, skip: 0 "), "{out}");
}

#[test]
fn what_could_not_be_generated_is_told() {
    let policy = r#"
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: guard}
spec:
  rules:
  - name: make
    match: {any: [{resources: {kinds: [Namespace]}}]}
    generate:
      apiVersion: v1
      kind: ConfigMap
      name: made
      namespace: "{{request.object.metadata.name}}"
      data: {data: {team: "{{request.object.metadata.labels.team}}"}}
"#;
    let files = Files::new(policy, "apiVersion: v1\nkind: Namespace\nmetadata: {name: prod}\n");
    let (status, out, err) = files.apply(&[]);
    assert_eq!(status, ExitStatus::Clean);
    assert!(out.ends_with("pass: 1, fail: 0, warn: 0, error: 0, skip: 0 \n"), "{out}");
    assert!(err.contains("Warning: policy guard, rule make on /Namespace/prod: "), "{err}");
}

const APPLICATION: &str = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: a-shop, namespace: argocd}
spec: {source: {path: apps/shop}}
";

/// A repository: a policy that audits, one that enforces, an application and two folders.
fn repository() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    };
    std::fs::create_dir(dir.path().join(".git")).expect("a directory");
    let enforcing = POLICIES.replace("need-owner", "strict-owner").replace("Audit", "Enforce");
    write("policies/audit.yaml", POLICIES);
    write("policies/enforce.yaml", &enforcing);
    write("applications.yaml", APPLICATION);
    write(
        "apps/shop/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: a, image: b}]}\n",
    );
    write(
        "apps/bank/deep/pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: till}\nspec: {containers: [{name: a, image: b}]}\n",
    );
    write("apps/bank/values.yaml", "replicas: 3\n");
    dir
}

#[test]
fn what_enforcing_would_stop_by_application_and_folder() {
    let dir = repository();
    let (policies, root) = (dir.path().join("policies").display().to_string(), dir.path().display().to_string());
    let (status, out, err) = apply(&[&policies, "-r", &root, "--if-enforced", "need-*"]);
    let bank = format!("{}/apps/bank/deep", root.trim_matches('/'));
    assert_eq!(
        out,
        "if need-* were enforced: 2 objects would stop, 2 applications known\n\n\
         a-shop: 1 object\n  Pod default/web: need-owner/check-owner\n\n"
            .to_owned()
            + &format!("{bank}: 1 object\n  Pod default/till: need-owner/check-owner\n")
    );
    assert_eq!(status, ExitStatus::PolicySaidNo);
    assert!(err.contains("failed to load resources: ") && err.contains("values.yaml"), "{err}");
    let (status, out, _) = apply(&[&policies, "-r", &root, "--if-enforced", "strict-owner", "--format", "json"]);
    let nothing = "{\"apiVersion\":\"rendergate.dev/blast-radius/v1\",\"applications\":[],\"objects\":0,\"policies\":[\"strict-owner\"]}\n";
    assert_eq!((status, out.as_str()), (ExitStatus::Clean, nothing));
    let (status, out, err) = apply(&[&policies, "-r", &root, "--if-enforced", "need-owner,typo"]);
    assert_eq!((status, out.as_str()), (ExitStatus::PolicySaidNo, ""));
    assert!(err.ends_with("Error: --if-enforced: no policy named \"typo\" is loaded\n"), "{err}");
    let (status, out, err) = apply(&[&policies, "-r", "/nowhere", "--if-enforced", "need-owner"]);
    assert_eq!((status, out.as_str()), (ExitStatus::PolicySaidNo, ""));
    assert!(err.contains("failed to load resources (stat /nowhere"), "{err}");
}

#[test]
fn policies_alone_are_checked_with_file_and_line() {
    let misspelt = POLICIES.replace("    validate:", "    validat:");
    let files = Files::new(&misspelt, POLICIES);
    let (bad, good) = (files.path("p.yaml"), files.path("r.yaml"));
    let (status, out, _) = apply(&[&bad, &good, "--policy-only"]);
    assert_eq!(status, ExitStatus::PolicySaidNo);
    let line = format!("{bad}:12:5: /spec/rules/0/validat: unknown field \"validat\"; did you mean \"validate\"?\n");
    assert_eq!(out, line + "policies: 1, exceptions: 0, refused: 1\n");
    let (status, out, _) = apply(&[&good, "--policy-only"]);
    assert_eq!((status, out.as_str()), (ExitStatus::Clean, "policies: 1, exceptions: 0, refused: 0\n"));
}

#[test]
fn only_checks_that_audit_stop_anything_and_every_application_is_named() {
    let dir = repository();
    let (policies, root) = (dir.path().join("policies").display().to_string(), dir.path().display().to_string());
    let broken = MUTATION.replace("team: blue", "team: '{{ request.object.metadata.labels.nope }}'");
    std::fs::write(dir.path().join("policies/mutate.yaml"), broken).expect("a file");
    let other = "apiVersion: policies.kyverno.io/v1\nkind: ImageValidatingPolicy\nmetadata: {name: signed}\nspec: {}\n";
    std::fs::write(dir.path().join("policies/other.yaml"), other).expect("a file");
    let second = APPLICATION.replace("a-shop", "b-shop").replace("apps/shop", "./apps/shop/");
    std::fs::write(dir.path().join("second.yaml"), second).expect("a file");
    let (status, out, err) = apply(&[&policies, "-r", &root, "--if-enforced", "*"]);
    assert_eq!(status, ExitStatus::PolicySaidNo);
    assert!(out.starts_with("if * were enforced: 2 objects would stop, 3 applications known\n"), "{out}");
    for name in ["a-shop", "b-shop"] {
        assert!(out.contains(&format!("\n{name}: 1 object\n  Pod default/web: need-owner/check-owner\n")), "{out}");
    }
    assert!(!out.contains("add-team"), "{out}");
    assert!(err.contains("Policies Skipped:\n1. signed: "), "{err}");
}

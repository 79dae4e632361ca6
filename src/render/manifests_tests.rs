use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::*;
use crate::config::Application;
use crate::render::{Stop, Stopped};
use crate::source::MemoryFiles;

/// A program that stands in for helm and kustomize.
struct Fake {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn fake(name: &str, script: &str) -> Fake {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    // Written by another process: a thread of ours that forks meanwhile would keep it open, and busy.
    let made = std::process::Command::new("/bin/sh")
        .args(["-c", "printf '%s' \"$2\" > \"$1\"", "sh"])
        .arg(&path)
        .arg(format!("#!/bin/sh\nPATH=/usr/bin:/bin\n{script}\n"))
        .status()
        .unwrap();
    assert!(made.success());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    Fake { _folder: folder, path }
}

fn render(files: &MemoryFiles, tool: Option<&Fake>, parameters: &str, stop: &Stop) -> Result<Reading, Refusal> {
    let own = RenderConfiguration::default();
    let entry = tool.map(|t| PathEntry { path: t.path.display().to_string() });
    let build = BuildEnvironment {
        application: Application { name: Some("shop".to_owned()), ..Application::default() },
        parameters: Some(parameters.to_owned()),
        ..BuildEnvironment::default()
    };
    let limits = Limits { tree_bytes: 100_000, ..Limits::default() };
    let tools = Tools { kustomize: entry.clone(), helm: entry };
    Sources { files, directory: "app", own: &own, build: &build, tools: &tools, limits: &limits, stop }.manifests()
}

fn refusal(files: &MemoryFiles, tool: Option<&Fake>, parameters: &str) -> String {
    render(files, tool, parameters, &Stop::never()).unwrap_err().problems().join("; ")
}

fn chart() -> MemoryFiles {
    MemoryFiles::new([
        ("app/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
        ("app/values.yaml", "password: hunter2secret\n"),
        ("app/templates/x.yaml", "x"),
    ])
}

const OBJECT: &str =
    "printf -- '---\\n# Source: web/templates/x.yaml\\napiVersion: v1\\nkind: Pod\\nmetadata: {name: a}\\n'";

#[test]
fn a_tool_that_is_not_set_up_is_named() {
    let problem = refusal(&chart(), None, "null");
    assert!(
        problem.starts_with("helm is not set up in this gate: the operator names its program with tools.helm.path")
    );
    let gone = Fake { _folder: tempfile::tempdir().unwrap(), path: "/nonexistent/helm".into() };
    assert_eq!(refusal(&chart(), Some(&gone), "null"), "tools.helm.path: there is no program at /nonexistent/helm");
    let relative = Fake { _folder: tempfile::tempdir().unwrap(), path: "helm".into() };
    assert_eq!(refusal(&chart(), Some(&relative), "null"), "tools.helm.path must begin with '/': helm");
}

#[test]
fn helm_runs_in_its_chart_with_its_arguments() {
    let tool = fake(
        "helm",
        &format!(
            "pwd | grep -q '/tree/app$' && [ \"$1 $3 $4\" = 'template shop --include-crds' ] && [ -f values.yaml ] && {OBJECT}"
        ),
    );
    let reading = render(&chart(), Some(&tool), "null", &Stop::never()).unwrap();
    assert_eq!(reading.manifests[0].source.to_string(), "templates/x.yaml (rendered):3");
}

#[test]
fn what_it_complains_about_is_cleaned() {
    let tool = fake("helm", "echo \"Error: $PWD/values.yaml: bad hunter2secret\" >&2; exit 1");
    assert_eq!(refusal(&chart(), Some(&tool), "null"), "helm: app/values.yaml: bad [redacted]");
    let silent = fake("helm", "exit 7");
    assert_eq!(refusal(&chart(), Some(&silent), "null"), "helm: exit status 7");
}

#[test]
fn parameters_and_their_variables_reach_helm() {
    let tool = fake("helm", "echo \"Error: $*\" >&2; exit 1");
    let given = r#"[{"name":"helm.parameters","map":{"a":"$ARGOCD_APP_NAME$HOME"}},{"name":"helm.releaseName","string":"rel"}]"#;
    let problem = refusal(&chart(), Some(&tool), given);
    assert_eq!(problem, "helm: template --name-template rel --set a=[redacted] --include-crds -- .");
}

#[test]
fn nothing_of_ours_is_in_its_environment() {
    let tool = fake(
        "helm",
        "echo \"Error: $(env | grep -v '^\\(PWD\\|SHLVL\\|_\\|OLDPWD\\|PATH\\)=' | cut -d= -f1 | sort | tr '\\n' ' ')\" >&2; exit 1",
    );
    assert_eq!(
        refusal(&chart(), Some(&tool), "null"),
        "helm: ALL_PROXY HELM_CACHE_HOME HELM_CONFIG_HOME HELM_DATA_HOME HELM_PLUGINS HOME HTTPS_PROXY HTTP_PROXY KUBECONFIG KUSTOMIZE_PLUGIN_HOME NO_COLOR TMPDIR XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME"
    );
}

#[test]
fn output_is_bounded() {
    let tool = fake("helm", "while :; do echo 'a: 0123456789012345678901234567890123456789'; done");
    assert_eq!(refusal(&chart(), Some(&tool), "null"), "helm prints more than 100000 bytes (limits.treeBytes)");
}

#[test]
fn it_is_ended_when_nobody_waits() {
    let tool = fake("helm", "sleep 600");
    let stop = Stop::at(Instant::now() + Duration::from_millis(50), Stopped::Caller);
    let started = Instant::now();
    assert!(render(&chart(), Some(&tool), "null", &stop).is_err());
    assert!(started.elapsed() < Duration::from_secs(300));
    assert_eq!(stop.check(), Err(Stopped::Caller));
}

#[test]
fn kustomize_gets_the_edited_kustomization() {
    let files = MemoryFiles::new([("app/kustomization.yaml", "resources: [x.yaml]\n"), ("app/x.yaml", "x")]);
    let tool = fake(
        "kustomize",
        "for last; do :; done; grep -q 'namePrefix: a-' \"$last/kustomization.yaml\" && printf 'apiVersion: v1\\nkind: Pod\\nmetadata: {name: a}\\n'",
    );
    let given = r#"[{"name":"kustomize.namePrefix","string":"a-"}]"#;
    let reading = render(&files, Some(&tool), given, &Stop::never()).unwrap();
    assert_eq!(reading.manifests[0].source.to_string(), "kustomize build:1");
    let problem = refusal(&files, Some(&tool), r#"[{"name":"type","string":"helm"}]"#);
    assert_eq!(problem, "there is no 'app/Chart.yaml' in the repository: add it, or correct the path");
}

#[test]
fn a_renderer_that_is_asked_for_goes_before_what_is_there() {
    let files = MemoryFiles::new([
        ("app/kustomization.yaml", "resources: [x.yaml]\n"),
        ("app/Chart.yaml", "name: x\n"),
        ("app/x.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"),
    ]);
    let problem = refusal(&files, None, "null");
    assert!(problem.starts_with("the directory holds a chart and a kustomization"), "{problem}");
    let plain = r#"[{"name":"directory.include","string":"x.yaml"}]"#;
    assert_eq!(render(&files, None, plain, &Stop::never()).unwrap().manifests.len(), 1);
}

//! What a committer or an Application's owner can write cannot open the gate: `.argocd-source.yaml`, plugin
//! variables and parameters, `.rendergate.yaml`, a PolicyException beside the manifests.

use serde_json::json;

use crate::application::Refresh;
use crate::failure::Result;
use crate::manifests::violating_workload;
use crate::scenarios::violating_commit::verdict;
use crate::scene::Scene;
use crate::{ensure, ensure_eq};

/// Argo CD merges this file over the Application's source.
const OVERRIDE: &str = ".argocd-source.yaml";

pub fn run(scene: &Scene) -> Result<()> {
    scene.git.commit("Break a rule", &[("web.yaml", &violating_workload("web"))])?;
    let mut source = scene.source(".");
    source["plugin"]["env"] = json!([
        {"name": "RENDERGATE_CONFIG", "value": "/dev/null"},
        {"name": "ENFORCEMENT", "value": "audit"},
    ]);
    let application = scene.application_of(&scene.spec(source))?;
    let blocked = |what: &str, files: &[(&str, &str)], expected: &dyn Fn(&str) -> String| -> Result<()> {
        let commit = scene.git.commit(what, files)?;
        let message = application.refresh(Refresh::Normal)?.comparison_error()?.message;
        let expected = expected(&commit);
        ensure!(message.contains(&expected), "{what}\n     found {message}\n  expected {expected}");
        Ok(())
    };
    let ours = |commit: &str| verdict(commit, &scene.namespace);

    // Settings that the Application has for the plugin count for nothing; a repository may not have any.
    blocked("leave the plugin alone", &[("note.txt", "nothing\n")], &ours)?;
    // Parameters say how to render, and nothing else.
    let parameters = json!([{"name": "enforcement", "string": "audit"}]);
    application.patch(&json!({"spec": {"source": {"plugin": {"parameters": parameters}}}}))?;
    let message = application.refresh(Refresh::Normal)?.comparison_error()?.message;
    ensure!(message.contains("plugin parameter 'enforcement': there is no such parameter"), "a parameter: {message}");
    application.patch(&json!({"spec": {"source": {"plugin": {"parameters": null}}}}))?;
    let env = "plugin:\n  env:\n  - {name: RENDERGATE_CONFIG, value: /dev/null}\n";
    let refused =
        |_: &str| format!("{OVERRIDE}:1: 'plugin' would switch or change the plugin that the Application names");
    blocked("override the plugin's variables", &[(OVERRIDE, env)], &refused)?;
    // Taking the plugin away leaves it where it is.
    blocked("take the plugin away", &[(OVERRIDE, "plugin: null\n")], &refused)?;
    // Another plugin, or any: there is none, and that is an error.
    blocked("name no plugin", &[(OVERRIDE, "plugin: {name: \"\"}\n")], &|_| {
        "could not find plugin supporting the given repository".into()
    })?;
    blocked("name another plugin", &[(OVERRIDE, "plugin: {name: permissive}\n")], &|_| {
        // "could not" from 3.2 on, "couldn't" before.
        "find cmp-server plugin with name \"permissive\"".into()
    })?;
    // A native renderer beside the plugin.
    blocked("name a native renderer", &[(OVERRIDE, "kustomize: {namePrefix: x-}\n")], &|_| {
        "multiple application sources defined".into()
    })?;
    // The repository's own configuration cannot loosen.
    let loosen = "apiVersion: rendergate.dev/v1alpha1\nkind: RenderConfiguration\nenforcement: audit\n";
    blocked("loosen by .rendergate.yaml", &[(OVERRIDE, ""), (".rendergate.yaml", loosen)], &|_| {
        "this render cannot be made".into()
    })?;
    // An exception in the tree is an object like any other.
    let exception = format!(
        "apiVersion: kyverno.io/v2\nkind: PolicyException\nmetadata: {{name: mine, namespace: {}}}\nspec:\n  \
         exceptions: [{{policyName: require-team-labels, ruleNames: [\"*\"]}}]\n  \
         match: {{any: [{{resources: {{kinds: [Deployment]}}}}]}}\n",
        scene.namespace
    );
    blocked("bring an exception", &[(".rendergate.yaml", ""), ("exception.yaml", &exception)], &|_| {
        "[require-team-labels/check-required-labels]".into()
    })?;
    ensure_eq!(scene.plane.kubectl.names(&scene.namespace, "deployments")?, Vec::<String>::new(), "what was applied");
    Ok(())
}

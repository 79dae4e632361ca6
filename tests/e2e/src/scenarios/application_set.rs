//! An ApplicationSet: its template carries the plugin block, so every Application it makes is gated.

use serde_json::json;

use crate::application::{Application, Refresh};
use crate::failure::Result;
use crate::manifests::{config_map, violating_workload};
use crate::scene::Scene;
use crate::wait::until;
use crate::{ensure, ensure_eq};

pub fn run(scene: &Scene) -> Result<()> {
    let kubectl = &scene.plane.kubectl;
    let commit = scene.git.commit(
        "Two directories",
        &[("fine/motd.yaml", &config_map("motd", "hello")), ("broken/web.yaml", &violating_workload("web"))],
    )?;
    let mut source = scene.source("{{.path}}");
    source["plugin"]["env"] = json!([{"name": "STAGE", "value": "{{.stage}}"}]);
    kubectl.apply(
        &json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet",
            "metadata": {"name": scene.name, "namespace": "argocd"},
            "spec": {
                "goTemplate": true,
                "generators": [{"list": {"elements": [
                    {"path": "fine", "stage": "one"}, {"path": "broken", "stage": "two"},
                ]}}],
                "template": {
                    "metadata": {"name": format!("{}-{{{{.path}}}}", scene.name)},
                    "spec": scene.spec(source),
                },
            },
        })
        .to_string(),
    )?;
    let [fine, broken] = ["fine", "broken"].map(|n| Application::named(kubectl, format!("{}-{n}", scene.name)));
    until("the ApplicationSet has made its Applications", || match (fine.exists(), broken.exists()) {
        (Ok(true), Ok(true)) => Ok(()),
        other => Err(format!("{other:?}")),
    })?;
    let seen = fine.becomes_synced(&commit)?;
    ensure_eq!(seen.0["spec"]["source"]["plugin"]["name"], "rendergate@v1", "the plugin of a made Application");
    ensure_eq!(seen.0["spec"]["source"]["plugin"]["env"][0]["value"], "one", "the templated variable");
    let message = broken.refresh(Refresh::Normal)?.comparison_error()?.message;
    ensure!(message.contains("Deployments must have"), "the other Application: {message}");
    ensure!(kubectl.get(&scene.namespace, "deployment", "web")?.is_none(), "the other Application was applied");
    Ok(())
}

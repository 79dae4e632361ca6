//! An Application of Applications: the parent's render passes the gate, each child is gated on its own, and
//! a child's failure does not stop its siblings. A policy on the parent's render demands that every child
//! names the gate.

use serde_json::{Value, json};

use crate::application::{Application, Refresh};
use crate::ensure;
use crate::failure::Result;
use crate::manifests::{config_map, violating_workload};
use crate::scene::Scene;

pub fn run(scene: &Scene) -> Result<()> {
    let kubectl = &scene.plane.kubectl;
    let names = ["fine", "broken"].map(|n| format!("{}-{n}", scene.name));
    let manifest = |name: &str, path: &str, gated: bool| -> String {
        let source = if gated { scene.source(path) } else { scene.ungated(path) };
        let child: Value = json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": {"name": name, "namespace": "argocd"},
            "spec": scene.spec(source),
        });
        child.to_string()
    };
    let commit = scene.git.commit(
        "A parent of two",
        &[
            ("apps/fine.json", &manifest(&names[0], "fine", true)),
            ("apps/broken.json", &manifest(&names[1], "broken", true)),
            ("fine/motd.yaml", &config_map("motd", "hello")),
            ("broken/web.yaml", &violating_workload("web")),
        ],
    )?;
    scene.gate.set_policy(&scene.name, &gate_is_named(&scene.name))?;
    let parent = scene.application_of(&scene.spec(scene.source("apps")))?;
    parent.refresh(Refresh::Normal)?;
    parent.becomes("Synced", |seen| seen.sync() == "Synced")?;

    let [fine, broken] = names.clone().map(|name| Application::named(kubectl, name));
    fine.becomes_synced(&commit)?;
    let message = broken.refresh(Refresh::Normal)?.comparison_error()?.message;
    ensure!(message.contains("Deployments must have"), "the broken child: {message}");
    ensure!(kubectl.get(&scene.namespace, "deployment", "web")?.is_none(), "the broken child was applied");

    // A child that would go round the gate stops the parent, before it reaches the cluster.
    let third = format!("{}-ungated", scene.name);
    scene.git.commit("A child without the gate", &[("apps/third.json", &manifest(&third, "broken", false))])?;
    let message = parent.refresh(Refresh::Normal)?.comparison_error()?.message;
    let text = format!("Application argocd/{third}: Every Application names the gate.");
    ensure!(message.contains(&text), "the ungated child is not refused: {message}");
    ensure!(!Application::named(kubectl, third).exists()?, "the ungated child was created");
    scene.gate.remove_policy(&scene.name)
}

/// Demands the plugin of Applications whose names begin like this scenario's.
fn gate_is_named(name: &str) -> String {
    json!({
        "apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": name},
        "spec": {"rules": [{
            "name": "gate",
            "match": {"any": [{"resources": {"kinds": ["argoproj.io/*/Application"], "names": [format!("{name}-*")]}}]},
            "validate": {
                "failureAction": "Enforce", "message": "Every Application names the gate.",
                "pattern": {"spec": {"source": {"plugin": {"name": "rendergate@v1"}}}},
            },
        }]},
    })
    .to_string()
}

//! No drift: policies mutate and generate, the webhook runs with the same policies, and Argo CD finds
//! nothing to complain about, with no ignoreDifferences. Generated objects go with their source.

use serde_json::{Value, json};

use crate::application::{Application, Refresh};
use crate::components::Webhook;
use crate::failure::Result;
use crate::manifests::workload;
use crate::scene::Scene;
use crate::wait::until;
use crate::{ensure, ensure_eq};

pub fn run(scene: &Scene) -> Result<()> {
    let kubectl = &scene.plane.kubectl;
    scene.gate.set_policy(&scene.name, &network_policy_for_each_deployment(scene))?;
    let team = format!("{}-team", scene.namespace);
    let known = |name: &str| format!("---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n");
    // Without this the webhook cannot decide what asks for a namespace's labels, and denies.
    scene.gate.set_namespaces(&(known(&scene.namespace) + &known(&team)))?;
    let webhook = Webhook::start(scene.places, scene.plane, scene.gate)?;
    admission_decides(scene)?;

    // The labels are left for add-default-labels, the sidecar for inject-sidecar.
    let web = workload("web").replace(
        "      labels:\n        app: web\n",
        "      labels:\n        app: web\n      annotations:\n        sidecar.example/logs: enabled\n",
    );
    let namespace =
        format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {team}\n  labels:\n    team: storefront\n");
    let commit = scene.git.commit(
        "A workload and a team's namespace",
        &[("web.yaml", &web), ("api.yaml", &workload("api")), ("team.yaml", &namespace)],
    )?;
    let application = scene.application()?;
    application.becomes_synced(&commit)?;

    let live = kubectl.expect(&scene.namespace, "deployment", "web")?;
    ensure_eq!(live["metadata"]["labels"]["data-classification"], "internal", "the label that a policy adds");
    let containers = live["spec"]["template"]["spec"]["containers"].as_array().map_or(0, Vec::len);
    ensure_eq!(containers, 2, "the containers of web, one of them added by a policy");
    ensure_eq!(kubectl.names(&scene.namespace, "networkpolicies")?, ["allow-api", "allow-web"], "what was generated");
    for (kind, name) in
        [("resourcequota", "team-quota"), ("limitrange", "team-limits"), ("networkpolicy", "default-deny")]
    {
        kubectl.expect(&team, kind, name)?;
    }

    // Rendered again, compared again, and synced again: nothing to do, nothing changes.
    let before = generations(scene)?;
    for how in [Refresh::Hard, Refresh::Normal] {
        without_differences(&application.refresh(how)?)?;
    }
    let (phase, message) = application.sync(true)?;
    ensure_eq!(phase, "Succeeded", "the phase of a second sync: {message}");
    without_differences(&application.refresh(Refresh::Hard)?)?;
    ensure_eq!(generations(scene)?, before, "the generations of Deployments after a second sync");

    prunes_with_the_source(scene, &application)?;
    drop(webhook);
    scene.gate.remove_policy(&scene.name)
}

/// The webhook is in force: what the render refuses, the API server refuses.
fn admission_decides(scene: &Scene) -> Result<()> {
    let violating = crate::manifests::violating_workload("by-hand");
    let said = match scene.plane.kubectl.apply_in(&scene.namespace, &violating) {
        Ok(said) => crate::fail!("a violating Deployment was admitted: {said}"),
        Err(failure) => failure.0,
    };
    ensure!(said.contains("Deployments must have"), "the API server gives another reason: {said}");
    Ok(())
}

/// A removed Deployment takes what was generated from it along, once its owner confirms the prune.
fn prunes_with_the_source(scene: &Scene, application: &Application) -> Result<()> {
    let kubectl = &scene.plane.kubectl;
    let commit = scene.git.commit("Drop the API", &[("api.yaml", "")])?;
    application.refresh(Refresh::Normal)?;
    application.becomes("one that waits for a confirmation", |seen| {
        seen.operation_message().contains("confirmation") || seen.is_synced_and_healthy(&commit)
    })?;
    let names = kubectl.names(&scene.namespace, "networkpolicies")?;
    ensure_eq!(names, ["allow-api", "allow-web"], "the generated objects before the prune is confirmed");
    let now = crate::process::output(std::process::Command::new("date").args(["--utc", "+%Y-%m-%dT%H:%M:%SZ"]))?;
    application.patch(&json!({"metadata": {"annotations": {"argocd.argoproj.io/deletion-approved": now.trim()}}}))?;
    application.becomes_synced(&commit)?;
    until("the generated object is pruned", || match kubectl.names(&scene.namespace, "networkpolicies") {
        Ok(names) if names == ["allow-web"] => Ok(()),
        other => Err(format!("{other:?}")),
    })?;
    ensure_eq!(kubectl.names(&scene.namespace, "deployments")?, ["web"], "the Deployments");
    Ok(())
}

fn without_differences(seen: &crate::application::Seen) -> Result<()> {
    ensure_eq!(seen.sync(), "Synced", "the sync status: {}", seen.summary());
    ensure!(seen.0["spec"].get("ignoreDifferences").is_none(), "the Application ignores differences");
    let resources = seen.0["status"]["resources"].as_array().cloned().unwrap_or_default();
    let apart: Vec<&Value> = resources.iter().filter(|r| r["status"] != "Synced").collect();
    ensure!(apart.is_empty(), "resources that differ: {apart:?}");
    ensure!(resources.len() >= 8, "{} resources are tracked, not the generated ones too", resources.len());
    Ok(())
}

fn generations(scene: &Scene) -> Result<Vec<(String, String)>> {
    let mut all = Vec::new();
    for name in scene.plane.kubectl.names(&scene.namespace, "deployments")? {
        let live = scene.plane.kubectl.expect(&scene.namespace, "deployment", &name)?;
        all.push((name, live["metadata"]["generation"].to_string()));
    }
    Ok(all)
}

fn network_policy_for_each_deployment(scene: &Scene) -> String {
    json!({
        "apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": scene.name},
        "spec": {"rules": [{
            "name": "allow",
            "match": {"any": [{"resources": {"kinds": ["Deployment"], "namespaces": [scene.namespace]}}]},
            "generate": {
                "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                "name": "allow-{{ request.object.metadata.name }}", "namespace": "{{ request.object.metadata.namespace }}",
                "synchronize": true,
                "data": {"spec": {
                    "podSelector": {"matchLabels": {"app": "{{ request.object.metadata.name }}"}},
                    "policyTypes": ["Ingress"], "ingress": [{"ports": [{"port": 8080, "protocol": "TCP"}]}],
                }},
            },
        }]},
    })
    .to_string()
}

//! The ways round the gate, closed by the policies for Argo CD's own kinds at admission: an Application
//! without the plugin, one that hydrates without it, taking the plugin away, a sync that brings its own manifests
//! or an old source, an ApplicationSet without it. What is behind the gate goes on working.

use serde_json::{Value, json};

use crate::application::{Application, NAMESPACE};
use crate::components::Webhook;
use crate::failure::{Context as _, Failure, Result};
use crate::manifests::config_map;
use crate::scene::Scene;
use crate::wait::until;
use crate::{ensure, ensure_eq};

const PACK: [&str; 2] = ["applications-use-the-gate", "applicationsets-use-the-gate"];

pub fn run(scene: &Scene) -> Result<()> {
    // Once, before there was a gate, this Application was synced without it.
    let ungated = scene.ungated(".");
    let mut spec = scene.spec(ungated.clone());
    spec["syncPolicy"] = json!({});
    scene.git.commit("Before the gate", &[("motd.yaml", &config_map("motd", "zero"))])?;
    let application = scene.application_of(&spec)?;
    ensure_eq!(application.sync(true)?.0, "Succeeded", "the phase of the sync before the gate");
    application.patch(&json!({"spec": {"source": scene.source(".")}}))?;
    let commit = scene.git.commit("Behind the gate", &[("motd.yaml", &config_map("motd", "one"))])?;
    ensure_eq!(application.sync(true)?.0, "Succeeded", "the phase of the sync behind the gate");

    // The way that the command line offers; what it brings was never in the repository.
    sync_local(scene, &application)?;
    let live = || -> Result<Value> {
        Ok(scene.plane.kubectl.expect(&scene.namespace, "configmap", "motd")?["data"]["value"].clone())
    };
    until("the local ConfigMap is applied", || match live() {
        Ok(value) if value == "local" => Ok(()),
        other => Err(format!("{other:?}")),
    })?;
    application.becomes("done with its sync", |seen| seen.0.get("operation").is_none() && seen.phase() != "Running")?;
    ensure_eq!(application.sync(true)?.0, "Succeeded", "the phase of the sync after the local one");
    ensure_eq!(live()?, "one", "the ConfigMap after it");
    // Argo CD patches the record of a sync over that of the one before, so that the manifests stay, and are what it
    // goes on comparing with. With the policies in force no sync would begin.
    application.patch(&json!({"status": {"operationState": null}}))?;

    for name in PACK {
        let file = scene.places.checkout.join(format!("policies/argocd/{name}/policy.yaml"));
        scene.gate.set_policy(name, &std::fs::read_to_string(&file).context(file.display())?)?;
    }
    let webhook = Webhook::start(scene.places, scene.plane, scene.gate)?;
    each_way_is_closed(scene, &application, &ungated)?;

    // The controller still writes, and still applies what the gate lets through.
    let newer = scene.git.commit("And on", &[("motd.yaml", &config_map("motd", "two"))])?;
    ensure!(newer != commit, "there is a new commit");
    application.refresh(crate::application::Refresh::Normal)?;
    let (phase, message) = application.sync(true)?;
    ensure_eq!(phase, "Succeeded", "the phase of a sync with the webhook in force: {message}");
    application.becomes_synced(&newer)?;
    drop(webhook);
    PACK.iter().try_for_each(|name| scene.gate.remove_policy(name))
}

fn each_way_is_closed(scene: &Scene, application: &Application, ungated: &Value) -> Result<()> {
    let kubectl = &scene.plane.kubectl;
    let source = "The source of an Application must name the plugin rendergate@v1";
    let other = format!("{}-other", scene.name);
    let created = Application::create(kubectl, &other, &scene.spec(ungated.clone()));
    refused("an Application without the plugin", created.map(drop), source)?;
    let hydrated = scene.hydrated(ungated.clone(), "environments/staging");
    let created = Application::create(kubectl, &other, &hydrated);
    refused("a dry source without the plugin", created.map(drop), "The dry source of an Application must name")?;
    refused("taking the plugin away", application.patch(&json!({"spec": {"source": {"plugin": null}}})), source)?;

    let manifest = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "smuggled"}, "data": {"value": "x"},
    });
    let brought = json!({"operation": {"sync": {"manifests": [manifest.to_string()]}}});
    refused("a sync that brings manifests", application.patch(&brought), "A sync must not bring manifests of its own")?;
    let old = json!({"operation": {"sync": {"source": ungated}}});
    refused("a sync of an ungated source", application.patch(&old), "A sync of another source, a rollback for one")?;

    let words = "A sync must not bring manifests of its own";
    refused("`argocd app sync --local`", sync_local(scene, application), words)?;

    let id = application.see()?.0["status"]["history"][0]["id"].to_string();
    let rolled = scene.argocd(&["app", "rollback", &application.name, &id, "--timeout", "30"]);
    refused("a rollback to before the gate", rolled.map(drop), "A sync of another source, a rollback for one")?;

    let set = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "ApplicationSet",
        "metadata": {"name": scene.name, "namespace": NAMESPACE},
        "spec": {
            "generators": [{"list": {"elements": [{"path": "."}]}}],
            "template": {"metadata": {"name": other}, "spec": scene.spec(ungated.clone())},
        },
    });
    let applied = kubectl.apply(&set.to_string());
    refused("an ApplicationSet without the plugin", applied.map(drop), "Every source in the template")?;

    ensure!(!Application::named(kubectl, &other).exists()?, "an Application without the plugin exists");
    let live = kubectl.expect(&scene.namespace, "configmap", "motd")?;
    ensure_eq!(live["data"]["value"], "one", "the ConfigMap after every attempt");
    ensure!(kubectl.get(&scene.namespace, "configmap", "smuggled")?.is_none(), "a smuggled manifest was applied");
    Ok(())
}

/// `argocd app sync --local`, of a folder that holds another ConfigMap. It renders where it is started, with the
/// plugins of that machine.
fn sync_local(scene: &Scene, application: &Application) -> Result<()> {
    let folder = scene.places.folder(&format!("local/{}", scene.name))?;
    std::fs::write(folder.join("motd.yaml"), config_map("motd", "local"))?;
    let folder = folder.display().to_string();
    let name = &application.name;
    scene.argocd(&["app", "sync", name, "--local", &folder, "--local-repo-root", &folder, "--async"]).map(drop)
}

fn refused(what: &str, attempt: Result<()>, words: &str) -> Result<()> {
    match attempt {
        Ok(()) => Err(Failure(format!("{what} was admitted"))),
        Err(failure) if failure.0.contains(words) => Ok(()),
        Err(failure) => Err(Failure(format!("{what} was refused for another reason: {failure}"))),
    }
}

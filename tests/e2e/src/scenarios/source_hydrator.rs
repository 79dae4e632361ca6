//! The source hydrator: what it writes to its branch has been through the gate, as far as the dry source can name a
//! plugin. A violating commit is not written; a good one is, with what policies mutate and generate.

use std::process::Command;

use serde_json::json;

use crate::application::Application;
use crate::failure::{Context as _, Failure, Result};
use crate::manifests::{violating_workload, workload};
use crate::process::output;
use crate::scenarios::violating_commit::verdict;
use crate::scene::Scene;
use crate::{ensure, ensure_eq};

const BRANCH: &str = "environments/staging";

pub fn run(scene: &Scene) -> Result<()> {
    if !dry_sources_name_plugins(scene)? {
        return none_is_admitted(scene);
    }
    let team = format!("{}-team", scene.namespace);
    let namespace =
        format!("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {team}\n  labels:\n    team: storefront\n");
    let bad = scene.git.commit(
        "Run web without a cost centre",
        &[("deploy/web.yaml", &violating_workload("web")), ("deploy/team.yaml", &namespace)],
    )?;
    let application = scene.application_of(&scene.hydrated(scene.source("deploy"), BRANCH))?;
    refused(scene, &application, &bad)?;
    ensure!(written(scene)?.is_none(), "the hydrator has written its branch: {:?}", written(scene)?);

    let good = scene.git.commit("Find the cost centre", &[("deploy/web.yaml", &workload("web"))])?;
    hydrate(&application)?;
    let seen = application.becomes("one that is hydrated", |seen| {
        let operation = &seen.0["status"]["sourceHydrator"]["currentOperation"];
        operation["phase"] == "Hydrated" && operation["drySHA"] == good.as_str()
    })?;
    let hydrated = seen.0["status"]["sourceHydrator"]["currentOperation"]["hydratedSHA"].clone();
    let (head, manifests) = written(scene)?.ok_or("it is not there").context(BRANCH)?;
    ensure_eq!(hydrated, head.as_str(), "the commit that the hydrator names");
    for (what, text) in [
        ("the label that a policy adds", "data-classification: internal"),
        ("a generated object", "name: team-quota"),
        ("another", "name: default-deny"),
    ] {
        ensure!(manifests.contains(text), "{what} is not in the branch: {manifests}");
    }
    application.becomes_synced(&head)?;
    scene.plane.kubectl.expect(&team, "resourcequota", "team-quota")?;

    let again = scene.git.commit("Lose it again", &[("deploy/web.yaml", &violating_workload("web"))])?;
    hydrate(&application)?;
    refused(scene, &application, &again)?;
    ensure_eq!(written(scene)?.map(|(head, _)| head), Some(head), "the hydrator's branch after a violating commit");
    let live = scene.plane.kubectl.expect(&scene.namespace, "deployment", "web")?;
    ensure_eq!(live["metadata"]["labels"]["cost-centre"], "cc-4711", "the label of the live Deployment");
    Ok(())
}

/// Whether this release of Argo CD can render a dry source with a plugin that is named.
fn dry_sources_name_plugins(scene: &Scene) -> Result<bool> {
    let crd = scene.plane.kubectl.expect("argocd", "crd", "applications.argoproj.io")?;
    let spec = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"];
    let dry = &spec["sourceHydrator"]["properties"]["drySource"]["properties"];
    ensure!(dry["path"].is_object(), "the CRD has no dry sources");
    Ok(dry["plugin"].is_object())
}

/// Where a dry source cannot name a plugin, the gate cannot be asked, and all that is left is to have no such
/// Applications: the policies for Argo CD's own kinds refuse them (`ways_round`).
fn none_is_admitted(scene: &Scene) -> Result<()> {
    match scene.application_of(&scene.hydrated(scene.source("deploy"), BRANCH)) {
        Err(failure) if failure.0.contains("drySource.plugin: field not declared in schema") => Ok(()),
        Err(failure) => Err(failure),
        Ok(_) => Err(Failure("the API server takes a field that its schema lacks".into())),
    }
}

fn hydrate(application: &Application) -> Result<()> {
    application.patch(&json!({"metadata": {"annotations": {"argocd.argoproj.io/hydrate": "normal"}}}))
}

/// The hydration of `commit` has failed with our text.
fn refused(scene: &Scene, application: &Application, commit: &str) -> Result<()> {
    let text = verdict(commit, &scene.namespace);
    let seen = application.becomes("one whose hydration has failed", |seen| {
        let operation = &seen.0["status"]["sourceHydrator"]["currentOperation"];
        operation["phase"] == "Failed" && operation["message"].as_str().is_some_and(|m| m.contains(&text))
    });
    let stands = application.see()?.0["status"]["sourceHydrator"]["currentOperation"].clone();
    let seen = seen.map_err(|e| Failure(format!("{e}; the hydrator's operation: {stands}")))?;
    let message = seen.0["status"]["sourceHydrator"]["currentOperation"]["message"].clone();
    let message = message.as_str().unwrap_or_default();
    ensure!(message.starts_with("Failed to hydrate: "), "the hydrator's message begins otherwise: {message}");
    ensure!(message.ends_with(&text), "the hydrator's message does not end with our text: {message}");
    Ok(())
}

/// The newest commit of the hydrator's branch, and the manifests in it; `None` when there is no such branch.
fn written(scene: &Scene) -> Result<Option<(String, String)>> {
    let folder = scene.git.url().trim_start_matches("file://").to_owned();
    let git = |arguments: &[&str]| output(Command::new("git").args(["-C", &folder]).args(arguments));
    if git(&["branch", "--list", BRANCH])?.trim().is_empty() {
        return Ok(None);
    }
    let head = git(&["rev-parse", BRANCH])?.trim().to_owned();
    Ok(Some((head, git(&["show", &format!("{BRANCH}:web/manifest.yaml")])?)))
}

//! A commit that breaks a policy: the render fails with our text, nothing of it is applied, what runs is
//! left alone. The next commit, which is fine, is applied.

use crate::application::Refresh;
use crate::failure::Result;
use crate::manifests::{config_map, violating_workload, workload};
use crate::repository::short;
use crate::scene::Scene;
use crate::{ensure, ensure_eq};

pub fn run(scene: &Scene) -> Result<()> {
    let kubectl = &scene.plane.kubectl;
    let good =
        scene.git.commit("Run web", &[("web.yaml", &workload("web")), ("motd.yaml", &config_map("motd", "one"))])?;
    let application = scene.application()?;
    application.becomes_synced(&good)?;
    let before = kubectl.expect(&scene.namespace, "deployment", "web")?;

    let bad = scene.git.commit(
        "Lose the cost centre, change and add things",
        &[
            ("web.yaml", &violating_workload("web")),
            ("motd.yaml", &config_map("motd", "two")),
            ("new.yaml", &config_map("new", "three")),
        ],
    )?;
    let seen = application.refresh(Refresh::Normal)?;
    let text = verdict(&bad, &scene.namespace);
    let message = seen.comparison_error()?.message;
    ensure!(
        message.ends_with(&text),
        "the condition does not end with our text\n     found {message}\n  expected {text}"
    );
    ensure!(
        message.starts_with("Failed to load target state: failed to generate manifest for source 1 of 1: rpc error: "),
        "the condition does not begin as Argo CD's do: {message}"
    );
    ensure_eq!(seen.sync(), "Unknown", "the sync status");
    ensure_eq!(seen.health(), "Healthy", "the health, which is computed from live objects");

    let (phase, message) = application.sync(true)?;
    ensure_eq!(phase, "Error", "the phase of a sync by hand");
    ensure!(message.starts_with("ComparisonError: "), "the operation's message begins otherwise: {message}");
    ensure!(message.contains(&text), "the operation's message lacks our text: {message}");

    let shown = scene.argocd(&["app", "get", &application.name])?;
    ensure!(shown.contains(&text), "`argocd app get` lacks our text: {shown}");

    ensure_eq!(kubectl.expect(&scene.namespace, "deployment", "web")?, before, "the live Deployment");
    ensure_eq!(kubectl.expect(&scene.namespace, "configmap", "motd")?["data"]["value"], "one", "the live ConfigMap");
    ensure!(
        kubectl.get(&scene.namespace, "configmap", "new")?.is_none(),
        "an object of the violating commit was applied"
    );

    let fixed = scene.git.commit("Find the cost centre", &[("web.yaml", &workload("web"))])?;
    application.becomes_synced(&fixed)?;
    ensure_eq!(kubectl.expect(&scene.namespace, "configmap", "motd")?["data"]["value"], "two", "the applied ConfigMap");
    ensure!(kubectl.get(&scene.namespace, "configmap", "new")?.is_some(), "the fixed commit was not applied");
    Ok(())
}

/// What one missing label reads like: in the condition, in the operation, on the terminal.
pub fn verdict(commit: &str, namespace: &str) -> String {
    format!(
        "rendergate: 1 violation of 1 policy blocks this render at {}. [require-team-labels/check-required-labels] \
         Deployment {namespace}/web: Deployments must have 'team', 'environment', and 'cost-centre' labels. \
         (/metadata/labels/cost-centre, web.yaml:5) 1 rule deferred to admission.",
        short(commit),
    )
}

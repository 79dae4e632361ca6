//! Argo CD's grace period for errors of repo-server: a violating commit that nobody asked a refresh for is met on the
//! timer, where Argo CD drops the first failure, and those of the grace period after it. The Application goes on
//! showing the commit before, and is not healed; the violating commit is never applied, and the text comes on its own.

use serde_json::json;

use crate::application::{Application, Seen};
use crate::components::{APP_RESYNC, GRACE_PERIOD};
use crate::failure::{Context as _, Result};
use crate::manifests::{config_map, violating_workload, workload};
use crate::scenarios::violating_commit::verdict;
use crate::scene::Scene;
use crate::wait::{PATIENCE, until_within};
use crate::{ensure, ensure_eq};

pub fn run(scene: &Scene) -> Result<()> {
    let good =
        scene.git.commit("Run web", &[("web.yaml", &workload("web")), ("motd.yaml", &config_map("motd", "one"))])?;
    let application = scene.application()?;
    application.becomes_synced(&good)?;

    let dropped = failures_dropped(scene)?;
    let bad = scene.git.commit(
        "Lose the cost centre and change the words",
        &[("web.yaml", &violating_workload("web")), ("motd.yaml", &config_map("motd", "two"))],
    )?;
    on_the_timer("Argo CD drops the first failure", || match failures_dropped(scene) {
        Ok(count) if count > dropped => Ok(()),
        Ok(count) => Err(format!("{count} dropped, as before")),
        Err(failure) => Err(failure.0),
    })?;
    let seen = application.see()?;
    ensure!(seen.is_synced_and_healthy(&good), "the failure that was dropped shows: {}", seen.summary());

    // Not healed meanwhile: neither to the commit before nor to the violating one.
    scene.plane.kubectl.patch(&scene.namespace, "configmap", "motd", &json!({"data": {"value": "by-hand"}}))?;
    let seen = shows_by_itself(&application, &verdict(&bad, &scene.namespace))?;
    ensure_eq!(value(scene)?, "by-hand", "the ConfigMap changed by hand while the render fails");
    let live = scene.plane.kubectl.expect(&scene.namespace, "deployment", "web")?;
    ensure_eq!(live["metadata"]["labels"]["cost-centre"], "cc-4711", "the label of the live Deployment");
    let history = seen.0["status"]["history"].as_array().cloned().unwrap_or_default();
    ensure!(history.iter().all(|entry| entry["revision"] == good.as_str()), "something else was synced: {history:?}");

    let fixed = scene.git.commit("Find the cost centre", &[("web.yaml", &workload("web"))])?;
    application.becomes_synced(&fixed)?;
    ensure_eq!(value(scene)?, "two", "the ConfigMap after the fix");
    Ok(())
}

fn value(scene: &Scene) -> Result<String> {
    let live = scene.plane.kubectl.expect(&scene.namespace, "configmap", "motd")?;
    Ok(live["data"]["value"].as_str().unwrap_or_default().to_owned())
}

/// How many failures of this scenario's Application the controller says that it ignores.
fn failures_dropped(scene: &Scene) -> Result<usize> {
    let log = scene.places.state.join("logs/argocd-application-controller.log");
    let text = String::from_utf8_lossy(&std::fs::read(&log).context(log.display())?).into_owned();
    let words = "Ignoring temporary failed attempt to compare app state against repo";
    Ok(text.lines().filter(|line| line.contains(words) && line.contains(&scene.name)).count())
}

/// The text stands in the condition, and the sync status is Unknown, although nobody asked for a refresh.
fn shows_by_itself(application: &Application, text: &str) -> Result<Seen> {
    on_the_timer("the ComparisonError shows", || {
        let seen = application.see().map_err(|e| e.0)?;
        // Written in two steps: the condition first.
        let shows = seen.condition("ComparisonError").is_some_and(|condition| condition.message.ends_with(text));
        if shows && seen.sync() == "Unknown" { Ok(seen) } else { Err(seen.summary()) }
    })
}

/// Waits for what takes rounds of Argo CD's timer: one that fails first, and one after the grace period.
fn on_the_timer<T>(what: &str, ask: impl FnMut() -> std::result::Result<T, String>) -> Result<T> {
    until_within(PATIENCE + GRACE_PERIOD + 2 * APP_RESYNC, what, ask)
}

//! Rolling back renders again, with today's policies: an old revision they forbid is refused. An entry of
//! the history from before the gate carries no plugin block and passes: only admission can stop that.

use serde_json::json;

use crate::application::{Application, Refresh};
use crate::failure::Result;
use crate::manifests::config_map;
use crate::scenarios::policy_change::policy;
use crate::scene::Scene;
use crate::{ensure, ensure_eq};

pub fn run(scene: &Scene) -> Result<()> {
    let kubectl = &scene.plane.kubectl;
    let value = || -> Result<String> {
        let live = kubectl.expect(&scene.namespace, "configmap", "motd")?;
        Ok(live["data"]["value"].as_str().unwrap_or_default().to_owned())
    };
    let spec = |gated: bool| {
        let mut spec = scene.spec(if gated { scene.source(".") } else { scene.ungated(".") });
        spec["syncPolicy"] = json!({});
        spec
    };
    // Three revisions: the first before the gate, the others behind it.
    scene.git.commit("Before the gate", &[("motd.yaml", &config_map("motd", "zero"))])?;
    let application = scene.application_of(&spec(false))?;
    synced(&application)?;
    scene.git.commit("Behind the gate", &[("motd.yaml", &config_map("motd", "one"))])?;
    application.patch(&json!({"spec": {"source": {"plugin": {"name": "rendergate@v1"}}}}))?;
    synced(&application)?;
    let newest = scene.git.commit("As the new policy wants it", &[("motd.yaml", &config_map("motd", "two!"))])?;
    synced(&application)?;

    let back_to = |index: usize| -> Result<(String, String)> {
        let id = application.see()?.0["status"]["history"][index]["id"].to_string();
        let before = application.see()?.0["status"]["operationState"]["startedAt"].clone();
        // Times have a resolution of one second.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        // Its exit status speaks of waiting; what counts is the operation.
        let said = scene.argocd(&["app", "rollback", &application.name, &id, "--timeout", "30"]);
        let seen = application.becomes("done with its rollback", |seen| {
            let state = &seen.0["status"]["operationState"];
            seen.0.get("operation").is_none() && state["startedAt"] != before && state["phase"] != "Running"
        });
        let seen = seen.map_err(|e| crate::failure::Failure(format!("{e}; the command: {said:?}")))?;
        Ok((seen.phase().to_owned(), seen.operation_message().to_owned()))
    };

    // The render of an old revision is not even cached any more, as after a day.
    scene.gate.set_policy(&scene.name, &policy(&scene.name, &scene.namespace))?;
    scene.repo.forget_all()?;
    let (phase, message) = back_to(1)?;
    ensure_eq!(phase, "Error", "the phase of a rollback to what a policy forbids now: {message}");
    ensure!(message.contains("Say it louder."), "the policy's words are missing: {message}");
    ensure_eq!(value()?, "two!", "what runs after the refused rollback");

    let (phase, message) = back_to(0)?;
    ensure_eq!(phase, "Succeeded", "the phase of a rollback to before the gate: {message}");
    ensure_eq!(value()?, "zero", "what runs after the rollback to before the gate");

    scene.gate.remove_policy(&scene.name)?;
    // The refusal is remembered too, for ten minutes, and no hard refresh reaches an old commit.
    let (phase, message) = back_to(1)?;
    ensure_eq!(phase, "Error", "the phase of a rollback whose refusal is remembered: {message}");
    scene.repo.forget_all()?;
    let (phase, message) = back_to(1)?;
    ensure_eq!(phase, "Succeeded", "the phase of a rollback that policies allow: {message}");
    ensure_eq!(value()?, "one", "what runs after the rollback");
    ensure!(application.refresh(Refresh::Normal)?.sync() == "OutOfSync", "the newest commit {newest} is not applied");
    Ok(())
}

fn synced(application: &Application) -> Result<()> {
    application.refresh(Refresh::Normal)?;
    let (phase, message) = application.sync(true)?;
    ensure_eq!(phase, "Succeeded", "the phase of a sync: {message}");
    Ok(())
}

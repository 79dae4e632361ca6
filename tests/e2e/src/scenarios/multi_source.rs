//! An Application of two sources: each is rendered by the gate on its own, and one violation stops both.

use serde_json::json;

use crate::application::Refresh;
use crate::ensure;
use crate::failure::Result;
use crate::manifests::{config_map, violating_workload, workload};
use crate::scene::Scene;

pub fn run(scene: &Scene) -> Result<()> {
    let kubectl = &scene.plane.kubectl;
    let good = scene
        .git
        .commit("Two parts", &[("one/motd.yaml", &config_map("motd", "hello")), ("two/web.yaml", &workload("web"))])?;
    let mut spec = scene.spec(json!(null));
    if let Some(spec) = spec.as_object_mut() {
        spec.remove("source");
        spec.insert("sources".into(), json!([scene.source("one"), scene.source("two")]));
    }
    let application = scene.application_of(&spec)?;
    application.becomes_synced(&good)?;

    scene.git.commit(
        "Break the second, change the first",
        &[("one/motd.yaml", &config_map("motd", "changed")), ("two/web.yaml", &violating_workload("web"))],
    )?;
    let message = application.refresh(Refresh::Normal)?.comparison_error()?.message;
    ensure!(message.contains("failed to generate manifest for source 2 of 2"), "the source is not named: {message}");
    ensure!(message.contains("/web: Deployments must have"), "not our text: {message}");
    let live = kubectl.expect(&scene.namespace, "configmap", "motd")?;
    ensure!(live["data"]["value"] == "hello", "the first source was applied without the second: {live}");

    // The gate sees only sources that name it: one that does not is rendered by Argo CD itself.
    spec["sources"][1] = scene.ungated("two");
    application.patch(&json!({"spec": spec}))?;
    application.becomes_synced(&scene.git.head()?)?;
    Ok(())
}

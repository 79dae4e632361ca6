//! What blocking also stops: while a render fails, Argo CD neither heals nor prunes. Both resume with the fix.

use std::thread::sleep;
use std::time::Duration;

use serde_json::json;

use crate::application::Refresh;
use crate::failure::Result;
use crate::manifests::{config_map, violating_workload, workload};
use crate::scene::Scene;
use crate::wait::until;
use crate::{ensure, ensure_eq};

/// Several times what healing takes.
const LONG_ENOUGH: Duration = Duration::from_secs(6);

pub fn run(scene: &Scene) -> Result<()> {
    let kubectl = &scene.plane.kubectl;
    let value = || -> Result<String> {
        let live = kubectl.expect(&scene.namespace, "configmap", "motd")?;
        Ok(live["data"]["value"].as_str().unwrap_or_default().to_owned())
    };
    let change = || kubectl.patch(&scene.namespace, "configmap", "motd", &json!({"data": {"value": "by-hand"}}));

    let good = scene.git.commit(
        "Run web",
        &[
            ("web.yaml", &workload("web")),
            ("motd.yaml", &config_map("motd", "from-git")),
            ("old.yaml", &config_map("old", "to-be-pruned")),
        ],
    )?;
    let application = scene.application()?;
    application.becomes_synced(&good)?;
    change()?;
    until("self-heal puts the ConfigMap right", || match value() {
        Ok(value) if value == "from-git" => Ok(()),
        other => Err(format!("{other:?}")),
    })?;

    scene
        .git
        .commit("Break a rule and drop an object", &[("web.yaml", &violating_workload("web")), ("old.yaml", "")])?;
    application.refresh(Refresh::Normal)?.comparison_error()?;
    change()?;
    sleep(LONG_ENOUGH);
    application.refresh(Refresh::Normal)?.comparison_error()?;
    ensure_eq!(value()?, "by-hand", "the ConfigMap changed by hand while the render fails");
    ensure!(kubectl.get(&scene.namespace, "configmap", "old")?.is_some(), "the dropped object was pruned");

    let fixed = scene.git.commit("Keep the rule", &[("web.yaml", &workload("web"))])?;
    application.becomes_synced(&fixed)?;
    ensure_eq!(value()?, "from-git", "the ConfigMap after the fix");
    until("the dropped object is pruned", || match kubectl.get(&scene.namespace, "configmap", "old") {
        Ok(None) => Ok(()),
        other => Err(format!("{other:?}")),
    })
}

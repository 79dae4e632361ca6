//! A gate that is down fails closed, whether its socket is gone or nobody listens on it any more. What is
//! cached stays, what is new waits; when the gate is back, a hard refresh goes on.

use crate::application::Refresh;
use crate::failure::Result;
use crate::manifests::config_map;
use crate::scene::Scene;
use crate::{ensure, ensure_eq};

pub fn run(scene: &Scene) -> Result<()> {
    let kubectl = &scene.plane.kubectl;
    let commit = scene.git.commit("Say hello", &[("motd.yaml", &config_map("motd", "hello"))])?;
    let application = scene.application()?;
    application.becomes_synced(&commit)?;

    for way in [Way::Stopped, Way::Killed] {
        match way {
            Way::Stopped => scene.gate.stop()?,
            Way::Killed => scene.gate.kill()?,
        }
        ensure_eq!(scene.gate.socket().exists(), way == Way::Killed, "the socket after the plugin was {way:?}");
        let cached = application.refresh(Refresh::Normal)?;
        ensure_eq!(cached.sync(), "Synced", "the cached render, while the plugin is {way:?}");

        let value = format!("{way:?}");
        let commit = scene.git.commit("Say it otherwise", &[("motd.yaml", &config_map("motd", &value))])?;
        let message = application.refresh(Refresh::Normal)?.comparison_error()?.message;
        // "could not" from 3.2 on, "couldn't" before.
        let text = "find cmp-server plugin with name \"rendergate@v1\" supporting the given repository";
        ensure!(message.contains(text), "Argo CD says otherwise when the plugin is {way:?}: {message}");
        let live = kubectl.expect(&scene.namespace, "configmap", "motd")?;
        ensure!(live["data"]["value"] != value.as_str(), "a commit was applied without the gate ({way:?})");

        scene.gate.up()?;
        application.refresh(Refresh::Hard)?;
        application.becomes_synced(&commit)?;
        let live = kubectl.expect(&scene.namespace, "configmap", "motd")?;
        ensure_eq!(live["data"]["value"], value.as_str(), "the ConfigMap once the gate is back");
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Stopped,
    Killed,
}

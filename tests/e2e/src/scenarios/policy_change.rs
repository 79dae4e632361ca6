//! A policy changes, and no commit does. Argo CD's cache keys hold the Application's plugin block, not the
//! policies: with the set's digest in `plugin.env` a changed digest renders again at once, and a hard
//! refresh renders again in any case.

use serde_json::{Value, json};

use crate::application::Refresh;
use crate::failure::Result;
use crate::manifests::config_map;
use crate::scene::Scene;
use crate::{ensure, ensure_eq};

pub fn run(scene: &Scene) -> Result<()> {
    let commit = scene.git.commit("Say hello", &[("motd.yaml", &config_map("motd", "hello"))])?;
    let spec = |digest: &str| {
        let mut source = scene.source(".");
        source["plugin"]["env"] = json!([{"name": "POLICIES", "value": digest}]);
        scene.spec(source)
    };
    let application = scene.application_of(&spec("sha256:one"))?;
    application.becomes_synced(&commit)?;

    scene.gate.set_policy(&scene.name, &policy(&scene.name, &scene.namespace))?;
    let seen = application.refresh(Refresh::Normal)?;
    ensure_eq!(seen.sync(), "Synced", "the cached render after a policy changed and nothing else did");

    application.patch(&json!({"spec": spec("sha256:two")}))?;
    let seen = application.refresh(Refresh::Normal)?;
    let message = seen.comparison_error()?.message;
    ensure!(
        message.contains(&format!("[{}/words] ConfigMap {}/motd: Say it louder.", scene.name, scene.namespace)),
        "the new policy's words are missing after the digest changed: {message}"
    );

    application.patch(&json!({"spec": spec("sha256:one")}))?;
    let seen = application.refresh(Refresh::Normal)?;
    ensure_eq!(seen.sync(), "Synced", "the old digest finds the old render in the cache");
    application.refresh(Refresh::Hard)?.comparison_error()?;
    // The earlier render of this commit does not come back, and nobody's change is healed with it.
    scene.plane.kubectl.patch(&scene.namespace, "configmap", "motd", &json!({"data": {"value": "by-hand"}}))?;
    for attempt in 1..5 {
        let seen = application.refresh(Refresh::Normal)?;
        let message = seen.comparison_error()?.message;
        ensure!(message.contains("Say it louder."), "the words are lost at refresh {attempt}: {message}");
        ensure_eq!(seen.sync(), "Unknown", "the sync status at refresh {attempt}");
    }
    let live = scene.plane.kubectl.expect(&scene.namespace, "configmap", "motd")?;
    ensure_eq!(live["data"]["value"], "by-hand", "the ConfigMap that a remembered render would have healed");

    scene.gate.remove_policy(&scene.name)?;
    application.refresh(Refresh::Hard)?;
    application.becomes_synced(&commit)?;
    Ok(())
}

/// Demands something of the ConfigMaps of one namespace.
pub fn policy(name: &str, namespace: &str) -> String {
    let policy: Value = json!({
        "apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": name},
        "spec": {"rules": [{
            "name": "words",
            "match": {"any": [{"resources": {"kinds": ["ConfigMap"], "namespaces": [namespace]}}]},
            "validate": {
                "failureAction": "Enforce", "message": "Say it louder.", "pattern": {"data": {"value": "*!"}},
            },
        }]},
    });
    policy.to_string()
}

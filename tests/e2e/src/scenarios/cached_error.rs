//! Argo CD remembers a failing render: it repeats the text, marked as cached, without asking the gate again.
//! A hard refresh asks; a success clears the memory.

use serde_json::json;

use crate::application::Refresh;
use crate::failure::Result;
use crate::manifests::violating_workload;
use crate::scenarios::violating_commit::verdict;
use crate::scene::Scene;
use crate::{ensure, ensure_eq};

const CACHED: &str = "Manifest generation error (cached): ";

pub fn run(scene: &Scene) -> Result<()> {
    let commit = scene.git.commit("Break a rule", &[("web.yaml", &violating_workload("web"))])?;
    let application = scene.application()?;
    let text = verdict(&commit, &scene.namespace);
    for (how, cached) in [(Refresh::Hard, false), (Refresh::Normal, true), (Refresh::Normal, true)] {
        let message = application.refresh(how)?.comparison_error()?.message;
        ensure!(message.ends_with(&text), "not our text: {message}");
        ensure_eq!(message.contains(CACHED), cached, "whether the text is marked as cached ({how:?}): {message}");
    }

    // The policy changes so that the commit is fine; the cache does not know.
    let exception = format!(
        "{}",
        json!({
            "apiVersion": "kyverno.io/v2", "kind": "PolicyException",
            "metadata": {"name": scene.name, "namespace": "platform"},
            "spec": {
                "exceptions": [{"policyName": "require-team-labels", "ruleNames": ["check-required-labels"]}],
                "match": {"any": [{"resources": {"kinds": ["Deployment"], "namespaces": [scene.namespace]}}]},
            },
        })
    );
    scene.gate.set_exception(&scene.name, &exception)?;
    let stale = application.refresh(Refresh::Normal)?.comparison_error()?.message;
    ensure!(stale.contains(CACHED), "a normal refresh asked the gate again: {stale}");
    application.refresh(Refresh::Hard)?;
    application.becomes_synced(&commit)?;

    scene.gate.remove_exception(&scene.name)?;
    let seen = application.refresh(Refresh::Normal)?;
    ensure_eq!(seen.sync(), "Synced", "the success is remembered too: the sync status after a normal refresh");
    let message = application.refresh(Refresh::Hard)?.comparison_error()?.message;
    ensure!(!message.contains(CACHED), "the success did not clear the count of failures: {message}");
    Ok(())
}

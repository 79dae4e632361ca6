//! Deleting an Application with a PostDelete hook. A hook needs a render: while that fails, deletion waits
//! and says why. An Application that failed before it was deleted has lost its hooks.

use serde_json::json;

use crate::application::{Application, Refresh};
use crate::ensure;
use crate::failure::Result;
use crate::manifests::{config_map, violating_workload, workload};
use crate::scene::Scene;
use crate::wait::until;

const HOOK: &str = "post-delete-finalizer.argocd.argoproj.io";

pub fn run(scene: &Scene) -> Result<()> {
    deletion_waits_for_the_render(scene)?;
    a_failing_application_loses_its_hooks(scene)
}

fn deletion_waits_for_the_render(scene: &Scene) -> Result<()> {
    let kubectl = &scene.plane.kubectl;
    let application = synced(scene, "waits")?;
    scene.git.commit("Break a rule", &[("waits/web.yaml", &violating_workload("web"))])?;
    // Argo CD has not looked at the branch since, and cannot know any more what it led to.
    scene.repo.forget_all()?;
    delete(scene, &application)?;
    let text = until("the deletion says why it waits", || {
        let seen = application.see().map_err(|e| e.0)?;
        seen.condition("DeletionError").map(|c| c.message).ok_or_else(|| seen.summary())
    })?;
    ensure!(text.contains("Deployments must have"), "the deletion gives another reason: {text}");
    ensure!(kubectl.get(&scene.namespace, "configmap", "goodbye-waits")?.is_none(), "the hook ran without a render");

    scene.git.commit("Keep the rule", &[("waits/web.yaml", &workload("web"))])?;
    // Nor does Argo CD look at the branch again soon: somebody has to ask.
    application.patch(&json!({"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}))?;
    gone(&application)?;
    ensure!(kubectl.get(&scene.namespace, "configmap", "goodbye-waits")?.is_some(), "the hook did not run");
    ensure!(kubectl.get(&scene.namespace, "configmap", "motd-waits")?.is_none(), "an object outlived its Application");
    Ok(())
}

fn a_failing_application_loses_its_hooks(scene: &Scene) -> Result<()> {
    let kubectl = &scene.plane.kubectl;
    let application = synced(scene, "loses")?;
    scene.git.commit("Break a rule", &[("loses/web.yaml", &violating_workload("web"))])?;
    application.refresh(Refresh::Normal)?.comparison_error()?;
    // Argo CD takes a failing render for one without hooks.
    let finalizers = until("Argo CD drops the hooks of a failing Application", || {
        let finalizers = application.see().map_err(|e| e.0)?.0["metadata"]["finalizers"].to_string();
        if finalizers.contains(HOOK) { Err(finalizers) } else { Ok(finalizers) }
    })?;
    ensure!(finalizers.contains("resources-finalizer"), "the deletion would not cascade: {finalizers}");
    delete(scene, &application)?;
    gone(&application)?;
    ensure!(kubectl.get(&scene.namespace, "configmap", "goodbye-loses")?.is_none(), "the hook ran after all");
    ensure!(kubectl.get(&scene.namespace, "configmap", "motd-loses")?.is_none(), "an object outlived its Application");
    Ok(())
}

/// An Application of one ConfigMap and a PostDelete hook, Synced, whose deletion cascades.
fn synced(scene: &Scene, name: &str) -> Result<Application> {
    let hook = config_map(&format!("goodbye-{name}"), "done")
        .replace("metadata:\n", "metadata:\n  annotations: {argocd.argoproj.io/hook: PostDelete}\n");
    let motd = config_map(&format!("motd-{name}"), "hello");
    let files = [(format!("{name}/motd.yaml"), motd), (format!("{name}/hook.yaml"), hook)];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let commit = scene.git.commit("Something to say goodbye to", &files)?;
    let spec = scene.spec(scene.source(name));
    let application = Application::create_cascading(&scene.plane.kubectl, format!("{}-{name}", scene.name), &spec)?;
    application.becomes_synced(&commit)?;
    application.becomes("one with a hook", |seen| seen.0["metadata"]["finalizers"].to_string().contains(HOOK))?;
    Ok(application)
}

fn delete(scene: &Scene, application: &Application) -> Result<()> {
    scene
        .plane
        .kubectl
        .run(&["delete", "--wait=false", "--namespace=argocd", "application", &application.name])
        .map(drop)
}

fn gone(application: &Application) -> Result<()> {
    until(&format!("{} is gone", application.name), || match application.see() {
        Err(failure) if failure.0.contains("there is none") => Ok(()),
        Ok(seen) => Err(seen.summary()),
        Err(failure) => Err(failure.0),
    })
}

//! Stands in for nodes: starts the programs that the cluster's workloads name, on this machine, with what
//! their ConfigMaps hold, and renews it when the ConfigMaps change.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::components::{ControlPlane, Controllers, Gate, Mode, RepoServer, Webhook};
use crate::failure::{Context as _, Failure, Result};
use crate::places::Places;

/// What runs, by the workload that asked for it.
pub struct Kubelet<'a> {
    places: &'a Places,
    plane: &'a ControlPlane,
    gate: Option<Gate>,
    controllers: Option<Controllers>,
    repo: Option<RepoServer>,
    webhook: Option<Webhook<'a>>,
    mounted: BTreeMap<PathBuf, Value>,
}

impl<'a> Kubelet<'a> {
    /// Nothing runs yet.
    pub fn new(places: &'a Places, plane: &'a ControlPlane) -> Self {
        Self { places, plane, gate: None, controllers: None, repo: None, webhook: None, mounted: BTreeMap::new() }
    }

    /// The mode in which the installed sidecar runs the plugin.
    ///
    /// # Errors
    /// When no sidecar was installed.
    pub fn mode(&self) -> Result<Mode> {
        self.gate.as_ref().map(|gate| gate.mode).ok_or_else(|| Failure("no gate was installed".into()))
    }

    /// Makes this machine what the cluster's workloads ask for.
    ///
    /// # Errors
    /// When a program does not start, or a ConfigMap that a workload mounts is missing.
    pub fn catch_up(&mut self) -> Result<()> {
        let kubectl = &self.plane.kubectl;
        if let Some(workload) = kubectl.get("argocd", "deployment", "argocd-repo-server")? {
            let pod = &workload["spec"]["template"]["spec"];
            let sidecar = find(&pod["initContainers"], "rendergate").ok_or("it has no sidecar rendergate");
            let sidecar = sidecar.context("argocd-repo-server")?;
            let changed = self.mount("argocd", pod, sidecar)?;
            if self.repo.is_none() {
                let repo = RepoServer::start(self.places)?;
                let configuration = self.file_of("argocd", "/etc/rendergate/config/config.yaml");
                let mode = if sidecar["command"].to_string().contains("argocd-cmp-server") {
                    Mode::Standard
                } else {
                    Mode::Resident
                };
                self.gate = Some(Gate::start_with(self.places, &repo.plugins, mode, configuration)?);
                self.repo = Some(repo);
            } else if changed && self.mode()? == Mode::Resident {
                // The resident gate looks at its files every second.
                std::thread::sleep(Duration::from_millis(2500));
            }
        }
        if self.controllers.is_none()
            && let Some(repo) = &self.repo
            && kubectl.get("argocd", "statefulset", "argocd-application-controller")?.is_some()
        {
            self.plane.serves_custom_resources()?;
            let controllers = Controllers::start(self.places, self.plane, repo)?;
            fs::write(self.places.folder("walk")?.join("argocd-server"), &controllers.server.address)?;
            self.controllers = Some(controllers);
        }
        self.webhook()
    }

    fn webhook(&mut self) -> Result<()> {
        let kubectl = &self.plane.kubectl;
        let namespaces = kubectl.run(&["get", "namespaces", "--output", "name"])?;
        if self.webhook.is_some() || !namespaces.lines().any(|name| name == "namespace/rendergate") {
            return Ok(());
        }
        if let Some(workload) = kubectl.get("rendergate", "deployment", "rendergate-webhook")? {
            let pod = &workload["spec"]["template"]["spec"];
            let container = find(&pod["containers"], "webhook").ok_or("it has no container webhook");
            self.mount("rendergate", pod, container.context("rendergate-webhook")?)?;
            let configuration = self.file_of("rendergate", "/etc/rendergate/config/config.yaml");
            self.webhook = Some(Webhook::start_installed(self.places, self.plane, &configuration)?);
        }
        Ok(())
    }

    /// Where a path of a container of that namespace is on this machine.
    fn file_of(&self, namespace: &str, path: &str) -> PathBuf {
        self.root(namespace).join(path.trim_start_matches('/'))
    }

    fn root(&self, namespace: &str) -> PathBuf {
        self.places.state.join("mounts").join(namespace)
    }

    /// Writes the ConfigMaps that a container mounts below /etc/rendergate. Whether one of them changed.
    fn mount(&mut self, namespace: &str, pod: &Value, container: &Value) -> Result<bool> {
        let mut changed = false;
        for mount in container["volumeMounts"].as_array().into_iter().flatten() {
            let path = mount["mountPath"].as_str().unwrap_or_default();
            let volume = find(&pod["volumes"], mount["name"].as_str().unwrap_or_default());
            let Some(name) = volume.and_then(|v| v["configMap"]["name"].as_str()) else { continue };
            if !path.starts_with("/etc/rendergate/") {
                continue;
            }
            let map = self.plane.kubectl.expect(namespace, "configmap", name)?;
            let folder = self.file_of(namespace, path);
            if self.mounted.get(&folder).is_some_and(|data| *data == map["data"]) {
                continue;
            }
            self.write(namespace, &folder, &map["data"])?;
            self.mounted.insert(folder, map["data"].clone());
            changed = true;
        }
        Ok(changed)
    }

    fn write(&self, namespace: &str, folder: &Path, data: &Value) -> Result<()> {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).context(folder.display())?;
        let own = format!("{}/", self.file_of(namespace, "/etc/rendergate").display());
        for (name, text) in data.as_object().into_iter().flatten() {
            let text = text.as_str().unwrap_or_default().replace("/etc/rendergate/", &own);
            fs::write(folder.join(name), text).context(name)?;
        }
        Ok(())
    }
}

fn find<'v>(list: &'v Value, name: &str) -> Option<&'v Value> {
    list.as_array()?.iter().find(|item| item["name"] == name)
}

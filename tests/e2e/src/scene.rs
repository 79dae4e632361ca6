//! What a scenario finds: the running components, a repository, and a namespace of its own.

use std::process::Command;

use serde_json::{Value, json};

use crate::application::Application;
use crate::components::{ControlPlane, Gate, PLUGIN, RepoServer, Server};
use crate::failure::Result;
use crate::places::Places;
use crate::process::output;
use crate::repository::Repository;

/// A scenario's surroundings. Nothing in it is shared with other scenarios but the components.
#[derive(Debug)]
pub struct Scene<'a> {
    /// Unique: the mode and the scenario.
    pub name: String,
    /// Paths.
    pub places: &'a Places,
    /// The cluster.
    pub plane: &'a ControlPlane,
    /// Argo CD's renderer.
    pub repo: &'a RepoServer,
    /// Argo CD's API server.
    pub server: &'a Server,
    /// The gate under test.
    pub gate: &'a Gate,
    /// Its own repository, empty.
    pub git: Repository,
    /// Its own namespace, existing; also the name of its Application.
    pub namespace: String,
}

impl<'a> Scene<'a> {
    /// Creates namespace and repository.
    ///
    /// # Errors
    /// When they cannot be created.
    pub fn set(
        places: &'a Places,
        plane: &'a ControlPlane,
        repo: &'a RepoServer,
        server: &'a Server,
        gate: &'a Gate,
        scenario: &str,
    ) -> Result<Self> {
        let name = format!("{}-{scenario}", gate.mode.name()).replace('_', "-");
        plane.kubectl.run(&["create", "namespace", &name])?;
        let git = Repository::create(places.folder("repositories")?.join(&name))?;
        Ok(Self { namespace: name.clone(), name, places, plane, repo, server, gate, git })
    }

    /// A source at the repository's root, through the gate.
    pub fn source(&self, path: &str) -> Value {
        json!({
            "repoURL": self.git.url(), "targetRevision": "main", "path": path, "plugin": {"name": PLUGIN},
        })
    }

    /// The same source, rendered by Argo CD itself.
    pub fn ungated(&self, path: &str) -> Value {
        json!({"repoURL": self.git.url(), "targetRevision": "main", "path": path})
    }

    /// A spec with automated sync, prune and self-heal, into the scenario's namespace.
    pub fn spec(&self, source: Value) -> Value {
        json!({
            "project": "default",
            "destination": {"server": self.plane.server, "namespace": self.namespace},
            "source": source,
            "syncPolicy": {"automated": {"prune": true, "selfHeal": true}},
        })
    }

    /// The same, hydrated from `dry_source` into a branch that is synced.
    pub fn hydrated(&self, dry_source: Value, branch: &str) -> Value {
        let mut spec = self.spec(Value::Null);
        spec.as_object_mut().map(|fields| fields.remove("source"));
        spec["sourceHydrator"] =
            json!({"drySource": dry_source, "syncSource": {"targetBranch": branch, "path": "web"}});
        spec
    }

    /// The scenario's Application: the repository's root, through the gate, synced automatically.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub fn application(&self) -> Result<Application> {
        self.application_of(&self.spec(self.source(".")))
    }

    /// The scenario's Application with a spec of its own.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub fn application_of(&self, spec: &Value) -> Result<Application> {
        Application::create(&self.plane.kubectl, &self.name, spec)
    }

    /// Runs the `argocd` command line.
    ///
    /// # Errors
    /// What it said on standard error.
    pub fn argocd(&self, arguments: &[&str]) -> Result<String> {
        let home = self.places.folder("argocd-cli")?;
        output(
            Command::new(self.places.argo_cd.join("argocd"))
                .args(arguments)
                .args(["--server", &self.server.address, "--plaintext"])
                .env("HOME", home)
                .env("ARGOCD_PLUGINSOCKFILEPATH", &self.repo.plugins)
                .env("ARGOCD_OPTS", ""),
        )
    }
}

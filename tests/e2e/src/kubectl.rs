//! kubectl, as the cluster's operator.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::failure::{Context as _, Result};
use crate::process::{output, output_with_input};

const APPLY: [&str; 5] = ["apply", "--server-side", "--force-conflicts", "--filename", "-"];

/// A client of one cluster.
#[derive(Debug, Clone)]
pub struct Kubectl {
    kubeconfig: PathBuf,
}

impl Kubectl {
    /// With the current context of a kubeconfig.
    pub fn new(kubeconfig: PathBuf) -> Self {
        Self { kubeconfig }
    }

    /// Its kubeconfig.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }

    /// Runs it, and returns what it printed.
    ///
    /// # Errors
    /// What it said on standard error.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        output(self.command().args(arguments))
    }

    /// Applies manifests, server-side.
    ///
    /// # Errors
    /// What it said on standard error.
    pub fn apply(&self, manifests: &str) -> Result<String> {
        output_with_input(self.command().args(APPLY), manifests)
    }

    /// Applies manifests that name no namespace, or this one.
    ///
    /// # Errors
    /// What it said on standard error.
    pub fn apply_in(&self, namespace: &str, manifests: &str) -> Result<String> {
        output_with_input(self.command().args(APPLY).args(["--namespace", namespace]), manifests)
    }

    /// An object; `None` when there is none.
    ///
    /// # Errors
    /// Anything but its absence.
    pub fn get(&self, namespace: &str, kind: &str, name: &str) -> Result<Option<Value>> {
        let text =
            self.run(&["get", kind, name, "--namespace", namespace, "--ignore-not-found", "--output", "json"])?;
        if text.trim().is_empty() { Ok(None) } else { Ok(Some(serde_json::from_str(&text)?)) }
    }

    /// An object that must be there.
    ///
    /// # Errors
    /// When it is not.
    pub fn expect(&self, namespace: &str, kind: &str, name: &str) -> Result<Value> {
        self.get(namespace, kind, name)?.ok_or("there is none").context(format!("{kind} {namespace}/{name}"))
    }

    /// The names of a namespace's objects of a kind, sorted.
    ///
    /// # Errors
    /// What it said on standard error.
    pub fn names(&self, namespace: &str, kind: &str) -> Result<Vec<String>> {
        let text = self.run(&["get", kind, "--namespace", namespace, "--output", "name"])?;
        let mut names: Vec<String> =
            text.lines().map(|line| line.rsplit('/').next().unwrap_or(line).to_owned()).collect();
        names.sort();
        Ok(names)
    }

    /// Patches an object with a JSON merge patch.
    ///
    /// # Errors
    /// What it said on standard error.
    pub fn patch(&self, namespace: &str, kind: &str, name: &str, patch: &Value) -> Result<()> {
        let patch = patch.to_string();
        self.run(&["patch", kind, name, "--namespace", namespace, "--type", "merge", "--patch", &patch]).map(drop)
    }

    fn command(&self) -> Command {
        let mut command = Command::new("kubectl");
        command.arg("--kubeconfig").arg(&self.kubeconfig);
        command
    }
}

//! An Argo CD Application, as its owner sees it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::failure::Result;
use crate::kubectl::Kubectl;
use crate::wait::until;

/// Applications live here.
pub const NAMESPACE: &str = "argocd";

/// How often somebody who waits for a sync asks again.
const BETWEEN_REFRESHES: Duration = Duration::from_secs(20);

/// How a refresh treats Argo CD's cache of renders.
#[derive(Debug, Clone, Copy)]
pub enum Refresh {
    /// Looks for a new commit; renders what is not cached.
    Normal,
    /// Renders in any case.
    Hard,
}

/// One Application.
#[derive(Debug, Clone)]
pub struct Application {
    kubectl: Kubectl,
    /// Its name in namespace `argocd`.
    pub name: String,
}

/// A condition of an Application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// `status.conditions[].message`.
    pub message: String,
    /// `status.conditions[].lastTransitionTime`.
    pub since: String,
}

/// An Application's object as read at one moment.
#[derive(Debug, Clone)]
pub struct Seen(pub Value);

impl Application {
    /// A name for an Application that something else has made, or will make.
    pub fn named(kubectl: &Kubectl, name: impl Into<String>) -> Self {
        Self { kubectl: kubectl.clone(), name: name.into() }
    }

    /// Creates it with this `spec`.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub fn create(kubectl: &Kubectl, name: impl Into<String>, spec: &Value) -> Result<Self> {
        Self::create_with(kubectl, name, spec, &[])
    }

    /// Creates it so that its deletion takes what it applied along.
    ///
    /// # Errors
    /// When the API server refuses it.
    pub fn create_cascading(kubectl: &Kubectl, name: impl Into<String>, spec: &Value) -> Result<Self> {
        Self::create_with(kubectl, name, spec, &["resources-finalizer.argocd.argoproj.io"])
    }

    fn create_with(kubectl: &Kubectl, name: impl Into<String>, spec: &Value, finalizers: &[&str]) -> Result<Self> {
        let application = Self::named(kubectl, name);
        kubectl.apply(
            &json!({
                "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
                "metadata": {"name": application.name, "namespace": NAMESPACE, "finalizers": finalizers},
                "spec": spec,
            })
            .to_string(),
        )?;
        Ok(application)
    }

    /// What it is now.
    ///
    /// # Errors
    /// When there is none.
    pub fn see(&self) -> Result<Seen> {
        self.kubectl.expect(NAMESPACE, "application", &self.name).map(Seen)
    }

    /// Whether it exists.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub fn exists(&self) -> Result<bool> {
        Ok(self.kubectl.get(NAMESPACE, "application", &self.name)?.is_some())
    }

    /// Changes it with a JSON merge patch.
    ///
    /// # Errors
    /// When the API server refuses.
    pub fn patch(&self, patch: &Value) -> Result<()> {
        self.kubectl.patch(NAMESPACE, "application", &self.name, patch)
    }

    /// Asks for a refresh, waits until the controller has compared, and returns what it wrote. Asks again now and
    /// then: a wish that comes while the controller compares for another reason can be lost. That hides no render
    /// that hangs, because repo-server's deadline would stand in the condition.
    ///
    /// # Errors
    /// When the controller does not get to it in time.
    pub fn refresh(&self, how: Refresh) -> Result<Seen> {
        const ANNOTATION: &str = "argocd.argoproj.io/refresh";
        let value = match how {
            Refresh::Normal => "normal",
            Refresh::Hard => "hard",
        };
        let ask = |value: Value| self.patch(&json!({"metadata": {"annotations": {ANNOTATION: value}}}));
        ask(value.into())?;
        let mut asked = Instant::now();
        // The controller takes the annotation away with the very patch that writes the status.
        until(&format!("{} is refreshed", self.name), || {
            let seen = self.see().map_err(|e| e.0)?;
            if seen.0["metadata"]["annotations"].get(ANNOTATION).is_none() {
                return Ok(seen);
            }
            if asked.elapsed() > BETWEEN_REFRESHES {
                ask(Value::Null).and_then(|()| ask(value.into())).map_err(|e| e.0)?;
                asked = Instant::now();
            }
            Err("the annotation is still there".into())
        })
    }

    /// Refreshes, and waits until it is Synced to this commit and Healthy, with no operation under way.
    ///
    /// # Errors
    /// When that does not happen in time; the failure shows the status.
    pub fn becomes_synced(&self, commit: &str) -> Result<Seen> {
        self.refresh(Refresh::Normal)?;
        let mut refreshed = Instant::now();
        until(&format!("{} becomes Synced to {commit} and Healthy", self.name), || {
            // A change that the controller has not noticed on its own waits for its next round otherwise.
            if refreshed.elapsed() > BETWEEN_REFRESHES {
                self.refresh(Refresh::Normal).map_err(|e| e.0)?;
                refreshed = Instant::now();
            }
            let seen = self.see().map_err(|e| e.0)?;
            if seen.is_synced_and_healthy(commit) { Ok(seen) } else { Err(seen.summary()) }
        })
    }

    /// Waits until it looks as wanted.
    ///
    /// # Errors
    /// When that does not happen in time; the failure shows the status.
    pub fn becomes(&self, what: &str, wanted: impl Fn(&Seen) -> bool) -> Result<Seen> {
        until(&format!("{} becomes {what}", self.name), || {
            let seen = self.see().map_err(|e| e.0)?;
            if wanted(&seen) { Ok(seen) } else { Err(seen.summary()) }
        })
    }

    /// Starts a sync, as `argocd app sync` does, and returns how the operation ended: phase and message.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn sync(&self, prune: bool) -> Result<(String, String)> {
        // Its times are whole seconds: two syncs may begin in the same one.
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let info = json!([{"name": "e2e", "value": now.as_nanos().to_string()}]);
        let operation = json!({"initiatedBy": {"username": "e2e"}, "info": info, "sync": {"prune": prune}});
        self.patch(&json!({"operation": operation}))?;
        let seen = self.becomes("done with its sync", |seen| {
            let state = &seen.0["status"]["operationState"];
            seen.0.get("operation").is_none() && state["operation"]["info"] == info && state["phase"] != "Running"
        })?;
        Ok((seen.phase().to_owned(), seen.operation_message().to_owned()))
    }
}

impl Seen {
    /// `status.sync.status`.
    pub fn sync(&self) -> &str {
        self.0["status"]["sync"]["status"].as_str().unwrap_or_default()
    }

    /// `status.health.status`.
    pub fn health(&self) -> &str {
        self.0["status"]["health"]["status"].as_str().unwrap_or_default()
    }

    /// `status.operationState.phase`.
    pub fn phase(&self) -> &str {
        self.0["status"]["operationState"]["phase"].as_str().unwrap_or_default()
    }

    /// `status.operationState.message`.
    pub fn operation_message(&self) -> &str {
        self.0["status"]["operationState"]["message"].as_str().unwrap_or_default()
    }

    /// The first condition of a type.
    pub fn condition(&self, kind: &str) -> Option<Condition> {
        let all = self.0["status"]["conditions"].as_array()?;
        let found = all.iter().find(|c| c["type"] == kind)?;
        let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
        Some(Condition { message: text("message"), since: text("lastTransitionTime") })
    }

    /// The text of the failing render, which must be there.
    ///
    /// # Errors
    /// When there is no ComparisonError.
    pub fn comparison_error(&self) -> Result<Condition> {
        self.condition("ComparisonError")
            .ok_or_else(|| crate::failure::Failure(format!("there is no ComparisonError: {}", self.summary())))
    }

    /// Whether it is Synced to this commit and Healthy, free of errors, with no operation under way. An
    /// Application of several sources is compared by its first.
    pub fn is_synced_and_healthy(&self, commit: &str) -> bool {
        let sync = &self.0["status"]["sync"];
        let revision = if sync["revisions"].is_array() { &sync["revisions"][0] } else { &sync["revision"] };
        self.sync() == "Synced"
            && self.health() == "Healthy"
            && revision == commit
            && self.condition("ComparisonError").is_none()
            && self.0.get("operation").is_none()
            && self.phase() != "Running"
    }

    /// The status in a line, for failures.
    pub fn summary(&self) -> String {
        let status = &self.0["status"];
        format!(
            "sync {}, health {}, operation {} ({}), conditions {}",
            status["sync"],
            status["health"],
            self.phase(),
            self.operation_message(),
            status["conditions"],
        )
        .replace("\"comparedTo\"", "…")
    }
}

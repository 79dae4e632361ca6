//! One application's render, from its checkout to the verdict: what `generate` and `cmp-server` share.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::config::gate::{FromRender, UserFact};
use crate::config::{BuildEnvironment, GateConfiguration, Settings};
use crate::document::Value;
use crate::document::manifest::Manifest;
use crate::engine::{User, UserInfo};
use crate::operator::{KnownObjects, Section};
use crate::output::{cannot, failure};
use crate::policy::set::PolicySet;
use crate::source::{self, Entry, Fault, FileFault, Files, Scopes, SourceError, overrides};

use super::manifests::Sources;
use super::object::with_namespace;
use super::own::Own;
use super::{Render, RenderFacts, RenderFault, Stop, Stopped, Verdict};

/// One application to render.
#[derive(Clone, Copy)]
pub struct Application<'a> {
    /// The operator's configuration.
    pub configuration: &'a GateConfiguration,
    /// What of it holds here.
    pub section: &'a Section,
    /// What the operator says of the world.
    pub known: &'a Arc<KnownObjects>,
    /// The checkout.
    pub files: &'a dyn Files,
    /// The application's directory, relative to the checkout.
    pub directory: &'a str,
    /// What Argo CD says.
    pub build: &'a BuildEnvironment,
    /// When to give up.
    pub stop: &'a Stop,
}

/// Why there is no verdict. Never an open gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The repository holds what cannot be rendered.
    Repository(Vec<String>),
    /// The gate cannot do its work: its configuration, its policies.
    Gate(Vec<String>),
    /// Nobody waits any longer.
    Stopped(Stopped),
    /// A defect of ours.
    Panicked,
}

impl Refusal {
    /// One problem of the repository.
    #[must_use]
    pub fn repository(problem: String) -> Self {
        Self::Repository(vec![problem])
    }

    /// One problem of the gate.
    #[must_use]
    pub fn gate(problem: String) -> Self {
        Self::Gate(vec![problem])
    }

    /// What is wrong, in words for people.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        match self {
            Self::Repository(problems) | Self::Gate(problems) => problems.clone(),
            Self::Stopped(why) => vec![why.to_string()],
            Self::Panicked => vec!["an internal error; please report it".to_owned()],
        }
    }

    /// The text that Argo CD shows.
    #[must_use]
    pub fn text(&self, build: &BuildEnvironment) -> String {
        cannot::text(&self.problems(), build.application.short_revision())
    }
}

impl Verdict {
    /// The text that Argo CD shows, when something blocks.
    #[must_use]
    pub fn failure(&self, build: &BuildEnvironment, settings: &Settings) -> Option<String> {
        let revision = build.application.short_revision();
        self.is_blocked().then(|| failure::text(&self.findings, revision, settings.limits.findings))
    }
}

impl Application<'_> {
    /// Renders it. A panic is a refusal: it neither opens the gate nor prints what it was working on.
    ///
    /// # Errors
    /// When there can be no verdict.
    pub fn render(&self) -> Result<Verdict, Refusal> {
        catch_unwind(AssertUnwindSafe(|| self.verdict())).unwrap_or(Err(Refusal::Panicked))
    }

    fn verdict(&self) -> Result<Verdict, Refusal> {
        let files = Stopping { files: self.files, stop: self.stop };
        // A file that was not read because time is up is no fault of the repository.
        let judged = |refusal| self.stop.check().map_or_else(Refusal::Stopped, |()| refusal);
        let of_tree = |problem: String| judged(Refusal::repository(problem));
        let settings = &self.section.settings;
        let limits = &settings.limits.source;
        let own = Own::find(&files, self.directory).map_err(of_tree)?;
        let set = self.set(own.policies(&files, limits).map_err(of_tree)?);
        let overridable: Vec<&str> = settings.source_overrides.iter().map(|field| field.as_str()).collect();
        overrides::check(&files, self.directory, &overridable, limits).map_err(|e| of_tree(e.to_string()))?;
        let sources = Sources {
            files: &files,
            directory: self.directory,
            own: &own.configuration,
            build: self.build,
            tools: &self.configuration.tools,
            limits,
            stop: self.stop,
        };
        let reading = sources.manifests().map_err(judged)?;
        if reading.manifests.is_empty() && !settings.allow_empty {
            let fault = match reading.files {
                0 => Fault::NoManifestFiles { subdirectories: reading.subdirectories },
                _ => Fault::NoObjects,
            };
            let mut problems = vec![SourceError::of("", fault).to_string()];
            problems.extend(reading.notes);
            return Err(Refusal::Repository(problems));
        }
        let namespace = self.build.application.default_namespace();
        let scopes = Scopes::of(namespace, &reading.manifests);
        if let Some(repeated) = source::first_repeated(&reading.manifests, &scopes) {
            return Err(Refusal::repository(repeated.to_string()));
        }
        let render = Render {
            set: &set,
            application: &self.build.application,
            settings,
            enforce: &own.configuration.enforce,
            facts: &self.facts(&reading.manifests, &scopes),
            user: self.configuration.facts.user.as_ref().map_or(User::Unknown, user),
            stop: self.stop,
        };
        let mut verdict = render.run(&reading.manifests).map_err(|fault| match fault {
            RenderFault::Object(error) => Refusal::gate(error.to_string()),
            RenderFault::Stopped(why) => Refusal::Stopped(why),
        })?;
        verdict.notes.splice(0..0, self.section.notes.iter().cloned().chain(reading.notes));
        Ok(verdict)
    }

    /// The operator's policies, compiled before, and the repository's own behind them.
    fn set(&self, own: Vec<Arc<crate::policy::rule::Policy>>) -> Arc<PolicySet> {
        let set = &self.section.set;
        if own.is_empty() {
            return Arc::clone(set);
        }
        let policies = set.policies().iter().cloned().chain(own).collect();
        Arc::new(PolicySet::new(policies, set.exceptions().to_vec()))
    }

    fn facts(&self, manifests: &[Manifest], scopes: &Scopes) -> RenderFacts {
        let mut known = Arc::clone(self.known);
        for believed in &self.configuration.facts.from_render {
            let KnownObjects { namespaces, objects } = Arc::make_mut(&mut known);
            let of_kind =
                |kind: &'static str| manifests.iter().filter(move |m| m.kind() == kind && m.gvk().group.is_empty());
            match believed {
                FromRender::Namespaces => namespaces.extend(of_kind("Namespace").map(|m| m.value.clone())),
                FromRender::ConfigMaps => objects
                    .extend(of_kind("ConfigMap").map(|m| with_namespace(&m.value, &scopes.namespace_of(&m.value)))),
            }
        }
        RenderFacts::new(known, now())
    }
}

/// The time by the system's clock, in nanoseconds since the epoch.
#[must_use]
pub fn now() -> i128 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i128::try_from(d.as_nanos()).unwrap_or(0))
}

/// A checkout that reads nothing more once time is up.
struct Stopping<'a> {
    files: &'a dyn Files,
    stop: &'a Stop,
}

impl Stopping<'_> {
    fn check(&self) -> Result<(), FileFault> {
        self.stop.check().map_err(|why| FileFault::System(why.to_string()))
    }
}

impl Files for Stopping<'_> {
    fn entries(&self, directory: &str, limit: usize) -> Result<Vec<Entry>, FileFault> {
        self.check()?;
        self.files.entries(directory, limit)
    }

    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, FileFault> {
        self.check()?;
        self.files.read(path, limit)
    }
}

fn user(fact: &UserFact) -> User {
    let list =
        |texts: &[crate::document::Str]| -> Value { texts.iter().cloned().map(Value::from).collect::<Vec<_>>().into() };
    let mut raw = vec![("username", Value::from(fact.username.clone()))];
    if !fact.uid.is_empty() {
        raw.push(("uid", fact.uid.clone().into()));
    }
    raw.push(("groups", list(&fact.groups)));
    User::Known(UserInfo {
        username: fact.username.clone(),
        uid: fact.uid.clone(),
        groups: fact.groups.clone(),
        raw: Value::map(raw.into_iter().map(|(k, v)| (k.into(), v)).collect()),
        roles: fact.roles.clone(),
        cluster_roles: fact.cluster_roles.clone(),
    })
}

#[cfg(test)]
#[path = "application_tests.rs"]
mod tests;

//! The way from an application's directory to manifests. Which way is taken says the application's own
//! configuration, else what the directory holds.

use crate::config::gate::Tools;
use crate::config::render::{Plain, Renderer};
use crate::config::{BuildEnvironment, RenderConfiguration};
use crate::source::glob::Glob;
use crate::source::{self, Fault, Files, Limits, Reading, SourceError, Tree};

use super::{Refusal, Stop};

/// What a way to manifests may look at.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The checkout. Bases and libraries may stand outside the application's directory, never outside this.
    pub files: &'a dyn Files,
    /// The application's directory, relative to the checkout.
    pub directory: &'a str,
    /// The application's own configuration.
    pub own: &'a RenderConfiguration,
    /// What Argo CD says.
    pub build: &'a BuildEnvironment,
    /// The renderers the operator allows.
    pub tools: &'a Tools,
    /// What the tree may cost.
    pub limits: &'a Limits,
    /// When to give up.
    pub stop: &'a Stop,
}

impl Sources<'_> {
    /// The manifests, in the order they are printed.
    ///
    /// # Errors
    /// The first thing that is refused, with file, line and remedy.
    pub fn manifests(&self) -> Result<Reading, Refusal> {
        match self.own.render.renderer {
            Some(Renderer::Helm) => Err(not_here(Fault::Helm)),
            Some(Renderer::Kustomize) => Err(not_here(Fault::Kustomize)),
            Some(Renderer::Jsonnet) => Err(not_here(Fault::Jsonnet)),
            Some(Renderer::Plain) | None => self.plain(),
        }
    }

    fn plain(&self) -> Result<Reading, Refusal> {
        let Plain { recurse, include, exclude } = self.own.render.plain.clone().unwrap_or_default();
        let glob = |field: &str, text: Option<String>| {
            text.filter(|t| !t.is_empty()).map(|text| Glob::compile(&text)).transpose().map_err(|e| {
                Refusal::repository(format!("{}: render.plain.{field}: {e}", source::RENDER_CONFIGURATION))
            })
        };
        let tree = Tree {
            directory: self.directory.to_owned(),
            recurse,
            include: glob("include", include)?,
            exclude: glob("exclude", exclude)?,
            plain: self.own.render.renderer.is_some(),
        };
        source::read(self.files, &tree, self.limits).map_err(|e| Refusal::repository(e.to_string()))
    }
}

fn not_here(fault: Fault) -> Refusal {
    Refusal::repository(SourceError::of(source::RENDER_CONFIGURATION, fault).to_string())
}

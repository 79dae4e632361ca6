//! The way from an application's directory to manifests. Which way is taken says the application's own
//! configuration, else its plugin parameters, else what the directory holds.

use std::path::Path;

use crate::config::gate::{PathEntry, Tools};
use crate::config::render::{Plain, Renderer};
use crate::config::{self, BuildEnvironment, RenderConfiguration, parameters};
use crate::source::glob::Glob;
use crate::source::{self, Fault, Files, Limits, Reading, SourceError, Tree};
use crate::tools::jsonnet::Evaluator;
use crate::tools::{self, Bounds, ToolFault};

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
        let render = match &self.build.parameters {
            None => self.own.render.clone(),
            Some(text) => parameters::apply(&self.own.render, text).map_err(|e| Refusal::repository(e.to_string()))?,
        };
        let renderer = match render.renderer {
            Some(renderer) => renderer,
            None => source::detect(self.files, self.directory, self.limits.files).map_err(of_source)?,
        };
        let go_on = || self.stop.check().is_ok();
        let bounds = Bounds { limits: self.limits, go_on: &go_on, own: tools::own_program() };
        match renderer {
            Renderer::Plain | Renderer::Jsonnet => self.plain(&render, bounds),
            Renderer::Helm => {
                let options = render.helm.unwrap_or_default();
                let program = program("helm", self.tools.helm.as_ref())?;
                tools::helm::render(program, self.files, self.directory, &options, self.build, &bounds).map_err(of_tool)
            }
            Renderer::Kustomize => {
                let options = render.kustomize.unwrap_or_default();
                let program = program("kustomize", self.tools.kustomize.as_ref())?;
                let app = &self.build.application;
                tools::kustomize::render(program, self.files, self.directory, &options, app, &bounds).map_err(of_tool)
            }
        }
    }

    fn plain(&self, render: &config::render::Render, bounds: Bounds) -> Result<Reading, Refusal> {
        let Plain { recurse, include, exclude } = render.plain.clone().unwrap_or_default();
        let glob = |field: &str, text: Option<String>| {
            text.filter(|t| !t.is_empty())
                .map(|text| Glob::compile(&text))
                .transpose()
                .map_err(|e| Refusal::repository(format!("{field} of a plain directory: {e}")))
        };
        let tree = Tree {
            directory: self.directory.to_owned(),
            recurse,
            include: glob("include", include)?,
            exclude: glob("exclude", exclude)?,
        };
        let options = render.jsonnet.clone().unwrap_or_default();
        let jsonnet = Evaluator::new(self.files, self.directory, options, &self.build.application, bounds);
        source::read_with(self.files, &tree, self.limits, Some(&jsonnet)).map_err(of_source)
    }
}

fn of_source(error: SourceError) -> Refusal {
    Refusal::repository(error.to_string())
}

fn of_tool(fault: ToolFault) -> Refusal {
    match fault {
        ToolFault::Repository(error) => of_source(error),
        ToolFault::Complaint(words) => Refusal::repository(words),
        ToolFault::Gate(words) => Refusal::gate(words),
        // Whoever asked for it says why.
        ToolFault::Stopped => Refusal::repository("the renderer was stopped".to_owned()),
    }
}

/// The operator's program for a renderer.
fn program<'t>(name: &'static str, tool: Option<&'t PathEntry>) -> Result<&'t Path, Refusal> {
    tool.map(|tool| Path::new(&tool.path)).ok_or_else(|| of_source(SourceError::of("", Fault::NoTool(name))))
}

#[cfg(test)]
#[path = "manifests_tests.rs"]
mod tests;

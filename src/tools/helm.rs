//! `helm template`.

use std::path::Path;

use crate::config::BuildEnvironment;
use crate::config::render::Helm;
use crate::source::helm::{NAME, Release, arguments, chart};
use crate::source::{Files, Reading, rendered};

use super::complaint::Values;
use super::process::Call;
use super::workspace::Workspace;
use super::{Bounds, ToolFault, confined};

/// The manifests of the chart in `directory`.
///
/// # Errors
/// [`ToolFault`].
pub fn render(
    program: &Path,
    files: &dyn Files,
    directory: &str,
    options: &Helm,
    build: &BuildEnvironment,
    bounds: &Bounds,
) -> Result<Reading, ToolFault> {
    let chart = chart(files, directory, options, &build.application, bounds.limits)?;
    let release = Release::of(options, build, directory).map_err(ToolFault::option)?;
    let workspace = Workspace::new()?;
    workspace.fill(&chart.needs)?;
    let given = match options.values.as_deref().filter(|v| !v.trim().is_empty()) {
        Some(values) => Some(workspace.beside("values.yaml", values.as_bytes())?.display().to_string()),
        None => None,
    };
    let at = |path: &str| workspace.at(path).display().to_string();
    let arguments = arguments(&release, &chart, options, build, &at, given.as_deref()).map_err(ToolFault::option)?;
    let call = Call {
        program,
        arguments: arguments.into_iter().map(Into::into).collect(),
        directory: &workspace.at(directory),
        environment: workspace.environment(),
        input: Vec::new(),
        most: bounds.limits.tree_bytes,
    };
    let values = || {
        let mut values = Values::default();
        options.parameters.iter().for_each(|p| values.add(&build.application.expand(&p.value)));
        options.values.iter().for_each(|v| values.add_yaml(v));
        let defaults = crate::source::files::join(directory, "values.yaml");
        for path in chart.value_files.iter().chain([&defaults]) {
            values.add_yaml(&String::from_utf8_lossy(chart.needs.files.get(path).map_or(&[][..], Vec::as_slice)));
        }
        for (_, path) in &chart.file_parameters {
            values.add(&String::from_utf8_lossy(chart.needs.files.get(path).map_or(&[][..], Vec::as_slice)));
        }
        values
    };
    let printed = confined::run("helm", call, bounds, &workspace, &chart.needs, &values)?;
    let text = String::from_utf8(printed.output)
        .map_err(|_| ToolFault::Complaint(format!("{NAME}: the chart renders to something that is not UTF-8")))?;
    Ok(rendered::of_chart(&text, bounds.limits)?)
}

//! `kustomize build`, or `kubectl kustomize`.

use std::ffi::OsString;
use std::path::Path;

use crate::config::Application;
use crate::config::render::Kustomize;
use crate::document::Value;
use crate::source::kustomize::needs;
use crate::source::{Files, Needs, Reading, rendered};

use super::complaint::Values;
use super::process::Call;
use super::workspace::Workspace;
use super::{Bounds, ToolFault, confined};

/// The manifests of the kustomization in `directory`.
///
/// # Errors
/// [`ToolFault`].
pub fn render(
    program: &Path,
    files: &dyn Files,
    directory: &str,
    options: &Kustomize,
    app: &Application,
    bounds: &Bounds,
) -> Result<Reading, ToolFault> {
    let needs = needs(files, directory, options, app, bounds.limits)?;
    let workspace = Workspace::new()?;
    workspace.fill(&needs)?;
    let call = Call {
        program,
        arguments: arguments(program, workspace.at(directory).into()),
        directory: &workspace.tree(),
        environment: workspace.environment(),
        input: Vec::new(),
        most: bounds.limits.tree_bytes,
    };
    let printed = confined::run("kustomize", call, bounds, &workspace, &needs, &|| values(&needs))?;
    let text = String::from_utf8(printed.output)
        .map_err(|_| ToolFault::Complaint("the kustomization builds something that is not UTF-8".to_owned()))?;
    Ok(rendered::of_kustomization(&text, bounds.limits)?)
}

/// The arguments: plugins, helm and files outside a kustomization's own directory stay off, which is what
/// kustomize does when nothing is said; that files stay inside is said all the same.
fn arguments(program: &Path, directory: OsString) -> Vec<OsString> {
    let command = if program.file_name().is_some_and(|name| name == "kubectl") { "kustomize" } else { "build" };
    vec![command.into(), "--load-restrictor=LoadRestrictionsRootOnly".into(), "--".into(), directory]
}

/// What generators put into ConfigMaps and Secrets.
fn values(needs: &Needs) -> Values {
    let mut values = Values::default();
    for (path, bytes) in &needs.files {
        let text = String::from_utf8_lossy(bytes);
        let name = path.rsplit('/').next().unwrap_or(path);
        if crate::source::kustomize::NAMES.contains(&name) {
            let read = crate::document::yaml::read(&text, &crate::document::yaml::Limits::default());
            for document in read.unwrap_or_default() {
                for generator in ["secretGenerator", "configMapGenerator"] {
                    let list = document.value.get(generator).and_then(Value::as_list).unwrap_or_default();
                    for literal in list.iter().filter_map(|g| g.get("literals")?.as_list()).flatten() {
                        let pair = literal.as_str().unwrap_or_default();
                        values.add(pair.split_once('=').map_or(pair, |(_, value)| value));
                    }
                }
            }
        } else if name.ends_with(".yaml") || name.ends_with(".yml") {
            if text.contains("kind: Secret") {
                values.add_yaml(&text);
            }
        } else {
            // The content of a generated object, or an environment file.
            text.lines().for_each(|line| values.add(line.split_once('=').map_or(line, |(_, value)| value)));
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_programs_get_the_directory_behind_dashes() {
        for (program, command) in [("/usr/bin/kustomize", "build"), ("/usr/bin/kubectl", "kustomize")] {
            let given = arguments(Path::new(program), "-x".into());
            assert_eq!(given, [command, "--load-restrictor=LoadRestrictionsRootOnly", "--", "-x"].map(OsString::from));
        }
    }
}

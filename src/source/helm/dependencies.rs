//! The charts a chart depends on: they are in its `charts` directory, or in the same checkout under a
//! `file://` repository, from where they are put there. Others would be fetched.

use crate::document::{Pointer, Value, yaml};

use super::super::Limits;
use super::super::error::{Fault, SourceError};
use super::super::files::{Files, is_below, join};
use super::super::needs::Needs;
use super::super::paths::resolve;
use super::NAME;

/// The file that held dependencies before `Chart.yaml` did.
const REQUIREMENTS: &str = "requirements.yaml";

/// Puts local dependencies in their place.
///
/// # Errors
/// A dependency that is not vendored, with its file and line.
pub(super) fn complete(
    files: &dyn Files,
    needs: &mut Needs,
    directory: &str,
    limits: &Limits,
) -> Result<(), SourceError> {
    let present = vendored(needs, directory, limits);
    for name in [NAME, REQUIREMENTS] {
        let path = join(directory, name);
        let Some((text, value)) = read(needs, &path, limits)? else { continue };
        let listed = value.get("dependencies").and_then(Value::as_list).unwrap_or_default();
        for (index, dependency) in listed.iter().enumerate() {
            let Some(wanted) = dependency.str_at(&["name"]) else { continue };
            if present.iter().any(|p| p.is(wanted)) {
                continue;
            }
            let at = Pointer::root().with("dependencies").with(index);
            let line = yaml::locate(&text, 0, &at).map(|p| p.line.max(1));
            let refuse = |fault| SourceError { file: path.clone(), line, fault };
            let repository = dependency.str_at(&["repository"]).unwrap_or_default();
            let Some(local) = repository.strip_prefix("file://") else {
                let words = format!(
                    "the dependency '{wanted}' is not in {}, and nothing is fetched: run 'helm dependency build' and commit the charts directory",
                    join(directory, "charts")
                );
                return Err(refuse(Fault::Refused(words)));
            };
            let from = resolve(directory, local, false).map_err(&refuse)?;
            if files.read(&join(&from, NAME), limits.file_bytes).is_err() {
                return Err(refuse(Fault::NotThere(join(&from, NAME))));
            }
            if is_below(directory, &from) {
                return Err(refuse(Fault::Refused("a chart that depends on a directory it is in".to_owned())));
            }
            needs.take_all(files, &from, &format!("{}/{wanted}", join(directory, "charts")))?;
        }
    }
    Ok(())
}

/// A chart in `charts`.
enum Vendored {
    /// A directory: the chart's own name.
    Directory(String),
    /// An archive: what its file is called.
    Archive(String),
}

impl Vendored {
    fn is(&self, wanted: &str) -> bool {
        match self {
            Self::Directory(name) => name == wanted,
            Self::Archive(file) => file.strip_prefix(wanted).is_some_and(|rest| {
                rest == ".tgz"
                    || rest.strip_prefix('-').is_some_and(|v| v.starts_with(|c: char| c == 'v' || c.is_ascii_digit()))
            }),
        }
    }
}

fn vendored(needs: &Needs, directory: &str, limits: &Limits) -> Vec<Vendored> {
    let charts = format!("{}/", join(directory, "charts"));
    let mut found = Vec::new();
    for path in needs.files.keys() {
        let Some(inside) = path.strip_prefix(&charts) else { continue };
        match inside.split_once('/') {
            None if inside.ends_with(".tgz") => found.push(Vendored::Archive(inside.to_owned())),
            Some((_, NAME)) => {
                if let Ok(Some((_, chart))) = read(needs, path, limits)
                    && let Some(name) = chart.str_at(&["name"])
                {
                    found.push(Vendored::Directory(name.to_owned()));
                }
            }
            _ => {}
        }
    }
    found
}

fn read(needs: &Needs, path: &str, limits: &Limits) -> Result<Option<(String, Value)>, SourceError> {
    let Some(bytes) = needs.files.get(path) else { return Ok(None) };
    let text = String::from_utf8(bytes.clone())
        .map_err(|e| SourceError::of(path, Fault::NotUtf8(e.utf8_error().valid_up_to())))?;
    let mut documents =
        yaml::read(&text, &limits.yaml()).map_err(|e| SourceError::at(path, e.position, Fault::Yaml(e.problem)))?;
    let value = if documents.is_empty() { Value::Null } else { documents.remove(0).value };
    Ok(Some((text, value)))
}

//! What `helm template` needs of a checkout, and its arguments. A chart whose dependencies are not in it,
//! or whose schema refers to somewhere else, is refused: nothing is fetched.

mod arguments;
mod dependencies;
mod schema;

pub use arguments::{Release, arguments};

use crate::config::Application;
use crate::config::render::Helm;

use super::Limits;
use super::error::{Fault, SourceError};
use super::files::{Files, join};
use super::needs::Needs;
use super::paths::resolve;

/// The name of a chart's own file, as Argo CD knows a chart by.
pub const NAME: &str = "Chart.yaml";

/// A chart with all that its rendering reads.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// The files, by path from the checkout.
    pub needs: Needs,
    /// The chart's directory.
    pub directory: String,
    /// Value files, by path from the checkout, in order.
    pub value_files: Vec<String>,
    /// Names of values, and the files whose contents they are.
    pub file_parameters: Vec<(String, String)>,
}

/// The chart in `directory`, to be rendered with `options`.
///
/// # Errors
/// The first thing that is refused.
pub fn chart(
    files: &dyn Files,
    directory: &str,
    options: &Helm,
    app: &Application,
    limits: &Limits,
) -> Result<Chart, SourceError> {
    let mut needs = Needs::new(limits);
    needs.take_all(files, directory, directory)?;
    let own = join(directory, NAME);
    if !needs.files.contains_key(&own) {
        return Err(SourceError::of("", Fault::NotThere(own)));
    }
    dependencies::complete(files, &mut needs, directory, limits)?;
    if !options.skip_schema_validation {
        schema::check(&needs, limits)?;
    }
    let of_options = |fault| SourceError::of("", fault);
    let mut value_files = Vec::new();
    for raw in &options.value_files {
        let path = option_path(directory, raw, app).map_err(of_options)?;
        if needs.take(files, &path)?.is_some() {
            value_files.push(path);
        } else if !options.ignore_missing_value_files {
            return Err(of_options(Fault::NotThere(path)));
        }
    }
    let mut file_parameters = Vec::new();
    for parameter in &options.file_parameters {
        let path = option_path(directory, &parameter.path, app).map_err(of_options)?;
        if needs.take(files, &path)?.is_none() {
            return Err(of_options(Fault::NotThere(path)));
        }
        file_parameters.push((parameter.name.clone(), path));
    }
    Ok(Chart { needs, directory: directory.to_owned(), value_files, file_parameters })
}

/// A path of an option: variables are replaced, `$name/` of another source is not known here.
fn option_path(directory: &str, raw: &str, app: &Application) -> Result<String, Fault> {
    let path = app.expand(raw);
    if raw.starts_with('$') && path.starts_with('/') {
        let words = format!(
            "the value file '{raw}' is of another source: a plugin sees one source only; copy the file into this one"
        );
        return Err(Fault::Refused(words));
    }
    // Helm splits its list of value files at commas.
    if path.contains([',', '"', '\n']) || path.is_empty() {
        return Err(Fault::Refused(
            "a path in an option is empty, or holds a comma, a quote or a line break".to_owned(),
        ));
    }
    resolve(directory, &path, true)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;

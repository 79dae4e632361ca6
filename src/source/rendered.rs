//! What `helm template` and `kustomize build` print becomes manifests. There is nothing to leave out: what
//! is no object is a fault of the chart or kustomization.

use crate::document::yaml;

use super::Limits;
use super::directory::Reading;
use super::error::{Fault, SourceError};
use super::objects::{Content, from_yaml};

/// The manifests of a chart: `text` as helm prints it, each part behind a comment that names its template.
///
/// # Errors
/// What is no object, with the template and the line in what it renders to.
pub fn of_chart(text: &str, limits: &Limits) -> Result<Reading, SourceError> {
    let mut reading = Reading::default();
    let mut left = Left::new(limits);
    // A line of three dashes ends a document wherever it stands, also inside a text: the parts are documents.
    for part in parts(text) {
        let label = match source_of(part) {
            Some(path) => format!("{path} (rendered)"),
            None => "helm template".to_owned(),
        };
        left.read(&label, part, &mut reading)?;
    }
    Ok(reading)
}

/// The manifests that `kustomize build` prints.
///
/// # Errors
/// What is no object, with its line in what was built.
pub fn of_kustomization(text: &str, limits: &Limits) -> Result<Reading, SourceError> {
    let mut reading = Reading::default();
    Left::new(limits).read("kustomize build", text, &mut reading)?;
    Ok(reading)
}

const MARK: &str = "# Source: ";

/// `text` cut before every `---` that a comment with a template follows.
fn parts(text: &str) -> Vec<&str> {
    let mut starts = vec![0];
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find("\n---\n# Source: ")) {
        starts.push(at + found + 1);
        at += found + 1;
    }
    starts.push(text.len());
    starts.windows(2).filter_map(|w| text.get(w[0]..w[1])).filter(|part| !part.trim().is_empty()).collect()
}

/// The template, without the chart's name that helm puts before its path.
fn source_of(part: &str) -> Option<&str> {
    let line = part.lines().find(|l| *l != "---" && !l.is_empty())?;
    let path = line.strip_prefix(MARK)?.trim();
    path.split_once('/').map(|(_, inside)| inside)
}

/// What the documents still to be read may cost.
struct Left<'l> {
    limits: &'l Limits,
    documents: usize,
    values: usize,
}

impl<'l> Left<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self { limits, documents: limits.documents, values: limits.values }
    }

    fn read(&mut self, label: &str, text: &str, reading: &mut Reading) -> Result<(), SourceError> {
        let bounds = yaml::Limits { documents: self.documents, values: self.values, ..self.limits.yaml() };
        reading.files += 1;
        match from_yaml(label, text, &bounds).map_err(|error| self.name(error))? {
            Content::Foreign(_) => {
                let words = "renders to something that is no Kubernetes object: correct the template".to_owned();
                Err(SourceError::of(label, Fault::Refused(words)))
            }
            Content::Objects { manifests, documents, values, notes } => {
                self.documents = self.documents.saturating_sub(documents);
                self.values = self.values.saturating_sub(values);
                reading.manifests.extend(manifests);
                reading.notes.extend(notes);
                Ok(())
            }
        }
    }

    fn name(&self, error: SourceError) -> SourceError {
        let fault = match error.fault {
            Fault::Yaml(yaml::Problem::TooManyDocuments(_)) => Fault::TooManyDocuments(self.limits.documents),
            Fault::Yaml(yaml::Problem::TooManyValues(_)) => Fault::TooManyValues(self.limits.values),
            Fault::NotAnObject => {
                Fault::Refused("renders to something that is no Kubernetes object: correct the template".to_owned())
            }
            Fault::Lacks(field) => {
                Fault::Refused(format!("renders to a Kubernetes object without {field}: correct the template"))
            }
            other => other,
        };
        SourceError { fault, ..error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "---\n# Source: web/crds/x.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\n\
                          # Source: web/charts/db/templates/y.yaml\n# note\n\napiVersion: v1\nkind: Pod\nmetadata:\n  name: b\n";

    #[test]
    fn manifests_know_their_template() {
        let reading = of_chart(OUTPUT, &Limits::default()).unwrap();
        let places: Vec<_> = reading.manifests.iter().map(|m| m.source.to_string()).collect();
        assert_eq!(places, ["crds/x.yaml (rendered):3", "charts/db/templates/y.yaml (rendered):5"]);
        let reading = of_kustomization("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n", &Limits::default()).unwrap();
        assert_eq!(reading.manifests[0].source.to_string(), "kustomize build:1");
        assert!(of_chart("", &Limits::default()).unwrap().manifests.is_empty());
    }

    #[test]
    fn nothing_is_left_out() {
        for (text, expected) in [
            (
                "---\n# Source: web/t.yaml\nreplicas: 3\n",
                "t.yaml (rendered): renders to something that is no Kubernetes object",
            ),
            (
                "---\n# Source: web/t.yaml\nkind: Pod\n",
                "t.yaml (rendered):3: renders to a Kubernetes object without apiVersion",
            ),
            ("---\n# Source: web/t.yaml\na: [s3cret\n", "t.yaml (rendered)"),
            ("a: b: c\n", "helm template"),
        ] {
            let error = of_chart(text, &Limits::default()).unwrap_err().to_string();
            assert!(error.starts_with(expected) && !error.contains("s3cret"), "{text}: {error}");
        }
        let few = Limits { documents: 1, ..Limits::default() };
        assert_eq!(of_chart(OUTPUT, &few).unwrap_err().fault, Fault::TooManyDocuments(1));
    }

    #[test]
    fn a_forged_comment_moves_nothing() {
        let text = "---\n# Source: web/a.yaml\napiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  annotations:\n    x: |\n      ---\n      # Source: web/b.yaml\n";
        let reading = of_chart(text, &Limits::default()).unwrap();
        assert_eq!(reading.manifests.len(), 1);
        assert!(reading.manifests[0].source.file.starts_with("a.yaml"));
    }
}

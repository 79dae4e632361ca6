//! Which Argo CD Application something belongs to: by what Argo CD wrote on the object, by the
//! Application manifests at hand, else by its folder.

use crate::document::{Str, Value};

/// Argo CD's mark on what it tracks: `APPLICATION:GROUP/KIND:NAMESPACE/NAME`, the first part of an
/// Application outside Argo CD's own namespace being `NAMESPACE_APPLICATION`.
const TRACKING_ID: &str = "argocd.argoproj.io/tracking-id";

/// Labels that name the Application, where Argo CD tracks by label.
const INSTANCE: [&str; 2] = ["argocd.argoproj.io/instance", "app.kubernetes.io/instance"];

/// The Application in an object's tracking annotation.
#[must_use]
pub fn tracked(object: &Value) -> Option<Str> {
    let id = object.str_at(&["metadata", "annotations", TRACKING_ID])?;
    let (application, _) = id.split_once(':')?;
    (!application.is_empty()).then(|| application.replacen('_', "/", 1).into())
}

/// The Application in an object's instance label. Other tools set it too.
#[must_use]
pub fn labelled(object: &Value) -> Option<Str> {
    let labels = object.at(&["metadata", "labels"])?;
    INSTANCE.iter().find_map(|label| labels.str_at(&[label])).filter(|name| !name.is_empty()).map(Str::from)
}

/// The Applications at hand, by the path their sources name in the repository.
#[derive(Clone, Debug, Default)]
pub struct Applications {
    sources: Vec<Source>,
}

/// A source of an Application that is a path.
#[derive(Clone, Debug)]
struct Source {
    /// Without leading `./` and trailing `/`; empty for the repository's root.
    path: String,
    /// Whether folders below are read too, whoever else reads them.
    recurses: bool,
    application: Str,
}

impl Applications {
    /// Takes in an object; what is no Application is passed over. Returns whether it is one.
    pub fn add(&mut self, object: &Value) -> bool {
        let group = object.str_at(&["apiVersion"]).and_then(|v| v.split_once('/')).map(|(group, _)| group);
        if group != Some("argoproj.io") || object.str_at(&["kind"]) != Some("Application") {
            return false;
        }
        let application: Str = object.str_at(&["metadata", "name"]).unwrap_or_default().into();
        let several = object.at(&["spec", "sources"]).and_then(Value::as_list).unwrap_or_default();
        for source in object.at(&["spec", "source"]).into_iter().chain(several) {
            // A chart has no path, and a source that only lends values files has none either.
            if let Some(path) = source.str_at(&["path"]).filter(|path| !path.is_empty()) {
                let recurses = source.at(&["directory", "recurse"]).and_then(Value::as_bool).unwrap_or_default();
                let application = application.clone();
                self.sources.push(Source { path: plain(path).to_owned(), recurses, application });
            }
        }
        true
    }

    /// The Applications whose sources cover the file's folder, by name: those with the longest path,
    /// and those that recurse. The repository's root may lie anywhere above: a path is looked for in
    /// the middle of the folder too, and a source that is the root itself covers what no other does.
    #[must_use]
    pub fn of_file(&self, file: &str) -> Vec<Str> {
        let slashed = format!("/{}/", folder(file));
        let covers = |source: &&Source| source.path.is_empty() || slashed.contains(&format!("/{}/", source.path));
        let longest = self.sources.iter().filter(covers).map(|source| source.path.len()).max();
        let near = |source: &&Source| Some(source.path.len()) == longest || source.recurses && !source.path.is_empty();
        let mut names: Vec<Str> =
            self.sources.iter().filter(covers).filter(near).map(|source| source.application.clone()).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The Applications of an object in a file: its tracking annotation, else those that cover the
    /// file, else its instance label, else the folder as if it were one; none for a file outside any
    /// folder.
    #[must_use]
    pub fn of_object(&self, object: &Value, file: &str) -> Vec<Str> {
        if let Some(name) = tracked(object) {
            return vec![name];
        }
        let names = self.of_file(file);
        if !names.is_empty() {
            return names;
        }
        let folder = || Some(Str::from(folder(file))).filter(|folder| !folder.is_empty());
        labelled(object).or_else(folder).into_iter().collect()
    }
}

fn folder(file: &str) -> &str {
    plain(file.rsplit_once('/').map_or("", |(folder, _)| folder))
}

fn plain(path: &str) -> &str {
    let path = path.trim_start_matches("./").trim_matches('/');
    if path == "." { "" } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::yaml;

    fn read(text: &str) -> Value {
        yaml::read(text, &yaml::Limits::default()).expect("YAML").swap_remove(0).value
    }

    fn applications(all: &[(&str, &str)]) -> Applications {
        let mut applications = Applications::default();
        for (name, spec) in all {
            let head = "apiVersion: argoproj.io/v1alpha1, kind: Application";
            assert!(applications.add(&read(&format!("{{{head}, metadata: {{name: {name}}}, spec: {spec}}}"))));
        }
        applications
    }

    #[test]
    fn the_longest_covering_path_names_the_application() {
        let applications =
            applications(&[("shop", "{source: {path: apps/shop/}}"), ("cart", "{source: {path: ./apps/shop/cart}}")]);
        for (file, want) in [
            ("apps/shop/web.yaml", vec!["shop"]),
            ("repo/apps/shop/cart/a/b.yaml", vec!["cart"]),
            ("./apps/shopping/web.yaml", vec![]),
            ("web.yaml", vec![]),
        ] {
            assert_eq!(applications.of_file(file), want, "{file}");
        }
        assert_eq!(applications.of_object(&Value::Null, "./apps/shopping/web.yaml"), ["apps/shopping"]);
        assert!(applications.of_object(&Value::Null, "web.yaml").is_empty());
        assert!(!Applications::default().add(&read("{kind: Application}")));
    }

    #[test]
    fn every_application_that_covers_a_file_is_named() {
        let applications = applications(&[
            ("shop-prod", "{source: {path: apps/shop}}"),
            ("shop-dev", "{source: {path: apps/shop}}"),
            ("everything", "{source: {path: apps, directory: {recurse: true}}}"),
            ("root", "{source: {path: .}}"),
            ("both", "{sources: [{chart: nginx}, {ref: values}, {path: infra}, {path: apps/shop/extra}]}"),
        ]);
        for (file, want) in [
            ("apps/shop/web.yaml", vec!["everything", "shop-dev", "shop-prod"]),
            ("apps/shop/extra/web.yaml", vec!["both", "everything"]),
            ("infra/a.yaml", vec!["both"]),
            ("other/a.yaml", vec!["root"]),
            ("a.yaml", vec!["root"]),
        ] {
            assert_eq!(applications.of_file(file), want, "{file}");
        }
    }

    #[test]
    fn what_argo_cd_wrote_on_an_object_comes_first_and_a_label_before_the_folder() {
        let applications = applications(&[("shop", "{source: {path: apps/shop}}")]);
        let of = |metadata: &str, file: &str| applications.of_object(&read(&format!("{{metadata: {metadata}}}")), file);
        let tracked = "{annotations: {argocd.argoproj.io/tracking-id: 'web:apps/Deployment:shop/web'}}";
        assert_eq!(of(tracked, "apps/shop/a.yaml"), ["web"]);
        let elsewhere = "{annotations: {argocd.argoproj.io/tracking-id: 'teams_web:apps/Deployment:shop/web'}}";
        assert_eq!(of(elsewhere, "a.yaml"), ["teams/web"]);
        let labelled = "{labels: {app.kubernetes.io/instance: release}}";
        assert_eq!(of(labelled, "apps/shop/a.yaml"), ["shop"]);
        assert_eq!(of(labelled, "apps/bank/a.yaml"), ["release"]);
    }
}

//! Which Argo CD Application a file belongs to: by the Application manifests at hand, else by its
//! folder.

use crate::document::{Str, Value};

/// The Applications at hand, by the path their sources name in the repository.
#[derive(Clone, Debug, Default)]
pub struct Applications {
    /// Source path without leading `./` and trailing `/`, and the Application's name.
    by_path: Vec<(String, Str)>,
}

impl Applications {
    /// Takes in an object; what is no Application is passed over. Returns whether it is one.
    pub fn add(&mut self, object: &Value) -> bool {
        let group = object.str_at(&["apiVersion"]).and_then(|v| v.split_once('/')).map(|(group, _)| group);
        if group != Some("argoproj.io") || object.str_at(&["kind"]) != Some("Application") {
            return false;
        }
        let name = object.str_at(&["metadata", "name"]).unwrap_or_default();
        let sources = object.at(&["spec", "sources"]).and_then(Value::as_list).unwrap_or_default();
        for source in object.at(&["spec", "source"]).into_iter().chain(sources) {
            if let Some(path) = source.str_at(&["path"]).map(plain).filter(|path| !path.is_empty()) {
                self.by_path.push((path.to_owned(), name.into()));
            }
        }
        true
    }

    /// The Application whose source covers the file's folder (the longest path that does), else the
    /// folder itself. A file outside any folder has none. The repository's root may lie anywhere
    /// above: a source path is looked for in the middle of the folder too.
    #[must_use]
    pub fn of_file(&self, file: &str) -> Str {
        let folder = plain(file.rsplit_once('/').map_or("", |(folder, _)| folder));
        let slashed = format!("/{folder}/");
        let covering = self.by_path.iter().filter(|(path, _)| slashed.contains(&format!("/{path}/")));
        covering.max_by_key(|(path, _)| path.len()).map_or_else(|| folder.into(), |(_, name)| name.clone())
    }
}

fn plain(path: &str) -> &str {
    path.trim_start_matches("./").trim_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn application(name: &str, path: &str) -> Value {
        Value::from([
            ("apiVersion", Value::from("argoproj.io/v1alpha1")),
            ("kind", "Application".into()),
            ("metadata", Value::from([("name", Value::from(name))])),
            ("spec", Value::from([("source", Value::from([("path", Value::from(path))]))])),
        ])
    }

    #[test]
    fn the_longest_covering_path_names_the_application() {
        let mut applications = Applications::default();
        assert!(applications.add(&application("shop", "apps/shop/")));
        assert!(applications.add(&application("cart", "./apps/shop/cart")));
        assert!(!applications.add(&Value::from([("kind", Value::from("Application"))])));
        for (file, want) in [
            ("apps/shop/web.yaml", "shop"),
            ("repo/apps/shop/cart/a/b.yaml", "cart"),
            ("./apps/shopping/web.yaml", "apps/shopping"),
            ("web.yaml", ""),
        ] {
            assert_eq!(applications.of_file(file), want, "{file}");
        }
    }
}

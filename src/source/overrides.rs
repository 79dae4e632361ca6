//! `.argocd-source.yaml` and `.argocd-source-<application>.yaml`: Argo CD merges them over the source
//! that the Application gives, `plugin` included, before it chooses the plugin (chapter 80 §0.2). A
//! committer can so name another plugin, or none; the Application does not show it. When the file has
//! done so, no plugin of ours is asked: here it is refused wherever it can still be seen.

use crate::document::{Pointer, Value, yaml};

use super::error::{Fault, SourceError};
use super::files::{EntryKind, Files, join};
use super::{Limits, directory};

/// Refuses override files in `directory` that change the plugin, but for the fields of its block that
/// are `allowed`. Those of
/// other applications count too: of an application that such a file has taken away nobody asks us.
///
/// # Errors
/// The first file, in the order of names, that changes the plugin, or that cannot be read.
pub fn check(files: &dyn Files, directory: &str, allowed: &[&str], limits: &Limits) -> Result<(), SourceError> {
    let entries =
        files.entries(directory, limits.files).map_err(|fault| SourceError::of("", directory::of_file(fault, 0)))?;
    let is_override = |name: &str| name.starts_with(".argocd-source") && name.ends_with(".yaml");
    let mut found: Vec<_> = entries.into_iter().filter(|e| is_override(&e.name)).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    for entry in found {
        match entry.kind {
            EntryKind::File { .. } => one(files, directory, &entry.name, allowed, limits)?,
            // Argo CD passes over them as well.
            EntryKind::Directory | EntryKind::LinkToDirectory | EntryKind::LinkBroken => {}
            EntryKind::LinkOutside => return Err(SourceError::of(entry.name, Fault::LinkOutside)),
            EntryKind::Special => return Err(SourceError::of(entry.name, Fault::Special)),
            EntryKind::NotUtf8 => return Err(SourceError::of(entry.name, Fault::NameNotUtf8)),
        }
    }
    Ok(())
}

fn one(files: &dyn Files, directory: &str, name: &str, allowed: &[&str], limits: &Limits) -> Result<(), SourceError> {
    let text = directory::text_of(files, &join(directory, name), name, limits.file_bytes)?;
    let documents =
        yaml::read(&text, &limits.yaml()).map_err(|e| SourceError::at(name, e.position, Fault::Yaml(e.problem)))?;
    // Argo CD reads the first document; none may change the plugin.
    for (index, document) in documents.iter().enumerate() {
        if let Some((key, path)) = changed(&document.value, allowed) {
            let path: Pointer = path.into_iter().map(Into::into).collect();
            let position = yaml::locate(&text, index, &path).unwrap_or(document.start);
            return Err(SourceError::at(name, position, Fault::PluginOverride { key }));
        }
    }
    Ok(())
}

/// The first change of the plugin that is not allowed, as people write it, and its place.
fn changed<'v>(value: &'v Value, allowed: &[&str]) -> Option<(String, Vec<&'v str>)> {
    for (key, block) in value.as_map()?.iter() {
        // Argo CD reads the merged source with Go's JSON reader, to which case means nothing.
        if !key.eq_ignore_ascii_case("plugin") {
            continue;
        }
        let Some(fields) = block.as_map().filter(|_| !allowed.is_empty()) else {
            return Some((key.to_string(), vec![key]));
        };
        if let Some((field, _)) = fields.iter().find(|(field, _)| !allowed.contains(&field.as_str())) {
            return Some((format!("{key}.{field}"), vec![key, field]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemoryFiles;

    fn said(name: &str, text: &str, allowed: &[&str]) -> Option<String> {
        let files = MemoryFiles::new([(format!("app/{name}"), text)]);
        check(&files, "app", allowed, &Limits::default()).err().map(|e| e.to_string())
    }

    #[test]
    fn a_plugin_key_is_refused_in_whatever_case() {
        for (text, expected) in [
            ("plugin: {name: other}\n", ".argocd-source.yaml:1: 'plugin' would switch or change the plugin"),
            ("helm: {}\nplugin:\n  name: \"\"\n", ".argocd-source.yaml:2: 'plugin' would"),
            ("plugin: null\n", ".argocd-source.yaml:1: 'plugin' would"),
            ("plugin: {}\n", ".argocd-source.yaml:1: 'plugin' would"),
            ("Plugin: {env: []}\n", ".argocd-source.yaml:1: 'Plugin' would"),
            ("{\"pluGin\": {\"name\": \"x\"}}\n", ".argocd-source.yaml:1: 'pluGin' would"),
            ("helm: {}\n---\nplugin: {name: x}\n", ".argocd-source.yaml:3: 'plugin' would"),
            ("x: &x {plugin: {name: y}}\n<<: *x\n", ".argocd-source.yaml:"),
            ("plugin: [\n", ".argocd-source.yaml:"),
        ] {
            let said = said(".argocd-source.yaml", text, &[]).unwrap_or_default();
            assert!(said.starts_with(expected), "{text}: {said}");
        }
        for harmless in
            ["", "# nothing\n", "helm: {parameters: []}\n", "kustomize: {images: [a=b:1]}\n", "plugins: {}\n"]
        {
            assert_eq!(said(".argocd-source.yaml", harmless, &[]), None, "{harmless}");
        }
    }

    #[test]
    fn files_of_all_applications_count_and_of_this_directory_only() {
        let plugin = "plugin: {name: other}\n";
        assert!(
            said(".argocd-source-shop.yaml", plugin, &[])
                .is_some_and(|s| s.starts_with(".argocd-source-shop.yaml:1: "))
        );
        for other in ["argocd-source.yaml", ".argocd-source.yml", "deep/.argocd-source.yaml"] {
            assert_eq!(said(other, plugin, &[]), None, "{other}");
        }
    }

    #[test]
    fn an_operator_may_allow_env_and_parameters_never_the_name() {
        let all = ["env", "parameters"];
        let name = ".argocd-source.yaml";
        assert_eq!(said(name, "plugin: {env: [{name: A, value: b}], parameters: []}\n", &all), None);
        for (text, field) in [
            ("plugin: {name: rendergate@v1}\n", "plugin.name"),
            ("plugin: {env: [], Name: x}\n", "plugin.Name"),
            ("plugin: {Env: []}\n", "plugin.Env"),
            ("plugin: null\n", "plugin"),
        ] {
            let said = said(name, text, &all).unwrap_or_default();
            assert!(said.contains(&format!("'{field}' would switch or change the plugin")), "{said}");
        }
        assert!(said(name, "plugin: {parameters: []}\n", &all[..1]).is_some());
    }

    #[test]
    fn what_is_no_file_of_the_tree_is_never_opened() {
        let files = MemoryFiles::default().with(".argocd-source.yaml", EntryKind::LinkOutside);
        assert!(check(&files, "", &[], &Limits::default()).is_err());
        let files = MemoryFiles::new([("a", "")]).with(".argocd-source.yaml", EntryKind::LinkBroken);
        assert!(check(&files, "", &[], &Limits::default()).is_ok());
    }
}

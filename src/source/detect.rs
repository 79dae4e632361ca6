//! Which renderer a directory asks for by what it holds, as Argo CD tells.

use crate::config::render::Renderer;

use super::error::{Fault, SourceError};
use super::files::{FileFault, Files};
use super::{helm, kustomize};

/// The renderer that `directory` asks for: a chart's, a kustomization's, else none, jsonnet among plain manifests.
///
/// # Errors
/// A chart and a kustomization side by side: in Argo CD the later name wins, here somebody must say.
pub fn detect(files: &dyn Files, directory: &str, most: usize) -> Result<Renderer, SourceError> {
    let entries = files.entries(directory, most).map_err(|fault| {
        let words = match fault {
            FileFault::System(words) => words,
            _ => "there is no such directory".to_owned(),
        };
        SourceError::of("", Fault::Unreadable(words))
    })?;
    let kinds: Vec<_> = entries.iter().filter_map(|e| renderer_of(&e.name)).collect();
    match (kinds.contains(&Renderer::Helm), kinds.contains(&Renderer::Kustomize)) {
        (true, true) => Err(SourceError::of("", Fault::TwoRenderers)),
        (true, false) => Ok(Renderer::Helm),
        (false, true) => Ok(Renderer::Kustomize),
        (false, false) => Ok(Renderer::Plain),
    }
}

/// The renderer that a directory asks for by holding a file of this name.
#[must_use]
pub fn renderer_of(name: &str) -> Option<Renderer> {
    match name {
        helm::NAME => Some(Renderer::Helm),
        name if kustomize::NAMES.contains(&name) => Some(Renderer::Kustomize),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::MemoryFiles;
    use super::*;

    #[test]
    fn by_exact_name_in_the_directory_itself() {
        for (path, expected) in [
            ("a/Chart.yaml", Ok(Renderer::Helm)),
            ("a/kustomization.yml", Ok(Renderer::Kustomize)),
            ("a/Kustomization", Ok(Renderer::Kustomize)),
            ("a/chart.yaml", Ok(Renderer::Plain)),
            ("a/b/Chart.yaml", Ok(Renderer::Plain)),
        ] {
            assert_eq!(detect(&MemoryFiles::new([(path, "")]), "a", 100), expected, "{path}");
        }
        let both = MemoryFiles::new([("Chart.yaml", ""), ("kustomization.yaml", "")]);
        assert_eq!(detect(&both, "", 100).unwrap_err().fault, Fault::TwoRenderers);
        assert!(detect(&both, "gone", 100).is_err());
    }
}

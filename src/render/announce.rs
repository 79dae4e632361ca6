//! What is announced of one application: see [`crate::config::announcements`].

use crate::config::announcements::{Announcement, announcements as of_renderer};
use crate::source::{Files, detect};

use super::own::Own;

/// How many names of a directory are looked at to tell its renderer.
const MOST: usize = 20_000;

/// The announcements for the application in `directory`; `digest` is [`crate::operator::Bundle::digest`].
///
/// # Errors
/// An application's own configuration that cannot be read, or a directory that is not there.
pub fn announcements(files: &dyn Files, directory: &str, digest: &str) -> Result<Vec<Announcement>, String> {
    let own = Own::find(files, directory)?.configuration;
    let renderer = match own.render.renderer {
        Some(renderer) => renderer,
        None => detect(files, directory, MOST).map_err(|e| e.to_string())?,
    };
    Ok(of_renderer(digest, renderer, &own.render))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemoryFiles;

    #[test]
    fn the_digest_and_the_options_of_what_the_directory_holds() {
        let files = MemoryFiles::new([("a/Chart.yaml", "name: a"), ("b/x.yaml", ""), ("c/kustomization.yaml", "")]);
        let of = |directory| announcements(&files, directory, "0123").unwrap();
        assert_eq!(of("a")[0].string, "0123");
        let has = |list: &[Announcement], prefix: &str| list.iter().any(|a| a.name.starts_with(prefix));
        assert!(has(&of("a"), "helm.") && !has(&of("a"), "directory."));
        assert!(has(&of("b"), "directory.") && !has(&of("b"), "helm."));
        assert!(has(&of("c"), "kustomize.") && !has(&of("c"), "helm."));
    }
}

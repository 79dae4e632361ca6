//! What is announced of one application: see [`crate::config::announcements`].

use crate::config::announcements::{Announcement, announcements as of_renderer};
use crate::config::render::Renderer;
use crate::source::{Detected, Files, detect};

use super::own::Own;

/// How many names of a directory are looked at to tell its renderer.
const MOST: usize = 20_000;

/// The policies in force.
#[derive(Clone, Copy, Debug)]
pub struct Policies<'a> {
    /// [`crate::operator::Bundle::digest`].
    pub digest: &'a str,
    /// How many; `None` where the application's section cannot be told.
    pub count: Option<usize>,
}

/// The announcements for the application in `directory`.
///
/// # Errors
/// An application's own configuration that cannot be read, or a directory that is not there.
pub fn announcements(files: &dyn Files, directory: &str, policies: &Policies) -> Result<Vec<Announcement>, String> {
    let own = Own::find(files, directory)?.configuration;
    let renderer = match own.render.renderer {
        Some(renderer) => renderer,
        None => match detect(files, directory, MOST).map_err(|e| e.to_string())? {
            Detected::Plain => Renderer::Plain,
            Detected::Kustomize => Renderer::Kustomize,
            Detected::Helm => Renderer::Helm,
        },
    };
    let text = match policies.count {
        Some(count) => format!("sha256:{} ({count} policies)", policies.digest),
        None => format!("sha256:{}", policies.digest),
    };
    Ok(of_renderer(&text, renderer, &own.render))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemoryFiles;

    #[test]
    fn the_digest_and_the_options_of_what_the_directory_holds() {
        let files = MemoryFiles::new([("a/Chart.yaml", "name: a"), ("b/x.yaml", ""), ("c/kustomization.yaml", "")]);
        let of = |directory| announcements(&files, directory, &Policies { digest: "0", count: Some(3) }).unwrap();
        assert_eq!(of("a")[0].string, "sha256:0 (3 policies)");
        let has = |list: &[Announcement], prefix: &str| list.iter().any(|a| a.name.starts_with(prefix));
        assert!(has(&of("a"), "helm.") && !has(&of("a"), "directory."));
        assert!(has(&of("b"), "directory.") && !has(&of("b"), "helm."));
        assert!(has(&of("c"), "kustomize.") && !has(&of("c"), "helm."));
    }
}

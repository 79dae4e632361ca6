//! Trees that another renderer must read: refused until that renderer is here, because reading their
//! parts as plain manifests would gate something else than what is synced.

use super::error::Fault;

/// The renderer that a directory asks for by holding a file of this name, as Argo CD tells (the
/// names are those of its detection).
#[must_use]
pub fn renderer_of(name: &str) -> Option<Fault> {
    match name {
        "Chart.yaml" => Some(Fault::Helm),
        "kustomization.yaml" | "kustomization.yml" | "Kustomization" => Some(Fault::Kustomize),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_exact_name() {
        assert_eq!(renderer_of("Chart.yaml"), Some(Fault::Helm));
        assert_eq!(renderer_of("Kustomization"), Some(Fault::Kustomize));
        assert_eq!(renderer_of("chart.yaml"), None);
    }
}

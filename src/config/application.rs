//! [`Application`]: what Argo CD tells a plugin about the application it renders (chapter 80 §5).

/// The build environment Argo CD hands down. Only variables that a committer cannot write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Application {
    /// `ARGOCD_APP_NAME`: the instance name, `<namespace>_<name>` outside Argo CD's own namespace.
    pub name: Option<String>,
    /// `ARGOCD_APP_NAMESPACE`: the *destination* namespace; may be empty.
    pub namespace: Option<String>,
    /// `ARGOCD_APP_PROJECT_NAME`, from Argo CD 3.0 on.
    pub project: Option<String>,
    /// `ARGOCD_APP_SOURCE_REPO_URL`.
    pub repository: Option<String>,
    /// `ARGOCD_APP_SOURCE_PATH`, relative to the repository.
    pub path: Option<String>,
    /// `ARGOCD_APP_REVISION`: a resolved commit, chart version or digest.
    pub revision: Option<String>,
}

impl Application {
    /// Reads the variables; an empty one counts as absent.
    pub fn from_environment(get: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| get(name).filter(|value| !value.is_empty());
        Self {
            name: get("ARGOCD_APP_NAME"),
            namespace: get("ARGOCD_APP_NAMESPACE"),
            project: get("ARGOCD_APP_PROJECT_NAME"),
            repository: get("ARGOCD_APP_SOURCE_REPO_URL"),
            path: get("ARGOCD_APP_SOURCE_PATH"),
            revision: get("ARGOCD_APP_REVISION"),
        }
    }

    /// Whether Argo CD runs this render.
    #[must_use]
    pub fn is_render(&self) -> bool {
        self.name.is_some()
    }

    /// The namespace of objects that name none.
    #[must_use]
    pub fn default_namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or("default")
    }

    /// The commit in at most seven characters; other revisions (chart versions) whole.
    #[must_use]
    pub fn short_revision(&self) -> Option<&str> {
        let revision = self.revision.as_deref()?;
        let is_commit = revision.len() >= 40 && revision.bytes().all(|b| b.is_ascii_hexdigit());
        Some(if is_commit { &revision[..7] } else { revision })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_variables_are_absent() {
        let app = Application::from_environment(|name| match name {
            "ARGOCD_APP_NAME" => Some("shop".to_owned()),
            "ARGOCD_APP_NAMESPACE" => Some(String::new()),
            "ARGOCD_APP_REVISION" => Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
            _ => None,
        });
        assert!(app.is_render());
        assert_eq!((app.default_namespace(), app.short_revision()), ("default", Some("0123456")));
        let chart = Application { revision: Some("1.2.3".to_owned()), ..Application::default() };
        assert_eq!(chart.short_revision(), Some("1.2.3"));
    }
}

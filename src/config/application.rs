//! [`Application`]: what Argo CD tells a plugin about the application it renders (chapter 80 §5).

/// The build environment Argo CD hands down. Only variables that a committer cannot write: plugin
/// parameters, which a committer can, are in [`super::BuildEnvironment`].
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
    /// `ARGOCD_APP_SOURCE_TARGET_REVISION`: the branch, tag or range as the Application names it.
    pub target_revision: Option<String>,
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
            target_revision: get("ARGOCD_APP_SOURCE_TARGET_REVISION"),
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

    /// The name without the namespace that Argo CD puts before the names of applications outside its own.
    #[must_use]
    pub fn bare_name(&self) -> Option<&str> {
        self.name.as_deref().map(|name| name.split_once('_').map_or(name, |(_, bare)| bare))
    }

    /// `text` with the variables of the build environment, as Argo CD replaces them in the options of
    /// its own renderers. Nothing else of the environment is ever seen.
    #[must_use]
    pub fn expand(&self, text: &str) -> String {
        super::expand::expand(text, |name| self.variable(name))
    }

    fn variable(&self, name: &str) -> Option<String> {
        let short = |length: usize| self.revision.as_deref().map(|r| r.get(..length).unwrap_or(r).to_owned());
        match name {
            "ARGOCD_APP_NAME" => self.name.clone(),
            "ARGOCD_APP_NAMESPACE" => self.namespace.clone(),
            "ARGOCD_APP_PROJECT_NAME" => self.project.clone(),
            "ARGOCD_APP_REVISION" => self.revision.clone(),
            "ARGOCD_APP_REVISION_SHORT" => short(7),
            "ARGOCD_APP_REVISION_SHORT_8" => short(8),
            "ARGOCD_APP_SOURCE_REPO_URL" => self.repository.clone(),
            "ARGOCD_APP_SOURCE_PATH" => self.path.clone(),
            "ARGOCD_APP_SOURCE_TARGET_REVISION" => self.target_revision.clone(),
            _ => None,
        }
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

    #[test]
    fn only_the_build_environment_is_replaced() {
        let app = Application {
            name: Some("team-a_shop".to_owned()),
            revision: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
            ..Application::default()
        };
        assert_eq!(app.bare_name(), Some("shop"));
        assert_eq!(app.expand("$ARGOCD_APP_NAME:${ARGOCD_APP_REVISION_SHORT_8}"), "team-a_shop:01234567");
        assert_eq!(app.expand("[$ARGOCD_ENV_X$PARAM_X$PATH]"), "[]");
    }
}

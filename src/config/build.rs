//! [`BuildEnvironment`]: all that Argo CD says of one render (chapter 80 §5).

use super::Application;

/// All that Argo CD says of one render. [`Application`] is what a committer cannot write; the parameters
/// are the committer's: they may say how a tree is rendered, never how it is judged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildEnvironment {
    /// The application.
    pub application: Application,
    /// `ARGOCD_APP_PARAMETERS`: a JSON list of parameters, or `null`.
    pub parameters: Option<String>,
    /// `KUBE_VERSION`.
    pub kube_version: Option<String>,
    /// `KUBE_API_VERSIONS`: `group/version` and `group/version/Kind`.
    pub api_versions: Vec<String>,
}

impl BuildEnvironment {
    /// Reads the variables; an empty one counts as absent.
    pub fn from_variables(get: impl Fn(&str) -> Option<String>) -> Self {
        let given = |name: &str| get(name).filter(|value| !value.is_empty());
        let api_versions = given("KUBE_API_VERSIONS").unwrap_or_default();
        Self {
            application: Application::from_environment(&get),
            parameters: given("ARGOCD_APP_PARAMETERS"),
            kube_version: given("KUBE_VERSION"),
            api_versions: api_versions.split(',').map(str::trim).filter(|v| !v.is_empty()).map(str::to_owned).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_variables_of_argo_cd_are_read() {
        let build = BuildEnvironment::from_variables(|name| match name {
            "ARGOCD_APP_NAME" => Some("shop".to_owned()),
            "ARGOCD_APP_PARAMETERS" => Some("null".to_owned()),
            "KUBE_VERSION" => Some(String::new()),
            "KUBE_API_VERSIONS" => Some("v1,apps/v1, apps/v1/Deployment,".to_owned()),
            other if other.starts_with("ARGOCD_ENV_") || other.starts_with("PARAM_") => panic!("{other} was read"),
            _ => None,
        });
        assert_eq!(build.application.name.as_deref(), Some("shop"));
        assert_eq!((build.parameters.as_deref(), build.kube_version), (Some("null"), None));
        assert_eq!(build.api_versions, ["v1", "apps/v1", "apps/v1/Deployment"]);
    }
}

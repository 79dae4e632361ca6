//! [`RenderConfiguration`]: an application's own `.rendergate.yaml`. It can only tighten.

use serde::Deserialize;

use crate::document::{Pointer, Str, Value};

use super::error::{ConfigError, Text};
use super::gate::PathEntry;

/// What an application says of its own render.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RenderConfiguration {
    #[serde(rename = "apiVersion")]
    _api_version: Str,
    #[serde(rename = "kind")]
    _kind: Str,
    #[serde(rename = "metadata", default)]
    _metadata: Option<Value>,
    /// How the tree is rendered.
    #[serde(default)]
    pub render: Render,
    /// The application's own policies: validate rules only, shown as `repo/NAME`.
    #[serde(default)]
    pub policies: Vec<PathEntry>,
    /// Policies (wildcards allowed) whose violations block here even where they are only audited.
    #[serde(default)]
    pub enforce: Vec<Str>,
}

/// How a tree is rendered.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Render {
    /// The renderer; by what the directory holds if absent.
    #[serde(rename = "type")]
    pub renderer: Option<Renderer>,
    /// For plain directories.
    pub plain: Option<Plain>,
    /// For charts.
    pub helm: Option<Helm>,
    /// For kustomizations.
    pub kustomize: Option<Kustomize>,
    /// For jsonnet.
    pub jsonnet: Option<Jsonnet>,
}

/// The renderers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Renderer {
    /// Manifests as they are.
    Plain,
    /// `kustomize build`.
    Kustomize,
    /// `helm template`.
    Helm,
    /// Jsonnet.
    Jsonnet,
}

/// As `spec.source.directory` of an Argo CD Application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plain {
    /// Whether sub-directories are read.
    #[serde(default)]
    pub recurse: bool,
    /// Only paths that match this glob.
    pub include: Option<String>,
    /// No paths that match this glob.
    pub exclude: Option<String>,
}

/// As `spec.source.helm` of an Argo CD Application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Helm {
    /// The release's name.
    pub release_name: Option<String>,
    /// Value files inside the tree.
    #[serde(default)]
    pub value_files: Vec<String>,
    /// Single values.
    #[serde(default)]
    pub parameters: Vec<HelmParameter>,
}

/// One value for a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HelmParameter {
    /// The value's path.
    pub name: String,
    /// The value.
    pub value: String,
    /// Whether it is text whatever it looks like.
    #[serde(default)]
    pub force_string: bool,
}

/// As `spec.source.kustomize` of an Argo CD Application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Kustomize {
    /// Image overrides.
    #[serde(default)]
    pub images: Vec<String>,
    /// Prefix of every name.
    #[serde(default)]
    pub name_prefix: String,
    /// Components inside the tree.
    #[serde(default)]
    pub components: Vec<String>,
}

/// As `spec.source.directory.jsonnet` of an Argo CD Application.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Jsonnet {
    /// Import paths inside the tree.
    #[serde(default)]
    pub libraries: Vec<String>,
    /// External variables.
    #[serde(default)]
    pub external_variables: crate::document::Map,
    /// Top-level arguments.
    #[serde(default)]
    pub top_level_arguments: crate::document::Map,
}

/// Keys of the gate's configuration that would loosen it: said plainly rather than as a typing error.
const OPERATORS_KEYS: [&str; 11] = [
    "allowEmpty",
    "enforcement",
    "exceptions",
    "facts",
    "generated",
    "limits",
    "minimumPolicies",
    "onDeferred",
    "onRuleError",
    "overrides",
    "sections",
];

impl RenderConfiguration {
    /// Reads an application's file; `file` is its name in errors.
    ///
    /// # Errors
    /// [`ConfigError`], with file and line.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigError> {
        let text = Text::read(file, text, "RenderConfiguration")?;
        for key in OPERATORS_KEYS {
            if text.value().get(key).is_some() {
                let message = format!(
                    "'{key}' belongs to the gate's own configuration: an application's file can only tighten, with 'policies' and 'enforce'"
                );
                return Err(text.error(&Pointer::root().with(key), message));
            }
        }
        let config: Self = text.typed()?;
        let render = &config.render;
        let given = [
            (Renderer::Plain, render.plain.is_some(), "plain"),
            (Renderer::Kustomize, render.kustomize.is_some(), "kustomize"),
            (Renderer::Helm, render.helm.is_some(), "helm"),
            (Renderer::Jsonnet, render.jsonnet.is_some(), "jsonnet"),
        ];
        let mut wanted = render.renderer;
        for (renderer, present, name) in given {
            if !present {
                continue;
            }
            match wanted {
                Some(other) if other != renderer => {
                    let message = format!("'{name}' contradicts the renderer chosen before: only one is allowed");
                    return Err(text.error(&Pointer::root().with("render").with(name), message));
                }
                _ => wanted = Some(renderer),
            }
        }
        let renderer = wanted;
        Ok(Self { render: Render { renderer, ..config.render }, ..config })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(rest: &str) -> Result<RenderConfiguration, String> {
        let text = format!("apiVersion: rendergate.dev/v1alpha1\nkind: RenderConfiguration\n{rest}");
        RenderConfiguration::parse(".rendergate.yaml", &text).map_err(|e| e.to_string())
    }

    #[test]
    fn every_documented_key_is_read() {
        let config = parse(
            "render:\n  plain: {recurse: true, include: '*.yaml', exclude: 'ci/**'}\npolicies: [{path: p/}]\nenforce: [a]\n",
        );
        let config = config.unwrap();
        assert_eq!(config.render.renderer, Some(Renderer::Plain));
        assert!(config.render.plain.unwrap().recurse);
        let helm = parse(
            "render:\n  type: helm\n  helm: {releaseName: shop, valueFiles: [v.yaml], parameters: [{name: a, value: '1', forceString: true}]}\n",
        );
        assert_eq!(helm.unwrap().render.renderer, Some(Renderer::Helm));
        assert!(parse("render:\n  kustomize: {images: [a=b], namePrefix: '', components: []}\n").is_ok());
        assert!(
            parse("render:\n  jsonnet: {libraries: [v], externalVariables: {e: p}, topLevelArguments: {}}\n").is_ok()
        );
    }

    #[test]
    fn it_cannot_loosen() {
        let error = parse("enforcement: audit\n").unwrap_err();
        assert!(
            error.starts_with(".rendergate.yaml:3: 'enforcement' belongs to the gate's own configuration"),
            "{error}"
        );
        let error = parse("policys: []\n").unwrap_err();
        assert!(error.contains("did you mean 'policies'?"), "{error}");
        let error = parse("render:\n  type: helm\n  plain: {}\n").unwrap_err();
        assert!(error.starts_with(".rendergate.yaml:5: 'plain' contradicts"), "{error}");
    }
}

//! [`RenderConfiguration`]: an application's own `.rendergate.yaml`. It can only tighten.

use serde::Deserialize;

use crate::document::{Map, Pointer, Str, Value};

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
    /// The release's name; the application's if absent.
    pub release_name: Option<String>,
    /// The namespace to render for; the destination's if absent.
    pub namespace: Option<String>,
    /// Value files inside the checkout: relative to the chart, or to the checkout behind a leading `/`.
    #[serde(default)]
    pub value_files: Vec<String>,
    /// Whether value files that are not there are left out.
    #[serde(default)]
    pub ignore_missing_value_files: bool,
    /// Values as YAML, after the value files.
    pub values: Option<String>,
    /// Single values, after `values`.
    #[serde(default)]
    pub parameters: Vec<HelmParameter>,
    /// Single values that are the contents of files inside the checkout.
    #[serde(default)]
    pub file_parameters: Vec<HelmFileParameter>,
    /// The Kubernetes version a chart sees; the destination's if absent.
    pub kube_version: Option<String>,
    /// The API versions a chart sees; the destination's if empty.
    #[serde(default)]
    pub api_versions: Vec<String>,
    /// Whether the chart's CRDs are left out.
    #[serde(default)]
    pub skip_crds: bool,
    /// Whether the chart's test hooks are left out.
    #[serde(default)]
    pub skip_tests: bool,
    /// Whether values are not held against the chart's schema.
    #[serde(default)]
    pub skip_schema_validation: bool,
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

/// One value for a chart that is a file's content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HelmFileParameter {
    /// The value's path.
    pub name: String,
    /// The file, as in [`Helm::value_files`].
    pub path: String,
}

/// As `spec.source.kustomize` of an Argo CD Application.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Kustomize {
    /// Image overrides: `name=new:tag`, `name:tag`, `name@digest`.
    #[serde(default)]
    pub images: Vec<String>,
    /// Prefix of every name; the kustomization's own if empty.
    #[serde(default)]
    pub name_prefix: String,
    /// Suffix of every name; the kustomization's own if empty.
    #[serde(default)]
    pub name_suffix: String,
    /// The namespace of everything; the kustomization's own if empty.
    #[serde(default)]
    pub namespace: String,
    /// Components inside the checkout.
    #[serde(default)]
    pub components: Vec<String>,
    /// Whether components that are not there are left out.
    #[serde(default)]
    pub ignore_missing_components: bool,
    /// Labels of everything.
    #[serde(default)]
    pub common_labels: Map,
    /// Whether these labels stay out of selectors.
    #[serde(default)]
    pub label_without_selector: bool,
    /// Whether labels that stay out of selectors go into pod templates.
    #[serde(default)]
    pub label_include_templates: bool,
    /// Whether labels may replace those of the kustomization.
    #[serde(default)]
    pub force_common_labels: bool,
    /// Annotations of everything.
    #[serde(default)]
    pub common_annotations: Map,
    /// Whether annotations may replace those of the kustomization.
    #[serde(default)]
    pub force_common_annotations: bool,
    /// Whether variables in annotations are replaced.
    #[serde(default)]
    pub common_annotations_envsubst: bool,
    /// Numbers of replicas by name.
    #[serde(default)]
    pub replicas: Vec<Replicas>,
    /// Patches, as in a kustomization; after its own.
    #[serde(default)]
    pub patches: Vec<Value>,
}

impl Kustomize {
    /// Whether the kustomization is built as it stands.
    #[must_use]
    pub fn changes_nothing(&self) -> bool {
        *self == Self { ignore_missing_components: self.ignore_missing_components, ..Self::default() }
    }
}

/// A number of replicas.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replicas {
    /// The workload's name.
    pub name: String,
    /// How many.
    pub count: i64,
}

/// As `spec.source.directory.jsonnet` of an Argo CD Application.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Jsonnet {
    /// Import paths, relative to the checkout.
    #[serde(default)]
    pub libraries: Vec<String>,
    /// External variables; what is no text is code.
    #[serde(default)]
    pub external_variables: Map,
    /// External variables that are jsonnet code, as text.
    #[serde(default)]
    pub external_code: Map,
    /// Top-level arguments; what is no text is code.
    #[serde(default)]
    pub top_level_arguments: Map,
    /// Top-level arguments that are jsonnet code, as text.
    #[serde(default)]
    pub top_level_code: Map,
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
        // Jsonnet files are files of a directory: 'plain' says which of them are read.
        let directory = if render.jsonnet.is_some() || render.renderer == Some(Renderer::Jsonnet) {
            Renderer::Jsonnet
        } else {
            Renderer::Plain
        };
        let given = [
            (directory, render.plain.is_some(), "plain"),
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

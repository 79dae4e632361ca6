//! Plugin parameters (`spec.source.plugin.parameters`): the options of Argo CD's own renderers, under
//! their own names, as values of a [`Render`].
//!
//! Whoever writes the repository writes these (chapter 80 §0.2), so they say how a tree is rendered and
//! nothing else: no parameter reaches a policy, an exception, a limit or a tool's path.

use crate::document::{Map, Str, Value, de, json, yaml};

use super::render::{Helm, HelmFileParameter, HelmParameter, Jsonnet, Kustomize, Plain, Render, Renderer, Replicas};

/// Parameters of this beginning are announcements of the gate: their values change nothing, but as part
/// of the Application they are part of the key under which Argo CD keeps what was rendered.
pub const INFORMATION: &str = "rendergate-";

/// A parameter that is refused. The text names it and never quotes its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("plugin parameter {0}")]
pub struct ParameterError(String);

/// What a parameter holds, in the words of `collectionType` and `itemType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One text.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A list of texts.
    Array,
    /// Texts by name.
    Map,
}

/// One parameter.
#[derive(Debug)]
pub struct Parameter {
    /// The name: that of the native field behind `spec.source`.
    pub name: &'static str,
    /// A few words.
    pub title: &'static str,
    /// One sentence.
    pub tooltip: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// The renderer it belongs to; `None` for `type`.
    pub renderer: Option<Renderer>,
    set: fn(&mut Render, &Given) -> Result<(), String>,
}

/// A parameter's value.
#[derive(Clone, Debug, Default, PartialEq)]
struct Given {
    text: String,
    flag: bool,
    array: Vec<String>,
    map: Vec<(String, String)>,
}

impl Given {
    fn some_text(&self) -> Option<String> {
        (!self.text.is_empty()).then(|| self.text.clone())
    }

    fn texts(&self) -> Map {
        self.map.iter().map(|(k, v)| (Str::from(k.as_str()), Value::from(v.as_str()))).collect()
    }
}

fn plain(render: &mut Render) -> &mut Plain {
    render.plain.get_or_insert_default()
}

fn jsonnet(render: &mut Render) -> &mut Jsonnet {
    render.jsonnet.get_or_insert_default()
}

fn helm(render: &mut Render) -> &mut Helm {
    render.helm.get_or_insert_default()
}

fn kustomize(render: &mut Render) -> &mut Kustomize {
    render.kustomize.get_or_insert_default()
}

/// Sets the parameters of a map, those of the other kind stay.
fn helm_parameters(render: &mut Render, given: &Given, force_string: bool) {
    let parameters = &mut helm(render).parameters;
    parameters.retain(|p| p.force_string != force_string);
    parameters.extend(given.map.iter().map(|(name, value)| HelmParameter {
        name: name.clone(),
        value: value.clone(),
        force_string,
    }));
}

fn replicas(given: &Given) -> Result<Vec<Replicas>, String> {
    let one = |(name, count): &(String, String)| {
        let count = count.parse().map_err(|_| format!("'{name}' is no whole number"))?;
        Ok(Replicas { name: name.clone(), count })
    };
    given.map.iter().map(one).collect()
}

fn patches(given: &Given) -> Result<Vec<Value>, String> {
    let documents = yaml::read(&given.text, &yaml::Limits::default())
        .map_err(|e| format!("line {} is not readable as YAML: {}", e.position.line, e.problem))?;
    let mut documents = documents.into_iter().map(|d| d.value);
    match (documents.next(), documents.next()) {
        (None, _) => Ok(Vec::new()),
        (Some(Value::List(list)), None) => Ok(list.to_vec()),
        _ => Err("must be one YAML list of patches".to_owned()),
    }
}

fn renderer(text: &str) -> Result<Option<Renderer>, String> {
    match text {
        "" => Ok(None),
        "plain" | "directory" => Ok(Some(Renderer::Plain)),
        "kustomize" => Ok(Some(Renderer::Kustomize)),
        "helm" => Ok(Some(Renderer::Helm)),
        "jsonnet" => Ok(Some(Renderer::Jsonnet)),
        _ => Err("must be plain, kustomize, helm or jsonnet".to_owned()),
    }
}

macro_rules! parameters {
    ($($name:literal, $renderer:expr, $kind:ident, $title:literal, $tooltip:literal, $set:expr;)*) => {
        &[$(Parameter {
            name: $name, title: $title, tooltip: $tooltip, kind: Kind::$kind, renderer: $renderer, set: $set,
        }),*]
    };
}

const PLAIN: Option<Renderer> = Some(Renderer::Plain);
const HELM: Option<Renderer> = Some(Renderer::Helm);
const KUSTOMIZE: Option<Renderer> = Some(Renderer::Kustomize);

/// Every parameter there is, in the order they are announced.
pub const PARAMETERS: &[Parameter] = parameters! {
    "type", None, Text, "Renderer",
        "plain, kustomize, helm or jsonnet; by what the directory holds if empty",
        |r, g| { r.renderer = renderer(&g.text)?; Ok(()) };

    "directory.recurse", PLAIN, Boolean, "Read sub-directories", "Whether sub-directories are read",
        |r, g| { plain(r).recurse = g.flag; Ok(()) };
    "directory.include", PLAIN, Text, "Include", "Only paths that match this glob",
        |r, g| { plain(r).include = g.some_text(); Ok(()) };
    "directory.exclude", PLAIN, Text, "Exclude", "No paths that match this glob",
        |r, g| { plain(r).exclude = g.some_text(); Ok(()) };
    "directory.jsonnet.extVars", PLAIN, Map, "External variables", "Jsonnet external variables that are text",
        |r, g| { jsonnet(r).external_variables = g.texts(); Ok(()) };
    "directory.jsonnet.extCode", PLAIN, Map, "External code", "Jsonnet external variables that are code",
        |r, g| { jsonnet(r).external_code = g.texts(); Ok(()) };
    "directory.jsonnet.tlas", PLAIN, Map, "Top-level arguments", "Jsonnet top-level arguments that are text",
        |r, g| { jsonnet(r).top_level_arguments = g.texts(); Ok(()) };
    "directory.jsonnet.tlaCode", PLAIN, Map, "Top-level code", "Jsonnet top-level arguments that are code",
        |r, g| { jsonnet(r).top_level_code = g.texts(); Ok(()) };
    "directory.jsonnet.libs", PLAIN, Array, "Libraries", "Jsonnet import paths, relative to the repository",
        |r, g| { jsonnet(r).libraries = g.array.clone(); Ok(()) };

    "helm.releaseName", HELM, Text, "Release name", "The application's name if empty",
        |r, g| { helm(r).release_name = g.some_text(); Ok(()) };
    "helm.namespace", HELM, Text, "Namespace", "The destination's namespace if empty",
        |r, g| { helm(r).namespace = g.some_text(); Ok(()) };
    "helm.valueFiles", HELM, Array, "Value files", "Files inside the repository, relative to the chart",
        |r, g| { helm(r).value_files = g.array.clone(); Ok(()) };
    "helm.ignoreMissingValueFiles", HELM, Boolean, "Ignore missing value files",
        "Whether value files that are not there are left out",
        |r, g| { helm(r).ignore_missing_value_files = g.flag; Ok(()) };
    "helm.values", HELM, Text, "Values", "Values as YAML, after the value files",
        |r, g| { helm(r).values = g.some_text(); Ok(()) };
    "helm.parameters", HELM, Map, "Parameters", "Single values, as helm's --set",
        |r, g| { helm_parameters(r, g, false); Ok(()) };
    "helm.stringParameters", HELM, Map, "Text parameters", "Single values that stay text, as helm's --set-string",
        |r, g| { helm_parameters(r, g, true); Ok(()) };
    "helm.fileParameters", HELM, Map, "File parameters", "Single values that are a file's content",
        |r, g| {
            let one = |(name, path): &(String, String)| HelmFileParameter { name: name.clone(), path: path.clone() };
            helm(r).file_parameters = g.map.iter().map(one).collect();
            Ok(())
        };
    "helm.kubeVersion", HELM, Text, "Kubernetes version", "The destination's if empty",
        |r, g| { helm(r).kube_version = g.some_text(); Ok(()) };
    "helm.apiVersions", HELM, Array, "API versions", "The destination's if empty",
        |r, g| { helm(r).api_versions = g.array.clone(); Ok(()) };
    "helm.skipCrds", HELM, Boolean, "Skip CRDs", "Whether the chart's CRDs are left out",
        |r, g| { helm(r).skip_crds = g.flag; Ok(()) };
    "helm.skipTests", HELM, Boolean, "Skip tests", "Whether the chart's test hooks are left out",
        |r, g| { helm(r).skip_tests = g.flag; Ok(()) };
    "helm.skipSchemaValidation", HELM, Boolean, "Skip schema validation",
        "Whether values are not held against the chart's schema",
        |r, g| { helm(r).skip_schema_validation = g.flag; Ok(()) };

    "kustomize.namePrefix", KUSTOMIZE, Text, "Name prefix", "Prefix of every name",
        |r, g| { kustomize(r).name_prefix = g.text.clone(); Ok(()) };
    "kustomize.nameSuffix", KUSTOMIZE, Text, "Name suffix", "Suffix of every name",
        |r, g| { kustomize(r).name_suffix = g.text.clone(); Ok(()) };
    "kustomize.namespace", KUSTOMIZE, Text, "Namespace", "The namespace of everything",
        |r, g| { kustomize(r).namespace = g.text.clone(); Ok(()) };
    "kustomize.images", KUSTOMIZE, Array, "Images", "Image overrides: name=new:tag, name:tag or name@digest",
        |r, g| { kustomize(r).images = g.array.clone(); Ok(()) };
    "kustomize.replicas", KUSTOMIZE, Map, "Replicas", "Numbers of replicas by workload",
        |r, g| { kustomize(r).replicas = replicas(g)?; Ok(()) };
    "kustomize.components", KUSTOMIZE, Array, "Components", "Components inside the repository",
        |r, g| { kustomize(r).components = g.array.clone(); Ok(()) };
    "kustomize.ignoreMissingComponents", KUSTOMIZE, Boolean, "Ignore missing components",
        "Whether components that are not there are left out",
        |r, g| { kustomize(r).ignore_missing_components = g.flag; Ok(()) };
    "kustomize.commonLabels", KUSTOMIZE, Map, "Common labels", "Labels of everything",
        |r, g| { kustomize(r).common_labels = g.texts(); Ok(()) };
    "kustomize.forceCommonLabels", KUSTOMIZE, Boolean, "Force common labels",
        "Whether labels may replace those of the kustomization",
        |r, g| { kustomize(r).force_common_labels = g.flag; Ok(()) };
    "kustomize.labelWithoutSelector", KUSTOMIZE, Boolean, "Labels without selectors",
        "Whether labels stay out of selectors",
        |r, g| { kustomize(r).label_without_selector = g.flag; Ok(()) };
    "kustomize.labelIncludeTemplates", KUSTOMIZE, Boolean, "Labels in templates",
        "Whether labels that stay out of selectors go into pod templates",
        |r, g| { kustomize(r).label_include_templates = g.flag; Ok(()) };
    "kustomize.commonAnnotations", KUSTOMIZE, Map, "Common annotations", "Annotations of everything",
        |r, g| { kustomize(r).common_annotations = g.texts(); Ok(()) };
    "kustomize.forceCommonAnnotations", KUSTOMIZE, Boolean, "Force common annotations",
        "Whether annotations may replace those of the kustomization",
        |r, g| { kustomize(r).force_common_annotations = g.flag; Ok(()) };
    "kustomize.commonAnnotationsEnvsubst", KUSTOMIZE, Boolean, "Variables in annotations",
        "Whether $ARGOCD_APP_* in annotations are replaced",
        |r, g| { kustomize(r).common_annotations_envsubst = g.flag; Ok(()) };
    "kustomize.patches", KUSTOMIZE, Text, "Patches", "A YAML list of patches, after the kustomization's own",
        |r, g| { kustomize(r).patches = patches(g)?; Ok(()) };
};

/// `render` (what `.rendergate.yaml` says) with the parameters of `text`, the value of
/// `ARGOCD_APP_PARAMETERS`: a parameter takes the place of the same option of the file.
///
/// # Errors
/// A text that is no list of parameters, a name there is not, a value of the wrong kind, options of two
/// renderers, or of another renderer than the file's.
pub fn apply(render: &Render, text: &str) -> Result<Render, ParameterError> {
    let whole = |why: &str| ParameterError(format!("list: ARGOCD_APP_PARAMETERS {why}"));
    let parsed = json::parse(text.as_bytes()).map_err(|_| whole("is not JSON"))?;
    let list = match &parsed {
        Value::Null => return Ok(render.clone()),
        Value::List(list) => list,
        _ => return Err(whole("is not a list")),
    };
    let mut merged = render.clone();
    let mut wanted = render.renderer.map(|r| (r, "render.type of .rendergate.yaml".to_owned()));
    let mut seen: Vec<&str> = Vec::new();
    for entry in list.iter() {
        let name = entry.str_at(&["name"]).ok_or_else(|| whole("holds an entry without a name"))?;
        let refuse = |why: String| ParameterError(format!("{}: {why}", shown(name)));
        if name.starts_with(INFORMATION) {
            continue;
        }
        let parameter = find(name).ok_or_else(|| refuse(unknown(name)))?;
        if seen.contains(&parameter.name) {
            return Err(refuse("is given twice".to_owned()));
        }
        seen.push(parameter.name);
        let given = given(entry, parameter.kind).map_err(refuse)?;
        (parameter.set)(&mut merged, &given).map_err(refuse)?;
        let this = if parameter.renderer.is_some() { parameter.renderer } else { merged.renderer };
        let Some(this) = this else { continue };
        match &wanted {
            Some((other, place)) if !agree(*other, this) => {
                return Err(refuse(format!("asks for another renderer than {place}: only one is allowed")));
            }
            // 'jsonnet' says more than 'plain': options of a directory are for both.
            Some((other, _)) if *other == this || parameter.renderer.is_some() => {}
            _ => wanted = Some((this, format!("parameter {name}"))),
        }
    }
    merged.renderer = wanted.map(|(renderer, _)| renderer);
    Ok(merged)
}

fn agree(one: Renderer, other: Renderer) -> bool {
    let directory = |r| matches!(r, Renderer::Plain | Renderer::Jsonnet);
    one == other || (directory(one) && directory(other))
}

fn find(name: &str) -> Option<&'static Parameter> {
    PARAMETERS.iter().find(|p| p.name == name)
}

fn unknown(name: &str) -> String {
    let names = PARAMETERS.iter().map(|p| p.name);
    match de::nearest(name, names) {
        Some(near) => format!("there is no such parameter: did you mean '{near}'?"),
        None => "there is no such parameter: see docs/rendering.md".to_owned(),
    }
}

/// A name as it may stand in a message: a committer writes it.
fn shown(name: &str) -> String {
    let plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c)).take(64).collect();
    format!("'{plain}'")
}

fn given(entry: &Value, kind: Kind) -> Result<Given, String> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.to_string()),
        _ => Err("holds something that is not text".to_owned()),
    };
    let wrong = |want: &str| Err(format!("must be given as {want}"));
    let present = |field: &str| entry.get(field).filter(|v| !matches!(v, Value::Null));
    let of_other_kind = |own: &str| ["string", "array", "map"].iter().any(|f| *f != own && present(f).is_some());
    let mut given = Given::default();
    match kind {
        Kind::Text | Kind::Boolean => {
            if of_other_kind("string") {
                return wrong("'string'");
            }
            given.text = present("string").map_or_else(|| Ok(String::new()), text)?;
            given.flag = match (kind, given.text.as_str()) {
                (Kind::Boolean, "true") => true,
                (Kind::Boolean, "false" | "") | (Kind::Text, _) => false,
                _ => return wrong("'true' or 'false'"),
            };
        }
        Kind::Array => {
            if of_other_kind("array") {
                return wrong("'array'");
            }
            given.array = match present("array") {
                None => Vec::new(),
                Some(Value::List(list)) => list.iter().map(text).collect::<Result<_, _>>()?,
                Some(_) => return wrong("'array'"),
            };
        }
        Kind::Map => {
            if of_other_kind("map") {
                return wrong("'map'");
            }
            given.map = match present("map") {
                None => Vec::new(),
                Some(Value::Map(map)) => {
                    map.iter().map(|(k, v)| Ok((k.to_string(), text(v)?))).collect::<Result<_, String>>()?
                }
                Some(_) => return wrong("'map'"),
            };
            given.map.sort();
        }
    }
    Ok(given)
}

#[cfg(test)]
#[path = "parameters_tests.rs"]
mod tests;

//! The fields of a kustomization and of kustomize's own plugins: which of them name files. A field that
//! is not listed is refused, since it could name one: kustomize takes `Resources` for `resources`.

use crate::document::{Pointer, Value, de};

/// What a field of a kustomization holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// Nothing that is a file.
    Plain,
    /// Files or directories.
    Resources,
    /// Directories.
    Components,
    /// Files.
    Files,
    /// Files, or patches as text.
    Patches,
    /// Maps with a `path` to a file.
    WithPath(&'static [&'static str]),
    /// A map with one path.
    OpenApi,
    /// Generators of ConfigMaps and Secrets.
    Generator,
    /// Configurations of plugins.
    Plugins,
}

/// What a kustomization names at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// A file.
    File(String),
    /// A directory with a kustomization.
    Directory(String),
    /// Either.
    FileOrDirectory(String),
    /// A file if there is one, else a text.
    FileOrText(String),
    /// Not what stands here in a kustomization.
    Wrong(&'static str),
}

const FIELDS: [(&str, Field); 30] = [
    ("apiVersion", Field::Plain),
    ("kind", Field::Plain),
    ("metadata", Field::Plain),
    ("namePrefix", Field::Plain),
    ("nameSuffix", Field::Plain),
    ("namespace", Field::Plain),
    ("commonLabels", Field::Plain),
    ("labels", Field::Plain),
    ("commonAnnotations", Field::Plain),
    ("images", Field::Plain),
    ("imageTags", Field::Plain),
    ("replicas", Field::Plain),
    ("vars", Field::Plain),
    ("sortOptions", Field::Plain),
    ("generatorOptions", Field::Plain),
    ("buildMetadata", Field::Plain),
    ("resources", Field::Resources),
    ("bases", Field::Resources),
    ("components", Field::Components),
    ("crds", Field::Files),
    ("configurations", Field::Files),
    ("patches", Field::WithPath(PATCH)),
    ("patchesJson6902", Field::WithPath(PATCH)),
    ("patchesStrategicMerge", Field::Patches),
    ("replacements", Field::WithPath(&["path", "source", "targets"])),
    ("openapi", Field::OpenApi),
    ("configMapGenerator", Field::Generator),
    ("secretGenerator", Field::Generator),
    ("generators", Field::Plugins),
    ("transformers", Field::Plugins),
];

const PATCH: &[&str] = &["path", "patch", "target", "options"];
const GENERATOR: &[&str] = &["name", "namespace", "behavior", "literals", "files", "envs", "env", "options", "type"];

/// The field of that name.
///
/// # Errors
/// Why there is none here.
pub(super) fn of_kustomization(name: &str) -> Result<Field, String> {
    if name == "validators" {
        return Ok(Field::Plugins);
    }
    if matches!(name, "helmCharts" | "helmGlobals" | "helmChartInflationGenerator") {
        return Err(format!(
            "'{name}' runs helm inside kustomize, which is off here: make the chart an application of its own, or commit the output of 'helm template' as a resource"
        ));
    }
    let known = FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field);
    known.ok_or_else(|| match de::nearest(name, FIELDS.iter().map(|(name, _)| *name)) {
        Some(near) => format!("no field of a kustomization: did you mean '{near}'?"),
        None => "no field of a kustomization".to_owned(),
    })
}

impl Field {
    /// The places of `value` that name files, and where they stand in it.
    pub(super) fn places(self, value: &Value) -> Vec<(Pointer, Place)> {
        match self {
            Self::Plain | Self::Plugins => Vec::new(),
            Self::Resources => texts(value, Place::FileOrDirectory),
            Self::Components => texts(value, Place::Directory),
            Self::Files => texts(value, Place::File),
            Self::Patches => texts(value, Place::FileOrText),
            Self::WithPath(known) => items(value, |item, at| maps(item, at, known, &[("path", false)])),
            Self::OpenApi => maps(value, Pointer::root(), &["path"], &[("path", false)]),
            Self::Generator => {
                items(value, |item, at| maps(item, at, GENERATOR, &[("files", true), ("envs", false), ("env", false)]))
            }
        }
    }
}

fn wrong(at: Pointer, words: &'static str) -> Vec<(Pointer, Place)> {
    vec![(at, Place::Wrong(words))]
}

fn items(value: &Value, one: impl Fn(&Value, Pointer) -> Vec<(Pointer, Place)>) -> Vec<(Pointer, Place)> {
    match value {
        Value::Null => Vec::new(),
        Value::List(list) => list.iter().enumerate().flat_map(|(i, item)| one(item, Pointer::root().with(i))).collect(),
        _ => wrong(Pointer::root(), "must be a list"),
    }
}

fn texts(value: &Value, place: impl Fn(String) -> Place) -> Vec<(Pointer, Place)> {
    items(value, |item, at| match item {
        Value::String(text) if !text.is_empty() => vec![(at, place(text.to_string()))],
        _ => wrong(at, "must be a path"),
    })
}

/// A map of `known` keys, of which `named` hold one path or a list of them; `true`: `KEY=PATH` is a path, too.
fn maps(value: &Value, at: Pointer, known: &[&str], named: &[(&str, bool)]) -> Vec<(Pointer, Place)> {
    let Value::Map(map) = value else { return wrong(at, "must be a map") };
    let mut places = Vec::new();
    for (key, value) in map.iter() {
        let at = at.with(key.clone());
        if !known.contains(&key.as_str()) {
            return wrong(at, "no field of this part of a kustomization");
        }
        let Some((_, keyed)) = named.iter().find(|(name, _)| *name == key.as_str()) else { continue };
        let path = |text: &str| {
            let path = if *keyed { text.split_once('=').map_or(text, |(_, path)| path) } else { text };
            Place::File(path.to_owned())
        };
        match value {
            Value::Null => {}
            Value::String(text) if text.is_empty() => {}
            Value::String(text) => places.push((at, path(text))),
            Value::List(list) => places.extend(list.iter().enumerate().map(|(index, item)| match item {
                Value::String(text) => (at.with(index), path(text)),
                _ => (at.with(index), Place::Wrong("must be a path")),
            })),
            _ => return wrong(at, "must be a path, or a list of paths"),
        }
    }
    places
}

/// Plugins of kustomize that read no file.
const SELF_CONTAINED: [&str; 13] = [
    "AnnotationsTransformer",
    "HashTransformer",
    "IAMPolicyGenerator",
    "ImageTagTransformer",
    "LabelTransformer",
    "NamespaceTransformer",
    "PrefixSuffixTransformer",
    "PrefixTransformer",
    "ReplicaCountTransformer",
    "SortOrderTransformer",
    "SuffixTransformer",
    "ValueAddTransformer",
    "NameReferenceTransformer",
];

/// What a plugin's configuration names.
///
/// # Errors
/// A plugin that is not one of kustomize's own, which would be a program, or one that is off.
pub(super) fn of_plugin(configuration: &Value) -> Result<Vec<Place>, String> {
    let kind = configuration.str_at(&["kind"]).unwrap_or_default();
    if configuration.str_at(&["apiVersion"]) != Some("builtin") {
        return Err(
            "a plugin that is not built into kustomize is a program, and programs of a repository are never run: use a built-in one (apiVersion: builtin)"
                .to_owned(),
        );
    }
    let pairs: &[(&str, bool)] = match kind {
        "ConfigMapGenerator" | "SecretGenerator" => &[("files", true), ("envs", false), ("env", false)],
        "PatchTransformer" | "PatchJson6902Transformer" => &[("path", false)],
        "PatchStrategicMergeTransformer" => &[("paths", false)],
        "ReplacementTransformer" => &[],
        kind if SELF_CONTAINED.contains(&kind) => return Ok(Vec::new()),
        "HelmChartInflationGenerator" => {
            return Err("helm inside kustomize is off here: make the chart an application of its own".to_owned());
        }
        _ => return Err("not a plugin of kustomize's own that is known here".to_owned()),
    };
    let Some(map) = configuration.as_map() else { return Ok(Vec::new()) };
    // As for the kustomization itself: a key in other letters would be read as the one that names files.
    let risky = ["files", "envs", "env", "path", "paths", "replacements"];
    for key in map.keys() {
        if risky.contains(&key.to_lowercase().as_str()) && !risky.contains(&key.as_str()) {
            return Err(format!("'{}' must be written in small letters", key.to_lowercase()));
        }
    }
    let mut places = Vec::new();
    for (name, keyed) in pairs {
        let Some(value) = map.get(name) else { continue };
        let field = Value::map([((*name).into(), value.clone())].into_iter().collect());
        let found = maps(&field, Pointer::root(), &[name], &[(name, *keyed)]);
        let text_too = kind == "PatchStrategicMergeTransformer";
        places.extend(found.into_iter().map(|(_, place)| match place {
            Place::File(path) if text_too => Place::FileOrText(path),
            other => other,
        }));
    }
    if let Some(replacements) = map.get("replacements") {
        let found = Field::WithPath(&["path", "source", "targets"]).places(replacements);
        places.extend(found.into_iter().map(|(_, place)| place));
    }
    Ok(places)
}

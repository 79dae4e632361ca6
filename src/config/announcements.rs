//! What the gate announces to Argo CD's Parameters tab: the active policies, and the options of the
//! renderer that the directory asks for (chapter 80 §1, §3).

use crate::document::{Map, Str, Value, json};

use super::parameters::{INFORMATION, Kind, PARAMETERS, Parameter};
use super::render::{Render, Renderer};

/// One announcement: `repository.ParameterAnnouncement` of Argo CD's protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announcement {
    /// The parameter's name.
    pub name: String,
    /// What people see.
    pub title: String,
    /// One sentence.
    pub tooltip: String,
    /// Never set: no parameter is required.
    pub required: bool,
    /// `string`, `boolean`.
    pub item_type: String,
    /// `string`, `array` or `map`.
    pub collection_type: String,
    /// The value in force, for a `string`.
    pub string: String,
    /// The value in force, for an `array`.
    pub array: Vec<String>,
    /// The value in force, for a `map`; sorted.
    pub map: Vec<(String, String)>,
}

/// The policies in force, by the digest of their bundle.
#[must_use]
pub fn bundle_announcement(digest: &str) -> Announcement {
    Announcement {
        name: format!("{INFORMATION}bundle"),
        title: "Policy bundle".to_owned(),
        tooltip: "SHA-256 of the gate's configuration and policies. Shown, not read: setting it changes the cache key \
                  of the Application's renders and nothing else"
            .to_owned(),
        item_type: "string".to_owned(),
        collection_type: "string".to_owned(),
        string: digest.to_owned(),
        ..Announcement::default()
    }
}

/// The announcements: the policies by the digest of their bundle, then the options of `renderer`
/// with the values that `render` (what `.rendergate.yaml` says) gives them.
#[must_use]
pub fn announcements(digest: &str, renderer: Renderer, render: &Render) -> Vec<Announcement> {
    let shown = |p: &&Parameter| match (p.renderer, renderer) {
        (None, _) | (Some(Renderer::Plain), Renderer::Jsonnet) => true,
        (Some(of), renderer) => of == renderer,
    };
    std::iter::once(bundle_announcement(digest))
        .chain(PARAMETERS.iter().filter(shown).map(|p| announcement(p, render)))
        .collect()
}

fn announcement(parameter: &Parameter, render: &Render) -> Announcement {
    let (item_type, collection_type) = match parameter.kind {
        Kind::Text => ("string", "string"),
        Kind::Boolean => ("boolean", "string"),
        Kind::Array => ("string", "array"),
        Kind::Map => ("string", "map"),
    };
    let mut announcement = Announcement {
        name: parameter.name.to_owned(),
        title: parameter.title.to_owned(),
        tooltip: parameter.tooltip.to_owned(),
        item_type: item_type.to_owned(),
        collection_type: collection_type.to_owned(),
        ..Announcement::default()
    };
    if parameter.kind == Kind::Boolean {
        announcement.string = "false".to_owned();
    }
    match parameter.name {
        "type" => {
            announcement.string = match render.renderer {
                None => "",
                Some(Renderer::Plain) => "plain",
                Some(Renderer::Kustomize) => "kustomize",
                Some(Renderer::Helm) => "helm",
                Some(Renderer::Jsonnet) => "jsonnet",
            }
            .to_owned();
        }
        "helm.valueFiles" => {
            announcement.array = render.helm.as_ref().map(|h| h.value_files.clone()).unwrap_or_default();
        }
        "helm.releaseName" => {
            announcement.string = render.helm.as_ref().and_then(|h| h.release_name.clone()).unwrap_or_default();
        }
        "kustomize.images" => {
            announcement.array = render.kustomize.as_ref().map(|k| k.images.clone()).unwrap_or_default();
        }
        "directory.recurse" => {
            announcement.string = render.plain.as_ref().is_some_and(|p| p.recurse).to_string();
        }
        _ => {}
    }
    announcement
}

/// The announcements as Argo CD reads them of a plugin's `parameters.dynamic.command`.
#[must_use]
pub fn to_json(announcements: &[Announcement]) -> String {
    let text = |text: &str| Value::from(text);
    let one = |a: &Announcement| {
        let mut object = Map::default();
        let mut set = |name: &str, value: Value| drop(object.insert(Str::from(name), value));
        set("name", text(&a.name));
        set("title", text(&a.title));
        set("tooltip", text(&a.tooltip));
        set("itemType", text(&a.item_type));
        set("collectionType", text(&a.collection_type));
        match a.collection_type.as_str() {
            "array" => set("array", a.array.iter().map(|t| text(t)).collect::<Vec<_>>().into()),
            "map" => set("map", Value::map(a.map.iter().map(|(k, v)| (k.as_str().into(), text(v))).collect())),
            _ => set("string", text(&a.string)),
        }
        Value::map(object)
    };
    json::to_string(&Value::from(announcements.iter().map(one).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::render::Helm;

    #[test]
    fn the_policies_first_then_the_renderers_options() {
        let helm = Helm { value_files: vec!["prod.yaml".to_owned()], ..Helm::default() };
        let render = Render { renderer: Some(Renderer::Helm), helm: Some(helm), ..Render::default() };
        let all = announcements("0123", Renderer::Helm, &render);
        assert_eq!((all[0].name.as_str(), all[0].string.as_str()), ("rendergate-bundle", "0123"));
        assert!(all[1..].iter().all(|a| a.name == "type" || a.name.starts_with("helm.")));
        let files = all.iter().find(|a| a.name == "helm.valueFiles").unwrap();
        assert_eq!(files.array, ["prod.yaml"]);
        let text = to_json(&all);
        assert!(text.contains(
            r#""array":["prod.yaml"],"collectionType":"array","itemType":"string","name":"helm.valueFiles""#
        ));
        assert!(announcements("", Renderer::Jsonnet, &render).iter().any(|a| a.name == "directory.jsonnet.libs"));
    }
}

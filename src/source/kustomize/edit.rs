//! An Application's kustomize options, written into its kustomization: what Argo CD does with
//! `kustomize edit`, which `kubectl kustomize` does not have.

use crate::config::Application;
use crate::config::render::Kustomize;
use crate::document::{Map, Str, Value};

/// Changes a kustomization. `there` says whether a component's directory is in the checkout.
///
/// # Errors
/// An option that cannot be read, or would replace what the kustomization says without `force`.
pub(super) fn edit(
    kustomization: &mut Value,
    options: &Kustomize,
    app: &Application,
    there: &dyn Fn(&str) -> bool,
) -> Result<(), String> {
    let map = kustomization.as_map_mut().ok_or("a kustomization is a map")?;
    for (field, text) in
        [("namePrefix", &options.name_prefix), ("nameSuffix", &options.name_suffix), ("namespace", &options.namespace)]
    {
        if !text.is_empty() {
            map.insert(field, Value::from(text.as_str()));
        }
    }
    if !options.images.is_empty() {
        images(map, options.images.iter().map(|image| app.expand(image)))?;
    }
    for replicas in &options.replicas {
        let entry =
            [("name".into(), Value::from(replicas.name.as_str())), ("count".into(), Value::Int(replicas.count))];
        put_by_name(map, "replicas", Value::map(entry.into_iter().collect()));
    }
    if !options.common_labels.is_empty() {
        labels(map, options, app)?;
    }
    if !options.common_annotations.is_empty() {
        let texts = texts(&options.common_annotations, |text| {
            if options.common_annotations_envsubst { app.expand(text) } else { text.to_owned() }
        })?;
        put_texts(map, "commonAnnotations", texts, options.force_common_annotations)?;
    }
    append(map, "patches", options.patches.iter().cloned())?;
    let present: Vec<Value> = map.get("components").and_then(Value::as_list).unwrap_or_default().to_vec();
    let added = options.components.iter().filter(|c| !options.ignore_missing_components || there(c));
    let added = added.map(|c| Value::from(c.as_str())).filter(|c| !present.contains(c));
    append(map, "components", added.collect::<Vec<_>>().into_iter())
}

fn list<'m>(map: &'m mut Map, field: &str) -> Result<&'m mut Vec<Value>, String> {
    let value = map.entry_or_insert_with(field, || Value::list(Vec::new()));
    if value.is_null() {
        *value = Value::list(Vec::new());
    }
    value.as_list_mut().ok_or_else(|| format!("'{field}' must be a list"))
}

fn append(map: &mut Map, field: &str, added: impl ExactSizeIterator<Item = Value>) -> Result<(), String> {
    if added.len() > 0 {
        list(map, field)?.extend(added);
    }
    Ok(())
}

/// Puts `entry` in the place of the one of the same `name`, else at the end.
fn put_by_name(map: &mut Map, field: &str, entry: Value) {
    let Ok(list) = list(map, field) else { return };
    let name = entry.str_at(&["name"]).map(str::to_owned);
    match list.iter_mut().find(|e| e.str_at(&["name"]).map(str::to_owned) == name) {
        Some(same) => *same = entry,
        None => list.push(entry),
    }
}

fn texts(map: &Map, change: impl Fn(&str) -> String) -> Result<Vec<(Str, String)>, String> {
    map.iter()
        .map(|(key, value)| match value {
            Value::String(text) => Ok((key.clone(), change(text))),
            _ => Err(format!("the value of '{key}' must be text")),
        })
        .collect()
}

fn put_texts(map: &mut Map, field: &str, texts: Vec<(Str, String)>, force: bool) -> Result<(), String> {
    let value = map.entry_or_insert_with(field, Value::empty_map);
    if value.is_null() {
        *value = Value::empty_map();
    }
    let present = value.as_map_mut().ok_or_else(|| format!("'{field}' must be a map"))?;
    for (key, text) in texts {
        if present.contains_key(&key) && !force {
            return Err(format!("{field} holds '{key}' already: set the option that forces it, or choose another key"));
        }
        present.insert(key, Value::from(text));
    }
    Ok(())
}

fn labels(map: &mut Map, options: &Kustomize, app: &Application) -> Result<(), String> {
    let texts = texts(&options.common_labels, |text| app.expand(text))?;
    if !options.label_without_selector {
        if options.label_include_templates {
            return Err(
                "labelIncludeTemplates is for labels without selectors: set labelWithoutSelector, too".to_owned()
            );
        }
        return put_texts(map, "commonLabels", texts, options.force_common_labels);
    }
    let templates = options.label_include_templates;
    let flag = |entry: &Value, name: &str| entry.get(name).and_then(Value::as_bool).unwrap_or(false);
    let list = list(map, "labels")?;
    let same = list.iter().position(|e| !flag(e, "includeSelectors") && flag(e, "includeTemplates") == templates);
    let at = same.unwrap_or_else(|| {
        let mut entry = Map::default();
        entry.insert("pairs", Value::empty_map());
        if templates {
            entry.insert("includeTemplates", Value::Bool(true));
        }
        list.push(Value::map(entry));
        list.len() - 1
    });
    let entry = list.get_mut(at).and_then(Value::as_map_mut).ok_or("'labels' must be a list of maps")?;
    put_texts(entry, "pairs", texts, options.force_common_labels)
}

/// One image override; what is `*` keeps what the kustomization says.
#[derive(Debug, PartialEq, Eq)]
struct Image {
    name: String,
    new_name: String,
    tag: String,
    digest: String,
}

/// `name=new:tag@digest`, `name=new`, `name:tag`, `name@digest` and so on.
fn image(text: &str) -> Result<Image, String> {
    let (name, value) = text.split_once('=').map_or((None, text), |(name, value)| (Some(name), value));
    let (image, tag, digest) = split(value);
    match name {
        None if image == text => Err("an image is given as name=new:tag, name:tag or name@digest".to_owned()),
        None => Ok(Image { name: image.to_owned(), new_name: String::new(), tag: tag.into(), digest: digest.into() }),
        Some(name) => {
            Ok(Image { name: name.to_owned(), new_name: image.to_owned(), tag: tag.into(), digest: digest.into() })
        }
    }
}

/// Name, tag and digest; a colon before the first slash belongs to a port.
fn split(text: &str) -> (&str, &str, &str) {
    let from = text.find('/').unwrap_or(0);
    let after = |sign: char| text.get(from..).and_then(|rest| rest.find(sign)).map(|at| at + from);
    match (after(':'), after('@')) {
        (None, None) => (text, "", ""),
        (Some(colon), Some(at)) if colon < at => (&text[..colon], &text[colon + 1..at], &text[at + 1..]),
        (_, Some(at)) => (&text[..at], "", &text[at + 1..]),
        (Some(colon), None) => (&text[..colon], &text[colon + 1..], ""),
    }
}

fn images(map: &mut Map, given: impl Iterator<Item = String>) -> Result<(), String> {
    let given = given.map(|text| image(&text)).collect::<Result<Vec<_>, _>>()?;
    // The old name of the field; kustomize reads both.
    if let Some(old) = map.remove("imageTags") {
        append(map, "images", old.as_list().unwrap_or_default().to_vec().into_iter())?;
    }
    let list = list(map, "images")?;
    for Image { name, new_name, tag, digest } in given {
        let present = list.iter().position(|e| e.str_at(&["name"]) == Some(name.as_str()));
        let before = |field: &str| present.and_then(|at| list.get(at)).and_then(|e| e.str_at(&[field])).unwrap_or("");
        let kept = |text: String, field: &str| if text == "*" { before(field).to_owned() } else { text };
        let fields = [
            ("newName", kept(new_name, "newName")),
            ("newTag", kept(tag, "newTag")),
            ("digest", kept(digest, "digest")),
        ];
        let mut entry = Map::default();
        entry.insert("name", Value::from(name.as_str()));
        for (field, text) in fields.into_iter().filter(|(_, text)| !text.is_empty()) {
            entry.insert(field, Value::from(text));
        }
        match present.and_then(|at| list.get_mut(at)) {
            Some(same) => *same = Value::map(entry),
            None => list.push(Value::map(entry)),
        }
    }
    list.sort_by(|a, b| a.str_at(&["name"]).cmp(&b.str_at(&["name"])));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::yaml;

    #[test]
    fn images_in_every_form() {
        let of = |text: &str| image(text).map(|i| (i.name, i.new_name, i.tag, i.digest));
        let four = |a: &str, b: &str, c: &str, d: &str| Ok((a.into(), b.into(), c.into(), d.into()));
        assert_eq!(of("web=r.example:5000/web:1@sha256:0"), four("web", "r.example:5000/web", "1", "sha256:0"));
        assert_eq!(of("web=other"), four("web", "other", "", ""));
        assert_eq!(of("r.example:5000/web:2"), four("r.example:5000/web", "", "2", ""));
        assert_eq!(of("web@sha256:0"), four("web", "", "", "sha256:0"));
        assert!(of("web").is_err() && of("r.example:5000/web").is_err());
    }

    #[test]
    fn options_become_fields() {
        let mut value = yaml::read(
            "images: [{name: web, newName: old, newTag: '1'}, {name: zed, newTag: '9'}]\ncommonLabels: {team: a}\nreplicas: [{name: web, count: 1}]\n",
            &yaml::Limits::default(),
        )
        .unwrap()
        .remove(0)
        .value;
        let app = Application { name: Some("shop".to_owned()), ..Application::default() };
        let text = |k: &str, v: &str| [(Str::from(k), Value::from(v))].into_iter().collect::<Map>();
        let options = Kustomize {
            images: vec!["web=*:$ARGOCD_APP_NAME".to_owned(), "a:2".to_owned()],
            name_prefix: "p-".to_owned(),
            replicas: vec![crate::config::render::Replicas { name: "web".to_owned(), count: 3 }],
            common_labels: text("app", "$ARGOCD_APP_NAME"),
            common_annotations: text("a", "$ARGOCD_APP_NAME"),
            components: vec!["../c".to_owned(), "../gone".to_owned()],
            ignore_missing_components: true,
            ..Kustomize::default()
        };
        edit(&mut value, &options, &app, &|path| path == "../c").unwrap();
        assert_eq!(
            yaml::write(&value),
            "images:\n- name: a\n  newTag: \"2\"\n- name: web\n  newName: old\n  newTag: shop\n- name: zed\n  newTag: \"9\"\n\
             commonLabels:\n  team: a\n  app: shop\nreplicas:\n- name: web\n  count: 3\nnamePrefix: p-\n\
             commonAnnotations:\n  a: $ARGOCD_APP_NAME\ncomponents:\n- ../c\n"
        );
        let again = Kustomize { common_labels: text("team", "b"), ..Kustomize::default() };
        let error = edit(&mut value.clone(), &again, &app, &|_| true).unwrap_err();
        assert!(error.starts_with("commonLabels holds 'team' already"), "{error}");
        let apart = Kustomize { label_without_selector: true, ..again };
        edit(&mut value, &apart, &app, &|_| true).unwrap();
        assert!(yaml::write(&value).contains("labels:\n- pairs:\n    team: b\n"));
    }
}

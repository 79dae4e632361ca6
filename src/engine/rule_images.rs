//! The images a `verifyImages` rule is about (chapter 40 §6.3, chapter 30 §2.5): those of a workload's
//! containers, or those its `imageExtractors` find.

use crate::document::image_reference::ImageReference;
use crate::document::{Str, Value};
use crate::jmespath::Runtime;
use crate::policy::images::{ImageExtractor, VerifyImages};

use super::images::{GROUPS, pod_spec_path};

/// One image of an object.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FoundImage {
    pub(super) reference: ImageReference,
    /// Where it stands: a JSON pointer.
    pub(super) pointer: String,
    pub(super) pull_secrets: Vec<Str>,
    group: Str,
    key: Str,
}

impl FoundImage {
    /// The reference that patterns are held against.
    pub(super) fn text(&self) -> String {
        self.reference.reference()
    }
}

/// The images of `object` that an entry of the rule covers; one that several cover comes as often, as
/// in Kyverno.
///
/// # Errors
/// What is wrong with the object's images.
pub(super) fn matching(
    rule: &VerifyImages,
    kind: &str,
    object: &Value,
    runtime: &Runtime<'_>,
) -> Result<Vec<FoundImage>, String> {
    let all = all(rule, kind, object, runtime)?;
    Ok(all
        .iter()
        .flat_map(|image| {
            let text = image.text();
            rule.entries.iter().filter(move |entry| entry.covers(&text)).map(move |_| image.clone())
        })
        .collect())
}

/// All images of `object`.
///
/// # Errors
/// What is wrong with them.
pub(super) fn all(
    rule: &VerifyImages,
    kind: &str,
    object: &Value,
    runtime: &Runtime<'_>,
) -> Result<Vec<FoundImage>, String> {
    let mut found: Vec<FoundImage> = Vec::new();
    if let Some((_, extractors)) = rule.extractors.iter().find(|(of, _)| of == kind) {
        if extractors.is_empty() {
            return Err(format!("no extractors found for {kind}"));
        }
        for extractor in extractors {
            let steps: Vec<&str> = extractor.path.iter().map(Str::as_str).collect();
            let mut walk = Walk { extractor: &Source::from(extractor), runtime, found: Vec::new() };
            walk.descend(object, &steps, &mut Vec::new(), &[])?;
            let images = walk.found;
            if !images.is_empty() {
                // Extractors of one name: the later one counts.
                found.retain(|image| image.group != extractor.group);
                found.extend(images);
            }
        }
        return Ok(found);
    }
    let Some(path) = pod_spec_path(kind) else { return Ok(found) };
    for group in GROUPS {
        let steps: Vec<&str> = path.iter().copied().chain([group, "*"]).collect();
        let source = Source { value: "image", key: "name", group, expression: None };
        let mut walk = Walk { extractor: &source, runtime, found: Vec::new() };
        walk.descend(object, &steps, &mut Vec::new(), &[])?;
        found.extend(walk.found);
    }
    Ok(found)
}

struct Source<'a> {
    value: &'a str,
    key: &'a str,
    group: &'a str,
    expression: Option<&'a Result<crate::jmespath::Expression, String>>,
}

impl<'a> From<&'a ImageExtractor> for Source<'a> {
    fn from(extractor: &'a ImageExtractor) -> Self {
        Self {
            value: &extractor.value,
            key: &extractor.key,
            group: &extractor.group,
            expression: extractor.expression.as_ref(),
        }
    }
}

struct Walk<'a> {
    extractor: &'a Source<'a>,
    runtime: &'a Runtime<'a>,
    found: Vec<FoundImage>,
}

impl Walk<'_> {
    /// Goes down `steps`, one level each; never deeper than they are many.
    fn descend(&mut self, at: &Value, steps: &[&str], path: &mut Vec<String>, secrets: &[Str]) -> Result<(), String> {
        if at.is_null() {
            return Ok(());
        }
        if let Some(("*", rest)) = steps.split_first().map(|(step, rest)| (*step, rest)) {
            return match at {
                Value::List(items) => items.iter().enumerate().try_for_each(|(index, item)| match item {
                    // A list in a list is gone into as well.
                    Value::List(_) => self.step(index.to_string(), item, steps, path, secrets),
                    Value::Map(_) => self.step(index.to_string(), item, rest, path, secrets),
                    _ => Ok(()),
                }),
                Value::Map(map) => map
                    .sorted()
                    .into_iter()
                    .filter(|(_, item)| matches!(item, Value::Map(_) | Value::List(_)))
                    .try_for_each(|(key, item)| self.step(key.to_string(), item, rest, path, secrets)),
                _ => Err("invalid type".to_owned()),
            };
        }
        let Some(map) = at.as_map() else { return Err("invalid image config".to_owned()) };
        let mut secrets = secrets.to_vec();
        let here = map.get("imagePullSecrets").and_then(Value::as_list).unwrap_or_default();
        secrets.extend(here.iter().filter_map(|secret| secret.str_at(&["name"]).map(Str::from)));
        match steps.split_first() {
            Some((step, rest)) => match map.get(step) {
                Some(next) => self.step((*step).to_owned(), next, rest, path, &secrets),
                None => Ok(()),
            },
            None => self.image(at, path, secrets),
        }
    }

    fn step(
        &mut self,
        name: String,
        next: &Value,
        rest: &[&str],
        path: &mut Vec<String>,
        secrets: &[Str],
    ) -> Result<(), String> {
        path.push(name);
        let result = self.descend(next, rest, path, secrets);
        path.pop();
        result
    }

    fn image(&mut self, holder: &Value, path: &[String], pull_secrets: Vec<Str>) -> Result<(), String> {
        let Source { value, key, group, expression } = self.extractor;
        let escaped: Vec<String> =
            path.iter().map(|step| step.replace('~', "~0").replace('/', "~1")).chain([(*value).to_owned()]).collect();
        let pointer = format!("/{}", escaped.join("/"));
        let key = match *key {
            "" => pointer.clone(),
            key => holder.str_at(&[key]).ok_or("invalid key")?.to_owned(),
        };
        let Some(text) = holder.str_at(&[value]).filter(|text| !text.trim().is_empty()) else { return Ok(()) };
        let mut text = text.to_owned();
        if let Some(expression) = expression {
            let expression = expression.as_ref().map_err(|e| format!("invalid jmespath: {e}"))?;
            let query = expression.text();
            let result = expression
                .search(&Value::from(text), self.runtime)
                .map_err(|e| format!("failed to apply jmespath {query}: {e}"))?;
            match result {
                Value::String(result) => text = result.to_string(),
                other => return Err(format!("jmespath {query} must produce a string, but produced {other:?}")),
            }
        }
        let reference = ImageReference::parse(&text).map_err(|e| format!("invalid image '{text}' ({e})"))?;
        let (group, key) = (Str::from(*group), Str::from(key));
        // Images of one name in one group: the later one counts.
        self.found.retain(|image| image.key != key);
        self.found.push(FoundImage { reference, pointer, pull_secrets, group, key });
        Ok(())
    }
}

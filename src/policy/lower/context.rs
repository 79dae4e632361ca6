//! `context` entries.

use crate::document::Value;
use crate::policy::rule::{ContextEntry, ContextSource};
use crate::template::Template;

use super::{items, present};

/// The `context` of a rule or of a `foreach` entry.
pub(super) fn lower(owner: &Value) -> Vec<ContextEntry> {
    items(owner, "context").iter().filter_map(entry).collect()
}

/// `None` for an entry without a source: validation rejects such a rule, and in a `foreach` Kyverno
/// never loads it.
fn entry(value: &Value) -> Option<ContextEntry> {
    let block = |key: &str| present(value, key);
    let template = |value: Option<&Value>| Template::compile(value.unwrap_or(&Value::Null));
    let source = if let Some(config_map) = block("configMap") {
        ContextSource::ConfigMap { name: text(config_map, "name"), namespace: text(config_map, "namespace") }
    } else if let Some(block) = block("apiCall") {
        ContextSource::ApiCall { block: template(Some(block)) }
    } else if let Some(block) = block("imageRegistry") {
        ContextSource::ImageRegistry { block: template(Some(block)) }
    } else if let Some(block) = block("globalReference") {
        ContextSource::GlobalReference { block: template(Some(block)) }
    } else {
        let variable = block("variable")?;
        let field = |key: &str| present(variable, key).map(Template::compile);
        ContextSource::Variable {
            value: field("value"),
            jmes_path: present(variable, "jmesPath").filter(|path| path.as_str() != Some("")).map(Template::compile),
            default: field("default"),
        }
    };
    Some(ContextEntry { name: value.str_at(&["name"]).unwrap_or_default().into(), source })
}

fn text(block: &Value, key: &str) -> Template {
    Template::compile(&block.get(key).filter(|v| !v.is_null()).cloned().unwrap_or_else(|| "".into()))
}

//! `context` entries of a rule (row 53).

use crate::jmespath::Expression;
use crate::policy::api::context::ContextEntry;

use super::json_patch::with_placeholders;
use super::{Checked, Violation};

/// Names that expressions know already.
const RESERVED: [&str; 6] =
    ["images", "request", "serviceAccountName", "serviceAccountNamespace", "element", "elementIndex"];

/// Row 53.
pub(super) fn check(rule: &Checked<'_>) -> Result<(), Violation> {
    let entries = &rule.rule.context;
    let refuse = |text: String| Err(rule.violation(&["context"], format!("path: spec.rules[{}]: {text}", rule.index)));
    if !entries.is_empty() && rule.rule.validate.as_ref().is_some_and(|v| v.cel.as_ref().is_some_and(|c| !c.is_empty()))
    {
        return refuse("context variables are not supported for CEL expressions in validate rules".to_owned());
    }
    entries.iter().try_for_each(|entry| self::entry(entry).or_else(refuse))
}

fn entry(entry: &ContextEntry) -> Result<(), String> {
    if entry.name.is_empty() {
        return Err("a name is required for context entries".to_owned());
    }
    let reserved =
        |name: &&&str| entry.name == **name || entry.name.strip_prefix(**name).is_some_and(|r| r.starts_with('.'));
    if let Some(name) = RESERVED.iter().find(reserved) {
        let text = format!("entry name {} is invalid as it conflicts with a pre-defined variable {name}", entry.name);
        return Err(text);
    }
    match (&entry.config_map, &entry.api_call, &entry.global_reference, &entry.image_registry, &entry.variable) {
        (Some(config_map), None, None, None, None) => {
            if config_map.name.is_empty() {
                return Err("a name is required for configMap context entry".to_owned());
            }
            if config_map.namespace.is_empty() {
                return Err("a namespace is required for configMap context entry".to_owned());
            }
            Ok(())
        }
        (None, Some(call), None, None, None) => {
            if !call.url_path.is_empty() && call.service.is_some() {
                return Err("a URLPath cannot be used for service API calls".to_owned());
            }
            jmes_path(&call.jmes_path)
        }
        (None, None, Some(reference), None, None) => {
            if reference.name.is_empty() {
                return Err("a name is required for globalReference context entry".to_owned());
            }
            jmes_path(&reference.jmes_path)
        }
        (None, None, None, Some(registry), None) => {
            if registry.reference.is_empty() {
                return Err("a ref is required for imageRegistry context entry".to_owned());
            }
            jmes_path(&registry.jmes_path)
        }
        (None, None, None, None, Some(variable)) => {
            jmes_path(&variable.jmes_path)?;
            if variable.jmes_path.is_empty() {
                if variable.value.is_null() {
                    return Err("a variable must define a value or a jmesPath expression".to_owned());
                }
                if !variable.default.is_null() {
                    let text = "a variable must define a default value only when a jmesPath expression is defined";
                    return Err(text.to_owned());
                }
            }
            Ok(())
        }
        _ => Err("exactly one of configMap or apiCall or imageRegistry or variable is required for context entries"
            .to_owned()),
    }
}

/// An expression that holds variables is not judged: what they become is not known.
fn jmes_path(text: &str) -> Result<(), String> {
    if text.is_empty() || with_placeholders(text, "kyvernojmespathvariable").contains("kyvernojmespathvariable") {
        return Ok(());
    }
    Expression::compile(text).map(|_| ()).map_err(|error| format!("failed to parse JMESPath {text}: {error}"))
}

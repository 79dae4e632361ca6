//! Loading one context entry (chapter 30 §3.2–3.6).

use crate::document::{Str, Value};
use crate::jmespath::Expression;
use crate::policy::rule::{ContextEntry, ContextSource};
use crate::template::Template;

use super::facts::{ApiCall, Backend, Fact};
use super::interrupt::Interrupt;
use super::scope::Scope;

/// What loading an entry gave.
pub(super) enum Loaded {
    /// The name now means this value.
    Replace(Value),
    /// The value is merged into what the name meant; `fetched` is kept for reloads.
    Merge {
        /// The value.
        value: Value,
        /// What the world answered.
        fetched: Value,
    },
    /// Nothing answers such questions here; a supplied value of the same name stands.
    Dropped,
}

/// Loads `entry`; `fetched` is the world's answer from an earlier load, if there was one.
pub(super) fn load(entry: &ContextEntry, fetched: Option<Value>, scope: &Scope<'_>) -> Result<Loaded, Interrupt> {
    let backend = match &entry.source {
        ContextSource::ConfigMap { .. } => Some(Backend::ConfigMaps),
        ContextSource::ApiCall { .. } => Some(Backend::ApiCalls),
        ContextSource::ImageRegistry { .. } => Some(Backend::Images),
        ContextSource::Variable { .. } | ContextSource::GlobalReference { .. } => None,
    };
    if backend.is_some_and(|backend| !scope.facts().has(backend)) {
        return Ok(Loaded::Dropped);
    }
    match &entry.source {
        ContextSource::Variable { value, jmes_path, default } => {
            variable(&entry.name, value.as_ref(), jmes_path.as_ref(), default.as_ref(), scope).map(Loaded::Replace)
        }
        ContextSource::ConfigMap { name, namespace } => {
            if let Some(value) = fetched {
                return Ok(Loaded::Merge { value: value.clone(), fetched: value });
            }
            let name = text(name, scope, &entry.name)?;
            let mut namespace = text(namespace, scope, &entry.name)?;
            if namespace.is_empty() {
                namespace = scope.policy.namespace.clone().unwrap_or_else(|| Str::new_static("default"));
            }
            match scope.facts().config_map(&namespace, &name) {
                Fact::Known(value) => Ok(Loaded::Merge { value: value.clone(), fetched: value }),
                Fact::Unknown(what) => Err(Interrupt::Deferred(what)),
                Fact::NoBackend => Ok(Loaded::Dropped),
                Fact::Failed(cause) => Err(Interrupt::Error(format!(
                    "failed to retrieve config map for context entry {}: failed to get configmap {namespace}/{name} : {cause}",
                    entry.name
                ))),
            }
        }
        ContextSource::ApiCall { block } => {
            let block = scope.resolve(block).map_err(|e| e.context(&substitution(&entry.name)))?;
            let call = ApiCall {
                method: block.str_at(&["method"]).unwrap_or("GET").into(),
                url_path: block.str_at(&["urlPath"]).unwrap_or_default().trim().into(),
                block: block.clone(),
            };
            let answer = fetched.map_or_else(|| scope.facts().api_call(&call), Fact::Known);
            let default = block.get("default").filter(|v| !v.is_null());
            match answer {
                Fact::Known(body) => {
                    let value = select(&block, &body, &entry.name, scope)?;
                    Ok(Loaded::Merge { value: value.with_floats(), fetched: body })
                }
                Fact::Unknown(what) => Err(Interrupt::Deferred(what)),
                Fact::NoBackend => Ok(Loaded::Dropped),
                Fact::Failed(cause) => match default {
                    Some(value) => Ok(Loaded::Replace(value.with_floats())),
                    None => Err(Interrupt::Error(format!(
                        "failed to fetch data for APICall for context entry {}: {cause}",
                        entry.name
                    ))),
                },
            }
        }
        ContextSource::ImageRegistry { block } => {
            let block = scope.resolve(block).map_err(|e| e.context(&substitution(&entry.name)))?;
            fetch(fetched, || scope.facts().image(&block), &block, &entry.name, scope)
        }
        ContextSource::GlobalReference { block } => {
            let block = scope.resolve(block).map_err(|e| e.context(&substitution(&entry.name)))?;
            let name = block.str_at(&["name"]).unwrap_or_default();
            fetch(None, || scope.facts().global(name), &block, &entry.name, scope)
        }
    }
}

fn substitution(name: &str) -> String {
    format!("failed to substitute variables in context entry {name}: ")
}

fn fetch(
    fetched: Option<Value>,
    ask: impl FnOnce() -> Fact<Value>,
    block: &Value,
    name: &str,
    scope: &Scope<'_>,
) -> Result<Loaded, Interrupt> {
    match fetched.map_or_else(ask, Fact::Known) {
        Fact::Known(data) => {
            Ok(Loaded::Merge { value: select(block, &data, name, scope)?.with_floats(), fetched: data })
        }
        Fact::Unknown(what) => Err(Interrupt::Deferred(what)),
        Fact::NoBackend => Ok(Loaded::Dropped),
        Fact::Failed(cause) => Err(Interrupt::Error(format!("failed to load context entry {name}: {cause}"))),
    }
}

/// Applies the block's `jmesPath`, if it has one, to what the world answered.
fn select(block: &Value, data: &Value, name: &str, scope: &Scope<'_>) -> Result<Value, Interrupt> {
    let Some(path) = block.str_at(&["jmesPath"]).filter(|path| !path.is_empty()) else { return Ok(data.clone()) };
    let failed =
        |cause: String| Interrupt::Error(format!("failed to apply JMESPath {path} for context entry {name}: {cause}"));
    let expression = Expression::compile(path).map_err(|e| failed(e.to_string()))?;
    expression.search(&data.with_floats(), &scope.runtime()).map_err(|e| failed(e.to_string()))
}

fn text(template: &Template, scope: &Scope<'_>, entry: &str) -> Result<Str, Interrupt> {
    match scope.resolve(template).map_err(|e| e.context(&substitution(entry)))? {
        Value::String(text) => Ok(text),
        Value::Null => Ok(Str::default()),
        _ => Err(Interrupt::Error(format!("failed to convert context entry {entry} to a string"))),
    }
}

fn variable(
    name: &str,
    value: Option<&Template>,
    jmes_path: Option<&Template>,
    default: Option<&Template>,
    scope: &Scope<'_>,
) -> Result<Value, Interrupt> {
    let part = |template: Option<&Template>, what: &str| {
        template
            .map(|t| {
                scope
                    .resolve(t)
                    .map_err(|e| e.context(&format!("failed to substitute variables in context entry {name} {what}: ")))
            })
            .transpose()
    };
    let path = match part(jmes_path, "jmespath")? {
        None => None,
        Some(Value::String(path)) => Some(path),
        Some(_) => {
            return Err(Interrupt::Error(format!("failed to convert jmespath of context entry {name} to a string")));
        }
    };
    let default = part(default, "default value")?.filter(|v| !v.is_null());
    let value = part(value, "value")?.filter(|v| !v.is_null());
    let nil = || Interrupt::Error(format!("failed to add context entry for variable {name} since it evaluated to nil"));
    let result = match (value, path) {
        (Some(value), None) => value,
        (Some(value), Some(path)) => {
            match apply(&path, |expression| {
                expression.search(&value, &scope.runtime()).map_err(crate::template::QueryError::from)
            }) {
                Ok(result) => result,
                Err(Interrupt::Error(cause)) => default.ok_or_else(|| failed(name, &path, &cause))?,
                Err(deferred) => return Err(deferred),
            }
        }
        (None, Some(path)) => match apply(&path, |expression| scope.evaluate(expression)) {
            Ok(result) if result.is_null() => default.ok_or_else(nil)?,
            Ok(result) => result,
            Err(Interrupt::Error(cause)) => default.ok_or_else(|| failed(name, &path, &cause))?,
            Err(deferred) => return Err(deferred),
        },
        (None, None) => default.ok_or_else(nil)?,
    };
    if result.is_null() { Err(nil()) } else { Ok(result.with_floats()) }
}

fn failed(name: &str, path: &str, cause: &str) -> Interrupt {
    Interrupt::Error(format!("failed to apply jmespath {path} to variable {name}: {cause}"))
}

fn apply(
    path: &str,
    search: impl FnOnce(&Expression) -> Result<Value, crate::template::QueryError>,
) -> Result<Value, Interrupt> {
    let expression = Expression::compile(path).map_err(|e| Interrupt::Error(e.to_string()))?;
    search(&expression).map_err(Interrupt::from)
}

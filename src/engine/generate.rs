//! Generate rules (chapter 40 §4): the objects a rule makes, as Kyverno would create them.

use crate::document::{Map, Str, Value};
use crate::policy::rule::{Generate, GenerateForm, GenerateTarget, GenerateTargets, Rule};

use super::answer::Answer;
use super::conditions::evaluate_all;
use super::decision::Outcome;
use super::elements;
use super::facts::Fact;
use super::interrupt::Interrupt;
use super::review::Numbers;
use super::scope::Scope;

/// Runs a generate rule for the reviewed object. The rule passes once its preconditions held; an
/// object that cannot be made is an error that names why, except where Kyverno's command line
/// counts the rule as passed all the same (a clone without a source, chapter 40 §4.7).
pub(super) fn run<'a>(rule: &'a Rule, generate: &'a Generate, scope: &Scope<'a>) -> Answer {
    let mut made = Vec::new();
    let outcome = match &generate.targets {
        GenerateTargets::One(target) => one(rule, target, scope, &mut made),
        GenerateTargets::ForEach(entries) => entries.iter().try_for_each(|entry| {
            let list = elements::list(&entry.list, scope)?;
            scope.enter_loop();
            let mut result = Ok(());
            for (index, element) in list.items.iter().enumerate().filter(|(_, v)| !v.is_null()) {
                scope.next_element(element, index);
                scope.declare(&entry.context);
                result = match &entry.preconditions {
                    None => one(rule, &entry.target, scope, &mut made),
                    Some(conditions) => match evaluate_all(conditions, scope) {
                        Ok(verdict) if verdict.holds => one(rule, &entry.target, scope, &mut made),
                        Ok(_) => Ok(()),
                        Err(interrupt) => Err(interrupt.context("failed to evaluate preconditions: ")),
                    },
                };
                if result.is_err() {
                    break;
                }
            }
            scope.leave_loop();
            result
        }),
    };
    match outcome {
        Ok(()) => Answer { generated: made, ..Answer::new(Outcome::Pass, "") },
        // The command line counts the rule as passed by its match and preconditions alone.
        Err(Interrupt::Error(text)) if scope.request.review.numbers == Numbers::Floats => {
            let notice = format!("rule {} of policy {} could not generate: {text}", rule.name, scope.policy.name);
            Answer { generated: made, notices: vec![notice], ..Answer::new(Outcome::Pass, "") }
        }
        Err(interrupt) => Answer { generated: made, ..Answer::from(interrupt) },
    }
}

fn one(rule: &Rule, target: &GenerateTarget, scope: &Scope<'_>, made: &mut Vec<Value>) -> Result<(), Interrupt> {
    let block = scope.resolve(&target.block).map_err(|e| e.context("variable substitution failed: "))?;
    let field = |name: &str| -> Str { block.str_at(&[name]).unwrap_or_default().into() };
    let (api_version, kind, name, namespace) = (field("apiVersion"), field("kind"), field("name"), field("namespace"));
    match target.form {
        GenerateForm::Nothing => Ok(()),
        GenerateForm::Data => {
            let mut object = match block.get("data") {
                Some(Value::Map(data)) => (**data).clone(),
                _ => Map::new(),
            };
            object.insert("apiVersion", api_version.into());
            if object.get("kind").is_none_or(Value::is_null) {
                object.insert("kind", kind.into());
            }
            made.push(identified(object, &name, &namespace, labels(rule, scope, None)));
            Ok(())
        }
        GenerateForm::Clone => {
            let source = (
                block.str_at(&["clone", "namespace"]).unwrap_or_default(),
                block.str_at(&["clone", "name"]).unwrap_or_default(),
            );
            if source == (namespace.as_str(), name.as_str()) {
                return Ok(());
            }
            match scope.facts().clone_source(&api_version, &kind, source.0, source.1) {
                Fact::Known(Some(object)) => {
                    made.push(cloned(&object, &name, &namespace, rule, scope));
                    Ok(())
                }
                Fact::Known(None) => Err(Interrupt::Error(format!(
                    "source resource {api_version} {kind}/{}/{} not found",
                    source.0, source.1
                ))),
                Fact::Unknown(what) => Err(Interrupt::Deferred(what)),
                Fact::Failed(cause) => Err(Interrupt::Error(cause)),
                Fact::NoBackend => Ok(()),
            }
        }
        GenerateForm::CloneList => clone_list(rule, &block, &namespace, scope, made),
    }
}

fn clone_list(
    rule: &Rule,
    block: &Value,
    namespace: &str,
    scope: &Scope<'_>,
    made: &mut Vec<Value>,
) -> Result<(), Interrupt> {
    let source_namespace = block.str_at(&["cloneList", "namespace"]).unwrap_or_default();
    if source_namespace == namespace {
        return Ok(());
    }
    let kinds = block.at(&["cloneList", "kinds"]).and_then(Value::as_list).unwrap_or_default();
    let selector = match block.at(&["cloneList", "selector"]) {
        Some(selector) if !selector.is_null() => Some(
            crate::document::labels::Selector::compile(selector)
                .map_err(|e| Interrupt::Error(format!("failed to parse cloneList selector: {e}")))?,
        ),
        _ => None,
    };
    for kind in kinds.iter().filter_map(Value::as_str) {
        let (api_version, kind) = kind.rsplit_once('/').unwrap_or(("", kind));
        match scope.facts().clone_sources(api_version, kind, source_namespace) {
            Fact::Known(objects) => {
                for object in objects {
                    let labels = object.at(&["metadata", "labels"]).and_then(Value::as_map);
                    if selector.as_ref().is_none_or(|s| s.matches(labels)) {
                        let name: Str = object.str_at(&["metadata", "name"]).unwrap_or_default().into();
                        made.push(cloned(&object, &name, namespace, rule, scope));
                    }
                }
            }
            Fact::Unknown(what) => return Err(Interrupt::Deferred(what)),
            Fact::Failed(cause) => return Err(Interrupt::Error(cause)),
            Fact::NoBackend => {}
        }
    }
    Ok(())
}

fn cloned(source: &Value, name: &str, namespace: &str, rule: &Rule, scope: &Scope<'_>) -> Value {
    let mut object = source.as_map().cloned().unwrap_or_default();
    object.remove("status");
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_map_mut) {
        for field in ["uid", "selfLink", "creationTimestamp", "managedFields", "resourceVersion"] {
            metadata.remove(field);
        }
        if metadata.get("namespace").and_then(Value::as_str) != Some(namespace) {
            metadata.remove("ownerReferences");
        }
    }
    identified(object, name, namespace, labels(rule, scope, Some(source)))
}

/// Sets name, namespace and labels.
fn identified(mut object: Map, name: &str, namespace: &str, labels: Vec<(Str, Value)>) -> Value {
    let metadata = object.entry_or_insert_with("metadata", Value::empty_map);
    if metadata.as_map().is_none() {
        *metadata = Value::empty_map();
    }
    if let Some(metadata) = metadata.as_map_mut() {
        metadata.insert("name", name.into());
        if namespace.is_empty() {
            metadata.remove("namespace");
        } else {
            metadata.insert("namespace", namespace.into());
        }
        let own = metadata.entry_or_insert_with("labels", Value::empty_map);
        if own.as_map().is_none() {
            *own = Value::empty_map();
        }
        if let Some(own) = own.as_map_mut() {
            for (key, value) in labels {
                own.insert(key, value);
            }
        }
    }
    Value::map(object)
}

/// The labels Kyverno puts on what it makes (chapter 40 §4.2).
fn labels(rule: &Rule, scope: &Scope<'_>, source: Option<&Value>) -> Vec<(Str, Value)> {
    let label = |key: &str, value: &str| (Str::from(format!("generate.kyverno.io/{key}")), Value::from(value));
    let policy = scope.policy;
    let mut labels = vec![
        (Str::new_static("app.kubernetes.io/managed-by"), Value::from("kyverno")),
        label("policy-name", &policy.name),
        label("policy-namespace", policy.namespace.as_deref().unwrap_or_default()),
        label("rule-name", &rule.name),
    ];
    let of = |prefix: &str, object: &Value, labels: &mut Vec<(Str, Value)>| {
        let api_version = object.str_at(&["apiVersion"]).unwrap_or_default();
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        labels.push(label(&format!("{prefix}-version"), version));
        labels.push(label(&format!("{prefix}-group"), group));
        labels.push(label(&format!("{prefix}-kind"), object.str_at(&["kind"]).unwrap_or_default()));
        labels
            .push(label(&format!("{prefix}-namespace"), object.str_at(&["metadata", "namespace"]).unwrap_or_default()));
        labels.push(label(&format!("{prefix}-uid"), object.str_at(&["metadata", "uid"]).unwrap_or_default()));
    };
    if let Some(trigger) = scope.request.candidate() {
        of("trigger", trigger, &mut labels);
    }
    if let Some(source) = source {
        of("source", source, &mut labels);
        labels.push(label("clone-source", ""));
    }
    labels
}

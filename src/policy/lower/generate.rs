//! `generate` bodies.

use crate::document::{Map, Str, Value};
use crate::policy::rule::{Generate, GenerateForEach, GenerateForm, GenerateTarget, GenerateTargets};
use crate::template::Template;

use super::validate::list;
use super::{LowerError, conditions, context, items, present};

/// The fields of a block that say what is made.
const TARGET: [&str; 7] = ["apiVersion", "kind", "name", "namespace", "data", "clone", "cloneList"];

/// Lowers a `generate` block.
pub(super) fn lower(generate: &Value) -> Result<Generate, LowerError> {
    let targets = if present(generate, "foreach").is_some() {
        let entries = items(generate, "foreach").iter().enumerate();
        let entries: Result<_, _> =
            entries.map(|(index, entry)| for_each(entry).map_err(|e| e.below(index).below("foreach"))).collect();
        GenerateTargets::ForEach(entries?)
    } else {
        GenerateTargets::One(target(generate))
    };
    let synchronize = generate.get("synchronize").and_then(Value::as_bool).unwrap_or(false);
    Ok(Generate { targets, synchronize })
}

fn target(value: &Value) -> GenerateTarget {
    let block: Map = TARGET.iter().filter_map(|key| Some((Str::from(*key), present(value, key)?.clone()))).collect();
    let written = |key: &str, field: &str| present(value, key).and_then(|v| present(v, field)).is_some();
    let form = if block.contains_key("data") {
        GenerateForm::Data
    } else if written("clone", "name") {
        GenerateForm::Clone
    } else if written("cloneList", "kinds") {
        GenerateForm::CloneList
    } else {
        GenerateForm::Nothing
    };
    GenerateTarget { block: Template::compile(&Value::map(block)), form }
}

fn for_each(entry: &Value) -> Result<GenerateForEach, LowerError> {
    Ok(GenerateForEach {
        list: list(entry),
        context: context::lower(entry),
        preconditions: conditions(entry.get("preconditions").unwrap_or(&Value::Null))
            .map_err(|e| e.below("preconditions"))?,
        target: target(entry),
    })
}

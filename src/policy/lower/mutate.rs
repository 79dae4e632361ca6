//! `mutate` bodies.

use crate::document::{Map, Value};
use crate::mutate::strategic_merge::StrategicMerge;
use crate::policy::rule::{Change, Mutate, MutateForEach, MutateTarget, PatchSource};
use crate::template::Template;

use super::validate::list;
use super::{LowerError, MAX_FOREACH_DEPTH, conditions, context, items, present};

/// Lowers a `mutate` block; `rule` is the whole rule around it.
pub(super) fn lower(mutate: &Value, rule: &Value) -> Result<Mutate, LowerError> {
    let change = change(mutate, 0)?;
    let whole_rule = (!matches!(change, Change::ForEach(_))).then(|| Template::compile(rule));
    Ok(Mutate {
        change,
        targets: items(mutate, "targets")
            .iter()
            .enumerate()
            .map(|(index, entry)| target(entry).map_err(|e| e.below(index).below("targets")))
            .collect::<Result<_, _>>()?,
        whole_rule: whole_rule.filter(|template| !template.is_constant()),
    })
}

fn target(entry: &Value) -> Result<MutateTarget, LowerError> {
    let selector: Map = ["apiVersion", "kind", "namespace", "name", "uid", "selector"]
        .into_iter()
        .filter_map(|field| Some((field.into(), entry.get(field)?.clone())))
        .collect();
    Ok(MutateTarget {
        selector: Template::compile(&selector.into()),
        context: context::lower(entry),
        preconditions: conditions(entry.get("preconditions").unwrap_or(&Value::Null))
            .map_err(|e| e.below("preconditions"))?,
    })
}

/// The change a block makes. Without any, the empty JSON patch stands for Kyverno's
/// `empty mutate rule`.
fn change(value: &Value, depth: usize) -> Result<Change, LowerError> {
    if !items(value, "foreach").is_empty() {
        if depth == MAX_FOREACH_DEPTH {
            return Err(LowerError::new(format!("foreach nests deeper than {MAX_FOREACH_DEPTH}")));
        }
        let entries = items(value, "foreach").iter().enumerate();
        return entries
            .map(|(index, entry)| for_each(entry, depth).map_err(|e| e.below(index).below("foreach")))
            .collect::<Result<_, _>>()
            .map(Change::ForEach);
    }
    if let Some(patch) = present(value, "patchStrategicMerge") {
        let template = Template::compile(patch);
        let compiled = template.constant().map(StrategicMerge::compile).transpose();
        let compiled = compiled.map_err(|e| LowerError::new(e.to_string()).below("patchStrategicMerge"))?;
        return Ok(Change::StrategicMerge(compiled.map_or(PatchSource::Templated(template), PatchSource::Constant)));
    }
    let text = value.str_at(&["patchesJson6902"]).unwrap_or_default();
    Ok(Change::JsonPatch(Template::compile(&text.into())))
}

fn for_each(entry: &Value, depth: usize) -> Result<MutateForEach, LowerError> {
    Ok(MutateForEach {
        list: list(entry),
        descending: match entry.str_at(&["order"]) {
            Some(order) => order == "Descending",
            None => present(entry, "patchStrategicMerge").is_some(),
        },
        context: context::lower(entry),
        preconditions: conditions(entry.get("preconditions").unwrap_or(&Value::Null))
            .map_err(|e| e.below("preconditions"))?,
        change: change(entry, depth + 1)?,
    })
}

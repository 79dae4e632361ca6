//! One Pod rule rewritten for the controllers of Pods (chapter 10 §4.3).

use crate::document::{Map, Str, Value};
use crate::policy::kind_selector::any_names;

use super::{CRON_JOB, pinned, text};

/// What a made rule keeps of the written one. Everything else is lost, as in Kyverno.
const KEPT: [&str; 11] = [
    "name",
    "match",
    "exclude",
    "celPreconditions",
    "context",
    "preconditions",
    "mutate",
    "validate",
    "verifyImages",
    "skipBackgroundRequests",
    "reportProperties",
];

/// What a made `validate` block keeps beside its check and message.
const KEPT_OF_VALIDATE: [&str; 3] = ["failureAction", "failureActionOverrides", "allowExistingViolations"];

/// Kyverno cuts the names it makes here.
const LONGEST_NAME: usize = 63;

/// The rule for controllers that hold a Pod template; `None` if its body has no such form.
pub(super) fn for_controllers(rule: &Value, kinds: &[Str]) -> Option<Value> {
    let made = wrapped(rule, "autogen", "template", "spec/template", kinds, Filters::ThoseNamingPods)?;
    Some(text::shift_fields(&made, "spec.template", is_cel(&made)))
}

/// The rule for CronJobs: the rule for controllers, wrapped once more.
pub(super) fn for_cron_job(rule: &Value) -> Option<Value> {
    let inner = wrapped(rule, "autogen", "template", "spec/template", &[pinned(CRON_JOB)], Filters::ThoseNamingPods)?;
    let mut made = wrapped(
        &inner,
        "autogen-cronjob",
        "jobTemplate",
        "spec/jobTemplate/spec/template",
        &[pinned(CRON_JOB)],
        Filters::All,
    )?;
    set_name(&mut made, "autogen-cronjob", rule.str_at(&["name"]).unwrap_or_default());
    Some(text::shift_fields(&made, "spec.jobTemplate.spec.template", is_cel(&made)))
}

/// Which filters of `any` and `all` get the new kinds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Filters {
    ThoseNamingPods,
    All,
}

fn wrapped(rule: &Value, prefix: &str, key: &str, shift: &str, kinds: &[Str], filters: Filters) -> Option<Value> {
    let written = rule.as_map()?;
    let mut out: Map =
        KEPT.iter().filter_map(|k| Some((Str::from(*k), written.get(k).filter(|v| !v.is_null())?.clone()))).collect();
    let mut made = {
        set_kinds(out.get_mut("match")?, kinds, filters, true);
        if let Some(exclude) = out.get_mut("exclude") {
            set_kinds(exclude, kinds, filters, false);
        }
        drop_empty_conditions(out.get_mut("preconditions"));
        body(&mut out, key, shift)?;
        Value::map(out)
    };
    set_name(&mut made, prefix, rule.str_at(&["name"]).unwrap_or_default());
    Some(made)
}

fn set_name(rule: &mut Value, prefix: &str, name: &str) {
    let mut text = format!("{prefix}-{name}");
    if text.len() > LONGEST_NAME {
        let cut = (0..=LONGEST_NAME).rev().find(|i| text.is_char_boundary(*i)).unwrap_or(0);
        text.truncate(cut);
    }
    if let Some(map) = rule.as_map_mut() {
        map.insert("name", text.into());
    }
}

fn set_kinds(block: &mut Value, kinds: &[Str], filters: Filters, always: bool) {
    let kinds = Value::list(kinds.iter().cloned().map(Value::String).collect());
    let Some(map) = block.as_map_mut() else { return };
    for form in ["any", "all"] {
        if map.get(form).and_then(Value::as_list).is_none_or(<[Value]>::is_empty) {
            continue;
        }
        for filter in map.get_mut(form).and_then(Value::as_list_mut).into_iter().flatten() {
            if filters == Filters::All || names_pods(filter) {
                put_kinds(filter, &kinds);
            }
        }
        return;
    }
    let has_kinds = block.at(&["resources", "kinds"]).and_then(Value::as_list).is_some_and(|kinds| !kinds.is_empty());
    if always || has_kinds {
        put_kinds(block, &kinds);
    }
}

fn names_pods(filter: &Value) -> bool {
    let kinds = filter.at(&["resources", "kinds"]).and_then(Value::as_list).unwrap_or_default();
    any_names(&kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>(), "Pod")
}

fn put_kinds(filter: &mut Value, kinds: &Value) {
    let Some(map) = filter.as_map_mut() else { return };
    let resources = map.entry_or_insert_with("resources", Value::empty_map);
    if resources.is_null() {
        *resources = Value::empty_map();
    }
    if let Some(resources) = resources.as_map_mut() {
        resources.insert("kinds", kinds.clone());
    }
}

/// Rewrites the rule's body; `None` if autogen makes no rule of it.
fn body(rule: &mut Map, key: &str, shift: &str) -> Option<()> {
    if let Some(mutate) = rule.get("mutate").and_then(|m| mutation(m, key)) {
        rule.insert("mutate", mutate);
        return Some(());
    }
    if let Some(validate) = rule.get("validate").and_then(|v| validation(v, key, shift)) {
        rule.insert("validate", validate);
        return Some(());
    }
    rule.contains_key("verifyImages").then_some(())
}

fn mutation(mutate: &Value, key: &str) -> Option<Value> {
    if let Some(patch) = present(mutate, "patchStrategicMerge") {
        return Some(Value::from([("patchStrategicMerge", wrap(patch, key))]));
    }
    let entries = present(mutate, "foreach")?.as_list().filter(|list| !list.is_empty())?;
    let entry = |written: &Value| {
        let mut out = Map::new();
        for kept in ["list", "context", "preconditions"] {
            if let Some(value) = present(written, kept) {
                out.insert(kept, value.clone());
            }
        }
        drop_empty_conditions(out.get_mut("preconditions"));
        out.insert("patchStrategicMerge", wrap(written.get("patchStrategicMerge").unwrap_or(&Value::Null), key));
        Value::map(out)
    };
    Some(Value::from([("foreach", Value::list(entries.iter().map(entry).collect()))]))
}

fn validation(validate: &Value, key: &str, shift: &str) -> Option<Value> {
    let mut out = Map::new();
    for kept in KEPT_OF_VALIDATE {
        if let Some(value) = present(validate, kept) {
            out.insert(kept, value.clone());
        }
    }
    let (pivot, field, value) = if let Some(pattern) = present(validate, "pattern") {
        ("pattern", "pattern", wrap(pattern, key))
    } else if let Some(deny) = present(validate, "deny") {
        let mut deny = deny.clone();
        drop_empty_conditions(deny.as_map_mut().and_then(|m| m.get_mut("conditions")));
        ("deny", "deny", deny)
    } else if let Some(pod_security) = present(validate, "podSecurity") {
        ("podSecurity", "podSecurity", pod_security.clone())
    } else if let Some(patterns) = present(validate, "anyPattern") {
        let wrapped = patterns.as_list().unwrap_or_default().iter().map(|p| wrap(p, key)).collect();
        ("anyPattern", "anyPattern", Value::list(wrapped))
    } else if let Some(entries) = present(validate, "foreach").filter(|f| f.as_list().is_some_and(|l| !l.is_empty())) {
        let mut entries = entries.clone();
        for entry in entries.as_list_mut().into_iter().flatten().filter_map(Value::as_map_mut) {
            drop_empty_conditions(entry.get_mut("preconditions"));
            drop_empty_conditions(
                entry.get_mut("deny").and_then(Value::as_map_mut).and_then(|d| d.get_mut("conditions")),
            );
        }
        ("pattern", "foreach", entries)
    } else if present(validate, "cel").is_some_and(|c| c.as_map().is_some_and(|m| !m.is_empty())) {
        return Some(validate.clone());
    } else {
        return None;
    };
    out.insert(field, value);
    if let Some(message) = validate.str_at(&["message"]) {
        out.insert("message", text::shift_references(message, shift, pivot).into());
    }
    Some(Value::map(out))
}

fn present<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    value.get(key).filter(|v| !v.is_null())
}

/// `{spec: {KEY: value}}`
fn wrap(value: &Value, key: &str) -> Value {
    Value::from([("spec", Value::from([(key, value.clone())]))])
}

/// Kyverno writes the rule out and reads it again, which loses empty lists of conditions: an empty
/// `any`, never true before, then counts as absent.
fn drop_empty_conditions(conditions: Option<&mut Value>) {
    if let Some(map) = conditions.and_then(Value::as_map_mut) {
        map.retain(|_, v| v.as_list().is_none_or(|l| !l.is_empty()));
    }
}

fn is_cel(rule: &Value) -> bool {
    rule.at(&["validate", "cel"]).is_some_and(|c| !c.is_null())
}

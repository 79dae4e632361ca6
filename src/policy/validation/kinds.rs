//! Rules about every kind, and rules about none (rows 39–42, 48).

use std::sync::LazyLock;

use regex::Regex;

use crate::document::{Str, Value, yaml};
use crate::policy::api::rule::Rule;

use super::{Checked, Violation};

const ONLY_METADATA: &str =
    "policy can only deal with the metadata field of the resource if the rule does not match any kind";

#[expect(clippy::expect_used, reason = "a constant, compiled by a test")]
static REQUEST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\{\{\s*(request\.|serviceAccountName|serviceAccountNamespace)[^{}]*\}\}").expect("a constant pattern")
});

/// Rows 39 to 42: the kind `*`.
pub(super) fn check(rule: &Checked<'_>, background: bool) -> Result<(), Violation> {
    for (section, block) in [("match", Some(&rule.rule.matches)), ("exclude", rule.rule.exclude.as_ref())] {
        let Some(block) = block else { continue };
        for (form, filters) in [("any", &block.any), ("all", &block.all)] {
            for (index, filter) in filters.iter().enumerate() {
                star(rule, &filter.resources.kinds, background, section, &format!("{form}[{index}]."))?;
            }
        }
        star(rule, &block.resources.kinds, background, section, "")?;
    }
    Ok(())
}

fn star(rule: &Checked<'_>, kinds: &[Str], background: bool, section: &'static str, at: &str) -> Result<(), Violation> {
    if !kinds.iter().any(|k| k == "*") {
        return Ok(());
    }
    let text = if background {
        "wildcard policy not allowed in background mode. Set spec.background=false to disable background mode for this policy rule "
    } else if kinds.len() > 1 {
        "wildcard policy can not deal with more than one kind"
    } else if rule.rule.has_generate()
        || rule.rule.has_verify_images()
        || rule.rule.validate.as_ref().is_some_and(|v| v.foreach.is_some())
    {
        "wildcard policy does not support rule type"
    } else if !star_allows(rule.rule) {
        ONLY_METADATA
    } else {
        return Ok(());
    };
    Err(rule.violation(&[section], format!("path: spec.rules[{}].{section}.{at}kinds: {text}", rule.index)))
}

/// Row 42: rules about any kind may look at metadata only.
fn star_allows(rule: &Rule) -> bool {
    if let Some(validate) = rule.validate.as_ref().filter(|v| !v.is_empty()) {
        if (!validate.pattern.is_null() || !validate.any_pattern.is_null()) && !only_metadata(rule) {
            return false;
        }
        // Kyverno looks at the legacy list only; a key that is not a text would end it in a panic.
        let conditions = validate.deny.as_ref().and_then(|d| d.conditions.as_list()).unwrap_or_default();
        for key in conditions.iter().filter_map(|c| c.str_at(&["key"])) {
            let metadata = key.contains("request.object.metadata.");
            if !metadata && (!REQUEST.is_match(key) || key.contains("request.object.spec")) {
                return false;
            }
        }
    }
    !rule.has_mutate() || only_metadata(rule)
}

fn only_metadata(rule: &Rule) -> bool {
    let map_is = |value: &Value| value.as_map().is_none_or(|m| m.keys().all(|k| k == "metadata"));
    if let Some(mutate) = &rule.mutate
        && (!map_is(&mutate.patch_strategic_merge) || !patch_is_of_metadata(&mutate.patches_json6902))
    {
        return false;
    }
    if let Some(validate) = &rule.validate {
        let any_pattern = match &validate.any_pattern {
            Value::Null => true,
            Value::List(patterns) => patterns.iter().all(map_is),
            _ => false,
        };
        return map_is(&validate.pattern) && any_pattern;
    }
    true
}

/// Kyverno reads the patch as JSON only; what is not JSON has no operations to judge.
fn patch_is_of_metadata(patch: &str) -> bool {
    if !patch.trim_start().starts_with('[') {
        return true;
    }
    let Ok(documents) = yaml::read(patch, &yaml::Limits::default()) else { return true };
    let operations = documents.first().and_then(|d| d.value.as_list()).unwrap_or_default();
    operations.iter().all(|o| o.str_at(&["path"]).unwrap_or_default().starts_with("/metadata"))
}

/// Row 48: every filter of `match` names a kind.
pub(super) fn check_present(rule: &Checked<'_>) -> Result<(), Violation> {
    let matches = &rule.rule.matches;
    let missing = if !matches.any.is_empty() {
        matches.any.iter().any(|f| f.resources.kinds.is_empty())
    } else if !matches.all.is_empty() {
        matches.all.iter().any(|f| f.resources.kinds.is_empty())
    } else {
        matches.resources.kinds.is_empty()
    };
    if !missing {
        return Ok(());
    }
    let text = if only_metadata(rule.rule) {
        "at least one element must be specified in a kind block, the kind attribute is mandatory when working with the resources element"
    } else {
        ONLY_METADATA
    };
    Err(rule.violation(&["match"], text))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_constant_pattern_is_one() {
        assert!(super::REQUEST.is_match("{{ request.operation }}"));
    }
}

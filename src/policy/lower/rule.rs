//! One rule.

use crate::document::Value;
use crate::policy::api::rule::Rule as WireRule;
use crate::policy::rule::{Body, Rule};
use crate::policy::selector::Filters;
use crate::template::Template;

use super::{
    LowerError, action, action_overrides, conditions, context, generate, mutate, present, validate, verify_images,
};

/// Lowers a rule; `value` is the same rule as a document.
pub(super) fn lower(rule: &WireRule, value: &Value) -> Result<Rule, LowerError> {
    let validation = rule.validate.as_ref();
    Ok(Rule {
        name: rule.name.clone(),
        matches: Filters::compile(&rule.matches),
        exclude: rule.exclude.as_ref().filter(|block| !block.is_empty()).map(Filters::compile),
        context: context::lower(value),
        preconditions: conditions(&rule.preconditions).map_err(|e| e.below("preconditions"))?,
        report_properties: (!rule.report_properties.is_empty())
            .then(|| present(value, "reportProperties").map(Template::compile))
            .flatten(),
        failure_action: validation.and_then(|v| v.failure_action).map(action).or_else(|| images_action(rule)),
        action_overrides: validation.map(|v| action_overrides(&v.failure_action_overrides)).unwrap_or_default(),
        only_kinds: None,
        except_kinds: Vec::new(),
        autogen: false,
        written_at: 0,
        body: body(rule, value)?,
    })
}

fn body(rule: &WireRule, value: &Value) -> Result<Body, LowerError> {
    let part = |key: &'static str| present(value, key).unwrap_or(&Value::Null);
    if rule.has_mutate() {
        return mutate::lower(part("mutate"), value).map(Body::Mutate).map_err(|e| e.below("mutate"));
    }
    if let Some(validation) = rule.validate.as_ref().filter(|v| !v.is_empty()) {
        return validate::lower(validation, part("validate")).map_err(|e| e.below("validate"));
    }
    if rule.has_generate() {
        return generate::lower(part("generate")).map(Body::Generate).map_err(|e| e.below("generate"));
    }
    if rule.has_verify_images() {
        return verify_images::lower(rule, value).map(Body::VerifyImages);
    }
    Err(LowerError::new(format!(
        "No operation defined in the rule '{}'.(supported operations: mutate,validate,generate,verifyImages)",
        rule.name
    )))
}

/// The action of a verifyImages rule: any entry that enforces, else the first that says something.
fn images_action(rule: &WireRule) -> Option<crate::policy::rule::Action> {
    let said = || rule.verify_images.iter().filter_map(|v| v.failure_action).map(action);
    said().max()
}

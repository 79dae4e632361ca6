//! Variables: who asks, in the background; where they may stand; what they may name (rows 4–11).

use std::sync::LazyLock;

use regex::Regex;

use crate::document::{Map, Str, Value, json, wildcard, yaml};
use crate::jmespath::Expression;
use crate::policy::api::context::ContextEntry;
use crate::policy::api::matching::{MatchResources, ResourceFilter};
use crate::policy::api::policy::PolicyDocument;
use crate::policy::api::rule::Rule;

use super::{Checked, Violation};

/// A variable, and the character before it.
pub(super) static VARIABLE: LazyLock<Regex> = LazyLock::new(|| regex(r"(^|[^\\])(\{\{(?:\{[^{}]*\}|[^{}])*\}\})"));

/// What counts as a variable in `match` and `exclude`.
static SIMPLE_VARIABLE: LazyLock<Regex> = LazyLock::new(|| regex(r"\{\{[^{}]*\}\}"));

/// The requesting user, in variables.
static USER: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"[^.](serviceAccountName|serviceAccountNamespace|request.userInfo|request.roles|request.clusterRoles)\b")
});

/// What variables may name, unanchored. The text is part of Kyverno's message.
struct Names {
    text: &'static str,
    regex: LazyLock<Regex>,
}

macro_rules! names {
    ($name:ident, $text:literal) => {
        static $name: Names = Names { text: $text, regex: LazyLock::new(|| regex($text)) };
    };
}

names!(
    ANYWHERE,
    r"request|serviceAccountName|serviceAccountNamespace|element|elementIndex|@|images|image|([a-z_0-9]+\()[^{}]"
);
names!(IN_BACKGROUND, r"request\.|element|elementIndex|@|images|images\.|image\.|([a-z_0-9]+\()[^{}]");
names!(
    IN_TARGETS,
    r"request\.|serviceAccountName|serviceAccountNamespace|element|elementIndex|@|images|images\.|image\.|target\.|([a-z_0-9]+\()[^{}]"
);
names!(
    IN_TARGETS_IN_BACKGROUND,
    r"request\.|element|elementIndex|@|images|images\.|image\.|target\.|([a-z_0-9]+\()[^{}]"
);

#[expect(clippy::expect_used, reason = "the patterns are constants, each compiled by a test")]
fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern")
}

/// Rows 4 to 11.
pub(super) fn check(document: &PolicyDocument, value: &Value, rules: &[Checked<'_>]) -> Result<(), Violation> {
    let background = document.spec.background();
    if background {
        no_user(document, value, rules).map_err(|mut v| {
            v.message = format!(
                "only select variables are allowed in background mode. Set spec.background=false to disable background mode for this policy rule: {} ",
                v.message
            );
            v
        })?;
    }
    all_valid(rules, background).map_err(|mut v| {
        v.message = format!("policy contains invalid variables: {}", v.message);
        v
    })
}

/// A rule that changes existing objects when its policy changes has no request to speak of.
pub(super) fn check_on_policy_update(
    document: &PolicyDocument,
    value: &Value,
    rule: &Checked<'_>,
    rules: &[Checked<'_>],
) -> Result<(), Violation> {
    let Some(mutate) = rule.rule.mutate.as_ref().filter(|m| !m.is_empty()) else { return Ok(()) };
    let on_update =
        mutate.mutate_existing_on_policy_update.or(document.spec.mutate_existing_on_policy_update).unwrap_or(false);
    if !on_update || !VARIABLE.is_match(&json::to_string(value)) {
        return Ok(());
    }
    all_valid(rules, true).map_err(|mut v| {
        v.message = format!("update event, policy contains invalid variables: {}", v.message);
        v
    })?;
    no_user(document, value, rules).map_err(|mut v| {
        v.message = format!(
            "only select variables are allowed in on policy update. Set spec.mutateExistingOnPolicyUpdate=false to disable update policy mode for this policy rule: {} ",
            v.message
        );
        v
    })
}

/// Rows 4 and 5: neither filters nor variables may ask who the user is.
fn no_user(document: &PolicyDocument, value: &Value, rules: &[Checked<'_>]) -> Result<(), Violation> {
    for rule in rules {
        for (section, block) in [("match", Some(&rule.rule.matches)), ("exclude", rule.rule.exclude.as_ref())] {
            if let Some(path) = block.and_then(|b| user_criteria(b, section == "exclude")) {
                let at = format!("spec/rules[{}]/{section}/{path}", rule.index);
                return Err(rule.violation(&[section], format!("invalid variable used at path: {at}")));
            }
        }
    }
    if document.spec.rules.iter().any(Rule::has_mutate_existing) {
        return Ok(());
    }
    let mut found = None;
    each_text(&without_last_applied(value), &mut |text| {
        for variable in VARIABLE.captures_iter(text).filter_map(|c| c.get(2)) {
            if found.is_none() && USER.is_match(variable.as_str()) {
                found = Some(variable.as_str().to_owned());
            }
        }
    });
    match found {
        Some(variable) => Err(Violation::at(&["spec"], format!("variable {variable} is not allowed"))),
        None => Ok(()),
    }
}

fn without_last_applied(value: &Value) -> Value {
    let mut value = value.clone();
    let annotations =
        value.as_map_mut().and_then(|m| m.get_mut("metadata")?.as_map_mut()?.get_mut("annotations")?.as_map_mut());
    annotations.map(|a| a.remove("kubectl.kubernetes.io/last-applied-configuration"));
    value
}

/// The path of the first user criterion: inline, then `any` and `all` (the other way round in exclude).
fn user_criteria(block: &MatchResources, all_first: bool) -> Option<String> {
    let criterion = |filter: &ResourceFilter| {
        [
            (!filter.roles.is_empty(), "roles"),
            (!filter.cluster_roles.is_empty(), "clusterRoles"),
            (!filter.subjects.is_empty(), "subjects"),
        ]
        .into_iter()
        .find_map(|(written, name)| written.then_some(name))
    };
    if let Some(name) = criterion(&block.inline()) {
        return Some(name.to_owned());
    }
    let mut forms = [("any", &block.any), ("all", &block.all)];
    if all_first {
        forms.reverse();
    }
    forms.into_iter().find_map(|(form, filters)| {
        filters.iter().enumerate().find_map(|(i, f)| criterion(f).map(|name| format!("{form}[{i}]/{name}")))
    })
}

/// Rows 6 to 11, rule by rule.
fn all_valid(rules: &[Checked<'_>], background: bool) -> Result<(), Violation> {
    for rule in rules {
        forbidden_places(rule)?;
        let mut value = rule.value.clone();
        drop_attestation_conditions(&mut value);
        let targets = rule.rule.mutate.as_ref().and_then(|m| m.targets.as_deref());
        let mut allowed = Allowed::of(rule.rule, background, targets.is_some());
        if let Some(targets) = targets {
            let outside = Allowed { names: if background { &IN_BACKGROUND } else { &ANYWHERE }, ..allowed.clone() };
            for index in 0..targets.len() {
                let selectors = only_targets(&value);
                outside.check(&selectors).map_err(|message| {
                    let message = format!("invalid variables defined at mutate.targets[{index}]: {message}");
                    rule.violation(&["mutate", "targets"], message)
                })?;
            }
            allowed.names = if background { &IN_TARGETS_IN_BACKGROUND } else { &IN_TARGETS };
        }
        allowed.check(&value).map_err(|message| {
            rule.violation(&[], format!("variable substitution failed for rule {}: {message}", rule.rule.name))
        })?;
    }
    Ok(())
}

/// Rows 6 to 8.
fn forbidden_places(rule: &Checked<'_>) -> Result<(), Violation> {
    let refuse = |section: &[&str], what: &str| {
        Err(rule.violation(section, format!("rule \"{}\" should not have variables in {what} section", rule.rule.name)))
    };
    if rule.rule.mutate.as_ref().is_some_and(|m| patch_path_has_variable(&m.patches_json6902)) {
        return refuse(&["mutate", "patchesJson6902"], "patchesJSON6902 path");
    }
    for section in ["exclude", "match"] {
        let written = rule.value.get(section).map(json::to_string).unwrap_or_default();
        if SIMPLE_VARIABLE.is_match(&written) {
            return refuse(&[section], section);
        }
    }
    let references = rule.rule.verify_images.iter().flat_map(|v| v.image_references.iter().chain([&v.image]));
    if references.into_iter().any(|r| VARIABLE.is_match(r)) {
        return refuse(&["verifyImages"], "image reference");
    }
    Ok(())
}

/// A patch that cannot be read before substitution is not judged here.
fn patch_path_has_variable(patch: &str) -> bool {
    let Ok(documents) = yaml::read(patch, &yaml::Limits::default()) else { return false };
    let operations = documents.first().and_then(|d| d.value.as_list()).unwrap_or_default();
    operations.iter().filter_map(|o| o.str_at(&["path"])).any(|path| VARIABLE.is_match(path))
}

/// Conditions of attestations name what the attestation holds.
fn drop_attestation_conditions(rule: &mut Value) {
    let entries = rule.as_map_mut().and_then(|m| m.get_mut("verifyImages")?.as_list_mut());
    for entry in entries.into_iter().flatten() {
        let attestations = entry.as_map_mut().and_then(|m| m.get_mut("attestations")?.as_list_mut());
        for attestation in attestations.into_iter().flatten().filter_map(Value::as_map_mut) {
            attestation.remove("conditions");
        }
    }
}

/// The target selectors of a rule, with what they may refer to.
fn only_targets(rule: &Value) -> Value {
    let selector = |target: &Value| {
        let mut map = Map::new();
        for key in ["apiVersion", "kind", "namespace", "name", "uid"] {
            if let Some(value) = target.get(key) {
                map.insert(key, value.clone());
            }
        }
        Value::map(map)
    };
    let targets = rule.at(&["mutate", "targets"]).and_then(Value::as_list).unwrap_or_default();
    let mut out = Map::new();
    for key in ["context", "preconditions"] {
        if let Some(value) = rule.get(key) {
            out.insert(key, value.clone());
        }
    }
    out.insert("targets", Value::list(targets.iter().map(selector).collect()));
    Value::map(out)
}

/// What a rule's variables may name.
#[derive(Clone)]
struct Allowed {
    names: &'static Names,
    patterns: Vec<Str>,
}

impl Allowed {
    fn of(rule: &Rule, background: bool, targets: bool) -> Self {
        let names = match (targets, background) {
            (false, false) => &ANYWHERE,
            (false, true) => &IN_BACKGROUND,
            (true, false) => &IN_TARGETS,
            (true, true) => &IN_TARGETS_IN_BACKGROUND,
        };
        let mut allowed = Self { names, patterns: Vec::new() };
        allowed.add(&rule.context);
        if rule.verify_images.iter().any(|v| v.validate.is_some()) {
            let attestations = rule.verify_images.iter().flat_map(|v| &v.attestations);
            allowed.patterns.extend(attestations.map(|a| Str::from(format!("{}*", a.name))));
        }
        for entry in rule.validate.iter().flat_map(|v| v.foreach.iter().flatten()) {
            allowed.add(&entry.context);
        }
        for entry in rule.mutate.iter().flat_map(|m| m.foreach.iter().flatten()) {
            allowed.add(&entry.context);
        }
        for target in rule.mutate.iter().flat_map(|m| m.targets.iter().flatten()) {
            allowed.add(&target.context);
        }
        for entry in rule.generate.iter().flat_map(|g| g.foreach.iter().flatten()) {
            allowed.add(&entry.context);
        }
        allowed
    }

    fn add(&mut self, entries: &[ContextEntry]) {
        for entry in entries {
            let name = &entry.name;
            if entry.api_call.is_some()
                || entry.global_reference.is_some()
                || entry.image_registry.is_some()
                || entry.variable.is_some()
            {
                self.patterns.push(format!("{name}*").into());
            }
            if entry.config_map.is_some() {
                for suffix in ["data", "metadata", "data.*", "metadata.*"] {
                    self.patterns.push(format!("{name}.{suffix}").into());
                }
            }
        }
    }

    /// Resolves every variable of a document to nothing, from the innermost out.
    fn check(&self, value: &Value) -> Result<(), String> {
        let mut result = Ok(());
        each_text(value, &mut |text| {
            if result.is_ok() {
                result = self.check_text(text);
            }
        });
        result
    }

    fn check_text(&self, text: &str) -> Result<(), String> {
        let mut text = text.to_owned();
        // Every pass makes the text shorter by at least one pair of braces.
        while VARIABLE.is_match(&text) {
            let whole = text.clone();
            let mut shallow = false;
            for found in VARIABLE.captures_iter(&whole) {
                let Some(token) = found.get(2) else { continue };
                let expression = token.as_str().replace("{{", "").replace("}}", "");
                let expression = expression.trim();
                shallow = expression.starts_with('-');
                let expression = expression.strip_prefix('-').unwrap_or(expression).trim();
                self.check_expression(expression)?;
                if token.as_str() == whole {
                    return Ok(());
                }
                text = text.replacen(token.as_str(), "null", 1);
            }
            if shallow {
                break;
            }
        }
        Ok(())
    }

    fn check_expression(&self, expression: &str) -> Result<(), String> {
        if expression == "@" {
            return Ok(());
        }
        if expression.is_empty() {
            return Err("failed to resolve  at path : invalid query (nil)".to_owned());
        }
        if let Err(error) = Expression::compile(expression) {
            return Err(format!(
                "failed to resolve {expression} at path : invalid JMESPath query {expression}: {error}"
            ));
        }
        let plain = expression.replace('"', "");
        if self.names.regex.is_match(&plain) || self.patterns.iter().any(|p| wildcard::matches(p, &plain)) {
            return Ok(());
        }
        let patterns = self.patterns.join(" ");
        Err(format!("variable {plain} must match regex \"{}\" or patterns [{patterns}]", self.names.text))
    }
}

/// Every key and every text of a document, keys of maps in byte order.
fn each_text(value: &Value, visit: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => visit(text),
        Value::List(items) => items.iter().for_each(|item| each_text(item, visit)),
        Value::Map(map) => {
            for (key, value) in map.sorted() {
                visit(key);
                each_text(value, visit);
            }
        }
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_constant_patterns_are_patterns() {
        for names in [&ANYWHERE, &IN_BACKGROUND, &IN_TARGETS, &IN_TARGETS_IN_BACKGROUND] {
            assert!(names.regex.is_match("images"));
        }
        assert!(VARIABLE.is_match("{{a}}") && !VARIABLE.is_match(r"\{{a}}"));
        assert!(SIMPLE_VARIABLE.is_match("{{a}}") && USER.is_match("{{request.userInfo.username}}"));
        assert!(!USER.is_match("{{x.serviceAccountName}}"));
    }
}

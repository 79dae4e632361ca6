//! The text of `apply` without `-t` and `-p`, byte for byte as Kyverno prints it, odd spaces and
//! missing newlines included (chapter 60 §5).

use crate::document::{Value, yaml};
use crate::engine::decision::{Outcome, Response, RuleResult};
use crate::policy::rule::{Action, Stage};

/// 70 dashes.
pub const DIVIDER: &str = "----------------------------------------------------------------------";

/// The first line; `rules` counts computed rules.
#[must_use]
pub fn header(rules: usize, resources: usize, exceptions: usize) -> String {
    let with = if exceptions > 0 { format!(" with {exceptions} exception(s)") } else { String::new() };
    format!("\nApplying {rules} policy rule(s) to {resources} resource(s){with}...\n")
}

/// The box about a resource file that could not be loaded.
#[must_use]
pub fn load_failure(path: &str, error: &str) -> String {
    format!("\n{DIVIDER}\nfailed to load resources: {path}. \nerror: {error}\n{DIVIDER}\n")
}

/// Objects as `apply` prints them: indented by four, lists inside their key indented too.
#[must_use]
pub fn manifest(object: &Value) -> String {
    yaml::write_with_indent(object)
}

/// What `-o` writes of a changed or generated object.
#[must_use]
pub fn file_entry(object: &Value) -> String {
    format!("{}\n---\n\n", manifest(object))
}

/// What is printed about one changed (`Mutation`) or generated object. `policy` is left out of
/// what is piped on.
fn made(policy: Option<&str>, path: &str, object: &Value, targets: &[Value], banner: &str) -> String {
    let mut out = String::new();
    if let Some(policy) = policy {
        out.push_str(&format!("\npolicy {policy} applied to {path}:"));
    }
    out.push_str(&format!("\n{}\n---\n", manifest(object)));
    if !targets.is_empty() {
        out.push_str("patched targets: \n");
        for target in targets {
            out.push_str(&format!("\n{}\n---\n\n", manifest(target)));
        }
    }
    out.push_str(banner);
    out
}

/// Printed after every mutate policy, whatever it did.
pub const MUTATED: &str = "\n\nMutation:\nMutation has been applied successfully.";
/// Printed after every generated object.
pub const GENERATED: &str = "\n\nGenerate:\nGeneration completed successfully.";

/// What a mutate or generate response made: the object after mutation, or each generated object.
/// An object that failed to mutate is empty.
#[must_use]
pub fn made_objects(response: &Response) -> Vec<Value> {
    match response.stage {
        Stage::Mutate => vec![response.object.clone().unwrap_or_else(Value::empty_map)],
        Stage::Generate => response.rules.iter().flat_map(|r| r.generated.iter().cloned()).collect(),
        Stage::Validate | Stage::VerifyImages | Stage::Delete => Vec::new(),
    }
}

/// The text about what a response made; empty for stages that make nothing. `path` names the object
/// under review; `piped` is `--stdin`.
#[must_use]
pub fn made_text(response: &Response, path: &str, piped: bool) -> String {
    let banner = if response.stage == Stage::Mutate { MUTATED } else { GENERATED };
    let targets: Vec<Value> = response.rules.iter().flat_map(|r| r.patched_targets.iter().cloned()).collect();
    let policy = (!piped).then_some(response.policy.name.as_str());
    made_objects(response).iter().map(|object| made(policy, path, object, &targets, banner)).collect()
}

/// Lines for standard error: what a rule's outcome does not say although a person should know it.
#[must_use]
pub fn notices(response: &Response, path: &str) -> Vec<String> {
    let of_rule = |rule: &RuleResult| -> Vec<String> {
        let (policy, name) = (&response.policy.name, &rule.rule.name);
        rule.notices
            .iter()
            .map(|notice| format!("Warning: policy {policy}, rule {name} on {path}: {notice}\n"))
            .collect()
    };
    response.rules.iter().flat_map(of_rule).collect()
}

/// The lines about a response's violations, skips and errors. Errors of validation print nothing.
#[must_use]
pub fn violations(response: &Response, path: &str, audit_warn: bool) -> String {
    let policy = &response.policy.name;
    let mut out = String::new();
    for rule in &response.rules {
        let line = match (response.stage, &rule.outcome) {
            (Stage::Mutate, Outcome::Skip(_) | Outcome::Deferred(_)) => {
                format!("\nskipped mutate policy {policy} -> resource {path}\n")
            }
            (Stage::Mutate, Outcome::Error) => {
                format!("\nerror while applying mutate policy {policy} -> resource {path} \nerror:  {}\n", rule.message)
            }
            (Stage::Generate, Outcome::Error) => {
                format!(
                    "\nerror while applying generate policy {policy} -> resource {path} \nerror: {}\n",
                    rule.message
                )
            }
            _ => continue,
        };
        out.push_str(&line);
    }
    let mut failed = response.rules.iter().filter(|r| r.outcome == Outcome::Fail).peekable();
    if let Some(first) = failed.peek() {
        let as_warning = audit_warn && first.action == Action::Audit;
        let how = if as_warning { "failed as audit warning:" } else { "failed:" };
        out.extend(["policy ", policy, " -> resource ", path, " ", how, "\n"]);
        for (at, rule) in failed.enumerate() {
            let message = if rule.message.is_empty() { "validation failed" } else { &rule.message };
            out.extend([&(at + 1).to_string(), " - ", &rule.rule.name, " ", message, "\n"]);
        }
    }
    out
}

/// The sections about policies that were not evaluated: `(name, reason)`.
#[must_use]
pub fn not_evaluated(policies: &[(String, String)]) -> String {
    let is_invalid = |entry: &&(String, String)| entry.1.starts_with("variable 'element.name'");
    let section = |title: &str, entries: Vec<&(String, String)>| {
        if entries.is_empty() {
            return String::new();
        }
        let lines: String = entries
            .iter()
            .enumerate()
            .map(|(at, (name, reason))| {
                if reason.is_empty() {
                    format!("{}. {name}\n", at + 1)
                } else {
                    format!("{}. {name}: {reason}\n", at + 1)
                }
            })
            .collect();
        format!("{DIVIDER}\n{title}\n{lines}{DIVIDER}\n")
    };
    let skipped = policies.iter().filter(|entry| !is_invalid(entry)).collect();
    let invalid = policies.iter().filter(is_invalid).collect();
    section("Policies Skipped:", skipped) + &section("Invalid Policies:", invalid)
}

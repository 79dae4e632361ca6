//! The text of a failing render, as Argo CD shows it (chapter 80 §9): one paragraph, the verdict and
//! the counts first, the same bytes for the same commit and policies, and never long.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::document::Str;

use super::finding::{Finding, FindingResult, Subject};
use super::places::{Place, places};

/// Notes, and remarks, of a passing render that its log names.
pub const MOST_REMARKS: usize = 20;

/// The whole text, in bytes.
pub const LONGEST: usize = 4096;

/// One finding's message, in bytes.
const LONGEST_MESSAGE: usize = 600;

/// What is left free for the words behind the last finding.
const TAIL: usize = 160;

/// One line of the text: equal messages of one rule.
struct Merged<'f> {
    first: &'f Finding,
    subjects: BTreeSet<&'f Subject>,
}

/// The text of a render that `findings` stop; at most `most` of them are named.
#[must_use]
pub fn text(findings: &[Finding], revision: Option<&str>, most: usize) -> String {
    let blocking = merge(findings.iter().filter(|f| f.blocks));
    let mut out = verdict(&blocking, revision);
    let after = remainder(findings);
    let mut named = 0;
    for line in lines(&blocking, most) {
        let fits = out.len() + line.len() + after.len() + TAIL <= LONGEST;
        if !fits {
            break;
        }
        out.push(' ');
        out.push_str(&line);
        named += 1;
    }
    if named < blocking.len() {
        let _ = write!(out, " +{} more.", blocking.len() - named);
    }
    out.push_str(&after);
    out
}

fn verdict(blocking: &[Merged<'_>], revision: Option<&str>) -> String {
    let of = |result: FindingResult| blocking.iter().filter(|m| m.first.result == result).count();
    let violations = of(FindingResult::Fail) + of(FindingResult::Warn);
    let counts = [
        counted(violations, "violation", "violations"),
        counted(of(FindingResult::Error), "error", "errors"),
        counted(of(FindingResult::Deferred), "undecided rule", "undecided rules"),
    ];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let policies: BTreeSet<&Str> = blocking.iter().map(|m| &m.first.policy).collect();
    let verb = if blocking.len() == 1 { "blocks" } else { "block" };
    let policies = counted(policies.len(), "policy", "policies").unwrap_or_default();
    let at = revision.map(|r| format!(" at {}", plain(r))).unwrap_or_default();
    format!("rendergate: {} of {policies} {verb} this render{at}.", counts.join(" and "))
}

/// What does not block, as counts: findings of audited rules, and rules left to admission.
#[must_use]
pub fn remainder(findings: &[Finding]) -> String {
    let audited = merge(findings.iter().filter(|f| !f.blocks && f.result != FindingResult::Deferred)).len();
    let deferred: BTreeSet<(&Str, &Str)> = findings
        .iter()
        .filter(|f| !f.blocks && f.result == FindingResult::Deferred)
        .map(|f| (&f.policy, &f.rule))
        .collect();
    let parts = [
        counted(audited, "finding in audit", "findings in audit"),
        counted(deferred.len(), "rule deferred to admission", "rules deferred to admission"),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!(" {}.", parts.join(", ")) }
}

/// Each finding that does not block, as one line: what the log of a passing render says.
#[must_use]
pub fn remarks(findings: &[Finding], most: usize) -> Vec<String> {
    let merged = merge(findings.iter().filter(|f| !f.blocks));
    let mut lines: Vec<String> = merged
        .iter()
        .zip(lines(&merged, most))
        .map(|(m, line)| format!("{}: {line}", m.first.result.as_str()))
        .collect();
    if merged.len() > most {
        lines.push(format!("+{} more.", merged.len() - most));
    }
    lines
}

/// Equal messages of one rule become one; in the order of their first object.
fn merge<'f>(findings: impl Iterator<Item = &'f Finding>) -> Vec<Merged<'f>> {
    let mut sorted: Vec<&Finding> = findings.collect();
    sorted.sort_by(|a, b| a.order().cmp(&b.order()));
    let mut at = std::collections::BTreeMap::new();
    let mut merged: Vec<Merged<'f>> = Vec::new();
    for finding in sorted {
        let key = (&finding.policy, &finding.rule, finding.result, &finding.message);
        let index = *at.entry(key).or_insert_with(|| {
            merged.push(Merged { first: finding, subjects: BTreeSet::new() });
            merged.len() - 1
        });
        if let Some(entry) = merged.get_mut(index) {
            entry.subjects.insert(&finding.subject);
        }
    }
    merged
}

/// The first `most`, as lines.
fn lines(merged: &[Merged<'_>], most: usize) -> Vec<String> {
    let named = &merged[..most.min(merged.len())];
    named.iter().zip(places(named.iter().map(|m| m.first))).map(|(m, place)| line(m, place)).collect()
}

/// `[policy/rule] Kind namespace/name and 3 more: message (path, file:line)`
fn line(merged: &Merged<'_>, at: Option<Place>) -> String {
    let finding = merged.first;
    let more = match merged.subjects.len() {
        0 | 1 => String::new(),
        n => format!(" and {} more", n - 1),
    };
    let mut place = Vec::new();
    if let Some(path) = finding.path.as_ref().filter(|path| !path.is_root()) {
        place.push(path.to_string());
    }
    if let Some(at) = at {
        let from = finding.generated_by.as_ref().map(|by| format!("generated by {by} from "));
        place.push(format!("{}{}:{}", from.unwrap_or_default(), at.file, at.position.line));
    }
    let place = if place.is_empty() { String::new() } else { format!(" ({})", place.join(", ")) };
    let message = shorten(&plain(&finding.message));
    let head = plain(&format!("[{}/{}] {}{more}", finding.policy, finding.rule, finding.subject));
    format!("{head}: {message}{}", plain_tail(&place))
}

fn counted(n: usize, one: &str, many: &str) -> Option<String> {
    match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    }
}

/// One line that survives Argo CD's tables and people's chat templates: no double quotes, no
/// backslashes, no control characters, single spaces.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()) {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(word.chars().map(|c| match c {
            '"' => '\'',
            '\\' => '/',
            other => other,
        }));
    }
    out
}

fn plain_tail(text: &str) -> String {
    let text = plain(text);
    if text.is_empty() { text } else { format!(" {}", shorten(&text)) }
}

fn shorten(text: &str) -> String {
    if text.len() <= LONGEST_MESSAGE {
        return text.to_owned();
    }
    let end = (0..=LONGEST_MESSAGE - 3).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    format!("{}...", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::rule::Action;

    fn finding(policy: &str, name: &str, message: &str) -> Finding {
        Finding {
            subject: Subject {
                namespace: "shop".into(),
                kind: "Deployment".into(),
                name: name.into(),
                api_version: "apps/v1".into(),
            },
            policy: policy.into(),
            rule: "r".into(),
            result: FindingResult::Fail,
            action: Action::Enforce,
            blocks: true,
            message: message.to_owned(),
            full_message: String::new(),
            path: None,
            source: None,
            generated_by: None,
        }
    }

    #[test]
    fn one_paragraph_sorted_and_merged() {
        let mut audit = finding("c", "web", "x");
        audit.blocks = false;
        let mut deferred = finding("d", "web", "y");
        (deferred.blocks, deferred.result) = (false, FindingResult::Deferred);
        let findings = [
            finding("b", "web", "Say\n  \"no\" \\ more."),
            finding("b", "api", "Say\n  \"no\" \\ more."),
            finding("a", "web", "Labels."),
            audit,
            deferred,
        ];
        assert_eq!(
            text(&findings, Some("1a2b3c4"), 10),
            "rendergate: 2 violations of 2 policies block this render at 1a2b3c4. \
             [b/r] Deployment shop/api and 1 more: Say 'no' / more. [a/r] Deployment shop/web: Labels. \
             1 finding in audit, 1 rule deferred to admission."
        );
        assert_eq!(
            text(&findings[2..3], None, 10),
            "rendergate: 1 violation of 1 policy blocks this render. [a/r] Deployment shop/web: Labels."
        );
    }

    #[test]
    fn never_long() {
        let many: Vec<_> = (0..500).map(|n| finding("p", &format!("web{n:03}"), &format!("Message {n}."))).collect();
        let short = text(&many, None, 10);
        assert!(short.contains("web009") && !short.contains("web010") && short.ends_with(" +490 more."), "{short}");
        let long: Vec<_> =
            (0..9).map(|n| finding("p", &format!("web{n}"), &format!("{n}{}", "é".repeat(5000)))).collect();
        let cut = text(&long, None, 10);
        assert!(cut.len() <= LONGEST && cut.contains("web0") && cut.ends_with(" more."), "{}", cut.len());
    }

    #[test]
    fn errors_are_counted_apart() {
        let mut error = finding("a", "web", "cannot");
        error.result = FindingResult::Error;
        let all = [error, finding("a", "web", "Labels.")];
        assert!(text(&all, None, 10).starts_with("rendergate: 1 violation and 1 error of 1 policy block this render."));
    }
}

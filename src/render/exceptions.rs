//! Which PolicyExceptions count in a render, and what is said of those that end or have ended.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::settings::ExceptionRules;
use crate::config::{Application, RenderedExceptions};
use crate::document::manifest::Manifest;
use crate::document::{Str, wildcard};
use crate::policy::load;
use crate::policy::rule::{Exception, Policy, Rule};
use crate::policy::set::PolicySet;
use crate::policy::terms::Standing;

/// The exceptions of one render: each is weighed when it matches an object.
pub(super) struct Weighing<'a> {
    rules: &'a ExceptionRules,
    application: &'a Application,
    now: i128,
    /// What people should know: of exceptions that were used and soon end, and of those that matched and
    /// did not count.
    remarks: RefCell<BTreeSet<String>>,
    /// Exceptions that matched the object at hand and did not count, with the reason.
    refused: RefCell<Vec<Refused>>,
}

/// An exception that matched and did not count.
struct Refused {
    /// The policies and rules it names.
    excepts: Vec<(Str, Vec<Str>)>,
    why: String,
}

impl<'a> Weighing<'a> {
    pub(super) fn new(rules: &'a ExceptionRules, application: &'a Application, now: i128) -> Self {
        Self { rules, application, now, remarks: RefCell::default(), refused: RefCell::default() }
    }

    /// Begins with another object.
    pub(super) fn next_object(&self) {
        self.refused.borrow_mut().clear();
    }

    /// Whether `exception`, which matches an object of `namespace`, counts.
    pub(super) fn counts(&self, exception: &Exception, namespace: &str) -> bool {
        if exception.from_render && !self.rules.from_render.iter().any(|limits| allows(limits, exception, namespace)) {
            return false;
        }
        let standing = exception.terms.standing(self.application, self.now, &self.rules.require);
        let remark = exception.remark(standing, self.now, self.rules.notice);
        self.remarks.borrow_mut().extend(remark.clone());
        if standing == Standing::Counts {
            return true;
        }
        let Some(why) = remark else { return false };
        let mut refused = self.refused.borrow_mut();
        if !refused.iter().any(|known| known.why == why) {
            refused.push(Refused { excepts: exception.excepts.clone(), why });
        }
        false
    }

    /// Why no exception excused a violation of `rule` by the object at hand, where one would have.
    pub(super) fn why_not(&self, policy: &Policy, rule: &Rule) -> Option<String> {
        let refused = self.refused.borrow();
        let key = policy.key();
        let names = |excepts: &[(Str, Vec<Str>)]| {
            excepts.iter().any(|(name, rules)| *name == key && rules.iter().any(|r| wildcard::matches(r, &rule.name)))
        };
        let reasons: Vec<&str> = refused.iter().filter(|r| names(&r.excepts)).map(|r| r.why.as_str()).collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }

    pub(super) fn into_remarks(self) -> impl Iterator<Item = String> {
        self.remarks.into_inner().into_iter()
    }
}

/// Whether an exception of the rendered tree stays within `limits`.
fn allows(limits: &RenderedExceptions, exception: &Exception, namespace: &str) -> bool {
    let among = |patterns: &[Str], text: &str| patterns.iter().any(|pattern| wildcard::matches(pattern, text));
    exception.excepts.iter().all(|(policy, _)| among(&limits.policies, policy)) && among(&limits.namespaces, namespace)
}

/// The set with the exceptions of the rendered tree, where the operator lets some of them count; what
/// is to be said of the others.
pub(super) fn with_rendered(
    set: &PolicySet,
    manifests: &[Manifest],
    rules: &ExceptionRules,
) -> (Option<PolicySet>, Vec<String>) {
    let is_exception = |m: &&Manifest| m.kind() == "PolicyException" && m.gvk().group == "kyverno.io";
    let found: Vec<&Manifest> = manifests.iter().filter(is_exception).collect();
    if found.is_empty() {
        return (None, Vec::new());
    }
    let ignored = |m: &Manifest, why: &str| {
        let name =
            if m.namespace().is_empty() { m.name().to_owned() } else { format!("{}/{}", m.namespace(), m.name()) };
        format!("{}: PolicyException {name} of the tree itself does not count: {why}", m.source)
    };
    if rules.from_render.is_empty() {
        let why = "the gate's exceptionsFromRender allows none";
        return (None, found.into_iter().map(|m| ignored(m, why)).collect());
    }
    let (mut more, mut notes) = (Vec::new(), Vec::new());
    for manifest in found {
        let loaded = load::load_for_cluster([manifest.clone()]);
        let refused = loaded.refused_exceptions.iter().map(|(_, why)| &why.diagnostic);
        if let Some(why) = loaded.problems.iter().map(|p| &p.diagnostic).chain(refused).next() {
            notes.push(ignored(manifest, &why.message));
        }
        for exception in loaded.exceptions {
            if let Some(mut exception) = Arc::into_inner(exception) {
                exception.from_render = true;
                more.push(Arc::new(exception));
            }
        }
    }
    let exceptions = set.exceptions().iter().cloned().chain(more).collect();
    (Some(PolicySet::new(set.policies().to_vec(), exceptions)), notes)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::config::Term;
    use crate::output::failure;
    use crate::render::run::tests::{Case, DATA, LABELS, results};

    fn exception(annotations: &str) -> String {
        format!(
            "apiVersion: kyverno.io/v2\nkind: PolicyException\nmetadata:\n  name: let\n  namespace: ops\n  \
             annotations: {{{annotations}}}\nspec:\n  exceptions: [{{policyName: labels, ruleNames: [team]}}]\n  \
             match: {{any: [{{resources: {{kinds: [ConfigMap]}}}}]}}\n"
        )
    }

    fn labels() -> String {
        LABELS.replace("ACTION", "Enforce")
    }

    /// The operator's exception with these annotations, on a day.
    fn case(annotations: &str, day: &str) -> Case {
        let mut case = Case::new(&format!("{}---\n{}", labels(), exception(annotations)), DATA);
        case.now = format!("{day}T12:00:00Z").parse::<Timestamp>().unwrap().as_nanosecond();
        case.application.project = Some("payments".to_owned());
        case.application.name = Some("shop".to_owned());
        case
    }

    #[test]
    fn an_exception_without_terms_counts_silently() {
        let verdict = case("", "2026-11-24").run();
        assert_eq!((results(&verdict).len(), verdict.counts.skip, verdict.notes.len()), (0, 1, 0));
    }

    #[test]
    fn an_expired_exception_does_not_count_and_is_named_in_the_failure() {
        let ended = "rendergate.dev/expires: '2026-11-01', rendergate.dev/owner: team-a";
        let verdict = case(ended, "2026-11-24").run();
        assert_eq!(results(&verdict), [("fail", true)]);
        let said = "PolicyException ops/let (owner: team-a) expired on 2026-11-01";
        assert_eq!(verdict.findings[0].message, format!("A team is needed. {said}."));
        assert_eq!(verdict.notes, [said]);
        assert!(!verdict.findings[0].full_message.contains("expired"), "Kyverno's own words stay");
        // The text is the same on every later day.
        let text = |day: &str| failure::text(&case(ended, day).run().findings, None, 10);
        assert_eq!(text("2026-11-02"), text("2036-01-01"));
        assert!(!case(ended, "2026-11-01").run().is_blocked(), "it counts through its last day");
    }

    #[test]
    fn an_exception_that_soon_ends_is_remarked_on_while_it_is_used() {
        let notes = |day: &str| case("rendergate.dev/expires: '2026-12-31'", day).run().notes;
        assert_eq!(notes("2026-12-20"), ["PolicyException ops/let expires on 2026-12-31"]);
        assert!(notes("2026-12-10").is_empty());
        let mut longer = case("rendergate.dev/expires: '2026-12-31'", "2026-12-10");
        longer.settings.exception_rules.notice = std::time::Duration::from_secs(60 * 86_400);
        assert_eq!(longer.run().notes.len(), 1);
        longer.manifests = DATA.replace("ConfigMap", "Service");
        assert!(longer.run().notes.is_empty(), "it excuses nothing here");
    }

    #[test]
    fn an_exception_counts_for_its_project_and_application() {
        for (annotations, counts) in [
            ("rendergate.dev/projects: payments", true),
            ("rendergate.dev/projects: 'billing, pay*'", true),
            ("rendergate.dev/projects: billing", false),
            ("rendergate.dev/applications: shop", true),
            ("rendergate.dev/applications: shop, rendergate.dev/projects: billing", false),
        ] {
            let verdict = case(annotations, "2026-11-24").run();
            assert_eq!(!verdict.is_blocked(), counts, "{annotations}");
            assert!(verdict.notes.is_empty(), "another application's exception is nobody's business here");
        }
        let mut unknown = case("rendergate.dev/projects: payments", "2026-11-24");
        unknown.application.project = None;
        assert!(unknown.run().is_blocked());
    }

    #[test]
    fn an_operator_may_ask_for_owner_reason_and_end() {
        let mut case = case("rendergate.dev/owner: team-a", "2026-11-24");
        case.settings.exception_rules.require = vec![Term::Owner, Term::Reason];
        let verdict = case.run();
        assert!(verdict.is_blocked());
        assert_eq!(
            verdict.notes,
            [
                "PolicyException ops/let (owner: team-a) does not count: it has no rendergate.dev/reason (exceptionsRequire)"
            ]
        );
        case.settings.exception_rules.require = vec![Term::Owner];
        assert!(!case.run().is_blocked());
    }

    /// The tree itself holds the exception; the operator allows these of it.
    fn rendered(annotations: &str, allowed: &[(&str, &str)]) -> (bool, Vec<String>) {
        let mut case = case("", "2026-11-24");
        case.policies = labels();
        case.manifests = format!("{DATA}---\n{}", exception(annotations));
        let one = |(policy, namespace): &(&str, &str)| RenderedExceptions {
            policies: vec![Str::from(*policy)],
            namespaces: vec![Str::from(*namespace)],
        };
        case.settings.exception_rules.from_render = allowed.iter().map(one).collect();
        let verdict = case.run();
        assert_eq!(verdict.objects.len(), 2, "it is printed all the same");
        (!verdict.is_blocked(), verdict.notes)
    }

    #[test]
    fn an_exception_of_the_tree_itself_counts_only_within_what_the_operator_allows() {
        let (passes, notes) = rendered("", &[]);
        assert!(!passes);
        assert_eq!(
            notes,
            [
                "a.yaml:6: PolicyException ops/let of the tree itself does not count: the gate's exceptionsFromRender allows none"
            ]
        );
        assert!(rendered("", &[("labels", "shop")]).0);
        assert!(rendered("", &[("other", "*"), ("lab*", "sh*")]).0);
        for limits in [[("other", "*")], [("labels", "prod")], [("labels", "ops")]] {
            assert!(!rendered("", &limits).0, "{limits:?}");
        }
        assert!(!rendered("rendergate.dev/expires: '2026-11-01'", &[("*", "*")]).0);
        let (passes, notes) = rendered("rendergate.dev/expire: '2026-11-01'", &[("*", "*")]);
        assert!(!passes && notes[0].contains("annotation rendergate.dev/expire of a PolicyException means nothing"));
    }
}

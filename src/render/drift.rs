//! The self-check of mutations and generations: Argo CD compares what a render prints with what the
//! cluster holds, so what admission makes of a printed object must be that object, and what the next
//! render makes of a manifest must be what this one made. A rule that draws on the clock or on random
//! numbers, or that changes its own result again, is named.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use crate::config::OnDrift;
use crate::document::{Map, Str, Value};
use crate::engine::facts::Backend;
use crate::engine::registry::Registry;
use crate::engine::{ApiCall, Decision, Fact, Facts, Outcome, Review, Selection, decide_selected};
use crate::policy::rule::{Exception, Policy, Rule, Stage};
use crate::policy::set::PolicySet;

/// How far the other clock is ahead, in nanoseconds: every part of a date and a time differs.
const AHEAD: i128 = (((400 * 24 + 5) * 60 + 7) * 60 + 13) * 1_000_000_000 + 123_456_789;

/// So many objects of a kind that the same rules changed are looked at where drift is only reported: the
/// check costs as much as the mutation itself, and what drifts is the rule.
const SAMPLES: usize = 4;

/// Which objects are looked at.
pub(super) struct Sample {
    on_drift: OnDrift,
    /// How many there were, by kind and the rules that made something.
    seen: RefCell<HashMap<(Str, Vec<*const Rule>), usize>>,
}

impl Sample {
    pub(super) fn new(on_drift: OnDrift) -> Self {
        Self { on_drift, seen: RefCell::default() }
    }

    /// Whether to look at an object of `kind` that was decided so: at every one where drift blocks.
    pub(super) fn wants(&self, decision: &Decision, kind: &Str) -> bool {
        match self.on_drift {
            OnDrift::Ignore => return false,
            OnDrift::Deny => return true,
            OnDrift::Report => {}
        }
        let makes = |rule: &Rule| matches!(rule.body.stage(), Stage::Mutate | Stage::Generate);
        let rules: Vec<*const Rule> = decision
            .results()
            .filter(|(_, result)| result.outcome == Outcome::Pass && makes(&result.rule))
            .map(|(_, result)| Arc::as_ptr(&result.rule))
            .collect();
        let mut seen = self.seen.borrow_mut();
        let count = seen.entry((kind.clone(), rules)).or_default();
        *count += 1;
        *count <= SAMPLES
    }
}

/// A rule whose work does not last.
#[derive(Clone, Debug)]
pub(super) struct Drifting {
    pub(super) policy: Arc<Policy>,
    pub(super) rule: Arc<Rule>,
    pub(super) how: How,
}

/// Why it does not last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// Another time and other random numbers give another result.
    EachTime,
    /// It changes its own result.
    Again,
    /// It fails on its own result.
    Fails,
}

impl How {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::EachTime => {
                "gives another result each time (it draws on the clock or on random numbers): Argo CD would report drift"
            }
            Self::Again => {
                "changes its own result again: admission would alter what Argo CD applies, and Argo CD would report drift"
            }
            Self::Fails => "fails on its own result: admission would refuse what Argo CD applies",
        }
    }
}

/// The rules that drift on one object. `first` is what `review` was decided to, by facts that
/// `asked` watched.
pub(super) fn drifting(
    set: &PolicySet,
    review: &Review,
    first: &Decision,
    facts: &Watched<'_>,
    counts: &dyn Fn(&Exception) -> bool,
) -> Vec<Drifting> {
    let mutated = first.object != review.object;
    let made = first.results().any(|(_, result)| !result.generated.is_empty());
    let check = Check { set, counts, facts };
    let mut found = Vec::new();
    if (mutated || made) && facts.asked.get() {
        check.each_time(review, first, &mut found);
    }
    if mutated {
        check.again(review, first, &mut found);
    }
    found
}

struct Check<'a> {
    set: &'a PolicySet,
    counts: &'a dyn Fn(&Exception) -> bool,
    facts: &'a Watched<'a>,
}

impl Check<'_> {
    fn decide(
        &self,
        review: &Review,
        stages: &[Stage],
        ahead: i128,
        rule: &dyn Fn(&Policy, &Rule) -> bool,
    ) -> Decision {
        let facts = Elsewhen { inner: self.facts.inner, ahead, drawn: Cell::new(ahead.unsigned_abs() as u64) };
        decide_selected(self.set, review, &facts, Selection { stages, rule, exception: self.counts })
    }

    /// Rules that give another result at another time.
    fn each_time(&self, review: &Review, first: &Decision, found: &mut Vec<Drifting>) {
        let stages = [Stage::Mutate, Stage::Generate];
        let other = self.decide(review, &stages, AHEAD, &|_, _| true);
        if same(first, &other) {
            return;
        }
        // Which of them it is, each by itself shows. The object is the one that was mutated before it.
        for (policy, result) in first.results() {
            let stage = result.rule.body.stage();
            if result.outcome != Outcome::Pass || !stages.contains(&stage) {
                continue;
            }
            let object = if stage == Stage::Generate { first.object.clone() } else { review.object.clone() };
            let review = Review { object, ..review.clone() };
            let only = |p: &Policy, r: &Rule| p.key() == policy.key() && r.name == result.rule.name;
            let [now, then] = [0, AHEAD].map(|ahead| self.decide(&review, &[stage], ahead, &only));
            if !same(&now, &then) {
                found.push(Drifting { policy: policy.clone(), rule: result.rule.clone(), how: How::EachTime });
            }
        }
    }

    /// Rules that change the mutated object again, or fail on it.
    fn again(&self, review: &Review, first: &Decision, found: &mut Vec<Drifting>) {
        let review = Review { object: first.object.clone(), ..review.clone() };
        let again = self.decide(&review, &[Stage::Mutate], AHEAD, &|_, _| true);
        let changed = again.object != first.object;
        for (policy, result) in again.results() {
            let how = match result.outcome {
                Outcome::Pass if changed => How::Again,
                Outcome::Error if !failed(first, policy, &result.rule) => How::Fails,
                Outcome::Pass
                | Outcome::Error
                | Outcome::Fail
                | Outcome::Warn
                | Outcome::Skip(_)
                | Outcome::Deferred(_) => continue,
            };
            if !found.iter().any(|f| Arc::ptr_eq(&f.rule, &result.rule)) {
                found.push(Drifting { policy: policy.clone(), rule: result.rule.clone(), how });
            }
        }
    }
}

/// Whether two decisions made the same objects.
fn same(a: &Decision, b: &Decision) -> bool {
    let made = |d: &Decision| d.results().flat_map(|(_, r)| r.generated.clone()).collect::<Vec<_>>();
    a.object == b.object && made(a) == made(b)
}

fn failed(decision: &Decision, policy: &Policy, rule: &Rule) -> bool {
    decision.results().any(|(p, r)| r.outcome == Outcome::Error && p.key() == policy.key() && r.rule.name == rule.name)
}

macro_rules! delegate {
    () => {
        fn has(&self, backend: Backend) -> bool {
            self.inner.has(backend)
        }
        fn namespace_labels(&self, namespace: &str) -> Fact<Map> {
            self.inner.namespace_labels(namespace)
        }
        fn config_map(&self, namespace: &str, name: &str) -> Fact<Value> {
            self.inner.config_map(namespace, name)
        }
        fn api_call(&self, call: &ApiCall) -> Fact<Value> {
            self.inner.api_call(call)
        }
        fn image(&self, block: &Value) -> Fact<Value> {
            self.inner.image(block)
        }
        fn global(&self, name: &str) -> Fact<Value> {
            self.inner.global(name)
        }
        fn object(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Fact<Option<Value>> {
            self.inner.object(api_version, kind, namespace, name)
        }
        fn objects(&self, api_version: &str, kind: &str, namespace: &str) -> Fact<Vec<Value>> {
            self.inner.objects(api_version, kind, namespace)
        }
        fn clone_source(&self, api_version: &str, kind: &str, namespace: &str, name: &str) -> Fact<Option<Value>> {
            self.inner.clone_source(api_version, kind, namespace, name)
        }
        fn clone_sources(&self, api_version: &str, kind: &str, namespace: &str) -> Fact<Vec<Value>> {
            self.inner.clone_sources(api_version, kind, namespace)
        }
        fn registry(&self) -> &dyn Registry {
            self.inner.registry()
        }
    };
}

/// Facts that remember whether somebody asked for the time or for a random number.
pub(super) struct Watched<'a> {
    inner: &'a dyn Facts,
    asked: Cell<bool>,
}

impl<'a> Watched<'a> {
    pub(super) fn new(inner: &'a dyn Facts) -> Self {
        Self { inner, asked: Cell::new(false) }
    }
}

impl Facts for Watched<'_> {
    delegate!();
    fn now(&self) -> i128 {
        self.asked.set(true);
        self.inner.now()
    }
    fn random(&self) -> u64 {
        self.asked.set(true);
        self.inner.random()
    }
}

/// The same facts at another time, with random numbers of their own: drawing the render's would change
/// what it prints next.
struct Elsewhen<'a> {
    inner: &'a dyn Facts,
    ahead: i128,
    drawn: Cell<u64>,
}

impl Facts for Elsewhen<'_> {
    delegate!();
    fn now(&self) -> i128 {
        self.inner.now().saturating_add(self.ahead)
    }
    fn random(&self) -> u64 {
        let drawn = self.drawn.get().wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        self.drawn.set(drawn);
        drawn ^ (drawn >> 29)
    }
}

#[cfg(test)]
mod tests {
    use crate::config::OnDrift;
    use crate::render::run::tests::{Case, DATA, rule};

    const KINDS: &str = "match: {any: [{resources: {kinds: [ConfigMap]}}]}";

    fn mutate(patch: &str) -> String {
        rule("p", &format!("{KINDS}\nmutate:\n  {patch}"))
    }

    /// What is said of policy `p`, one word a finding.
    fn said(policies: &str) -> Vec<&'static str> {
        let verdict = Case::new(policies, DATA).run();
        assert!(!verdict.is_blocked(), "{:?}", verdict.findings);
        let word = |message: &str| match message.split(' ').next() {
            Some("gives") => "each-time",
            Some("changes") => "again",
            Some("fails") => "fails",
            _ => "other",
        };
        verdict.findings.iter().map(|f| word(&f.message)).collect()
    }

    #[test]
    fn a_mutation_that_lasts_is_no_finding() {
        for patch in [
            "patchStrategicMerge: {metadata: {labels: {a: b}}}",
            "patchStrategicMerge: {metadata: {labels: {+(a): b}}}",
            "patchStrategicMerge: {data: {k: \"{{ request.object.metadata.name }}\"}}",
        ] {
            assert!(said(&mutate(patch)).is_empty(), "{patch}");
        }
    }

    #[test]
    fn time_and_random_numbers_are_found() {
        for value in ["{{ time_now_utc() }}", "{{ random('[a-z]{8}') }}", "{{ time_truncate(time_now_utc(), '24h') }}"]
        {
            let set = mutate(&format!("patchStrategicMerge: {{metadata: {{annotations: {{at: \"{value}\"}}}}}}"));
            assert_eq!(said(&set), ["each-time"], "{value}");
            // Admission leaves it alone, but the next render prints another value.
            let once = mutate(&format!("patchStrategicMerge: {{metadata: {{annotations: {{+(at): \"{value}\"}}}}}}"));
            assert_eq!(said(&once), ["each-time"], "{value}");
        }
        // Asked for, and of no consequence.
        let idle = "patchStrategicMerge: {metadata: {labels: {a: \"{{ to_string(time_now_utc() == 'x') }}\"}}}";
        assert!(said(&mutate(idle)).is_empty());
    }

    #[test]
    fn a_generated_object_of_the_moment_is_found() {
        let body = format!(
            "{KINDS}\ngenerate:\n  apiVersion: v1\n  kind: Secret\n  name: made\n  namespace: shop\n  \
             data: {{stringData: {{token: \"{{{{ random('[a-z]{{8}}') }}}}\"}}}}"
        );
        assert_eq!(said(&rule("p", &body)), ["each-time"]);
    }

    #[test]
    fn a_mutation_without_a_fixed_point_is_found() {
        let grows = mutate("patchStrategicMerge: {data: {k: \"{{ request.object.data.k }}x\"}}");
        assert_eq!(said(&grows), ["again"]);
        let appends = mutate("patchesJson6902: '[{\"op\": \"add\", \"path\": \"/data/n\", \"value\": \"1\"}]'");
        assert!(said(&appends).is_empty(), "the same key again changes nothing");
    }

    #[test]
    fn a_mutation_that_fails_on_its_own_result_is_found() {
        let moves = mutate("patchesJson6902: '[{\"op\": \"move\", \"from\": \"/data/k\", \"path\": \"/data/z\"}]'");
        assert_eq!(said(&moves), ["fails"]);
    }

    #[test]
    fn the_operator_chooses_what_drift_does() {
        let set = mutate("patchStrategicMerge: {data: {k: \"{{ request.object.data.k }}x\"}}");
        let mut case = Case::new(&set, DATA);
        case.settings.on_drift = OnDrift::Deny;
        let verdict = case.run();
        assert!(verdict.is_blocked());
        let text = crate::output::failure::text(&verdict.findings, None, 10);
        assert!(text.contains("[p/r] ConfigMap shop/a: changes its own result again: admission would"), "{text}");
        case.settings.on_drift = OnDrift::Ignore;
        assert!(case.run().findings.is_empty());
    }

    #[test]
    fn a_few_objects_stand_for_all_where_drift_is_only_reported() {
        let set = mutate("patchStrategicMerge: {data: {k: \"{{ request.object.data.k }}x\"}}");
        let many: String =
            (0..9).map(|n| format!("---\n{}", DATA.replace("name: a", &format!("name: a{n}")))).collect();
        let mut case = Case::new(&set, &many);
        assert_eq!(case.run().findings.len(), 4);
        case.settings.on_drift = OnDrift::Deny;
        assert_eq!(case.run().findings.len(), 9);
    }

    #[test]
    fn the_check_draws_no_random_number_of_the_render() {
        let random = mutate("patchStrategicMerge: {metadata: {annotations: {at: \"{{ random('[a-z]{8}') }}\"}}}");
        let two = format!("{DATA}---\n{}", DATA.replace("name: a", "name: b"));
        let mut case = Case::new(&random, &two);
        let checked = case.run().objects;
        case.settings.on_drift = OnDrift::Ignore;
        assert_eq!(checked, case.run().objects);
    }
}

//! Comparing answers, and counting.

use std::collections::BTreeMap;
use std::fmt;

use super::random_order::{Question, RandomOrder, findings};
use super::recording::{Group, Recording};
use super::replay::{Said, Webhook, object, said};

/// Equal answers out of all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Share {
    /// Equal.
    pub equal: usize,
    /// Compared.
    pub all: usize,
}

impl Share {
    fn count(&mut self, equal: bool) {
        self.equal += usize::from(equal);
        self.all += 1;
    }

    /// Per cent; 100 of nothing.
    pub fn percent(self) -> f64 {
        if self.all == 0 { 100.0 } else { 100.0 * self.equal as f64 / self.all as f64 }
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:6.2} %  ({} of {})", self.percent(), self.equal, self.all)
    }
}

/// Answers compared to the letter, and with what Kyverno orders at random in any order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shares {
    /// Equal to the letter.
    pub exact: Share,
    /// Equal in some order of what comes in random order.
    pub any_order: Share,
}

impl Shares {
    fn count(&mut self, exact: bool, any_order: bool) {
        self.exact.count(exact);
        self.any_order.count(any_order);
    }
}

/// What a run came to.
#[derive(Debug, Default)]
pub struct Report {
    /// All answers, plain allows among them.
    pub all: Shares,
    /// Where either side did not plainly allow.
    pub telling: Shares,
    /// Those of `/validate/fail`.
    pub validate: Shares,
    /// Those of `/mutate/fail`.
    pub mutate: Shares,
    /// How many answers differ in each kind of random order.
    pub random: BTreeMap<RandomOrder, usize>,
    /// What is left, by policy, with an example each.
    pub differences: BTreeMap<String, (usize, String)>,
}

/// Replays every `step`th review of every group.
pub fn run(recording: &Recording, step: usize) -> Report {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut report = Report::default();
    for (index, group) in recording.groups.iter().enumerate() {
        runtime.block_on(run_group(recording, group, index % step, step, &mut report));
    }
    report
}

async fn run_group(recording: &Recording, group: &Group, first: usize, step: usize, report: &mut Report) {
    let webhook = Webhook::new(recording.load(group));
    for (resource, review) in recording.reviews.iter().skip(first).step_by(step) {
        let answer = group.answers.get(resource);
        for door in ["validate", "mutate"] {
            let plain = Said::Allowed(object(review).clone());
            let recorded = answer.and_then(|a| a.get(door)).map_or_else(|| plain.clone(), |r| said(r, object(review)));
            let ours = webhook.ask(door, review).await;
            let exact = ours == recorded;
            let question = Question { recording, group, door, review };
            let reasons = if exact { None } else { question.explain(&ours, &recorded).await };
            let any_order = exact || reasons.is_some();
            report.all.count(exact, any_order);
            if ours != plain || recorded != plain {
                report.telling.count(exact, any_order);
                let door = if door == "validate" { &mut report.validate } else { &mut report.mutate };
                door.count(exact, any_order);
            }
            for reason in reasons.into_iter().flatten() {
                *report.random.entry(reason).or_default() += 1;
            }
            if !any_order {
                note(report, door, resource, &ours, &recorded);
            }
        }
    }
}

/// Counts a difference against the policies that are not alike on both sides.
fn note(report: &mut Report, door: &str, resource: &str, ours: &Said, recorded: &Said) {
    let (mine, theirs) = (findings(ours), findings(recorded));
    let mut unlike: Vec<String> = mine
        .keys()
        .chain(theirs.keys())
        .filter(|p| mine.get(*p) != theirs.get(*p))
        .map(|p| format!("{door} {p}"))
        .collect();
    if unlike.is_empty() {
        unlike.push(format!("{door} (patch or other text)"));
    }
    unlike.sort();
    unlike.dedup();
    for name in unlike {
        let example = || (0, format!("{resource}\n  ours     {ours:?}\n  recorded {recorded:?}"));
        report.differences.entry(name).or_insert_with(example).0 += 1;
    }
}

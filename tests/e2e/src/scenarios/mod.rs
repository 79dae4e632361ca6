//! The scenarios, one a file.

mod app_of_apps;
mod application_set;
mod cached_error;
mod delete_with_hooks;
mod grace_period;
mod hostile_settings;
mod multi_source;
mod no_drift;
mod plugin_down;
mod policy_change;
mod rollback;
mod self_heal_stops;
mod source_hydrator;
mod steady_message;
mod violating_commit;
mod ways_round;

use crate::components::Mode;
use crate::failure::Result;
use crate::scene::Scene;

/// Something a user relies on, told as a story with assertions.
#[derive(Debug)]
pub struct Scenario {
    /// As on the command line: the file's name.
    pub name: &'static str,
    /// What holds when it passes.
    pub about: &'static str,
    /// Where it makes sense.
    pub modes: &'static [Mode],
    /// Whether others may run beside it.
    pub company: Company,
    /// The story.
    pub run: fn(&Scene) -> Result<()>,
}

/// Whether a scenario leaves what is shared alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    /// It touches nothing that others see.
    Any,
    /// It changes the gate, its policies, or the cluster's admission.
    None,
}

const BOTH: &[Mode] = &[Mode::Standard, Mode::Resident];

impl Scenario {
    /// Whether it is for this mode.
    pub fn runs_in(&self, mode: Mode) -> bool {
        self.modes.contains(&mode)
    }
}

/// All of them, in the order in which they start.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "grace_period",
        about: "a violating commit that only the timer meets is dropped first, never applied, and shows in the end",
        modes: &[Mode::Resident],
        company: Company::Any,
        run: grace_period::run,
    },
    Scenario {
        name: "violating_commit",
        about: "a violating commit is a ComparisonError with our text; nothing is applied, live objects stay",
        modes: BOTH,
        company: Company::Any,
        run: violating_commit::run,
    },
    Scenario {
        name: "self_heal_stops",
        about: "while a render fails nothing is healed or pruned; both resume with the fix",
        modes: BOTH,
        company: Company::Any,
        run: self_heal_stops::run,
    },
    Scenario {
        name: "steady_message",
        about: "reconciling a failing render again leaves its condition as it is",
        modes: BOTH,
        company: Company::Any,
        run: steady_message::run,
    },
    Scenario {
        name: "cached_error",
        about: "Argo CD repeats a failure from its cache; a hard refresh asks the gate again",
        modes: BOTH,
        company: Company::Any,
        run: cached_error::run,
    },
    Scenario {
        name: "policy_change",
        about: "a changed policy counts after a hard refresh, or when its digest is in plugin.env",
        modes: BOTH,
        company: Company::Any,
        run: policy_change::run,
    },
    Scenario {
        name: "multi_source",
        about: "every source is gated, one violation stops them all",
        modes: BOTH,
        company: Company::Any,
        run: multi_source::run,
    },
    Scenario {
        name: "app_of_apps",
        about: "the parent's render is gated, each child on its own, and none goes round the gate",
        modes: BOTH,
        company: Company::Any,
        run: app_of_apps::run,
    },
    Scenario {
        name: "application_set",
        about: "every Application of an ApplicationSet is gated",
        modes: BOTH,
        company: Company::Any,
        run: application_set::run,
    },
    Scenario {
        name: "source_hydrator",
        about: "the hydrator writes what the gate lets through, where a dry source can name a plugin",
        modes: BOTH,
        company: Company::Any,
        run: source_hydrator::run,
    },
    Scenario {
        name: "delete_with_hooks",
        about: "a PostDelete hook waits for a render that passes",
        modes: BOTH,
        company: Company::None,
        run: delete_with_hooks::run,
    },
    Scenario {
        name: "hostile_settings",
        about: "nothing a committer writes opens the gate",
        modes: BOTH,
        company: Company::Any,
        run: hostile_settings::run,
    },
    Scenario {
        name: "rollback",
        about: "an old revision is judged by today's policies",
        modes: BOTH,
        company: Company::None,
        run: rollback::run,
    },
    Scenario {
        name: "plugin_down",
        about: "a gate that is down fails closed",
        modes: BOTH,
        company: Company::None,
        run: plugin_down::run,
    },
    Scenario {
        name: "no_drift",
        about: "with the webhook in force, what policies mutate and generate is Synced, twice, and pruned",
        modes: BOTH,
        company: Company::None,
        run: no_drift::run,
    },
    Scenario {
        name: "ways_round",
        about: "with the policies for Argo CD's kinds at admission, nothing goes round the gate",
        modes: &[Mode::Standard],
        company: Company::None,
        run: ways_round::run,
    },
];

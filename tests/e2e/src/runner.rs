//! Starts the components, runs the scenarios in both modes, and says how each ended.

use std::collections::VecDeque;
use std::process::Command;
use std::sync::Mutex;
use std::time::Instant;

use crate::components::{ControlPlane, Controllers, Gate, Mode, RepoServer, Server};
use crate::failure::Result;
use crate::places::Places;
use crate::process::{output, tail};
use crate::renderers;
use crate::scenarios::{self, Company, Scenario};
use crate::scene::Scene;
use crate::walk;

/// Scenarios under way at once: they wait more than they work.
const AT_ONCE: usize = 4;

/// The document, as a scenario.
pub const WALK: &str = "walk_through";

/// Lines of each log that are shown after a failure.
const TAIL: usize = 15;

/// Runs the scenarios named in `arguments` (all when none is), in the modes they are for; `--standard` or
/// `--resident` picks one mode. Whether all passed.
///
/// # Errors
/// When a component does not start, or a name is unknown.
pub fn run(places: &Places, arguments: &[String]) -> Result<bool> {
    let chosen = Chosen::from(arguments)?;
    let start = Instant::now();
    let outcome = run_chosen(places, &chosen);
    match &outcome {
        Ok(Counts { failed: 0, .. }) => {}
        _ => show_logs(places),
    }
    let Counts { passed, failed, left_out } = outcome?;
    println!("e2e: {passed} passed, {failed} failed, {left_out} did not run ({}s)", start.elapsed().as_secs());
    Ok(failed == 0)
}

#[derive(Debug, Default)]
struct Counts {
    passed: usize,
    failed: usize,
    left_out: usize,
}

struct Chosen {
    /// Whether the repositories below tests/e2e/repositories are compared.
    renderers: bool,
    /// Whether docs/walk-through.md is run.
    walk: bool,
    scenarios: Vec<&'static Scenario>,
    modes: Vec<Mode>,
}

impl Chosen {
    fn from(arguments: &[String]) -> Result<Self> {
        let mut scenarios = Vec::new();
        let (mut walk, mut renderers) = (false, false);
        let mut modes = vec![Mode::Standard, Mode::Resident];
        for argument in arguments {
            match argument.as_str() {
                "--standard" => modes = vec![Mode::Standard],
                "--resident" => modes = vec![Mode::Resident],
                WALK => walk = true,
                name => match scenarios::ALL.iter().find(|s| s.name == name) {
                    Some(scenario) => scenarios.push(scenario),
                    None => crate::fail!("there is no scenario {name}; `tests/e2e/run list` names them"),
                },
            }
        }
        if scenarios.is_empty() && !walk {
            walk = true;
            renderers = true;
            scenarios = scenarios::ALL.iter().collect();
        }
        Ok(Self { renderers, walk, scenarios, modes })
    }
}

fn run_chosen(places: &Places, chosen: &Chosen) -> Result<Counts> {
    let mut counts = Counts::default();
    if chosen.renderers {
        counts.add(&[run_renderers(places)?]);
    }
    if chosen.walk {
        counts.add(&[run_walk(places)]);
    }
    if !chosen.scenarios.is_empty() {
        run_scenarios(places, chosen, &mut counts)?;
    }
    Ok(counts)
}

/// Whether all repositories render the same; prints their lines. It has a repo-server of its own, that ends before
/// the others begin.
fn run_renderers(places: &Places) -> Result<bool> {
    let own = Places { state: places.state.join("r"), ..places.clone() }.prepared()?;
    renderers::run(&own, &[])
}

/// Whether it passed; prints its line. It has a control plane of its own: it begins with an empty cluster.
fn run_walk(places: &Places) -> bool {
    let start = Instant::now();
    let outcome = Places { state: places.state.join("w"), ..places.clone() }.prepared().and_then(|own| walk::run(&own));
    let seconds = start.elapsed().as_secs_f64();
    let about = "every command of docs/walk-through.md does what the document says";
    match &outcome {
        Ok(mode) => println!("{}: {WALK:<28} pass ({seconds:.1}s) {about}", mode.name()),
        Err(failure) => {
            println!("walk: {WALK:<28} FAIL ({seconds:.1}s) {about}\n    {}", failure.0.replace('\n', "\n    "));
        }
    }
    outcome.is_ok()
}

fn run_scenarios(places: &Places, chosen: &Chosen, counts: &mut Counts) -> Result<()> {
    let start = Instant::now();
    let repo = RepoServer::start(places)?;
    let plane = ControlPlane::start(places)?;
    plane.install_argo_cd(places)?;
    let controllers = Controllers::start(places, &plane, &repo)?;
    println!(
        "e2e: etcd, kube-apiserver, kube-controller-manager, redis and Argo CD run ({}s)",
        start.elapsed().as_secs()
    );

    for &mode in &chosen.modes {
        let wanted: Vec<&Scenario> = chosen.scenarios.iter().copied().filter(|s| s.runs_in(mode)).collect();
        if mode == Mode::Resident && !has_cmp_server(places) {
            println!("resident: {} scenarios did not run: this rendergate has no cmp-server", wanted.len());
            counts.left_out += wanted.len();
            continue;
        }
        let gate = Gate::start(places, &repo.plugins, mode)?;
        let (shared, alone): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|s| s.company == Company::Any);
        let world = World { places, plane: &plane, repo: &repo, server: &controllers.server, gate: &gate };
        counts.add(&world.run_at_once(shared)?);
        counts.add(&alone.into_iter().map(|s| world.run_one(s)).collect::<Vec<_>>());
    }
    Ok(())
}

impl Counts {
    fn add(&mut self, outcomes: &[bool]) {
        let passed = outcomes.iter().filter(|passed| **passed).count();
        self.passed += passed;
        self.failed += outcomes.len() - passed;
    }
}

struct World<'a> {
    places: &'a Places,
    plane: &'a ControlPlane,
    repo: &'a RepoServer,
    server: &'a Server,
    gate: &'a Gate,
}

impl World<'_> {
    fn run_at_once(&self, scenarios: Vec<&Scenario>) -> Result<Vec<bool>> {
        let queue = Mutex::new(VecDeque::from(scenarios));
        let next = || queue.lock().ok().and_then(|mut queue| queue.pop_front());
        let work = || {
            let mut outcomes = Vec::new();
            while let Some(scenario) = next() {
                outcomes.push(self.run_one(scenario));
            }
            outcomes
        };
        let mut all = Vec::new();
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
            for worker in workers {
                match worker.join() {
                    Ok(outcomes) => all.extend(outcomes),
                    Err(_) => crate::fail!("a scenario panicked"),
                }
            }
            Ok(all)
        })
    }

    /// Whether it passed; prints its line.
    fn run_one(&self, scenario: &Scenario) -> bool {
        let start = Instant::now();
        let outcome = Scene::set(self.places, self.plane, self.repo, self.server, self.gate, scenario.name)
            .and_then(|scene| (scenario.run)(&scene));
        let (verdict, why) = match &outcome {
            Ok(()) => ("pass", String::new()),
            Err(failure) => ("FAIL", format!("\n    {}", failure.0.replace('\n', "\n    "))),
        };
        let seconds = start.elapsed().as_secs_f64();
        println!("{}: {:<28} {verdict} ({seconds:.1}s) {}{why}", self.gate.mode.name(), scenario.name, scenario.about);
        outcome.is_ok()
    }
}

fn has_cmp_server(places: &Places) -> bool {
    output(Command::new(&places.rendergate).args(["cmp-server", "--help"])).is_ok()
}

fn show_logs(places: &Places) {
    let mut logs = Vec::new();
    for folder in ["logs", "w/logs", "r/logs"] {
        let Ok(entries) = std::fs::read_dir(places.state.join(folder)) else { continue };
        logs.extend(entries.flatten().map(|entry| entry.path()));
    }
    logs.sort();
    for log in logs {
        println!("--- the end of {}\n{}", log.display(), tail(&log, TAIL));
    }
}

//! End-to-end tests of rendergate with the real Argo CD. Started by `tests/e2e/run`, which builds what is
//! missing; see README.md there.

mod application;
mod components;
mod failure;
mod kubectl;
mod lone_repo_server;
mod manifests;
mod places;
mod process;
mod renderers;
mod repository;
mod runner;
mod scenarios;
mod scene;
mod speed;
mod wait;
mod walk;

use std::process::ExitCode;

use crate::failure::Result;
use crate::places::Places;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match command(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            println!("e2e: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything passed.
fn command(arguments: &[String]) -> Result<bool> {
    match arguments.first().map(String::as_str) {
        Some("list") => {
            for scenario in scenarios::ALL {
                println!("{:<28} {}", scenario.name, scenario.about);
            }
            println!("{:<28} docs/walk-through.md, from an empty cluster", runner::WALK);
            Ok(true)
        }
        Some("repo-server") => {
            lone_repo_server::run(&Places::from_environment()?, &arguments[1..])?;
            Ok(true)
        }
        Some("speed") => speed::run(&Places::from_environment()?, &arguments[1..]),
        Some("renderers") => renderers::run(&Places::from_environment()?, &arguments[1..]),
        _ => runner::run(&Places::from_environment()?, arguments),
    }
}

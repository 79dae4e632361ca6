//! `run repo-server [standard|resident] [CONFIG]`: Argo CD's renderer without a cluster, for comparing
//! renders and for measuring.

use std::io::Read as _;

use serde_json::json;

use crate::components::{Gate, Mode, RepoServer};
use crate::failure::Result;
use crate::places::Places;

/// Prints one line of JSON with addresses and paths, and serves until standard input ends.
///
/// # Errors
/// When a component does not start.
pub fn run(places: &Places, arguments: &[String]) -> Result<()> {
    let repo = RepoServer::start(places)?;
    let mode = match arguments.first().map(String::as_str) {
        None => None,
        Some("standard") => Some(Mode::Standard),
        Some("resident") => Some(Mode::Resident),
        Some(other) => crate::fail!("repo-server takes standard or resident, not {other}"),
    };
    let gate = match (mode, arguments.get(1)) {
        (None, _) => None,
        (Some(mode), None) => Some(Gate::start(places, &repo.plugins, mode)?),
        (Some(mode), Some(file)) => Some(Gate::start_with(places, &repo.plugins, mode, std::fs::canonicalize(file)?)?),
    };
    println!(
        "{}",
        json!({
            "address": repo.address, "redis": repo.redis, "plugins": repo.plugins, "log": repo.log(),
            "configuration": gate.as_ref().map(Gate::configuration), "state": places.state,
            "client": places.argo_cd.join("generate-manifest"),
        })
    );
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest)?;
    Ok(())
}

//! `run speed`: one application of 100 manifests under 33 policies, rendered by a real repo-server natively and
//! through the gate in both modes, and the plugin's own call alone.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::components::{Gate, Mode, PLUGIN, RepoServer};
use crate::failure::{Context as _, Result};
use crate::places::Places;
use crate::process::output;
use crate::renderers::{answers, commit};

/// The resident mode's plugin call may take so much of the standard mode's.
const BAR: f64 = 1.0 / 3.0;

/// How often each call is made; the fastest counts.
const REPEAT: &str = "15";

/// Measures what `cargo bench --bench cmp -- --write FOLDER` wrote. Whether the bar holds.
///
/// # Errors
/// When a component does not start, or a render fails.
pub fn run(places: &Places, arguments: &[String]) -> Result<bool> {
    let folder = arguments.first().map(Path::new).ok_or("arguments").context("speed takes the folder to measure")?;
    let url = commit(places, "speed", folder)?;
    let checkout = places.folder("repositories")?.join("speed");
    let repo = RepoServer::start(places)?;
    println!("{:<36} {:>8.1} ms", "repo-server, natively", whole(places, &repo, &url, json!(null))?);
    let mut calls = Vec::new();
    for mode in [Mode::Standard, Mode::Resident] {
        let _gate = Gate::start_with(places, &repo.plugins, mode, folder.join("gate.yaml"))?;
        let whole = whole(places, &repo, &url, json!({"name": PLUGIN}))?;
        let call = plugin_call(places, &repo.plugins.join(format!("{PLUGIN}.sock")), &checkout)?;
        println!("{:<36} {whole:>8.1} ms", format!("repo-server, {}", mode.name()));
        println!("{:<36} {call:>8.1} ms", format!("the plugin's GenerateManifest, {}", mode.name()));
        calls.push(call);
    }
    let ratio = calls[1] / calls[0];
    println!("resident / standard, the plugin's call: {ratio:.2}, the bar is {BAR:.2}");
    Ok(ratio <= BAR)
}

/// A hard refresh's call at repo-server, in milliseconds.
fn whole(places: &Places, repo: &RepoServer, url: &str, plugin: Value) -> Result<f64> {
    let mut source = json!({"repoURL": url, "path": "app", "targetRevision": "HEAD"});
    if !plugin.is_null() {
        source["plugin"] = plugin;
    }
    let requests = std::iter::once(json!({"source": source}));
    let answer = answers(places, repo, &["--repeat", REPEAT, "--quiet"], requests)?.remove(0);
    if !answer["error"].is_null() {
        crate::fail!("{}", answer["error"]);
    }
    answer["milliseconds"].as_f64().ok_or("milliseconds").context("not in the answer")
}

/// The plugin's own call with Argo CD's client, in milliseconds.
fn plugin_call(places: &Places, socket: &Path, checkout: &Path) -> Result<f64> {
    let mut client = Command::new(places.bin.join("plugin-call"));
    client.args(["--path", "app", "--repeat", REPEAT, "--socket"]).arg(socket).arg("--root").arg(checkout);
    let answer: Value = serde_json::from_str(&output(&mut client)?)?;
    if answer["objects"].as_u64().is_none_or(|objects| objects < 100) {
        crate::fail!("the plugin answered with too few objects: {answer}");
    }
    answer["fastest"].as_f64().ok_or("fastest").context("not in the answer")
}

//! argocd-commit-server, which writes what the source hydrator renders to git.

use std::process::Command;

use crate::components::RepoServer;
use crate::failure::Result;
use crate::places::{Places, free_ports};
use crate::process::Process;

/// A running commit-server. It works below `/tmp/_commit-service`, wherever it is started, and removes what it makes
/// there.
#[derive(Debug)]
pub struct CommitServer {
    /// `127.0.0.1:PORT`.
    pub address: String,
    _process: Process,
}

impl CommitServer {
    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// When it does not.
    pub fn start(places: &Places, repo: &RepoServer) -> Result<Self> {
        let [port, metrics] = free_ports()?;
        let own = places.folder("commit-server")?;
        let mut command = Command::new(repo.programs.join("argocd-commit-server"));
        command
            .args(["--address", "127.0.0.1", "--port", &port.to_string()])
            .args(["--metrics-address", "127.0.0.1", "--metrics-port", &metrics.to_string()])
            .args(["--logformat", "text"])
            .current_dir(&own)
            .env("PATH", places.path())
            .env("HOME", &own)
            .env("TMPDIR", &own)
            .env("ARGOCD_TLS_DATA_PATH", &own)
            .env("ARGOCD_SSH_DATA_PATH", &own);
        let mut process = Process::start(&places.state, "argocd-commit-server", command)?;
        process.listens(port)?;
        Ok(Self { address: format!("127.0.0.1:{port}"), _process: process })
    }
}

//! argocd-server, for the `argocd` command line. (Its `--core` mode reaches repo-server through a Pod, and
//! there are none here.)

use std::process::Command;

use crate::components::{ControlPlane, RepoServer};
use crate::failure::Result;
use crate::places::{Places, free_ports};
use crate::process::Process;

/// A running API server of Argo CD that takes everybody for an administrator.
#[derive(Debug)]
pub struct Server {
    /// `127.0.0.1:PORT`, plain text.
    pub address: String,
    _process: Process,
}

impl Server {
    /// Starts it and waits until it listens.
    ///
    /// # Errors
    /// When it does not.
    pub fn start(places: &Places, plane: &ControlPlane, repo: &RepoServer) -> Result<Self> {
        let [port, metrics] = free_ports()?;
        let own = places.folder("argocd-server")?;
        let mut command = Command::new(repo.programs.join("argocd-server"));
        command
            .args(["--namespace", "argocd", "--insecure", "--disable-auth", "--logformat", "text"])
            .args(["--address", "127.0.0.1", "--port", &port.to_string()])
            .args(["--metrics-address", "127.0.0.1", "--metrics-port", &metrics.to_string()])
            .args(["--redis", &repo.redis, "--repo-server", &repo.address])
            .current_dir(&own)
            .env("PATH", places.path())
            .env("HOME", &own)
            .env("TMPDIR", &own)
            .env("ARGOCD_FAKE_IN_CLUSTER", "true")
            .env("ARGOCD_TLS_DATA_PATH", &own)
            .env("ARGOCD_SSH_DATA_PATH", &own)
            .env("KUBECONFIG", plane.kubectl.kubeconfig());
        let mut process = Process::start(&places.state, "argocd-server", command)?;
        process.listens(port)?;
        Ok(Self { address: format!("127.0.0.1:{port}"), _process: process })
    }
}

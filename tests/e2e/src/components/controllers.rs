//! Argo CD's application controller, ApplicationSet controller and API server.

use std::process::Command;
use std::time::Duration;

use crate::components::{CommitServer, ControlPlane, RepoServer, Server};
use crate::failure::Result;
use crate::places::{Places, free_ports};
use crate::process::Process;

/// How often the controller compares without being asked.
pub const APP_RESYNC: Duration = Duration::from_secs(30);

/// How long it drops failures of repo-server that it meets that way, after the first (by default 180 seconds).
pub const GRACE_PERIOD: Duration = Duration::from_secs(20);

/// All three, running. The controllers are ready when they reconcile: scenarios wait for that.
#[derive(Debug)]
pub struct Controllers {
    /// For the command line.
    pub server: Server,
    _applications: Process,
    _application_sets: Process,
    _commit_server: CommitServer,
}

impl Controllers {
    /// Starts them.
    ///
    /// # Errors
    /// When one does not start.
    pub fn start(places: &Places, plane: &ControlPlane, repo: &RepoServer) -> Result<Self> {
        let [metrics, set_metrics, set_probe, set_webhook] = free_ports()?;
        let folder = places.folder("controllers")?;
        let base = |name: &str| {
            let mut command = Command::new(repo.programs.join(name));
            command
                .env("PATH", places.path())
                .env("HOME", &folder)
                .env("TMPDIR", &folder)
                .env("KUBECONFIG", plane.kubectl.kubeconfig())
                // https://kubernetes.default.svc is the cluster of the kubeconfig.
                .env("ARGOCD_FAKE_IN_CLUSTER", "true")
                // Waves follow each other at once: there is nothing to settle without nodes.
                .env("ARGOCD_SYNC_WAVE_DELAY", "0")
                .args(["--namespace", "argocd", "--logformat", "text"]);
            command
        };
        let commit_server = CommitServer::start(places, repo)?;
        let mut applications = base("argocd-application-controller");
        applications
            .args(["--redis", &repo.redis, "--repo-server", &repo.address])
            .args(["--metrics-port", &metrics.to_string()])
            .args(["--app-resync", &APP_RESYNC.as_secs().to_string(), "--app-resync-jitter", "0"])
            .args(["--repo-error-grace-period-seconds", &GRACE_PERIOD.as_secs().to_string()])
            .args(["--self-heal-timeout-seconds", "1"])
            .args(["--hydrator-enabled", "--commit-server", &commit_server.address]);
        let applications = Process::start(&places.state, "argocd-application-controller", applications)?;
        let mut sets = base("argocd-applicationset-controller");
        sets.args(["--argocd-repo-server", &repo.address])
            .args(["--metrics-addr", &format!("127.0.0.1:{set_metrics}")])
            .args(["--probe-addr", &format!("127.0.0.1:{set_probe}")])
            .args(["--webhook-addr", &format!("127.0.0.1:{set_webhook}")])
            .env("NAMESPACE", "argocd");
        let application_sets = Process::start(&places.state, "argocd-applicationset-controller", sets)?;
        Ok(Self {
            server: Server::start(places, plane, repo)?,
            _applications: applications,
            _application_sets: application_sets,
            _commit_server: commit_server,
        })
    }
}

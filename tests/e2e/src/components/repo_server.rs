//! redis-server and argocd-repo-server, which renders.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Context as _, Result};
use crate::places::{Places, free_ports};
use crate::process::{Process, output};

/// As `deploy/argocd-failures` sets them.
const REMEMBERED_FAILURES: [(&str, &str); 2] =
    [("ARGOCD_PAUSE_GEN_AFTER_FAILED_ATTEMPTS", "1"), ("ARGOCD_PAUSE_GEN_MINUTES", "10")];

/// A running repo-server and its cache.
#[derive(Debug)]
pub struct RepoServer {
    /// `127.0.0.1:PORT`, TLS with a certificate of its own.
    pub address: String,
    /// Redis: `127.0.0.1:PORT`.
    pub redis: String,
    /// Where plugins' sockets are looked for.
    pub plugins: PathBuf,
    /// The binary called by one of Argo CD's names is that program.
    pub programs: PathBuf,
    process: Process,
    _redis: Process,
}

impl RepoServer {
    /// Starts both and waits until they answer.
    ///
    /// # Errors
    /// When one does not.
    pub fn start(places: &Places) -> Result<Self> {
        let programs = places.folder("bin")?;
        let binary = places.argo_cd.join("argocd");
        for name in [
            "repo-server",
            "cmp-server",
            "commit-server",
            "server",
            "application-controller",
            "applicationset-controller",
        ] {
            let link = programs.join(format!("argocd-{name}"));
            symlink(&binary, &link).context(link.display())?;
        }
        let [redis_port, port, metrics] = free_ports()?;
        let plugins = places.folder("plugins")?;
        let redis_folder = places.folder("redis")?;
        let mut redis = Command::new("redis-server");
        redis.args(["--port", &redis_port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        redis.arg("--dir").arg(redis_folder);
        let redis = Process::start(&places.state, "redis", redis)?;
        let redis_address = format!("127.0.0.1:{redis_port}");

        let own = places.folder("repo-server")?;
        let mut command = Command::new(programs.join("argocd-repo-server"));
        command
            .args(["--redis", &redis_address, "--address", "127.0.0.1", "--port", &port.to_string()])
            .args(["--metrics-address", "127.0.0.1", "--metrics-port", &metrics.to_string()])
            .args(["--logformat", "text"])
            // What a branch stands for: until then (by default 3 minutes) the controller's timer meets no new commit.
            .args(["--revision-cache-expiration", "10s"])
            .env("PATH", places.path())
            .env("HOME", &own)
            .env("ARGOCD_PLUGINSOCKFILEPATH", &plugins)
            .env("ARGOCD_GPG_ENABLED", "false")
            .envs(REMEMBERED_FAILURES)
            .env("ARGOCD_TLS_DATA_PATH", &own)
            .env("ARGOCD_SSH_DATA_PATH", &own)
            .env("ARGOCD_ASK_PASS_SOCK", own.join("ask-pass.sock"))
            .env("TMPDIR", places.folder("repo-server/tmp")?);
        let mut process = Process::start(&places.state, "argocd-repo-server", command)?;
        process.listens(port)?;
        Ok(Self {
            address: format!("127.0.0.1:{port}"),
            redis: redis_address,
            plugins,
            programs,
            process,
            _redis: redis,
        })
    }

    /// The log of repo-server.
    pub fn log(&self) -> &Path {
        self.process.log()
    }

    /// Forgets all cached renders.
    ///
    /// # Errors
    /// When Redis does not answer.
    pub fn forget_all(&self) -> Result<()> {
        let port = self.redis.rsplit(':').next().unwrap_or_default();
        output(Command::new("redis-cli").args(["-p", port, "FLUSHALL"])).map(drop)
    }
}

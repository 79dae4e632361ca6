//! Where things are: binaries, the checkout, the state of this run.

use std::net::TcpListener;
use std::path::{Path, PathBuf};

use crate::failure::{Context as _, Result};

/// Paths of one run. Everything it writes is below `state`.
#[derive(Debug, Clone)]
pub struct Places {
    /// The checkout of rendergate.
    pub checkout: PathBuf,
    /// The cached binaries.
    pub bin: PathBuf,
    /// Those of the Argo CD under test, and its manifests; the same folder, but for another release than the pinned.
    pub argo_cd: PathBuf,
    /// The rendergate under test.
    pub rendergate: PathBuf,
    /// A temporary directory, removed by `tests/e2e/run`.
    pub state: PathBuf,
}

impl Places {
    /// As `tests/e2e/run` has set them.
    ///
    /// # Errors
    /// Outside `tests/e2e/run`.
    pub fn from_environment() -> Result<Self> {
        let path = |name: &str| {
            std::env::var_os(name).map(PathBuf::from).ok_or(name).context("start this through tests/e2e/run; not set")
        };
        Self {
            checkout: path("E2E_CHECKOUT")?,
            bin: path("E2E_BIN")?,
            argo_cd: path("E2E_ARGOCD_BIN")?,
            rendergate: path("E2E_RENDERGATE")?,
            state: path("E2E_STATE")?,
        }
        .prepared()
    }

    /// Creates the state's own folders.
    ///
    /// # Errors
    /// When they cannot be created.
    pub fn prepared(self) -> Result<Self> {
        std::fs::create_dir_all(self.state.join("logs"))?;
        Ok(self)
    }

    /// A directory below the state, created.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.state.join(name);
        std::fs::create_dir_all(&folder).context(folder.display())?;
        Ok(folder)
    }

    /// PATH for everything that is started: rendergate, the cached binaries, what Argo CD's image has besides, the
    /// system's.
    pub fn path(&self) -> String {
        let own = self.rendergate.parent().unwrap_or(Path::new("/"));
        let system = std::env::var("PATH").unwrap_or_default();
        let own = [&self.state.join("bin"), own, &self.bin, &self.argo_cd].map(|folder| folder.display().to_string());
        format!("{}:{system}", own.join(":"))
    }
}

/// `N` different TCP ports of the loopback address that were free a moment ago.
///
/// # Errors
/// When the system gives none.
pub fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let mut listeners = Vec::with_capacity(N);
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        *port = listener.local_addr()?.port();
        listeners.push(listener);
    }
    Ok(ports)
}

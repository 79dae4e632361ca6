//! The gate as Argo CD's plugin, in either mode, with a configuration and policies of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use crate::failure::{Context as _, Failure, Result};
use crate::places::Places;
use crate::process::Process;
use crate::wait::until;

/// The plugin's name in every mode.
pub const PLUGIN: &str = "rendergate@v1";

/// How the gate runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Argo CD's own argocd-cmp-server with the repository's plugin.yaml: a process a render.
    Standard,
    /// `rendergate cmp-server`: one process that stays.
    Resident,
}

impl Mode {
    /// As printed, and in names of namespaces and Applications.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Standard => "standard",
            Mode::Resident => "resident",
        }
    }
}

/// The plugin's process and the files an operator would mount.
#[derive(Debug)]
pub struct Gate {
    /// How it runs.
    pub mode: Mode,
    folder: PathBuf,
    configuration: PathBuf,
    socket: PathBuf,
    places: Places,
    process: Mutex<Option<Process>>,
}

impl Gate {
    /// Writes a configuration that enforces the starter set of policies, and starts the plugin.
    ///
    /// # Errors
    /// When its socket does not accept connections in time.
    pub fn start(places: &Places, plugins: &Path, mode: Mode) -> Result<Self> {
        let configuration = places.folder(&format!("gate-{}", mode.name()))?.join("config.yaml");
        let gate = Self::new(places, plugins, mode, configuration)?;
        fs::create_dir_all(gate.policies())?;
        fs::create_dir_all(gate.folder.join("exceptions"))?;
        fs::write(gate.folder.join("namespaces.yaml"), "{apiVersion: v1, kind: Namespace, metadata: {name: known}}")?;
        for entry in fs::read_dir(places.checkout.join("policies"))? {
            let folder = entry?.path();
            let policy = folder.join("policy.yaml");
            if policy.is_file() {
                let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
                fs::copy(&policy, gate.policies().join(format!("{name}.yaml")))?;
            }
        }
        fs::write(gate.configuration(), CONFIGURATION)?;
        gate.up()?;
        Ok(gate)
    }

    /// Starts the plugin with somebody else's configuration.
    ///
    /// # Errors
    /// When its socket does not accept connections in time.
    pub fn start_with(places: &Places, plugins: &Path, mode: Mode, configuration: PathBuf) -> Result<Self> {
        let gate = Self::new(places, plugins, mode, configuration)?;
        gate.up()?;
        Ok(gate)
    }

    fn new(places: &Places, plugins: &Path, mode: Mode, configuration: PathBuf) -> Result<Self> {
        Ok(Self {
            mode,
            folder: places.folder(&format!("gate-{}", mode.name()))?,
            configuration,
            socket: plugins.join(format!("{PLUGIN}.sock")),
            places: places.clone(),
            process: Mutex::new(None),
        })
    }

    /// The GateConfiguration.
    pub fn configuration(&self) -> &Path {
        &self.configuration
    }

    /// The folder of policies that hold for every Application.
    pub fn policies(&self) -> PathBuf {
        self.folder.join("policies")
    }

    /// Adds a policy, or replaces it, and waits until it is in force.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_policy(&self, name: &str, text: &str) -> Result<()> {
        self.write(&self.policies().join(format!("{name}.yaml")), text)
    }

    /// Takes a policy away, and waits until it is out of force.
    ///
    /// # Errors
    /// When it was not there.
    pub fn remove_policy(&self, name: &str) -> Result<()> {
        self.remove(&self.policies().join(format!("{name}.yaml")))
    }

    /// As [`Gate::set_policy`], for a PolicyException of the operator's.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_exception(&self, name: &str, text: &str) -> Result<()> {
        self.write(&self.folder.join(format!("exceptions/{name}.yaml")), text)
    }

    /// As [`Gate::remove_policy`], for a PolicyException of the operator's.
    ///
    /// # Errors
    /// When it was not there.
    pub fn remove_exception(&self, name: &str) -> Result<()> {
        self.remove(&self.folder.join(format!("exceptions/{name}.yaml")))
    }

    /// Tells the gate which namespaces there are, with which labels; nothing else is known of the cluster.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_namespaces(&self, manifests: &str) -> Result<()> {
        self.write(&self.folder.join("namespaces.yaml"), manifests)
    }

    /// Whole or not at all: other scenarios render meanwhile.
    fn write(&self, path: &Path, text: &str) -> Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let draft = self.folder.join(format!("draft-{name}"));
        fs::write(&draft, text).context(draft.display())?;
        fs::rename(&draft, path).context(path.display())?;
        self.settle();
        Ok(())
    }

    fn remove(&self, path: &Path) -> Result<()> {
        fs::remove_file(path).context(path.display())?;
        self.settle();
        Ok(())
    }

    /// `generate` reads its files at every render; the resident gate looks at them every second.
    fn settle(&self) {
        if self.mode == Mode::Resident {
            std::thread::sleep(Duration::from_millis(2500));
        }
    }

    /// Starts the plugin if it does not run, and waits for its socket.
    ///
    /// # Errors
    /// When it ends, or its socket does not accept connections in time.
    pub fn up(&self) -> Result<()> {
        let mut process = self.process.lock().map_err(|e| Failure(e.to_string()))?;
        if process.is_none() {
            *process =
                Some(Process::start(&self.places.state, &format!("gate-{}", self.mode.name()), self.command()?)?);
        }
        until("the plugin's socket accepts connections", || {
            if let Some(process) = process.as_mut() {
                process.check()?;
            }
            std::os::unix::net::UnixStream::connect(&self.socket).map(drop).map_err(|e| e.to_string())
        })
    }

    /// Ends the plugin in good order: its socket goes with it.
    ///
    /// # Errors
    /// When it was not running.
    pub fn stop(&self) -> Result<()> {
        let mut process = self.process.lock().map_err(|e| Failure(e.to_string()))?;
        process.take().map(drop).ok_or_else(|| Failure("the plugin does not run".into()))
    }

    /// Kills the plugin: a socket remains that nobody listens on.
    ///
    /// # Errors
    /// When it was not running.
    pub fn kill(&self) -> Result<()> {
        let mut process = self.process.lock().map_err(|e| Failure(e.to_string()))?;
        process.take().map(Process::kill).ok_or_else(|| Failure("the plugin does not run".into()))
    }

    /// The plugin's socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    fn command(&self) -> Result<Command> {
        let own = self.folder.join("tmp");
        fs::create_dir_all(&own)?;
        let mut command = match self.mode {
            Mode::Standard => {
                let config = self.folder.join("plugin");
                fs::create_dir_all(&config)?;
                fs::copy(self.places.checkout.join("plugin.yaml"), config.join("plugin.yaml"))?;
                let mut command = Command::new(self.places.state.join("bin/argocd-cmp-server"));
                command.arg("--config-dir-path").arg(config).args(["--logformat", "text"]);
                command
            }
            Mode::Resident => {
                let mut command = Command::new(&self.places.rendergate);
                command.arg("cmp-server").arg("--config").arg(self.configuration()).args(["--reload-every", "1s"]);
                command
            }
        };
        let plugins = self.socket.parent().unwrap_or(Path::new("/"));
        command
            .env("PATH", self.places.path())
            .env("HOME", &own)
            .env("TMPDIR", &own)
            .env("ARGOCD_PLUGINSOCKFILEPATH", plugins)
            .env("ARGOCD_CMP_WORKDIR", &own)
            .env("RENDERGATE_CONFIG", self.configuration())
            .env_remove("KUBECONFIG");
        Ok(command)
    }
}

const CONFIGURATION: &str = "\
apiVersion: rendergate.dev/v1alpha1
kind: GateConfiguration
policies:
- path: policies
minimumPolicies: 7
exceptions:
- path: exceptions
facts: {namespaces: [namespaces.yaml]}
enforcement: enforce
";

//! Runs the real binary as Argo CD does: a directory, a configuration, an environment; bounded memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The address space `generate` may use on any input of these tests, in KiB.
pub const MEMORY: u64 = 256 << 10;

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

/// An application, a gate, and what Argo CD would say of them.
pub struct Gate {
    directory: tempfile::TempDir,
    environment: Vec<(String, String)>,
    arguments: Vec<String>,
}

/// Every Deployment and Secret needs a team, enforced.
pub const TEAM: &str = r#"apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: need-team}
spec:
  rules:
  - name: team
    match: {any: [{resources: {kinds: [Deployment, Secret, ConfigMap]}}]}
    validate:
      failureAction: Enforce
      message: A team label is needed.
      pattern: {metadata: {labels: {team: "?*"}}}
"#;

/// An object nothing objects to.
pub const GOOD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: good, labels: {team: a}}\n";

impl Gate {
    /// A gate with policy [`TEAM`] and an empty application.
    pub fn new() -> Self {
        let gate = Self {
            directory: tempfile::tempdir().expect("works in a test"),
            environment: Vec::new(),
            arguments: Vec::new(),
        };
        fs::create_dir_all(gate.app()).expect("works in a test");
        fs::create_dir_all(gate.path("policies")).expect("works in a test");
        gate.write("policies/team.yaml", TEAM);
        gate.config("policies: [{path: policies}]\n")
    }

    /// A path of the test's own directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The application's directory.
    pub fn app(&self) -> PathBuf {
        self.path("app")
    }

    /// Writes a file.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("works in a test")).expect("works in a test");
        fs::write(path, content).expect("works in a test");
    }

    /// Writes a file of the application.
    pub fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.write(&format!("app/{name}"), content);
        self
    }

    /// Writes the configuration, without its head.
    pub fn config(self, rest: &str) -> Self {
        self.write("gate.yaml", format!("apiVersion: rendergate.dev/v1alpha1\nkind: GateConfiguration\n{rest}"));
        self
    }

    /// Sets an environment variable.
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds an argument.
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// `generate APP --config gate.yaml`.
    pub fn run(&self) -> Ran {
        self.run_with(&["--config".to_owned(), self.path("gate.yaml").display().to_string()])
    }

    /// `generate APP ARGUMENTS`, bounded in memory.
    pub fn run_with(&self, arguments: &[String]) -> Ran {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_rendergate")]);
        command.arg("generate").arg(self.app()).args(arguments).args(&self.arguments);
        let inherited = std::env::vars().map(|(name, _)| name);
        for name in inherited.filter(|n| n.starts_with("ARGOCD_") || n.starts_with("RENDERGATE_")) {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().cloned());
        let output = command.output().expect("the binary runs");
        let text = |bytes| String::from_utf8(bytes).expect("output is UTF-8");
        let place = format!("{}/", self.directory.path().display());
        Ran {
            status: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr).replace(&place, ""),
        }
    }
}

/// The checkout of this project.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

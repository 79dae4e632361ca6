//! `rendergate cmp-server` as a process: its socket, its pages, its memory, its end.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rendergate::cmp::client::Client;

use crate::server_process::Server;

use super::{Shipment, bad, good, ready, write_gate};

/// A running `rendergate cmp-server`.
pub struct Process {
    server: Server,
    pub socket: PathBuf,
    metrics: String,
}

impl Process {
    /// Serves `gate.yaml` of `folder` on a socket in that folder.
    pub fn start(folder: &Path) -> Self {
        let mut child = command(folder)
            .args(["--metrics-address", "127.0.0.1:0", "--reload-every", "100ms"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let mut line = |prefix: &str| {
            let line = lines.next().expect("a line").expect("text");
            line.strip_prefix(prefix).unwrap_or_else(|| panic!("{line}")).to_owned()
        };
        let socket = PathBuf::from(line("listening on "));
        Self { socket, metrics: line("metrics on "), server: Server(child) }
    }

    pub async fn client(&self) -> Client {
        let mut client = Client::connect(self.socket.clone()).await.expect("a connection");
        ready(&mut client).await;
        client
    }

    fn page(&self, path: &str) -> (u16, String) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut reply = agent.get(format!("{}{path}", self.metrics)).call().expect("an answer");
        (reply.status().as_u16(), reply.body_mut().read_to_string().expect("text"))
    }

    /// The most memory it ever had, in bytes; `None` where the system does not say.
    fn most_memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.0.id())).ok()?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
    }

    fn terminate(&mut self) -> Option<i32> {
        self.server.terminate()
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rendergate"));
    for (variable, _) in std::env::vars().filter(|(name, _)| name.starts_with("ARGOCD_")) {
        command.env_remove(variable);
    }
    command.env("ARGOCD_PLUGINSOCKFILEPATH", folder).arg("cmp-server").arg("--config").arg(folder.join("gate.yaml"));
    command
}

const GATE: &str = "policies: [{path: policies}]\n";

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_where_argo_cd_looks_and_ends_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    write_gate(folder.path(), GATE);
    let socket = folder.path().join("rendergate@v1.sock");
    drop(std::os::unix::net::UnixListener::bind(&socket).expect("a socket left behind"));
    let mut plugin = Process::start(folder.path());
    assert_eq!(plugin.socket, socket);
    let mut client = plugin.client().await;
    assert!(good().send(&mut client).await.is_ok());
    assert!(bad().send(&mut client).await.is_err());
    let probe = Command::new(env!("CARGO_BIN_EXE_rendergate")).arg("probe").arg(&socket).status().expect("it runs");
    assert!(probe.success());
    assert_eq!((plugin.page("/health/liveness").0, plugin.page("/health/readiness").0), (200, 200));
    let (_, metrics) = plugin.page("/metrics");
    for line in [
        "rendergate_renders_total{outcome=\"rendered\"} 1",
        "rendergate_renders_total{outcome=\"blocked\"} 1",
        "rendergate_policies 1",
    ] {
        assert!(metrics.lines().any(|l| l == line), "{line} is not in\n{metrics}");
    }
    let second = command(folder.path()).output().expect("it runs");
    assert_eq!(second.status.code(), Some(2), "one socket, one process");
    assert!(String::from_utf8_lossy(&second.stderr).contains("another process listens on it"), "{second:?}");
    drop(client);
    assert_eq!(plugin.terminate(), Some(0));
    assert!(!socket.exists(), "the socket goes with its process");
}

#[test]
fn what_it_cannot_start_with_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let says = |command: &mut Command, expected: &str| {
        let output = command.output().expect("it runs");
        assert_eq!(output.status.code(), Some(2));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(stderr.contains(expected), "{stderr}");
    };
    says(&mut command(folder.path()), "gate.yaml: there is no such file or directory");
    write_gate(folder.path(), GATE);
    let long = format!("/tmp/{}", "x".repeat(108));
    says(command(folder.path()).arg("--socket").arg(long), "the path of a Unix socket may have 107");
    says(command(folder.path()).arg("--socket").arg("/nowhere/rendergate@v1.sock"), "/nowhere/rendergate@v1.sock: ");
    says(command(folder.path()).arg("--grace=-1s"), "a duration is not negative");
}

/// Streamed through a buffer and a file: what memory it takes does not grow with the archive.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_mebibytes_in_pieces_of_one_kibibyte_stay_out_of_memory() {
    const ARCHIVE: usize = 50 << 20;
    let folder = tempfile::tempdir().expect("a folder");
    write_gate(folder.path(), GATE);
    let plugin = Process::start(folder.path());
    let mut client = plugin.client().await;
    let mut noise = vec![0_u8; ARCHIVE];
    std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut noise)).expect("random bytes");
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in [("assets/noise.bin", noise.as_slice()), ("app/good.yaml", crate::gate::GOOD.as_bytes())] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, content).expect("an entry");
    }
    drop(noise);
    let shipment = Shipment::packed(&tar.into_inner().expect("an archive")).at("app");
    assert!(shipment.archive.len() > ARCHIVE && shipment.chunk == 1024);
    assert_eq!(shipment.send(&mut client).await.expect("a render").manifests.len(), 1);
    match plugin.most_memory() {
        Some(bytes) => assert!(bytes < 3 * (ARCHIVE as u64), "{bytes} bytes"),
        None => eprintln!("memory was not measured: there is no /proc"),
    }
}

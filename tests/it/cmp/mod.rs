//! The plugin protocol (chapter 80 §13) over a real Unix socket, with a real gRPC client.

mod agrees;
mod many;
mod process;
mod protocol;
mod time;
mod trust;
mod turns;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rendergate::cmp::app::{Engine, Renderer};
use rendergate::cmp::client::Client;
use rendergate::cmp::protocol::{AppStreamRequest, EnvEntry, File, ManifestResponse, Metadata, Part};
use rendergate::cmp::server::{Options, run};
use rendergate::cmp::{App, Limits};
use rendergate::document::hex;
use rendergate::operator::BundleFile;
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;
use tonic::Status;

use crate::gate::{GOOD, TEAM};

/// A plugin in this process.
pub struct Plugin {
    pub folder: tempfile::TempDir,
    pub app: Arc<App>,
    end: Option<oneshot::Sender<()>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Plugin {
    /// Serves policy [`TEAM`].
    pub async fn start() -> Self {
        Self::with(Limits::default(), Box::new(Engine), "policies: [{path: policies}]\n").await
    }

    /// Serves another configuration, with another renderer.
    pub async fn with(limits: Limits, renderer: Box<dyn Renderer>, configuration: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        write_gate(folder.path(), configuration);
        let app = Arc::new(App::with(limits, renderer));
        let options = Options {
            socket: folder.path().join("rendergate@v1.sock"),
            metrics: None,
            reload_every: Duration::from_millis(50),
            grace: Duration::from_secs(20),
        };
        let source = Arc::new(BundleFile(folder.path().join("gate.yaml")));
        let (ready, is_ready) = oneshot::channel();
        let (end, ended) = oneshot::channel::<()>();
        let shared = Arc::clone(&app);
        let serving = tokio::spawn(async move {
            let ready = |_| ready.send(()).expect("somebody waits");
            let ended = async move {
                let _ = ended.await;
            };
            run(options, shared, source, ready, ended).await.expect("it serves");
        });
        is_ready.await.expect("it is there");
        Self { folder, app, end: Some(end), serving }
    }

    /// Connects once policies are in force.
    pub async fn client(&self) -> Client {
        let mut client = Client::connect(self.socket()).await.expect("a connection");
        ready(&mut client).await;
        client
    }

    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("rendergate@v1.sock")
    }

    /// Ends it as SIGTERM does, and waits.
    pub async fn stop(mut self) {
        drop(self.end.take());
        self.serving.await.expect("an orderly end");
    }
}

/// Writes `gate.yaml` and the policy it names.
pub fn write_gate(folder: &Path, configuration: &str) {
    let head = "apiVersion: rendergate.dev/v1alpha1\nkind: GateConfiguration\n";
    std::fs::create_dir_all(folder.join("policies")).expect("a folder");
    std::fs::write(folder.join("policies/team.yaml"), TEAM).expect("a file");
    std::fs::write(folder.join("gate.yaml"), format!("{head}{configuration}")).expect("a file");
}

/// Waits until policies are in force.
pub async fn ready(client: &mut Client) {
    for _ in 0..2000 {
        match client.check().await {
            Ok(_) => return,
            Err(status) => assert_eq!(status.code(), tonic::Code::Unavailable, "{status}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no policies came into force");
}

/// A repository on its way to the plugin.
#[derive(Clone)]
pub struct Shipment {
    pub metadata: Metadata,
    pub archive: Vec<u8>,
    pub chunk: usize,
}

impl Shipment {
    /// An application in the root of a repository of these files.
    pub fn of(files: &[(&str, &str)]) -> Self {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, name, content.as_bytes()).expect("an entry");
        }
        Self::packed(&tar.into_inner().expect("an archive"))
    }

    /// A folder on disk, links as they are.
    pub fn of_folder(folder: &Path) -> Self {
        let mut tar = tar::Builder::new(Vec::new());
        tar.follow_symlinks(false);
        tar.append_dir_all(".", folder).expect("an archive");
        Self::packed(&tar.into_inner().expect("an archive"))
    }

    pub fn packed(tar: &[u8]) -> Self {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(tar).expect("memory");
        let archive = gzip.finish().expect("memory");
        let checksum = hex::lower(&Sha256::digest(&archive));
        let size = i64::try_from(archive.len()).expect("a length");
        let metadata =
            Metadata { app_name: "not-the-name".into(), app_rel_path: ".".into(), checksum, size, env: Vec::new() };
        let revision = "1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d";
        Self { metadata, archive, chunk: 1024 }.env("ARGOCD_APP_NAME", "shop").env("ARGOCD_APP_REVISION", revision)
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.metadata.env.push(EnvEntry { name: name.to_owned(), value: value.to_owned() });
        self
    }

    /// The same of another application.
    pub fn of_application(mut self, project: &str, application: &str) -> Self {
        self.metadata.env.retain(|entry| entry.name != "ARGOCD_APP_NAME");
        self.env("ARGOCD_APP_NAME", application).env("ARGOCD_APP_PROJECT_NAME", project)
    }

    pub fn at(mut self, path: &str) -> Self {
        self.metadata.app_rel_path = path.to_owned();
        self
    }

    /// The messages, as Argo CD cuts them.
    pub fn messages(&self) -> Vec<AppStreamRequest> {
        let chunks = self.archive.chunks(self.chunk).map(file);
        std::iter::once(metadata(&self.metadata)).chain(chunks).collect()
    }

    pub async fn send(&self, client: &mut Client) -> Result<ManifestResponse, Status> {
        send(client, self.messages(), None).await
    }
}

pub fn metadata(metadata: &Metadata) -> AppStreamRequest {
    AppStreamRequest { request: Some(Part::Metadata(metadata.clone())) }
}

pub fn file(chunk: &[u8]) -> AppStreamRequest {
    AppStreamRequest { request: Some(Part::File(File { chunk: chunk.to_vec().into() })) }
}

pub async fn send(
    client: &mut Client,
    messages: Vec<AppStreamRequest>,
    timeout: Option<Duration>,
) -> Result<ManifestResponse, Status> {
    client.send("GenerateManifest", tokio_stream::iter(messages), timeout).await
}

/// A repository that passes, and one that does not.
pub fn good() -> Shipment {
    Shipment::of(&[("good.yaml", GOOD)])
}

pub fn bad() -> Shipment {
    Shipment::of(&[("bad.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\n")])
}

/// Text that does not compress to much less than three quarters.
pub fn noise(length: usize) -> String {
    let mut state = 1_u32;
    let letter = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b' ' + u8::try_from(state >> 26).expect("six bits"))
    };
    (0..length).map(letter).collect()
}

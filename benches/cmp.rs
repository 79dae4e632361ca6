//! The resident plugin: one render against the floor (yaml-rust2's bare token loop over the same bytes, in
//! the same run), many at once, one that comes late to them, and a long archive in small pieces.
//!
//! `cargo bench --bench cmp`: exits 1 when a bar is missed, so that it can be run as a check.
//! `cargo bench --bench cmp -- --write FOLDER` only writes the gate and the application that are measured, for
//! measuring them behind a real repo-server (tests/e2e/README.md).

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its figures")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rendergate::cmp::client::Client;
use rendergate::cmp::protocol::{AppStreamRequest, EnvEntry, File, ManifestResponse, Metadata, Part};
use rendergate::document::hex;
use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;
use yaml_rust2::parser::{Event, Parser};

#[path = "support/manifests.rs"]
mod manifests;
#[path = "support/policies.rs"]
mod policies;

/// How often one render is measured; the median counts.
const RUNS: usize = 31;
/// At most so many times the floor, from the archive to the answer.
const BAR_RENDER: f64 = 6.0;
/// At most so much memory with 50 applications at once, in MiB.
const BAR_PEAK_MIB: f64 = 150.0;
/// Applications of one monorepo.
const APPLICATIONS: usize = 50;
/// How often one application comes late to all of them; medians count.
const FLOODS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|a| a == "--write") {
        let folder = PathBuf::from(arguments.get(at + 1).expect("a folder"));
        std::fs::create_dir_all(folder.join("app")).expect("a folder");
        Gate::write(&folder);
        std::fs::write(folder.join("app/manifests.yaml"), manifests::manifests(100)).expect("a file");
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let missed = runtime.block_on(async {
        let one = one().await;
        let many = many().await;
        late().await;
        long().await;
        one | many
    });
    println!("bars: {BAR_RENDER} x the floor, {BAR_PEAK_MIB} MiB with {APPLICATIONS} applications at once");
    if missed {
        eprintln!("a bar is missed");
        std::process::exit(1);
    }
}

/// One application of 100 manifests, resident and by `generate`.
async fn one() -> bool {
    let gate = Gate::new();
    let text = manifests::manifests(100);
    let floor = floor(&text);
    let plugin = gate.serve();
    let mut client = plugin.client().await;
    let shipment = Shipment::of(&[("app/manifests.yaml".to_owned(), text.clone())], "app");
    let mut calls = Vec::new();
    let mut renders = Vec::new();
    for _ in 0..RUNS {
        let before = plugin.seconds("render");
        let start = Instant::now();
        let answer = shipment.send(&mut client).await;
        calls.push(start.elapsed());
        renders.push(Duration::from_secs_f64(plugin.seconds("render") - before));
        assert!(answer.manifests.len() >= 100, "{} objects", answer.manifests.len());
    }
    std::fs::create_dir(gate.folder.path().join("app")).expect("a folder");
    std::fs::write(gate.folder.path().join("app/manifests.yaml"), &text).expect("a file");
    let processes = (0..RUNS).map(|_| gate.generate()).collect();
    let (call, render, process) = (median(calls), median(renders), median(processes));
    let ratio = render.as_secs_f64() / floor.as_secs_f64();
    println!(
        "100 manifests, {} bytes, 33 policies: floor {:.2} ms, render {:.2} ms, {ratio:.2} x the floor; whole call {:.2} ms, a process of generate {:.2} ms",
        text.len(),
        ms(floor),
        ms(render),
        ms(call),
        ms(process),
    );
    ratio > BAR_RENDER
}

/// All applications of a monorepo at once.
async fn many() -> bool {
    let gate = Gate::new();
    let plugin = gate.serve();
    let monorepo = monorepo();
    let times = sorted(flood(&plugin, &monorepo).await).await;
    let peak = plugin.peak_mib();
    println!(
        "{APPLICATIONS} applications of one monorepo at once, archive of {:.1} MiB each: first {:.0} ms, median {:.0} ms, last {:.0} ms, peak {peak:.0} MiB",
        mib(monorepo.archive.len()),
        ms(times[0]),
        ms(times[APPLICATIONS / 2]),
        ms(times[APPLICATIONS - 1]),
    );
    peak > BAR_PEAK_MIB
}

fn monorepo() -> Shipment {
    let mut files: Vec<(String, String)> =
        (0..APPLICATIONS).map(|n| (format!("apps/a{n}/manifests.yaml"), manifests::manifests(100))).collect();
    files.push(("assets/noise.bin".to_owned(), noise(4 << 20)));
    Shipment::of(&files, "")
}

/// Sends all applications of a monorepo at once; how long after that each is answered.
async fn flood(plugin: &Plugin, monorepo: &Shipment) -> Vec<JoinHandle<Duration>> {
    let mut clients = Vec::new();
    for n in 0..APPLICATIONS {
        clients.push((plugin.client().await, monorepo.at(&format!("apps/a{n}")).of_project("flood", &format!("a{n}"))));
    }
    let start = Instant::now();
    let call = |(mut client, shipment): (Client, Shipment)| {
        tokio::spawn(async move {
            let answer = shipment.send(&mut client).await;
            assert!(answer.manifests.len() >= 100);
            start.elapsed()
        })
    };
    clients.into_iter().map(call).collect()
}

async fn sorted(calls: Vec<JoinHandle<Duration>>) -> Vec<Duration> {
    let mut times = Vec::new();
    for call in calls {
        times.push(call.await.expect("a render"));
    }
    times.sort();
    times
}

/// One application that comes when all of a monorepo are under way: of another project, and of the same.
async fn late() {
    let gate = Gate::new();
    let plugin = gate.serve();
    let monorepo = monorepo();
    let one = Shipment::of(&[("app/manifests.yaml".to_owned(), manifests::manifests(100))], "app");
    for (project, which) in [("other", "another project"), ("flood", "the same project")] {
        let (mut own, mut medians, mut lasts) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..FLOODS {
            let (mut client, shipment) = (plugin.client().await, one.of_project(project, "late"));
            let calls = flood(&plugin, &monorepo).await;
            while !calls.iter().any(JoinHandle::is_finished) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let start = Instant::now();
            shipment.send(&mut client).await;
            own.push(start.elapsed());
            let times = sorted(calls).await;
            medians.push(times[APPLICATIONS / 2]);
            lasts.push(times[APPLICATIONS - 1]);
        }
        println!(
            "one application of {which} that comes at the first answer to {APPLICATIONS}: answered after {:.0} ms; they: median {:.0} ms, last {:.0} ms",
            ms(median(own)),
            ms(median(medians)),
            ms(median(lasts)),
        );
    }
}

/// One long archive in the pieces Argo CD sends.
async fn long() {
    let gate = Gate::new();
    let plugin = gate.serve();
    let mut client = plugin.client().await;
    let files = [("assets/noise.bin".to_owned(), noise(64 << 20)), ("app/m.yaml".to_owned(), manifests::manifests(10))];
    let shipment = Shipment::of(&files, "app");
    let idle = plugin.peak_mib();
    let start = Instant::now();
    shipment.send(&mut client).await;
    println!(
        "an archive of {:.1} MiB in pieces of 1 KiB: {:.0} ms, peak {:.0} MiB ({idle:.0} MiB before it)",
        mib(shipment.archive.len()),
        ms(start.elapsed()),
        plugin.peak_mib(),
    );
}

fn floor(text: &str) -> Duration {
    let once = |_| {
        let start = Instant::now();
        let mut parser = Parser::new_from_str(text);
        loop {
            match parser.next_token() {
                Ok((Event::StreamEnd, _)) => break start.elapsed(),
                Ok(token) => drop(std::hint::black_box(token)),
                Err(error) => panic!("the generated manifests do not parse: {error}"),
            }
        }
    };
    median((0..RUNS).map(once).collect())
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn mib(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Text that compresses to three quarters.
fn noise(length: usize) -> String {
    let mut state = 1_u32;
    let letter = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b' ' + u8::try_from(state >> 26).expect("six bits"))
    };
    (0..length).map(letter).collect()
}

/// A configuration with the 33 policies, which report.
struct Gate {
    folder: tempfile::TempDir,
}

impl Gate {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::write(folder.path());
        Self { folder }
    }

    fn write(folder: &Path) {
        let gate = "apiVersion: rendergate.dev/v1alpha1\nkind: GateConfiguration\npolicies: [{path: policies.yaml}]\nenforcement: audit\n";
        std::fs::write(folder.join("gate.yaml"), gate).expect("a file");
        std::fs::write(folder.join("policies.yaml"), policies::policies()).expect("a file");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn generate(&self) -> Duration {
        let start = Instant::now();
        let status = Command::new(env!("CARGO_BIN_EXE_rendergate"))
            .args(["generate", "--config"])
            .args([self.path("gate.yaml"), self.path("app")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(status.expect("the release binary starts").success());
        start.elapsed()
    }

    fn serve(&self) -> Plugin {
        let mut child = Command::new(env!("CARGO_BIN_EXE_rendergate"))
            .args(["cmp-server", "--metrics-address", "127.0.0.1:0", "--config"])
            .arg(self.path("gate.yaml"))
            .arg("--socket")
            .arg(self.path("rendergate@v1.sock"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the release binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
        let mut line = || lines.next().expect("a line").expect("text");
        let _ = line();
        let metrics = line().trim_start_matches("metrics on ").to_owned();
        Plugin { child, socket: self.path("rendergate@v1.sock"), metrics }
    }
}

/// A running `rendergate cmp-server`.
struct Plugin {
    child: Child,
    socket: PathBuf,
    metrics: String,
}

impl Plugin {
    async fn client(&self) -> Client {
        let mut client = Client::connect(self.socket.clone()).await.expect("a connection");
        while client.check().await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        client
    }

    /// The sum of a stage's times so far.
    fn seconds(&self, stage: &str) -> f64 {
        let mut reply = ureq::get(format!("{}/metrics", self.metrics)).call().expect("metrics");
        let text = reply.body_mut().read_to_string().expect("text");
        let line = format!("rendergate_render_duration_seconds_sum{{stage=\"{stage}\"}} ");
        text.lines().find_map(|l| l.strip_prefix(&line)?.parse().ok()).unwrap_or(0.0)
    }

    fn peak_mib(&self) -> f64 {
        let status = std::fs::read_to_string(Path::new("/proc").join(self.child.id().to_string()).join("status"));
        let status = status.unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse().ok());
        kib.unwrap_or(f64::NAN) / 1024.0
    }
}

impl Drop for Plugin {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A repository on its way, in pieces of 1 KiB.
struct Shipment {
    metadata: Metadata,
    archive: std::sync::Arc<[u8]>,
}

impl Shipment {
    fn of(files: &[(String, String)], path: &str) -> Self {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            tar.append_data(&mut header, name, content.as_bytes()).expect("an entry");
        }
        let tar = tar.into_inner().expect("an archive");
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&tar).expect("memory");
        let archive = gzip.finish().expect("memory");
        let metadata = Metadata {
            app_name: String::new(),
            app_rel_path: path.to_owned(),
            checksum: hex::lower(&Sha256::digest(&archive)),
            size: i64::try_from(archive.len()).expect("a length"),
            env: vec![EnvEntry { name: "ARGOCD_APP_NAME".to_owned(), value: "bench".to_owned() }],
        };
        Self { metadata, archive: archive.into() }
    }

    fn at(&self, path: &str) -> Self {
        let metadata = Metadata { app_rel_path: path.to_owned(), ..self.metadata.clone() };
        Self { metadata, archive: self.archive.clone() }
    }

    fn of_project(&self, project: &str, application: &str) -> Self {
        let entry = |name: &str, value: &str| EnvEntry { name: name.to_owned(), value: value.to_owned() };
        let env = vec![entry("ARGOCD_APP_NAME", application), entry("ARGOCD_APP_PROJECT_NAME", project)];
        Self { metadata: Metadata { env, ..self.metadata.clone() }, archive: self.archive.clone() }
    }

    async fn send(&self, client: &mut Client) -> ManifestResponse {
        let first = AppStreamRequest { request: Some(Part::Metadata(self.metadata.clone())) };
        let archive = bytes::Bytes::from_owner(std::sync::Arc::clone(&self.archive));
        let piece = move |at: usize| {
            let chunk = archive.slice(at..archive.len().min(at + 1024));
            AppStreamRequest { request: Some(Part::File(File { chunk })) }
        };
        let pieces = (0..self.archive.len()).step_by(1024).map(piece);
        let messages = tokio_stream::iter(std::iter::once(first).chain(pieces));
        client.send("GenerateManifest", messages, None).await.expect("a render")
    }
}

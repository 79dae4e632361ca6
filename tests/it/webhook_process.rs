//! The webhook as a process: HTTPS on a real port, policies from files, reload, and an orderly end.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rendergate::document::{Value, json};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::server_process::Server;

/// A running `rendergate webhook`.
pub struct Process {
    server: Server,
    agent: ureq::Agent,
    address: String,
}

impl Process {
    /// Starts one with `gate.yaml` of `folder`.
    pub fn start(folder: &Path) -> Self {
        let ca = folder.join("ca.pem");
        let mut child = Command::new(env!("CARGO_BIN_EXE_rendergate"))
            .args(["webhook", "--listen", "127.0.0.1:0", "--reload-every", "100ms", "--drain", "200ms", "--config"])
            .arg(folder.join("gate.yaml"))
            .arg("--self-signed-ca")
            .arg(&ca)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut first = String::new();
        BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut first).expect("a line");
        let address = first.trim().strip_prefix("listening on ").expect("it says where it listens").to_owned();
        let pem = std::fs::read(ca).expect("the certificate is written");
        let certificate = Certificate::from_pem(&pem).expect("PEM").to_owned();
        let tls = TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(vec![certificate]))).build();
        let agent = ureq::Agent::config_builder().tls_config(tls).http_status_as_error(false).build().into();
        Self { server: Server(child), agent, address }
    }

    /// Posts a review and returns the `response` of the answer.
    pub fn ask(&self, path: &str, review: &Value) -> Value {
        let request = self.agent.post(format!("{}{path}", self.address)).header("content-type", "application/json");
        let mut reply = request.send(json::to_string(review).as_bytes()).expect("an answer");
        assert_eq!(reply.status(), 200);
        let body = reply.body_mut().read_to_vec().expect("a body");
        json::parse(&body).expect("JSON").get("response").expect("a response").clone()
    }

    fn status(&self, path: &str) -> u16 {
        self.agent.get(format!("{}{path}", self.address)).call().expect("an answer").status().as_u16()
    }

    fn metrics(&self) -> String {
        let mut reply = self.agent.get(format!("{}/metrics", self.address)).call().expect("an answer");
        reply.body_mut().read_to_string().expect("text")
    }

    /// Sends SIGTERM and waits for the end; the exit code.
    fn terminate(mut self) -> Option<i32> {
        self.server.terminate()
    }
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).expect("a file");
}

fn policy(key: &str) -> String {
    format!(
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: need-{key}}}\nspec:\n  rules:\n  - name: r\n    \
         match: {{any: [{{resources: {{kinds: [ConfigMap]}}}}]}}\n    validate:\n      failureAction: Enforce\n      \
         message: {key} is missing\n      pattern: {{data: {{{key}: \"?*\"}}}}\n"
    )
}

fn review(data: &str) -> Value {
    let text = format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u","operation":"CREATE",
        "kind":{{"group":"","version":"v1","kind":"ConfigMap"}},"name":"c","namespace":"shop",
        "resource":{{"group":"","version":"v1","resource":"configmaps"}},"userInfo":{{"username":"alice"}},
        "object":{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"c","namespace":"shop"}},"data":{data}}}}}}}"#
    );
    json::parse(text.as_bytes()).expect("JSON")
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < Duration::from_secs(20), "{what} did not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

const GATE: &str = "apiVersion: rendergate.dev/v1alpha1\nkind: GateConfiguration\npolicies: [{path: policy.yaml}]\n";

#[test]
fn a_process_serves_reloads_and_ends_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, "gate.yaml", GATE);
    write(folder, "policy.yaml", &policy("a"));
    let webhook = Process::start(folder);
    assert_eq!((webhook.status("/health/liveness"), webhook.status("/health/readiness")), (200, 200));

    let (a, b) = (review(r#"{"a":"1"}"#), review(r#"{"b":"1"}"#));
    let allowed = |review: &Value| webhook.ask("/validate/fail", review).get("allowed") == Some(&Value::Bool(true));
    assert!(allowed(&a) && !allowed(&b));

    write(folder, "policy.yaml", "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nspec: {ruels: []}\n");
    until("the refusal", || webhook.metrics().contains("rendergate_policy_reloads_total{outcome=\"refused\"} 1"));
    assert!(allowed(&a) && !allowed(&b), "the last good policies stay");
    assert_eq!(webhook.status("/health/readiness"), 200);

    write(folder, "policy.yaml", &policy("b"));
    until("the reload", || allowed(&b) && !allowed(&a));
    assert_eq!(webhook.terminate(), Some(0));
}

#[test]
fn policies_that_do_not_load_at_start_leave_it_not_ready() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    write(folder, "gate.yaml", GATE);
    let webhook = Process::start(folder);
    assert_eq!((webhook.status("/health/liveness"), webhook.status("/health/readiness")), (200, 500));
    assert_eq!(webhook.ask("/validate/fail", &review("{}")).get("allowed"), Some(&Value::Bool(false)));
    write(folder, "policy.yaml", &policy("a"));
    until("readiness", || webhook.status("/health/readiness") == 200);
    assert_eq!(webhook.terminate(), Some(0));
}

#[test]
fn a_configuration_that_cannot_be_read_ends_it_with_2() {
    let folder = tempfile::tempdir().expect("a folder");
    for (text, expected) in [(None, "gate.yaml: "), (Some("kind: GateConfiguration\n"), "gate.yaml:1: ")] {
        if let Some(text) = text {
            write(folder.path(), "gate.yaml", text);
        }
        let output = Command::new(env!("CARGO_BIN_EXE_rendergate"))
            .args(["webhook", "--listen", "127.0.0.1:0", "--config"])
            .arg(folder.path().join("gate.yaml"))
            .output()
            .expect("the binary runs");
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.starts_with("Error: ") && text.contains(expected), "{text}");
    }
}

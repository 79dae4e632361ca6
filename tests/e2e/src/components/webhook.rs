//! `rendergate webhook`, registered with the API server as `deploy/` does, failing closed.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::components::{ControlPlane, Gate};
use crate::failure::{Context as _, Result};
use crate::places::{Places, free_ports};
use crate::process::{Process, output_with_input};
use crate::wait::until;

/// The admission webhook; dropping it also takes its registration away.
#[derive(Debug)]
pub struct Webhook<'a> {
    plane: &'a ControlPlane,
    _process: Process,
}

impl<'a> Webhook<'a> {
    /// Starts it with the gate's configuration, waits until it has loaded its policies, and registers it.
    ///
    /// # Errors
    /// When it is not ready in time, or the API server refuses the registration.
    pub fn start(places: &Places, plane: &'a ControlPlane, gate: &Gate) -> Result<Self> {
        let file = places.checkout.join("deploy/webhook/webhooks.yaml");
        let text = fs::read_to_string(&file).context(file.display())?;
        let closed = text.replace("failurePolicy: Ignore", "failurePolicy: Fail");
        Self::serve(places, plane, gate.configuration(), &closed)
    }

    /// Starts it where the cluster already has its registration, which comes to name this process.
    ///
    /// # Errors
    /// When it is not ready in time, or there is no registration.
    pub fn start_installed(places: &Places, plane: &'a ControlPlane, configuration: &Path) -> Result<Self> {
        let installed = |kind: &str| plane.kubectl.run(&["get", kind, "rendergate", "--output", "yaml"]);
        let validating = installed("validatingwebhookconfiguration")?;
        let mutating = installed("mutatingwebhookconfiguration")?;
        let own = |text: &str| -> String {
            text.lines()
                .filter(|line| !line.starts_with("  resourceVersion:") && !line.starts_with("  uid:"))
                .fold(String::new(), |all, line| all + line + "\n")
        };
        Self::serve(places, plane, configuration, &format!("{}---\n{}", own(&validating), own(&mutating)))
    }

    fn serve(places: &Places, plane: &'a ControlPlane, configuration: &Path, registration: &str) -> Result<Self> {
        let [port] = free_ports()?;
        let authority = places.folder("webhook")?.join("ca.pem");
        let mut command = Command::new(&places.rendergate);
        command
            .arg("webhook")
            .arg("--config")
            .arg(configuration)
            .args(["--listen", &format!("127.0.0.1:{port}"), "--self-signed", "127.0.0.1"])
            .args(["--drain", "0s", "--reload-every", "1s"])
            .arg("--self-signed-ca")
            .arg(&authority);
        let mut process = Process::start(&places.state, "webhook", command)?;
        let ready = format!("https://127.0.0.1:{port}/health/readiness");
        until("rendergate webhook is ready", || {
            process.check()?;
            let mut ask = Command::new("curl");
            ask.args(["--silent", "--show-error", "--fail", "--cacert"]).arg(&authority).arg(&ready);
            crate::process::output(&mut ask).map(drop).map_err(|e| e.0)
        })?;
        let bundle = base64(&fs::read_to_string(&authority)?)?;
        let webhook = Self { plane, _process: process };
        plane.kubectl.apply(&by_address(registration, &format!("https://127.0.0.1:{port}"), &bundle))?;
        Ok(webhook)
    }
}

impl Drop for Webhook<'_> {
    fn drop(&mut self) {
        let kinds = "validatingwebhookconfigurations,mutatingwebhookconfigurations";
        let _ = self.plane.kubectl.run(&["delete", "--ignore-not-found", kinds, "rendergate"]);
    }
}

fn base64(text: &str) -> Result<String> {
    output_with_input(Command::new("base64").arg("--wrap=0"), text)
}

/// A registration that names a Service, changed to name an address: without nodes no Service leads anywhere.
fn by_address(text: &str, address: &str, bundle: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
        match rest.split_once(": ") {
            Some(("path", path)) => {
                let indent = indent.strip_prefix("  ").unwrap_or(indent);
                lines.push(format!("{indent}url: {address}{path}"));
                lines.push(format!("{indent}caBundle: {bundle}"));
            }
            Some(("name", "rendergate-webhook") | ("namespace", "rendergate") | ("port" | "caBundle", _)) => {}
            _ if rest == "service:" => {}
            _ => lines.push(line.to_owned()),
        }
    }
    lines.join("\n") + "\n"
}

//! etcd, kube-apiserver and kube-controller-manager: a Kubernetes without nodes. Deployments with no
//! replicas become Healthy, owners and namespaces take what is theirs with them, no Pod ever runs.

use std::process::Command;

use crate::failure::{Context as _, Result};
use crate::kubectl::Kubectl;
use crate::places::{Places, free_ports};
use crate::process::{Process, output};
use crate::wait::until;

/// Known to nobody outside this run: the API server listens on the loopback address only.
const TOKEN: &str = "e2e-admin";

/// Controllers that scenarios rely on.
const CONTROLLERS: &str = "namespace-controller,garbage-collector-controller,deployment-controller,\
                           replicaset-controller,job-controller";

/// A running control plane.
#[derive(Debug)]
pub struct ControlPlane {
    /// `https://127.0.0.1:PORT`.
    pub server: String,
    /// A client with all rights.
    pub kubectl: Kubectl,
    // In the order in which they are to end.
    _controllers: Process,
    _api_server: Process,
    _etcd: Process,
}

impl ControlPlane {
    /// Starts all three and waits until the API server is ready.
    ///
    /// # Errors
    /// When one ends, or is not ready in time.
    pub fn start(places: &Places) -> Result<Self> {
        let folder = places.folder("control-plane")?;
        let [etcd_client, etcd_peer, api, manager] = free_ports()?;
        let etcd_url = format!("http://127.0.0.1:{etcd_client}");
        let peer_url = format!("http://127.0.0.1:{etcd_peer}");
        let mut etcd = Command::new(places.bin.join("etcd"));
        etcd.arg("--data-dir")
            .arg(folder.join("etcd"))
            .args(["--listen-client-urls", &etcd_url, "--advertise-client-urls", &etcd_url])
            .args(["--listen-peer-urls", &peer_url, "--initial-advertise-peer-urls", &peer_url])
            .args(["--initial-cluster", &format!("default={peer_url}")])
            // Nothing here is to survive the run.
            .args(["--unsafe-no-fsync", "--log-level", "warn"]);
        let etcd = Process::start(&places.state, "etcd", etcd)?;

        let key = folder.join("service-account.pem");
        output(Command::new("openssl").args(["genrsa", "-out"]).arg(&key).arg("2048"))?;
        let tokens = folder.join("tokens.csv");
        std::fs::write(&tokens, format!("{TOKEN},e2e-admin,e2e-admin,system:masters\n"))?;
        let mut api_server = Command::new(places.bin.join("kube-apiserver"));
        api_server
            .args(["--etcd-servers", &etcd_url, "--service-account-issuer", "https://e2e.example"])
            .arg(format!("--service-account-key-file={}", key.display()))
            .arg(format!("--service-account-signing-key-file={}", key.display()))
            .arg(format!("--token-auth-file={}", tokens.display()))
            .arg(format!("--cert-dir={}", folder.join("certificates").display()))
            .arg(format!("--secure-port={api}"))
            .args(["--bind-address=127.0.0.1", "--service-cluster-ip-range=10.0.0.0/24", "--authorization-mode=RBAC"])
            .args(["--disable-admission-plugins=ServiceAccount"]);
        let mut api_server = Process::start(&places.state, "kube-apiserver", api_server)?;

        let server = format!("https://127.0.0.1:{api}");
        let kubeconfig = folder.join("kubeconfig");
        std::fs::write(&kubeconfig, kubeconfig_text(&server))?;
        let kubectl = Kubectl::new(kubeconfig.clone());
        let mut dead = None;
        until("kube-apiserver is ready", || {
            if let Err(why) = api_server.check() {
                dead = Some(why);
                return Ok(());
            }
            kubectl.run(&["get", "--raw", "/readyz"]).map(drop).map_err(|e| e.0)
        })?;
        if let Some(why) = dead {
            crate::fail!("{why}");
        }

        let mut controllers = Command::new(places.bin.join("kube-controller-manager"));
        controllers
            .arg(format!("--kubeconfig={}", kubeconfig.display()))
            .arg(format!("--cert-dir={}", folder.join("certificates").display()))
            .arg(format!("--secure-port={manager}"))
            .arg(format!("--controllers={CONTROLLERS}"))
            .args(["--bind-address=127.0.0.1", "--leader-elect=false", "--use-service-account-credentials=false"]);
        let controllers = Process::start(&places.state, "kube-controller-manager", controllers)?;
        Ok(Self { server, kubectl, _controllers: controllers, _api_server: api_server, _etcd: etcd })
    }

    /// Waits until all CustomResourceDefinitions are served.
    ///
    /// # Errors
    /// When that takes too long.
    pub fn serves_custom_resources(&self) -> Result<()> {
        until("all CRDs are served", || {
            let wait = ["wait", "--for=condition=Established", "--timeout=5s", "crd", "--all"];
            self.kubectl.run(&wait).map(drop).map_err(|e| e.0)
        })
    }

    /// Installs what Argo CD needs from its own manifests: CRDs, ConfigMaps and Secrets, no workloads;
    /// the default project; and this cluster as a destination.
    ///
    /// # Errors
    /// When the API server refuses one.
    pub fn install_argo_cd(&self, places: &Places) -> Result<()> {
        let manifests = places.argo_cd.join("argocd-core-install.yaml");
        let text = std::fs::read_to_string(&manifests).context(manifests.display())?;
        let wanted = ["kind: CustomResourceDefinition", "kind: ConfigMap", "kind: Secret"];
        let kept: Vec<&str> =
            text.split("\n---\n").filter(|document| document.lines().any(|line| wanted.contains(&line))).collect();
        self.kubectl.run(&["create", "namespace", "argocd"])?;
        self.kubectl.apply_in("argocd", &kept.join("\n---\n"))?;
        self.serves_custom_resources()?;
        self.kubectl.apply(&format!(
            r#"
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {{name: default, namespace: argocd}}
spec:
  sourceRepos: ["*"]
  destinations: [{{namespace: "*", server: "*"}}]
  clusterResourceWhitelist: [{{group: "*", kind: "*"}}]
---
apiVersion: v1
kind: Secret
metadata:
  name: this-cluster
  namespace: argocd
  labels: {{argocd.argoproj.io/secret-type: cluster}}
stringData:
  name: e2e
  server: {server}
  config: '{{"bearerToken": "{TOKEN}", "tlsClientConfig": {{"insecure": true}}}}'
"#,
            server = self.server,
        ))?;
        Ok(())
    }
}

fn kubeconfig_text(server: &str) -> String {
    format!(
        "apiVersion: v1
kind: Config
current-context: e2e
clusters:
- name: e2e
  cluster: {{server: {server}, insecure-skip-tls-verify: true}}
users:
- name: e2e
  user: {{token: {TOKEN}}}
contexts:
- name: e2e
  context: {{cluster: e2e, user: e2e, namespace: argocd}}
"
    )
}

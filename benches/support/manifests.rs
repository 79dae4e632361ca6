//! The benchmarks' manifests, made from a fixed seed.

use std::fmt::Write as _;

/// A small generator with a fixed seed, so that every run measures the same bytes.
pub struct Seeded(u64);

impl Seeded {
    /// The generator every benchmark starts from.
    pub fn new() -> Self {
        Self(0x5eed_2026)
    }

    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let at = usize::try_from(self.next(from.len() as u64)).unwrap_or(0);
        from[at]
    }
}

/// `count` manifests in one YAML stream: workloads, services, configuration, about 360 bytes each.
pub fn manifests(count: usize) -> String {
    let mut seeded = Seeded::new();
    let mut out = String::new();
    for i in 0..count {
        let app = seeded.pick(&["web", "api", "worker", "cache", "mail"]);
        let namespace = seeded.pick(&["shop", "payments", "search", "prod-eu", "default"]);
        let image =
            seeded.pick(&["registry.example/web:1.4.2", "docker.io/library/nginx:latest", "ghcr.io/acme/api:2.0.1"]);
        let name = format!("{app}-{i}");
        match seeded.next(10) {
            0..=3 => workload(&mut out, &mut seeded, &name, namespace, app, image),
            4 | 5 => {
                let _ = write!(
                    out,
                    "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n  namespace: {namespace}\n  labels:\n    app: {app}\nspec:\n  type: {}\n  selector:\n    app: {app}\n  ports:\n  - name: http\n    port: 80\n    targetPort: 8080\n    protocol: TCP\n---\n",
                    seeded.pick(&["ClusterIP", "NodePort", "LoadBalancer"])
                );
            }
            6 | 7 => {
                let _ = write!(
                    out,
                    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: {namespace}\n  annotations:\n    owner: team-{}\ndata:\n  LOG_LEVEL: info\n  FEATURE_FLAGS: \"alpha,beta,gamma\"\n  settings.properties: |\n    cache.size=128\n    cache.ttl=30s\n    retries=3\n---\n",
                    seeded.next(9)
                );
            }
            8 => {
                let _ = write!(
                    out,
                    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {name}\n  namespace: {namespace}\n  labels:\n    app: {app}\nspec:\n  hostNetwork: {}\n  containers:\n  - name: main\n    image: {image}\n    resources:\n      limits:\n        memory: 128Mi\n---\n",
                    seeded.next(4) == 0
                );
            }
            _ => {
                let _ = write!(
                    out,
                    "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: {name}\n  namespace: {namespace}\nspec:\n  rules:\n  - host: {app}.example.com\n    http:\n      paths:\n      - path: /\n        pathType: Prefix\n        backend:\n          service:\n            name: {name}\n            port:\n              number: 80\n---\n"
                );
            }
        }
    }
    out
}

fn workload(out: &mut String, seeded: &mut Seeded, name: &str, namespace: &str, app: &str, image: &str) {
    let _ = write!(
        out,
        "apiVersion: apps/v1\nkind: {}\nmetadata:\n  name: {name}\n  namespace: {namespace}\n  labels:\n    app: {app}\n    team: team-{}\nspec:\n  replicas: {}\n  selector:\n    matchLabels:\n      app: {app}\n  template:\n    metadata:\n      labels:\n        app: {app}\n    spec:\n      containers:\n      - name: main\n        image: {image}\n        ports:\n        - containerPort: 8080\n",
        seeded.pick(&["Deployment", "StatefulSet", "DaemonSet"]),
        seeded.next(9),
        seeded.next(5) + 1
    );
    if seeded.next(2) == 0 {
        out.push_str("        resources:\n          limits:\n            cpu: 500m\n            memory: 256Mi\n");
    }
    out.push_str("---\n");
}

//! Manifests that scenarios commit.

/// A Deployment without replicas that satisfies the starter set of policies. It brings the labels that
/// `add-default-labels` would add.
pub fn workload(name: &str) -> String {
    format!(
        "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {name}
  labels:
    app: {name}
    team: storefront
    environment: staging
    cost-centre: cc-4711
spec:
  replicas: 0
  selector:
    matchLabels:
      app: {name}
  template:
    metadata:
      labels:
        app: {name}
    spec:
      containers:
      - name: main
        image: registry.example/storefront/{name}:1.0.0
        resources:
          limits:
            cpu: 100m
            memory: 64Mi
"
    )
}

/// The same Deployment without `cost-centre`: one violation of `require-team-labels`.
pub fn violating_workload(name: &str) -> String {
    workload(name).replace("    cost-centre: cc-4711\n", "")
}

/// A ConfigMap with one key, `value`.
pub fn config_map(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  value: {value}\n")
}

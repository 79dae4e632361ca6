//! Reading YAML, beside the floor under it: yaml-rust2's bare `next_token` loop over the same text.

use std::fmt::Write as _;

use divan::Bencher;
use divan::counter::BytesCount;
use rendergate::document::{Pointer, json, yaml};
use yaml_rust2::Event;
use yaml_rust2::parser::Parser;

fn main() {
    divan::main();
}

/// About 1,500 bytes of manifest for each of `objects`: Deployments, Services and ConfigMaps.
fn manifests(objects: usize) -> String {
    let mut text = String::new();
    for i in 0..objects {
        let _ = writeln!(
            text,
            "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{i}
  namespace: team-{team}
  labels:
    app.kubernetes.io/name: web-{i}
    app.kubernetes.io/managed-by: argocd
    team: payments
    cost-centre: \"{cost}\"
  annotations:
    description: serves the storefront's catalogue pages to browsers
spec:
  replicas: {replicas}
  revisionHistoryLimit: 5
  selector:
    matchLabels:
      app.kubernetes.io/name: web-{i}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: web-{i}
    spec:
      automountServiceAccountToken: false
      securityContext: {{runAsNonRoot: true, seccompProfile: {{type: RuntimeDefault}}}}
      containers:
      - name: web
        image: registry.example.com/shop/web:1.{i}.0
        args: [\"--port\", \"8080\", \"--verbose\"]
        ports:
        - containerPort: 8080
          name: http
        env:
        - name: LOG_LEVEL
          value: info
        - name: PASSWORD
          valueFrom:
            secretKeyRef: {{name: web, key: password}}
        resources:
          requests: {{cpu: 100m, memory: 128Mi}}
          limits: {{cpu: \"1\", memory: 256Mi}}
        livenessProbe:
          httpGet:
            path: /healthz
            port: http
          initialDelaySeconds: 5
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: web-{i}
  namespace: team-{team}
data:
  application.properties: |
    server.port=8080
    cache.size={cost}
    greeting=hello, world
---",
            team = i % 20,
            cost = 1000 + i,
            replicas = 1 + i % 5,
        );
    }
    text
}

const OBJECTS: usize = 350;

#[divan::bench]
fn floor_next_token(bencher: Bencher<'_, '_>) {
    let text = manifests(OBJECTS);
    bencher.counter(BytesCount::of_str(&text)).bench(|| {
        let mut parser = Parser::new_from_str(divan::black_box(&text));
        let mut events = 0_usize;
        while let Ok((event, _)) = parser.next_token() {
            events += 1;
            if event == Event::StreamEnd {
                break;
            }
        }
        events
    });
}

#[divan::bench]
fn read(bencher: Bencher<'_, '_>) {
    let text = manifests(OBJECTS);
    bencher.counter(BytesCount::of_str(&text)).bench(|| yaml::read(divan::black_box(&text), &yaml::Limits::default()));
}

#[divan::bench]
fn write(bencher: Bencher<'_, '_>) {
    let text = manifests(OBJECTS);
    let documents = yaml::read(&text, &yaml::Limits::default()).unwrap_or_default();
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| documents.iter().map(|document| yaml::write(&document.value).len()).sum::<usize>());
}

#[divan::bench]
fn read_as_json(bencher: Bencher<'_, '_>) {
    let text = manifests(OBJECTS);
    let documents = yaml::read(&text, &yaml::Limits::default()).unwrap_or_default();
    let texts: Vec<String> = documents.iter().map(|document| json::to_string(&document.value)).collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    bencher
        .counter(BytesCount::new(bytes))
        .bench(|| texts.iter().filter(|text| json::parse(text.as_bytes()).is_ok()).count());
}

#[divan::bench]
fn locate_in_the_last_document(bencher: Bencher<'_, '_>) {
    let text = manifests(OBJECTS);
    let pointer: Pointer = ["data".into(), "application.properties".into()].into_iter().collect();
    bencher.bench(|| yaml::locate(divan::black_box(&text), 2 * OBJECTS - 1, &pointer));
}

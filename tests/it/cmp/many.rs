//! Much at once: bounded, and nobody is forgotten.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rendergate::cmp::Limits;
use rendergate::cmp::app::Engine;
use tonic::Code;

use super::time::{Shared, Slow};
use super::{Plugin, Shipment, good, noise};

#[tokio::test(flavor = "multi_thread")]
async fn fifty_applications_at_once_are_bounded_and_all_answered() {
    let slow = Arc::new(Slow { takes: Duration::from_millis(5), ..Slow::default() });
    let limits = Limits { renders: 3, ..Limits::default() };
    let plugin = Plugin::with(limits, Box::new(Shared(Arc::clone(&slow))), "policies: [{path: policies}]\n").await;
    let mut calls = Vec::new();
    for _ in 0..50 {
        let mut client = plugin.client().await;
        calls.push(tokio::spawn(async move { good().send(&mut client).await }));
    }
    for call in calls {
        call.await.expect("it ends").expect("a render");
    }
    let most = slow.most.load(Ordering::SeqCst);
    assert!((1..=3).contains(&most), "{most} at once");
    let metrics = plugin.app.metrics.text();
    for line in ["rendergate_renders_total{outcome=\"rendered\"} 50", "rendergate_renders_waiting 0"] {
        assert!(metrics.lines().any(|l| l == line), "{line} is not in\n{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_application_of_a_monorepo_gets_its_own_answer() {
    let plugin = Plugin::start().await;
    let files: Vec<(String, String)> = (0..30)
        .map(|n| {
            let team = if n % 3 == 0 { String::new() } else { format!(", labels: {{team: t{n}}}") };
            let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n}{team}}}\n");
            (format!("apps/a{n}/c.yaml"), text)
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let monorepo = Arc::new(Shipment::of(&files));
    let mut calls = Vec::new();
    for n in 0..30 {
        let (mut client, monorepo) = (plugin.client().await, Arc::clone(&monorepo));
        let shipment = monorepo.as_ref().clone().at(&format!("apps/a{n}"));
        calls.push(tokio::spawn(async move { (n, shipment.send(&mut client).await) }));
    }
    for call in calls {
        let (n, answer) = call.await.expect("it ends");
        match answer {
            Ok(rendered) => assert!(n % 3 != 0 && rendered.manifests[0].contains(&format!("\"c{n}\"")), "{rendered:?}"),
            Err(status) => assert!(n % 3 == 0 && status.message().contains(&format!("default/c{n}:")), "{status}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_violations_are_one_readable_paragraph() {
    let plugin = Plugin::start().await;
    let mut client = plugin.client().await;
    let files: Vec<(String, String)> = (0..500)
        .map(|n| {
            let text =
                format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{n:03}, labels: {{team: \"\"}}}}\n");
            (format!("{n:03}.yaml"), text)
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let status = Shipment::of(&files).send(&mut client).await.expect_err("violations");
    let text = status.message();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert!(text.len() <= 4096 && text.contains("ConfigMap default/c000 and 499 more"), "{text}");
    assert!(!text.contains(['"', '\\', '\n', '\t']), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_archive_in_small_pieces_is_read_whole() {
    let plugin = Plugin::with(Limits::default(), Box::new(Engine), "policies: [{path: policies}]\n").await;
    let mut client = plugin.client().await;
    // Noise does not compress: the archive is about as long.
    let noise = noise(4 << 20);
    let shipment = Shipment::of(&[("assets/noise.bin", &noise), ("app/good.yaml", crate::gate::GOOD)]).at("app");
    assert!(shipment.archive.len() > 2 << 20 && shipment.chunk == 1024);
    assert_eq!(shipment.send(&mut client).await.expect("a render").manifests.len(), 1);
}

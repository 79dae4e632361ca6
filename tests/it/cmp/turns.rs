//! Projects, and applications within them, take turns.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rendergate::cmp::Limits;
use rendergate::cmp::app::{Checkout, Engine, Renderer};
use rendergate::cmp::protocol::{ManifestResponse, ParametersAnnouncementResponse};
use rendergate::render::{Refusal, Verdict};
use tokio::task::JoinHandle;
use tokio_stream::StreamExt as _;
use tonic::{Code, Status};

use super::{Plugin, file, good, metadata};

const GATE: &str = "policies: [{path: policies}]\n";

/// A renderer that notes whose turn came, and renders only as many as it was told to.
#[derive(Default)]
struct Gatekeeper {
    let_through: AtomicUsize,
    turns: Mutex<Vec<String>>,
}

struct Shared(Arc<Gatekeeper>);

impl Renderer for Shared {
    fn render(&self, checkout: &Checkout<'_>) -> Result<Verdict, Refusal> {
        let application = &checkout.build.application;
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let turn = {
            let mut turns = self.0.turns.lock().expect("nobody panics");
            turns.push(format!("{}/{}", text(&application.project), text(&application.name)));
            turns.len()
        };
        while self.0.let_through.load(Ordering::SeqCst) < turn {
            checkout.stop.check().map_err(Refusal::Stopped)?;
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(Verdict::default())
    }
}

/// One place to render, and what went through it.
struct Scene {
    plugin: Plugin,
    keeper: Arc<Gatekeeper>,
    calls: Vec<JoinHandle<Result<ManifestResponse, Status>>>,
}

impl Scene {
    async fn set() -> Self {
        let keeper = Arc::new(Gatekeeper::default());
        let limits = Limits { renders: 1, ..Limits::default() };
        let plugin = Plugin::with(limits, Box::new(Shared(Arc::clone(&keeper))), GATE).await;
        Self { plugin, keeper, calls: Vec::new() }
    }

    /// An application asks for a render; returns once it renders (the first one) or stands in the queue.
    async fn ask(&mut self, project: &str, application: &str) {
        let mut client = self.plugin.client().await;
        let shipment = good().of_application(project, application);
        self.calls.push(tokio::spawn(async move { shipment.send(&mut client).await }));
        let waiting = format!("rendergate_renders_waiting {}", self.calls.len() - 1);
        while !(self.keeper.turns.lock().expect("nobody panics").len() == 1
            && self.plugin.app.metrics.text().lines().any(|line| line == waiting))
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Lets everything through; whose turn came, in order.
    async fn turns(self) -> Vec<String> {
        self.keeper.let_through.store(usize::MAX, Ordering::SeqCst);
        for call in self.calls {
            call.await.expect("it ends").expect("a render");
        }
        let turns = self.keeper.turns.lock().expect("nobody panics");
        turns.clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_that_comes_late_to_a_flood_is_served_next() {
    let mut scene = Scene::set().await;
    for n in 0..50 {
        scene.ask("monorepo", &format!("a{n}")).await;
    }
    scene.ask("other", "shop").await;
    let turns = scene.turns().await;
    assert_eq!(turns.len(), 51);
    assert_eq!(turns[..3], ["monorepo/a0", "other/shop", "monorepo/a1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_that_asks_often_does_not_delay_the_others_of_its_project() {
    let mut scene = Scene::set().await;
    for _ in 0..10 {
        scene.ask("monorepo", "restless").await;
    }
    for application in ["a", "b"] {
        scene.ask("monorepo", application).await;
    }
    let turns = scene.turns().await;
    assert_eq!(turns[1..5], ["monorepo/restless", "monorepo/a", "monorepo/b", "monorepo/restless"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn announcements_read_a_checkout_in_their_turn() {
    let mut scene = Scene::set().await;
    scene.ask("monorepo", "a").await;
    let mut client = scene.plugin.client().await;
    let mut announce = async |timeout: Option<Duration>| {
        let messages = tokio_stream::iter(good().messages());
        client.send::<ParametersAnnouncementResponse>("GetParametersAnnouncement", messages, timeout).await
    };
    let status = announce(Some(Duration::from_secs(2))).await.expect_err("the place is taken");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.message().starts_with("rendergate: timed out: "), "{status}");
    scene.keeper.let_through.store(1, Ordering::SeqCst);
    assert!(!announce(None).await.expect("a place").parameter_announcements.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_that_stall_do_not_keep_other_projects_out() {
    // Four archives are taken in at once, two of one project.
    let limits = Limits { renders: 1, ..Limits::default() };
    let plugin = Plugin::with(limits, Box::new(Engine), GATE).await;
    let stalled = Arc::new(AtomicUsize::new(0));
    // More than may be under way without being read: who gets to its end has a place.
    let piece = file(&[7; 64 << 10]);
    let mut calls = Vec::new();
    for n in 0..12 {
        let (mut client, stalled) = (plugin.client().await, Arc::clone(&stalled));
        let first = metadata(&good().of_application("monorepo", &format!("a{n}")).metadata);
        let pieces = std::iter::repeat_n(piece.clone(), 128);
        let end = tokio_stream::iter(std::iter::once(first).chain(pieces)).chain(
            tokio_stream::once(file(b"end")).filter(move |_| {
                stalled.fetch_add(1, Ordering::SeqCst);
                false
            }),
        );
        let never = end.chain(tokio_stream::pending());
        calls.push(tokio::spawn(async move {
            client.send::<ManifestResponse>("GenerateManifest", never, None).await.map(drop)
        }));
    }
    while stalled.load(Ordering::SeqCst) < 2 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for project in ["other", "another"] {
        let mut client = plugin.client().await;
        good().of_application(project, "shop").send(&mut client).await.expect("a render");
    }
    assert_eq!(stalled.load(Ordering::SeqCst), 2, "one project holds half of the places");
    for call in calls {
        call.abort();
    }
}

//! Deadlines, callers that go away, and defects.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rendergate::cmp::Limits;
use rendergate::cmp::app::{Checkout, Renderer};
use rendergate::cmp::client::Client;
use rendergate::render::{Refusal, Stopped, Verdict};
use tokio_stream::StreamExt as _;
use tonic::Code;

use super::{Plugin, good, send};

/// A renderer that takes its time, and notices when nobody waits any more.
#[derive(Default)]
pub struct Slow {
    pub takes: Duration,
    pub running: AtomicUsize,
    pub most: AtomicUsize,
    pub cancelled: AtomicUsize,
}

pub struct Shared(pub Arc<Slow>);

impl Renderer for Shared {
    fn render(&self, checkout: &Checkout<'_>) -> Result<Verdict, Refusal> {
        let slow = &self.0;
        let running = slow.running.fetch_add(1, Ordering::SeqCst) + 1;
        slow.most.fetch_max(running, Ordering::SeqCst);
        let end = Instant::now() + slow.takes;
        let result = loop {
            if let Err(why) = checkout.stop.check() {
                slow.cancelled.fetch_add(usize::from(why == Stopped::Cancelled), Ordering::SeqCst);
                break Err(Refusal::Stopped(why));
            }
            if Instant::now() >= end {
                break Ok(Verdict::default());
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        slow.running.fetch_sub(1, Ordering::SeqCst);
        result
    }
}

const GATE: &str = "policies: [{path: policies}]\n";

async fn slow(seconds: u64, renders: usize, configuration: &str) -> (Plugin, Arc<Slow>) {
    let slow = Arc::new(Slow { takes: Duration::from_secs(seconds), ..Slow::default() });
    let limits = Limits { renders, ..Limits::default() };
    (Plugin::with(limits, Box::new(Shared(Arc::clone(&slow))), configuration).await, slow)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_render_that_takes_too_long_is_answered_before_its_callers_deadline() {
    let (plugin, _) = slow(5, 2, GATE).await;
    let mut client = plugin.client().await;
    let deadline = Duration::from_secs(2);
    let started = Instant::now();
    let status = send(&mut client, good().messages(), Some(deadline)).await.expect_err("too late");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.message().starts_with("rendergate: this render cannot be made at 1a2b3c4: timed out: "), "{status}");
    assert!(started.elapsed() >= Duration::from_millis(1500), "it was given its time");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_limit_holds_when_it_is_shorter() {
    let (plugin, _) = slow(60, 2, &format!("{GATE}limits: {{time: 300ms}}\n")).await;
    let mut client = plugin.client().await;
    for timeout in [None, Some(Duration::from_secs(60))] {
        let status = send(&mut client, good().messages(), timeout).await.expect_err("too late");
        assert_eq!(status.code(), Code::DeadlineExceeded);
        assert!(status.message().ends_with("it took longer than 0.3s (limits.time)."), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_get_a_turn_is_told_in_time() {
    let (plugin, slow) = slow(30, 1, GATE).await;
    let mut client = plugin.client().await;
    let mut other = client.clone();
    let first = tokio::spawn(async move { send(&mut other, good().messages(), Some(Duration::from_secs(40))).await });
    while slow.running.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let status = send(&mut client, good().messages(), Some(Duration::from_secs(1))).await.expect_err("no turn");
    assert_eq!(status.code(), Code::DeadlineExceeded);
    assert!(status.message().contains("other renders took all the time"), "{status}");
    first.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_ends_its_render() {
    let (plugin, slow) = slow(60, 1, GATE).await;
    let mut client = plugin.client().await;
    let mut caller = client.clone();
    let call = tokio::spawn(async move { good().send(&mut caller).await });
    while slow.running.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    call.abort();
    while slow.running.load(Ordering::SeqCst) > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(slow.cancelled.load(Ordering::SeqCst), 1);
    client.check().await.expect("the plugin is well");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_while_it_sends_leaves_nothing_behind() {
    let (plugin, slow) = slow(0, 1, GATE).await;
    let client = plugin.client().await;
    for _ in 0..50 {
        let mut caller = client.clone();
        let messages = good().messages().into_iter().take(1);
        let never = tokio_stream::iter(messages).chain(tokio_stream::pending());
        let call = caller.send::<rendergate::cmp::protocol::ManifestResponse>("GenerateManifest", never, None);
        assert!(tokio::time::timeout(Duration::from_millis(5), call).await.is_err());
    }
    assert_eq!(slow.most.load(Ordering::SeqCst), 0, "nothing was rendered");
    assert!(good().send(&mut client.clone()).await.is_ok(), "places were given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn pings_during_a_render_are_answered() {
    let (plugin, _) = slow(1, 1, GATE).await;
    drop(plugin.client().await);
    let every = Duration::from_millis(20);
    let mut client = Client::connect_with_pings(plugin.socket(), every).await.expect("a connection");
    assert!(good().send(&mut client).await.is_ok(), "a server that takes them for a flood would hang up");
}

struct Broken;

impl Renderer for Broken {
    fn render(&self, _: &Checkout<'_>) -> Result<Verdict, Refusal> {
        panic!("a bug")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_an_error_and_the_process_goes_on() {
    let plugin = Plugin::with(Limits::default(), Box::new(Broken), GATE).await;
    let mut client = plugin.client().await;
    for _ in 0..3 {
        let status = good().send(&mut client).await.expect_err("a defect");
        assert_eq!(status.code(), Code::Internal);
        assert!(status.message().contains("an internal error; please report it"), "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_end_running_renders_are_answered_and_the_socket_goes() {
    let (plugin, slow) = slow(1, 1, GATE).await;
    let mut client = plugin.client().await;
    let socket = plugin.socket();
    let call = tokio::spawn(async move { good().send(&mut client).await });
    while slow.running.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    plugin.stop().await;
    assert!(call.await.expect("an answer").is_ok());
    assert!(!socket.exists());
}

//! A process: the socket, health and metrics, and an orderly end.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_stream::wrappers::UnixListenerStream;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::operator::Bundle;
use crate::operator::reload::Source;
use crate::output::log::{Level, line};

use super::App;
use super::protocol::SERVICE;
use super::service::Service;
use super::socket::{Socket, SocketError};

/// Bytes of one stream that may be under way, and so in memory while a call waits. Argo CD sends 1 KiB at a time.
const WINDOW: u32 = 64 << 10;

/// The stack of a thread that renders: as large as a process's own.
const STACK: usize = 8 << 20;

/// How a process runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// The socket.
    pub socket: PathBuf,
    /// Where metrics and health are served over HTTP, if anywhere.
    pub metrics: Option<SocketAddr>,
    /// How often the configuration is looked at.
    pub reload_every: Duration,
    /// How long running renders may take at the end.
    pub grace: Duration,
}

/// Why a process could not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The socket.
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The port of metrics.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// Serving ended.
    #[error("{0}")]
    Transport(#[from] tonic::transport::Error),
    /// The runtime, or a signal handler.
    #[error("{0}")]
    Runtime(#[from] std::io::Error),
}

/// Serves until SIGTERM or SIGINT. `ready` is called once the socket is there, with the address of metrics.
/// Policies that do not load leave the process running and not ready.
///
/// # Errors
/// [`ServeError`].
pub fn serve(
    options: Options,
    app: Arc<App>,
    source: Arc<dyn Source<Bundle>>,
    ready: impl FnOnce(Option<SocketAddr>),
) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().thread_stack_size(STACK).enable_all().build()?;
    let served = runtime.block_on(async {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let end = async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        };
        run(options, app, source, ready, end).await
    });
    // A render past its deadline may still run; it has nobody to answer.
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

/// Serves until `end`.
///
/// # Errors
/// [`ServeError`].
pub async fn run(
    options: Options,
    app: Arc<App>,
    source: Arc<dyn Source<Bundle>>,
    ready: impl FnOnce(Option<SocketAddr>),
    end: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let metrics = match options.metrics {
        Some(address) => Some(TcpListener::bind(address).await.map_err(|error| ServeError::Listen(address, error))?),
        None => None,
    };
    let address = metrics.as_ref().map(TcpListener::local_addr).transpose()?;
    let (socket, listener) = Socket::bind(&options.socket)?;
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_service_status("", ServingStatus::NotServing).await;
    health.set_service_status(SERVICE, ServingStatus::NotServing).await;
    let watching = tokio::spawn(super::watch::watch(Arc::clone(&app), source, health.clone(), options.reload_every));
    let serving_metrics =
        metrics.map(|listener| tokio::spawn(axum::serve(listener, pages(Arc::clone(&app))).into_future()));
    line(Level::Info, "listening", &[("socket", &socket.path().display().to_string())]);
    ready(address);

    let (ended, mut end_seen) = watch::channel(false);
    let stopping = Arc::clone(&app);
    let shutdown = async move {
        end.await;
        stop(&stopping, &health, socket).await;
        ended.send_replace(true);
    };
    let server = tonic::transport::Server::builder()
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .add_service(Service::new(app))
        .add_service(health_service)
        .serve_with_incoming_shutdown(UnixListenerStream::new(listener), shutdown);
    let late = async {
        let _ = end_seen.wait_for(|ended| *ended).await;
        tokio::time::sleep(options.grace).await;
    };
    let served = tokio::select! {
        served = server => served,
        () = late => {
            line(Level::Error, "renders were cut off at the end", &[]);
            Ok(())
        }
    };
    watching.abort();
    if let Some(serving) = serving_metrics {
        serving.abort();
    }
    Ok(served?)
}

/// From here on nobody new finds the way; who is here is answered.
async fn stop(app: &App, health: &HealthReporter, socket: Socket) {
    line(Level::Info, "shutting down", &[]);
    drop(socket);
    app.drain();
    health.set_service_status("", ServingStatus::NotServing).await;
    health.set_service_status(SERVICE, ServingStatus::NotServing).await;
}

/// What is served over HTTP.
fn pages(app: Arc<App>) -> Router {
    Router::new()
        .route("/health/liveness", get(async || StatusCode::OK))
        .route("/health/readiness", get(readiness))
        .route("/metrics", get(metrics))
        .with_state(app)
}

async fn readiness(State(app): State<Arc<App>>) -> Response {
    match app.ready() {
        Ok(_) => StatusCode::OK.into_response(),
        Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, why).into_response(),
    }
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.text()).into_response()
}

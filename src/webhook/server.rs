//! A process: port, certificate, policies, and an orderly end.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::TokioTimer;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use super::certificate::{Certificate, Pair};
use super::reload::{Reloader, Source};
use super::{App, router};
use crate::output::log::{Level, line};

/// Longest time for the head of a request to arrive, and for an idle HTTP/2 connection to answer a ping. The
/// body has the request's own deadline.
const HEAD: Duration = Duration::from_secs(10);

/// How a webhook process runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The serving certificate.
    pub certificate: Certificate,
    /// How often files are looked at.
    pub reload_every: Duration,
    /// How long requests are still taken after the readiness probe says no, so that endpoints can follow.
    pub drain: Duration,
    /// How long running requests may take at the end.
    pub grace: Duration,
}

/// Why a process could not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The certificate.
    #[error("certificate: {0}")]
    Certificate(String),
    /// The port.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// The runtime, or a signal handler.
    #[error("{0}")]
    Runtime(#[from] std::io::Error),
}

/// Serves until SIGTERM or SIGINT. `ready` is told the address and the certificate chain (PEM) once the
/// port is open; an error it returns ends the process. Policies that do not load leave the process running and not ready.
///
/// # Errors
/// When the certificate is unusable, the port is taken, or the runtime cannot start.
pub fn serve(
    options: Options,
    app: Arc<App>,
    source: Arc<Source>,
    ready: impl FnOnce(SocketAddr, &[u8]) -> std::io::Result<()>,
) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let served = runtime.block_on(run(options, app, source, ready));
    // A decision past its deadline may still run; it has nobody to answer.
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

async fn run(
    options: Options,
    app: Arc<App>,
    source: Arc<Source>,
    ready: impl FnOnce(SocketAddr, &[u8]) -> std::io::Result<()>,
) -> Result<(), ServeError> {
    let pair = options.certificate.pair().map_err(ServeError::Certificate)?;
    let tls = RustlsConfig::from_config(pair.server_config().map_err(ServeError::Certificate)?);
    let listen = |e| ServeError::Listen(options.listen, e);
    let listener = TcpListener::bind(options.listen).map_err(listen)?;
    listener.set_nonblocking(true).map_err(listen)?;
    let address = listener.local_addr().map_err(listen)?;

    let mut reloader = Reloader::new(source, Arc::clone(&app));
    reloader = look(reloader).await?;
    tokio::spawn(watch_policies(reloader, options.reload_every));
    if matches!(options.certificate, Certificate::Files { .. }) {
        tokio::spawn(watch_certificate(options.certificate.clone(), tls.clone(), pair.digest(), options.reload_every));
    }
    let handle = Handle::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (stopping, drain, grace) = (handle.clone(), options.drain, options.grace);
    let draining = Arc::clone(&app);
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        line(Level::Info, "shutting down", &[]);
        draining.drain();
        tokio::time::sleep(drain).await;
        stopping.graceful_shutdown(Some(grace));
    });

    line(Level::Info, "listening", &[("address", &address.to_string())]);
    ready(address, &pair.chain)?;
    let mut server = axum_server::from_tcp_rustls(listener, tls)?.handle(handle);
    let http = server.http_builder();
    http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD);
    http.http2().timer(TokioTimer::new()).keep_alive_interval(HEAD).keep_alive_timeout(HEAD);
    server.serve(router(app).into_make_service()).await?;
    Ok(())
}

/// One look at the policies, off the async threads.
async fn look(mut reloader: Reloader) -> Result<Reloader, ServeError> {
    let looked = tokio::task::spawn_blocking(move || {
        reloader.look();
        reloader
    });
    looked.await.map_err(|_| ServeError::Runtime(std::io::Error::other("loading the policies panicked")))
}

async fn watch_policies(reloader: Reloader, every: Duration) {
    let mut ticks = interval(every.max(Duration::from_millis(50)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reloader = Some(reloader);
    loop {
        ticks.tick().await;
        let Some(current) = reloader.take() else { return };
        match look(current).await {
            Ok(next) => reloader = Some(next),
            Err(error) => line(Level::Error, "policies are no longer reloaded", &[("why", &error.to_string())]),
        }
    }
}

async fn watch_certificate(certificate: Certificate, tls: RustlsConfig, mut digest: [u8; 32], every: Duration) {
    let mut ticks = interval(every.max(Duration::from_millis(50)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut said: Option<String> = None;
    loop {
        ticks.tick().await;
        let certificate = certificate.clone();
        let Ok(read) = tokio::task::spawn_blocking(move || certificate.pair()).await else { continue };
        let next: Result<Option<(Pair, _)>, String> = read.and_then(|pair| {
            if pair.digest() == digest { Ok(None) } else { pair.server_config().map(|config| Some((pair, config))) }
        });
        match next {
            Ok(None) => said = None,
            Ok(Some((pair, config))) => {
                tls.reload_from_config(config);
                digest = pair.digest();
                line(Level::Info, "a new certificate is in use", &[]);
            }
            Err(why) if said.as_ref() != Some(&why) => {
                line(Level::Error, "the new certificate was refused; the old one stays", &[("why", &why)]);
                said = Some(why);
            }
            Err(_) => {}
        }
    }
}

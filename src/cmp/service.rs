//! The plugin's methods on the wire: paths, codecs, the longest messages.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tonic::body::Body;
use tonic::codegen::{BoxFuture, StdError};
use tonic::server::{Grpc, NamedService};
use tonic::{Status, Streaming};
use tonic_prost::ProstCodec;
use tower::service_fn;

use super::protocol::{AppStreamRequest, Empty, SERVICE};
use super::{App, plugin};

/// The longest message taken in: one chunk, or the metadata with all variables.
const LONGEST_REQUEST: usize = 16 << 20;

/// The longest answer Argo CD takes (`ARGOCD_GRPC_MAX_SIZE_MB`, 100 if unset).
pub const LONGEST_ANSWER: usize = 100 << 20;

/// The service; one clone for each connection.
#[derive(Clone)]
pub struct Service {
    app: Arc<App>,
}

impl Service {
    /// Serves what `app` holds.
    #[must_use]
    pub fn new(app: Arc<App>) -> Self {
        Self { app }
    }
}

impl NamedService for Service {
    const NAME: &'static str = SERVICE;
}

/// A method that takes a stream: `$call(app, request)`.
macro_rules! streaming {
    ($app:expr, $request:expr, $call:path) => {{
        let app = $app;
        let method = service_fn(move |request: tonic::Request<Streaming<AppStreamRequest>>| {
            let app = Arc::clone(&app);
            async move { $call(app, request).await.map(tonic::Response::new) }
        });
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::default())
                .apply_max_message_size_config(Some(LONGEST_REQUEST), Some(LONGEST_ANSWER));
            Ok(grpc.client_streaming(method, $request).await)
        })
    }};
}

impl<B> tower::Service<Request<B>> for Service
where
    B: http_body::Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
    B::Data: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Response<Body>, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let app = Arc::clone(&self.app);
        let path = request.uri().path();
        match path.strip_prefix('/').and_then(|p| p.strip_prefix(SERVICE)).and_then(|p| p.strip_prefix('/')) {
            Some("CheckPluginConfiguration") => {
                let method = service_fn(move |_: tonic::Request<Empty>| {
                    let checked = plugin::check_configuration(&app).map(tonic::Response::new);
                    async move { checked }
                });
                Box::pin(async move { Ok(Grpc::new(ProstCodec::default()).unary(method, request).await) })
            }
            Some("MatchRepository") => streaming!(app, request, plugin::match_repository),
            Some("GenerateManifest") => streaming!(app, request, plugin::generate_manifest),
            Some("GetParametersAnnouncement") => streaming!(app, request, plugin::get_parameters_announcement),
            _ => Box::pin(async move { Ok(Status::unimplemented("").into_http()) }),
        }
    }
}

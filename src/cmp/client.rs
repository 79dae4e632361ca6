//! [`Client`]: the other end of the protocol, for tests and measurements.

use std::path::PathBuf;
use std::time::Duration;

use http::uri::PathAndQuery;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tokio_stream::Stream;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint, Uri};
use tonic::{Request, Status};
use tonic_prost::ProstCodec;
use tower::service_fn;

use super::protocol::{AppStreamRequest, CheckPluginConfigurationResponse, Empty, SERVICE};
use super::service::LONGEST_ANSWER;

/// One connection to a plugin.
#[derive(Clone)]
pub struct Client {
    grpc: Grpc<Channel>,
}

impl Client {
    /// Connects to a socket.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn connect(socket: PathBuf) -> Result<Self, tonic::transport::Error> {
        Self::connect_with_pings(socket, Duration::from_secs(20)).await
    }

    /// Connects, and pings so often.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn connect_with_pings(socket: PathBuf, every: Duration) -> Result<Self, tonic::transport::Error> {
        let connect = service_fn(move |_: Uri| {
            let socket = socket.clone();
            async move { UnixStream::connect(socket).await.map(TokioIo::new) }
        });
        let channel = Endpoint::from_static("http://plugin")
            .http2_keep_alive_interval(every)
            .connect_with_connector(connect)
            .await?;
        let grpc = Grpc::new(channel).max_decoding_message_size(LONGEST_ANSWER);
        Ok(Self { grpc })
    }

    /// `CheckPluginConfiguration`.
    ///
    /// # Errors
    /// The server's status.
    pub async fn check(&mut self) -> Result<CheckPluginConfigurationResponse, Status> {
        self.ready().await?;
        let reply = self.grpc.unary(Request::new(Empty {}), path("CheckPluginConfiguration")?, ProstCodec::default());
        reply.await.map(tonic::Response::into_inner)
    }

    /// A method that takes a stream; `timeout` becomes the call's deadline.
    ///
    /// # Errors
    /// The server's status.
    pub async fn send<R>(
        &mut self,
        method: &str,
        messages: impl Stream<Item = AppStreamRequest> + Send + 'static,
        timeout: Option<Duration>,
    ) -> Result<R, Status>
    where
        R: prost::Message + Default + Send + 'static,
    {
        self.ready().await?;
        let mut request = Request::new(messages);
        if let Some(timeout) = timeout {
            request.set_timeout(timeout);
        }
        let codec = ProstCodec::<AppStreamRequest, R>::default();
        self.grpc.client_streaming(request, path(method)?, codec).await.map(tonic::Response::into_inner)
    }

    async fn ready(&mut self) -> Result<(), Status> {
        self.grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))
    }
}

fn path(method: &str) -> Result<PathAndQuery, Status> {
    format!("/{SERVICE}/{method}").parse().map_err(|_| Status::unimplemented("no such method"))
}

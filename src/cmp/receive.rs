//! A stream becomes metadata and an archive whose length and checksum are as announced.
//!
//! A caller that is still sending when it is answered sees a broken stream and never the answer (Argo CD's
//! client gives up at the first failed send). So a stream that is refused is read to its end first.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use tonic::{Status, Streaming};

use crate::document::hex;

use super::App;
use super::protocol::{AppStreamRequest, Metadata, Part};
use super::spool::{Reread, Spool};

/// What a stream came to.
pub struct Received {
    /// What its first message says.
    pub metadata: Metadata,
    /// The archive.
    pub archive: Box<dyn Reread>,
}

/// Reads what a stream says first: what it is about.
///
/// # Errors
/// InvalidArgument when it begins with something else.
pub async fn announced(stream: &mut Streaming<AppStreamRequest>) -> Result<Metadata, Status> {
    let first = stream.message().await?.and_then(|message| message.request);
    let Some(Part::Metadata(metadata)) = first else {
        discard(stream).await;
        return Err(Status::invalid_argument("rendergate: the first message of a stream must be its metadata"));
    };
    Ok(metadata)
}

/// Reads the rest of a stream to its end.
///
/// # Errors
/// InvalidArgument when it is not as the protocol says, ResourceExhausted when it is too long, Internal when
/// there is no place for it.
pub async fn receive(
    app: &Arc<App>,
    metadata: Metadata,
    stream: &mut Streaming<AppStreamRequest>,
) -> Result<Received, Status> {
    let received = read(app, metadata, stream).await;
    if received.is_err() {
        discard(stream).await;
    }
    received
}

/// Reads a stream whose content does not matter to its end.
pub async fn discard(stream: &mut Streaming<AppStreamRequest>) {
    while let Ok(Some(_)) = stream.message().await {}
}

async fn read(
    app: &Arc<App>,
    metadata: Metadata,
    stream: &mut Streaming<AppStreamRequest>,
) -> Result<Received, Status> {
    let limit = app.limits.archive_bytes;
    let mut spool = Spool::default();
    let mut digest = Sha256::new();
    let mut length = 0_u64;
    while let Some(message) = stream.message().await? {
        let Some(Part::File(file)) = message.request else {
            return Err(Status::invalid_argument("rendergate: a message without a piece of the archive"));
        };
        if file.chunk.is_empty() {
            return Err(Status::invalid_argument("rendergate: a piece of the archive is empty"));
        }
        length += file.chunk.len() as u64;
        if length > limit {
            return Err(Status::resource_exhausted(format!(
                "rendergate: the repository's archive is longer than {limit} bytes (--archive-bytes): leave out what no \
                 render needs with ARGOCD_REPO_SERVER_PLUGIN_TAR_EXCLUSIONS, .git first"
            )));
        }
        digest.update(&file.chunk);
        spool.push(&file.chunk).await.map_err(|error| no_place(&error))?;
    }
    app.metrics.received(length);
    if u64::try_from(metadata.size) != Ok(length) {
        return Err(Status::invalid_argument(format!(
            "rendergate: the archive is {length} bytes long and should be {}",
            metadata.size
        )));
    }
    if !metadata.checksum.eq_ignore_ascii_case(&hex::lower(&digest.finalize())) {
        return Err(Status::invalid_argument("rendergate: the archive's checksum is not the announced one"));
    }
    let archive = spool.finish().await.map_err(|error| no_place(&error))?;
    Ok(Received { metadata, archive })
}

fn no_place(error: &std::io::Error) -> Status {
    Status::internal(format!(
        "rendergate: the archive cannot be kept: {} (give the sidecar a writable TMPDIR)",
        error.kind()
    ))
}

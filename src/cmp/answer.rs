//! What a render came to, as Argo CD reads it: manifests, or a status whose text stands in the Application.

use tonic::{Code, Status};

use crate::config::{BuildEnvironment, Settings};
use crate::document::json;
use crate::output::failure::plain;
use crate::render::{Refusal, Stopped, Verdict};

use super::protocol::ManifestResponse;
use super::service::LONGEST_ANSWER;

/// What one string costs in an answer beside its own bytes.
const OVERHEAD: usize = 8;

/// The manifests, one JSON object each, or the failing render's text.
///
/// # Errors
/// FailedPrecondition when a policy said no.
pub fn of_verdict(
    verdict: &Verdict,
    build: &BuildEnvironment,
    settings: &Settings,
) -> Result<ManifestResponse, Status> {
    if let Some(text) = verdict.failure(build, settings) {
        return Err(Status::failed_precondition(text));
    }
    let mut length = 0;
    let mut manifests = Vec::with_capacity(verdict.objects.len());
    for object in &verdict.objects {
        let text = json::to_string(object);
        length += text.len() + OVERHEAD;
        if length > LONGEST_ANSWER {
            let problem = "its objects together are longer than 100 MiB, the most that Argo CD takes in one answer";
            return Err(of_refusal(&Refusal::repository(problem.to_owned()), build));
        }
        manifests.push(text);
    }
    Ok(ManifestResponse { manifests, source_type: String::new() })
}

/// A render that cannot be made. The code tells the repository's faults from the gate's; every one stops the
/// sync.
#[must_use]
pub fn of_refusal(refusal: &Refusal, build: &BuildEnvironment) -> Status {
    let code = match refusal {
        Refusal::Repository(_) => Code::InvalidArgument,
        Refusal::Gate(_) | Refusal::Panicked => Code::Internal,
        Refusal::Stopped(Stopped::Cancelled) => Code::Cancelled,
        Refusal::Stopped(Stopped::Limit(_) | Stopped::Caller | Stopped::Waiting) => Code::DeadlineExceeded,
    };
    Status::new(code, refusal.text(build))
}

/// What an outcome is called in metrics and logs.
#[must_use]
pub fn outcome(answer: &Result<ManifestResponse, Status>) -> &'static str {
    match answer.as_ref().map_err(Status::code) {
        Ok(_) => "rendered",
        Err(Code::FailedPrecondition) => "blocked",
        Err(Code::InvalidArgument) => "repository",
        Err(Code::DeadlineExceeded) => "timeout",
        Err(Code::Cancelled) => "cancelled",
        Err(Code::ResourceExhausted) => "limit",
        Err(Code::Unavailable) => "unavailable",
        Err(_) => "fault",
    }
}

/// A text of ours that no render is behind, by the rules of all texts that Argo CD shows.
#[must_use]
pub fn status(code: Code, text: &str) -> Status {
    Status::new(code, format!("rendergate: {}", plain(text)))
}

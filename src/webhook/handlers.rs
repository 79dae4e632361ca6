//! The paths (chapter 70 §2), and what stands between a request and its verdict: content type, size,
//! deadline, a place among the running decisions, and what happens when one of them fails.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::time::timeout_at;

use crate::document::GoDuration;
use crate::output::admission::{AdmissionReview, Answer, ReviewError};

use super::snapshot::Batch;
use super::verdict::{self, Said, Verdict};
use super::{App, Snapshot};
use crate::output::log::{Level, line};

/// The two webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    Validate,
    Mutate,
}

impl Door {
    fn as_str(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Mutate => "mutate",
        }
    }
}

/// Time kept back from the API server's own timeout, so that the answer arrives before it.
const MARGIN: Duration = Duration::from_millis(200);

/// All paths of the webhook. An unknown path is 404, a wrong method 405.
pub fn router(app: Arc<App>) -> Router {
    let mut router = Router::new()
        .route("/health/liveness", get(async || StatusCode::OK))
        .route("/health/readiness", get(readiness))
        .route("/metrics", get(metrics));
    for door in [Door::Validate, Door::Mutate] {
        for (suffix, batch) in [("", Batch::All), ("/fail", Batch::Fail), ("/ignore", Batch::Ignore)] {
            let path = format!("/{}{suffix}", door.as_str());
            let handler = move |State(app): State<Arc<App>>, request: Request| admit(app, request, door, batch);
            router = router.route(&path, post(handler));
        }
    }
    router.with_state(app)
}

async fn readiness(State(app): State<Arc<App>>) -> Response {
    match app.ready() {
        Ok(()) => StatusCode::OK.into_response(),
        Err(why) => (StatusCode::INTERNAL_SERVER_ERROR, why).into_response(),
    }
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.text()).into_response()
}

/// One admission request, from head to answer.
async fn admit(app: Arc<App>, request: Request, door: Door, batch: Batch) -> Response {
    let started = Instant::now();
    let deadline = started + allowance(request.uri().query(), app.limits.deadline);
    let review = match read(&app, request, deadline).await {
        Ok(review) => Arc::new(review),
        Err(refusal) => {
            app.metrics.request(door.as_str(), batch.as_str(), "malformed", started.elapsed());
            return refusal;
        }
    };
    let snapshot = app.current.load_full();
    let decided = match &snapshot {
        None => Err("no policies are loaded".to_owned()),
        Some(snapshot) => decide(&app, snapshot, &review, door, batch, deadline).await,
    };
    let (answer, outcome) = match decided {
        Ok(verdict) => {
            record(&app, &verdict.results, "enforce");
            let outcome = if verdict.answer.allowed() { "allowed" } else { "denied" };
            (verdict.answer, outcome)
        }
        Err(why) => (undecided(batch, &why, &review), "error"),
    };
    if let (Some(snapshot), Door::Validate, false) = (snapshot, door, review.request.dry_run) {
        audit_later(&app, snapshot, Arc::clone(&review), batch);
    }
    app.metrics.request(door.as_str(), batch.as_str(), outcome, started.elapsed());
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], review.answered(&answer)).into_response()
}

/// The time this request has: the API server says its own timeout as `?timeout=10s`.
fn allowance(query: Option<&str>, limit: Duration) -> Duration {
    let asked = query
        .and_then(|q| q.split('&').find_map(|pair| pair.strip_prefix("timeout=")))
        .and_then(|text| GoDuration::parse(text).ok())
        .and_then(|duration| u64::try_from(duration.0).ok())
        .map(|nanos| Duration::from_nanos(nanos).saturating_sub(MARGIN));
    asked.map_or(limit, |asked| asked.min(limit))
}

/// Reads and decodes the body; the order of the checks is Kyverno's.
async fn read(app: &App, request: Request, deadline: Instant) -> Result<AdmissionReview, Response> {
    let json = request.headers().get(header::CONTENT_TYPE).is_some_and(|v| v.as_bytes() == b"application/json");
    let (_, body): (_, Body) = request.into_parts();
    let body = match timeout_at(deadline.into(), to_bytes(body, app.limits.body)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => {
            let text = format!("the body cannot be read, or is longer than {} bytes", app.limits.body);
            return Err((StatusCode::PAYLOAD_TOO_LARGE, text).into_response());
        }
        Err(_) => return Err((StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time").into_response()),
    };
    if !json {
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Type is not application/json").into_response());
    }
    let read = tokio::task::spawn_blocking(move || AdmissionReview::read(&body)).await;
    match read {
        Ok(Ok(review)) => Ok(review),
        Ok(Err(error @ ReviewError::NoRequest)) => Err((StatusCode::BAD_REQUEST, error.to_string()).into_response()),
        Ok(Err(error @ ReviewError::Undecodable(_))) => {
            Err((StatusCode::EXPECTATION_FAILED, error.to_string()).into_response())
        }
        Err(_) => {
            line(Level::Error, "a body could not be decoded: the decoder panicked", &[]);
            Err(StatusCode::INTERNAL_SERVER_ERROR.into_response())
        }
    }
}

/// Decides on a thread of its own. The place among the running decisions is given back when the decision
/// ends, not when its request gave up waiting: what runs stays bounded.
async fn decide(
    app: &App,
    snapshot: &Arc<Snapshot>,
    review: &Arc<AdmissionReview>,
    door: Door,
    batch: Batch,
    deadline: Instant,
) -> Result<Verdict, String> {
    let place = Arc::clone(&app.decisions).acquire_owned();
    let place = match timeout_at(deadline.into(), place).await {
        Ok(Ok(place)) => place,
        Ok(Err(_)) => return Err("shutting down".to_owned()),
        Err(_) => return Err("too many decisions are running".to_owned()),
    };
    let (snapshot, review) = (Arc::clone(snapshot), Arc::clone(review));
    let work = tokio::task::spawn_blocking(move || {
        let _place = place;
        match door {
            Door::Validate => verdict::validate(&snapshot, &review.request, batch),
            Door::Mutate => verdict::mutate(&snapshot, &review.request, batch),
        }
    });
    match timeout_at(deadline.into(), work).await {
        Ok(Ok(decided)) => decided,
        Ok(Err(_)) => Err("the engine panicked".to_owned()),
        Err(_) => Err("not decided in time".to_owned()),
    }
}

/// The answer when there is no decision: a denial, except where the policies asked to be ignored then.
fn undecided(batch: Batch, why: &str, review: &AdmissionReview) -> Answer {
    let uid = review.request.uid.as_str();
    line(Level::Error, "a request was not decided", &[("why", why), ("uid", uid), ("batch", batch.as_str())]);
    match batch {
        Batch::All | Batch::Fail => Answer::Deny(format!("rendergate could not decide: {why}")),
        Batch::Ignore => {
            let warnings = vec![format!("rendergate could not decide, and its policies ask to be ignored then: {why}")];
            Answer::Allow { warnings, patch: Vec::new() }
        }
    }
}

fn record(app: &App, results: &[Said], pass: &'static str) {
    for said in results {
        app.metrics.result(&said.policy, &said.rule, pass, said.result);
    }
}

/// Runs the audit pass after the answer.
fn audit_later(app: &Arc<App>, snapshot: Arc<Snapshot>, review: Arc<AdmissionReview>, batch: Batch) {
    let Ok(waiting) = Arc::clone(&app.audits_waiting).try_acquire_owned() else {
        app.metrics.audit_dropped();
        return;
    };
    let app = Arc::clone(app);
    tokio::spawn(async move {
        let _waiting = waiting;
        let Ok(place) = Arc::clone(&app.audits).acquire_owned().await else { return };
        let request = Arc::clone(&review);
        let work = tokio::task::spawn_blocking(move || {
            let _place = place;
            verdict::audit(&snapshot, &request.request, batch)
        });
        match work.await {
            Ok(Ok(results)) => {
                record(&app, &results, "audit");
                log_findings(&review, &results);
            }
            Ok(Err(why)) => line(Level::Error, "an audit pass failed", &[("why", &why)]),
            Err(_) => line(Level::Error, "an audit pass failed", &[("why", "the engine panicked")]),
        }
    });
}

fn log_findings(review: &AdmissionReview, results: &[Said]) {
    let request = &review.request;
    let object = format!("{}/{}/{}", request.kind.kind, request.namespace, request.name);
    for said in results.iter().filter(|s| matches!(s.result, "fail" | "warn" | "error")) {
        let fields = [("policy", &*said.policy), ("rule", &*said.rule), ("result", said.result), ("object", &*object)];
        line(Level::Info, "audit finding", &fields);
    }
}

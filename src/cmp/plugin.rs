//! The four calls.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use tokio::time::timeout_at;
use tonic::{Code, Request, Status, Streaming};

use crate::config::announcements::{Announcement, bundle_announcement};
use crate::config::{BuildEnvironment, Settings, SourceLimits};
use crate::operator::{Bundle, Section};
use crate::output::failure::{self, MOST_REMARKS};
use crate::output::log::{Level, line};
use crate::render::announce::announcements;
use crate::render::{Refusal, Stop, Stopped, Verdict};

use super::app::Checkout;
use super::archive::ArchiveError;
use super::deadline::answer_by;
use super::metrics::Stage;
use super::protocol::{
    AppStreamRequest, CheckPluginConfigurationResponse, EnvEntry, ManifestResponse, ParameterAnnouncement,
    ParametersAnnouncementResponse, RepositoryResponse,
};
use super::receive::{Received, announced, discard, receive};
use super::spool::Reread;
use super::tree::{ArchivedTree, TreeLimits};
use super::turns::Caller;
use super::{App, answer};

/// No discovery: a plugin that is discovered fails open. Argo CD asks again when the answer is Unavailable.
///
/// # Errors
/// Unavailable while there are no policies.
pub fn check_configuration(app: &App) -> Result<CheckPluginConfigurationResponse, Status> {
    app.bundle().map(|_| CheckPluginConfigurationResponse::default()).map_err(unavailable)
}

/// Never asked by a repo-server that knows CheckPluginConfiguration; older ones take this for consent when the
/// Application names the plugin.
///
/// # Errors
/// When the stream ends in an error.
pub async fn match_repository(
    _: Arc<App>,
    request: Request<Streaming<AppStreamRequest>>,
) -> Result<RepositoryResponse, Status> {
    discard(&mut request.into_inner()).await;
    Ok(RepositoryResponse::default())
}

/// What the UI shows of the plugin: the digest of what is in force, and the options of the application's
/// renderer. Of a checkout that cannot be read, the digest alone.
///
/// # Errors
/// Unavailable while there are no policies, DeadlineExceeded when there is no place to read the checkout in time,
/// and when the stream ends in an error.
pub async fn get_parameters_announcement(
    app: Arc<App>,
    request: Request<Streaming<AppStreamRequest>>,
) -> Result<ParametersAnnouncementResponse, Status> {
    let started = Instant::now();
    let until = answer_by(request.metadata(), started).unwrap_or(started + app.limits.patience);
    let mut build = BuildEnvironment::default();
    let received = take_in(&app, &mut request.into_inner(), &mut build, until).await?;
    let bundle = app.bundle().map_err(unavailable)?;
    let expanded = app.limits.expanded_bytes;
    let late = || answer::status(Code::DeadlineExceeded, "timed out: renders took all the time");
    let place = app.places.render(Caller::of(&build.application), until).await.ok_or_else(late)?;
    let announced = tokio::task::spawn_blocking(move || {
        let _place = place;
        let stop = Stop::at(until, Stopped::Caller);
        // No section can be told here: Argo CD names no project.
        let limits = tree_limits(expanded, &Settings::default().limits.source);
        let opened = ArchivedTree::open(received.archive, &received.metadata.app_rel_path, limits, &stop);
        let all = opened.ok().and_then(|(files, directory)| announcements(&files, &directory, &bundle.digest).ok());
        all.unwrap_or_else(|| vec![bundle_announcement(&bundle.digest)])
    });
    let announced = announced.await.map_err(|_| answer::status(Code::Internal, "nothing can be announced"))?;
    Ok(ParametersAnnouncementResponse { parameter_announcements: announced.into_iter().map(wire).collect() })
}

fn wire(announcement: Announcement) -> ParameterAnnouncement {
    let Announcement { name, title, tooltip, required, item_type, collection_type, string, array, map } = announcement;
    let map = map.into_iter().collect();
    ParameterAnnouncement { name, title, tooltip, required, item_type, collection_type, string, array, map }
}

/// One render.
///
/// # Errors
/// See [`answer`]; never an answer without the objects that were decided.
pub async fn generate_manifest(
    app: Arc<App>,
    request: Request<Streaming<AppStreamRequest>>,
) -> Result<ManifestResponse, Status> {
    let started = Instant::now();
    let until = answer_by(request.metadata(), started);
    let mut stream = request.into_inner();
    let mut build = BuildEnvironment::default();
    let answer = generate(&app, &mut stream, &mut build, until, started).await;
    app.metrics.answered(answer::outcome(&answer), started.elapsed());
    log(&answer, &build, started.elapsed());
    answer
}

async fn generate(
    app: &Arc<App>,
    stream: &mut Streaming<AppStreamRequest>,
    build: &mut BuildEnvironment,
    until: Option<Instant>,
    started: Instant,
) -> Result<ManifestResponse, Status> {
    let patience = until.unwrap_or(started + app.limits.patience);
    let received = take_in(app, stream, build, patience).await?;
    if !build.application.is_render() {
        return Err(answer::status(Code::InvalidArgument, "ARGOCD_APP_NAME is not among the variables of the request"));
    }
    let bundle = app.bundle().map_err(unavailable)?;
    let refuse = |refusal: &Refusal| answer::of_refusal(refusal, build);
    let section = bundle.section(&build.application).map_err(|why| refuse(&Refusal::gate(why)))?;
    let limit = section.settings.limits.time;
    let stop = Arc::new(match (until, started + limit) {
        (Some(until), end) if until < end => Stop::at(until, Stopped::Caller),
        (_, end) => Stop::at(end, Stopped::Limit(limit)),
    });
    // A caller that goes away drops this call, and with it the render.
    let _caller = Cancel(Arc::clone(&stop));
    let (end, why) = stop.deadline().unwrap_or((patience, Stopped::Caller));
    let waited = Instant::now();
    let place = {
        let place = app.places.render(Caller::of(&build.application), end);
        let _waiting = app.metrics.waiting();
        place.await.ok_or_else(|| refuse(&Refusal::Stopped(Stopped::Waiting)))?
    };
    app.metrics.stage(Stage::Wait, waited.elapsed());
    let work = Work {
        app: Arc::clone(app),
        section: section.clone(),
        bundle: Arc::clone(&bundle),
        build: build.clone(),
        stop: Arc::clone(&stop),
        directory: received.metadata.app_rel_path,
    };
    let archive = received.archive;
    let (answered, answer) = oneshot::channel();
    tokio::task::spawn_blocking(move || {
        // The place is given back when the render ends, not when its caller gave up: what runs stays bounded.
        let _place = place;
        work.run(archive, answered);
    });
    match timeout_at(end.into(), answer).await {
        Ok(Ok(answer)) => answer,
        // Nobody is left who could answer.
        Ok(Err(_)) => Err(refuse(&Refusal::Panicked)),
        Err(_) => Err(refuse(&Refusal::Stopped(why))),
    }
}

/// Takes the archive in, within bounds of number and time. What it is about is said first, and needs no place.
async fn take_in(
    app: &Arc<App>,
    stream: &mut Streaming<AppStreamRequest>,
    build: &mut BuildEnvironment,
    until: Instant,
) -> Result<Received, Status> {
    let started = Instant::now();
    let late = || answer::status(Code::DeadlineExceeded, "timed out: the repository's archive did not arrive in time");
    let metadata = timeout_at(until.into(), announced(stream)).await.map_err(|_| late())??;
    *build = build_environment(&metadata.env);
    let _place = app.places.receive(Caller::of(&build.application), until).await.ok_or_else(late)?;
    let received = timeout_at(until.into(), receive(app, metadata, stream)).await.map_err(|_| late())??;
    app.metrics.stage(Stage::Receive, started.elapsed());
    Ok(received)
}

/// One render off the async threads.
struct Work {
    app: Arc<App>,
    bundle: Arc<Bundle>,
    section: Section,
    build: BuildEnvironment,
    stop: Arc<Stop>,
    directory: String,
}

impl Work {
    /// Renders and answers; what the log has to say comes after the answer: its caller need not wait for it.
    fn run(&self, archive: Box<dyn Reread>, answered: oneshot::Sender<Result<ManifestResponse, Status>>) {
        let started = Instant::now();
        let running = self.app.metrics.running();
        let verdict = self.verdict(archive);
        self.app.metrics.stage(Stage::Render, started.elapsed());
        let answer = match &verdict {
            Ok(verdict) => answer::of_verdict(verdict, &self.build, &self.section.settings),
            Err(refusal) => Err(answer::of_refusal(refusal, &self.build)),
        };
        drop(running);
        // A caller that went away takes no answer.
        let _ = answered.send(answer);
        if let Ok(verdict) = verdict {
            remark(&verdict, &self.build);
        }
    }

    fn verdict(&self, archive: Box<dyn Reread>) -> Result<Verdict, Refusal> {
        let limits = tree_limits(self.app.limits.expanded_bytes, &self.section.settings.limits.source);
        let opened = ArchivedTree::open(archive, &self.directory, limits, &self.stop);
        let (files, directory) = opened.map_err(|error| match error {
            ArchiveError::Stopped(why) => Refusal::Stopped(why),
            other => Refusal::repository(other.to_string()),
        })?;
        self.app.renderer.render(&Checkout {
            bundle: &self.bundle,
            section: &self.section,
            files: &files,
            directory: &directory,
            build: &self.build,
            stop: &self.stop,
        })
    }
}

/// What an archive may cost: unpacked by the command line's word, read by the operator's.
fn tree_limits(expanded: u64, limits: &SourceLimits) -> TreeLimits {
    TreeLimits { expanded, file: limits.file_bytes, kept: limits.tree_bytes }
}

/// Ends a render when the call that wants it is dropped.
struct Cancel(Arc<Stop>);

impl Drop for Cancel {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// The variables of the request, and never those of this process. As in an environment, the last of several
/// of one name counts.
fn build_environment(env: &[EnvEntry]) -> BuildEnvironment {
    let variables: BTreeMap<&str, &str> = env.iter().map(|e| (e.name.as_str(), e.value.as_str())).collect();
    BuildEnvironment::from_variables(|name| variables.get(name).map(|value| (*value).to_owned()))
}

fn unavailable(why: &str) -> Status {
    answer::status(Code::Unavailable, why)
}

/// One line for each render; nothing of the objects.
fn log(answer: &Result<ManifestResponse, Status>, build: &BuildEnvironment, took: Duration) {
    let app = &build.application;
    let or_nothing = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut fields = vec![
        ("application", or_nothing(&app.name)),
        ("project", or_nothing(&app.project)),
        ("revision", or_nothing(&app.revision)),
        ("outcome", answer::outcome(answer).to_owned()),
        ("milliseconds", took.as_millis().to_string()),
    ];
    match answer {
        Ok(answer) => fields.push(("objects", answer.manifests.len().to_string())),
        Err(status) => fields.push(("why", status.message().to_owned())),
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(key, value)| (*key, value.as_str())).collect();
    line(Level::Info, "render", &fields);
}

/// What a passing render has to say: Argo CD has no place for it but the log.
fn remark(verdict: &Verdict, build: &BuildEnvironment) {
    if verdict.is_blocked() {
        return;
    }
    let application = build.application.name.clone().unwrap_or_default();
    let notes = verdict.notes.iter().take(MOST_REMARKS).map(|note| failure::plain(note));
    for text in notes.chain(failure::remarks(&verdict.findings, MOST_REMARKS)) {
        line(Level::Info, "remark", &[("application", &application), ("text", &text)]);
    }
}

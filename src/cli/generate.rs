//! `generate`: the render gate as a child of argocd-cmp-server, or on a laptop. Nothing is printed
//! on standard output unless everything was checked and nothing blocks.

use std::io::{IsTerminal as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::config::{Application, BuildEnvironment, Settings};
use crate::operator::Word;
use crate::operator::files::why;
use crate::output::failure::{self, MOST_REMARKS};
use crate::output::{json, manifests};
use crate::policy::set::PolicySet;
use crate::render::{self, Refusal, Stop, Stopped, Verdict};

use super::checkout::Checkout;
use super::findings_format::FindingsFormat;
use super::{ExitStatus, Io};

/// Where the configuration is when nobody says otherwise.
pub(super) const CONFIGURATION: &str = "/etc/rendergate/config.yaml";

/// Arguments of `generate`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The application's directory.
    #[arg(default_value = ".", value_name = "DIR")]
    directory: PathBuf,
    /// The gate's configuration; without it RENDERGATE_CONFIG, then /etc/rendergate/config.yaml.
    #[arg(long, value_name = "FILE", conflicts_with = "policies")]
    config: Option<PathBuf>,
    /// Policies to use instead of a configuration: a file, or a directory with all below it. Not
    /// inside Argo CD.
    #[arg(long = "policy", value_name = "PATH")]
    policies: Vec<PathBuf>,
    /// How manifests are printed.
    #[arg(long, short, value_enum, default_value = "yaml")]
    output: OutputFormat,
    /// Also write the findings to this file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// How the findings are written; only JSON counts what passed.
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "json", requires = "report")]
    report_format: FindingsFormat,
}

/// How manifests are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum OutputFormat {
    /// A YAML stream.
    Yaml,
    /// One object a line.
    Json,
}

/// Runs the command.
pub fn run(args: &Args, io: &mut Io) -> ExitStatus {
    let build = BuildEnvironment::from_variables(|name| std::env::var(name).ok());
    run_for(args, &build, |name| std::env::var_os(name).map(PathBuf::from), io)
}

fn run_for(args: &Args, build: &BuildEnvironment, path: impl Fn(&str) -> Option<PathBuf>, io: &mut Io) -> ExitStatus {
    // A panic is a defect of ours; it must neither open the gate nor print what it was working on.
    let attempt = catch_unwind(AssertUnwindSafe(|| {
        let (word, settings) = word(args, &build.application, path)?;
        render(args, build, &word, settings)
    }));
    let (verdict, set, clock) = match attempt.unwrap_or(Err(Refusal::Panicked)) {
        Ok(done) => done,
        Err(refusal) => return cannot(&refusal, build, io),
    };
    if !clock.stop() {
        // The watch has spoken already and is about to end the process.
        std::thread::sleep(Duration::from_secs(60));
    }
    if let Some(path) = &args.report {
        let ending = if verdict.is_blocked() { json::Ending::Denied } else { json::Ending::Allowed };
        let report = args.report_format.text(ending, verdict.counts, &verdict.findings, set.policies());
        if let Err(error) = std::fs::write(path, report) {
            return cannot(&Refusal::gate(format!("{}: {}", path.display(), why(&error))), build, io);
        }
    }
    if let Some(text) = verdict.failure(build, &clock.settings) {
        io.say(format_args!("{text}\n"));
        return ExitStatus::PolicySaidNo;
    }
    io.print(match args.output {
        OutputFormat::Yaml => manifests::yaml_stream(&verdict.objects),
        OutputFormat::Json => manifests::json_lines(&verdict.objects),
    });
    summary(&verdict, io);
    ExitStatus::Clean
}

/// What the log of a passing render says.
fn summary(verdict: &Verdict, io: &mut Io) {
    for note in verdict.notes.iter().take(MOST_REMARKS) {
        io.say(format_args!("rendergate: note: {}\n", failure::plain(note)));
    }
    if verdict.notes.len() > MOST_REMARKS {
        io.say(format_args!("rendergate: note: +{} more.\n", verdict.notes.len() - MOST_REMARKS));
    }
    for remark in failure::remarks(&verdict.findings, MOST_REMARKS) {
        io.say(format_args!("rendergate: {remark}\n"));
    }
    let objects = verdict.objects.len();
    let plural = if objects == 1 { "" } else { "s" };
    let generated = match verdict.generated {
        0 => String::new(),
        n => format!(", {n} of them generated"),
    };
    let remainder = failure::remainder(&verdict.findings);
    io.say(format_args!("rendergate: {objects} object{plural} rendered{generated}.{remainder}\n"));
}

fn cannot(refusal: &Refusal, build: &BuildEnvironment, io: &mut Io) -> ExitStatus {
    io.say(format_args!("{}\n", refusal.text(build)));
    ExitStatus::CouldNotWork
}

/// The operator's word, and what of it holds for `app`.
fn word(args: &Args, app: &Application, path: impl Fn(&str) -> Option<PathBuf>) -> Result<(Word, Settings), Refusal> {
    let word = if args.policies.is_empty() {
        let file = args.config.clone().or_else(|| path("RENDERGATE_CONFIG")).unwrap_or_else(|| CONFIGURATION.into());
        Word::read(&file).map_err(|e| {
            Refusal::gate(format!(
                "the gate's configuration: {e} (give it with --config or RENDERGATE_CONFIG; on a laptop, --policy PATH)"
            ))
        })?
    } else if app.is_render() {
        let text = "--policy is not for use inside Argo CD: mount a configuration (ARGOCD_APP_NAME is set)";
        return Err(Refusal::gate(text.to_owned()));
    } else {
        Word::of_policies(&args.policies)
    };
    let settings = word.settings(app).map_err(Refusal::gate)?;
    Ok((word, settings))
}

/// Renders; the verdict comes with the policies that it is about.
fn render(
    args: &Args,
    build: &BuildEnvironment,
    word: &Word,
    settings: Settings,
) -> Result<(Verdict, Arc<PolicySet>, Clock), Refusal> {
    let clock = Clock::start(settings.clone(), build);
    let section = word.section(settings).map_err(Refusal::Gate)?;
    let checkout = Checkout::open(&args.directory, build.application.path.as_deref()).map_err(Refusal::repository)?;
    let known = Arc::new(word.known_objects().map_err(Refusal::Gate)?);
    let application = render::Application {
        configuration: &word.configuration,
        section: &section,
        known: &known,
        files: &checkout.files,
        directory: &checkout.directory,
        build,
        stop: &clock.before(),
    };
    application.render().map(|verdict| (verdict, Arc::clone(&section.set), clock))
}

/// Ends the process with an answer of its own when a render takes too long: Argo CD's own deadline
/// would kill it without a word (chapter 80 §6).
struct Clock {
    /// Whoever sets it first speaks: the watch or the render.
    spoken: Arc<AtomicBool>,
    /// When the render began.
    started: Instant,
    /// What holds for the application.
    settings: Settings,
}

impl Clock {
    fn start(settings: Settings, build: &BuildEnvironment) -> Self {
        let spoken = Arc::new(AtomicBool::new(false));
        let (watch, time) = (Arc::clone(&spoken), settings.limits.time);
        let text = Refusal::Stopped(Stopped::Limit(time)).text(build);
        std::thread::spawn(move || {
            let patience = Duration::from_secs(1).min(time);
            std::thread::sleep(patience);
            if std::io::stderr().is_terminal() && !watch.load(Ordering::SeqCst) {
                let _ = writeln!(std::io::stderr(), "rendergate: still rendering, for {}s at most", time.as_secs());
            }
            std::thread::sleep(time.saturating_sub(patience));
            if !watch.swap(true, Ordering::SeqCst) {
                let _ = writeln!(std::io::stderr(), "{text}");
                std::process::exit(i32::from(ExitStatus::CouldNotWork.code()));
            }
        });
        Self { spoken, started: Instant::now(), settings }
    }

    /// A little before the watch ends the process, so that what was started is ended, too.
    fn before(&self) -> Stop {
        let time = self.settings.limits.time;
        let early = self.started + time.saturating_sub((time / 10).min(Duration::from_millis(300)));
        Stop::at(early, Stopped::Limit(time))
    }

    /// Stops the watch; `false` if it has spoken.
    fn stop(&self) -> bool {
        !self.spoken.swap(true, Ordering::SeqCst)
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.spoken.store(true, Ordering::SeqCst);
    }
}

//! `generate`: the render gate as a child of argocd-cmp-server, or on a laptop. Nothing is printed
//! on standard output unless everything was checked and nothing blocks.

use std::io::{IsTerminal as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::config::gate::{FromRender, PathEntry, UserFact};
use crate::config::render::{Plain, Renderer};
use crate::config::settings::Settings;
use crate::config::{Application, GateConfiguration, RenderConfiguration};
use crate::document::Value;
use crate::document::manifest::Manifest;
use crate::engine::{User, UserInfo};
use crate::output::{failure, json, manifests};
use crate::policy::set::PolicySet;
use crate::render::{Render, RenderFacts, Verdict};
use crate::source::glob::Glob;
use crate::source::{self, Fault, Limits, Scopes, SourceError, Tree};

use super::checkout::Checkout;
use super::{ExitStatus, Io, operator};

/// Where the configuration is when nobody says otherwise.
const CONFIGURATION: &str = "/etc/rendergate/config.yaml";

/// Notes and remarks of a passing render that are printed.
const MOST_REMARKS: usize = 20;

/// Problems that are named when a render cannot be made.
const MOST_PROBLEMS: usize = 10;

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
    /// Also write the findings to this file, as rendergate.dev/findings/v1 JSON.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

/// How manifests are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum OutputFormat {
    /// A YAML stream.
    Yaml,
    /// One object a line.
    Json,
}

/// The gate's configuration, and where its relative paths start.
struct Gate {
    configuration: GateConfiguration,
    settings: Settings,
    base: PathBuf,
}

/// Why a render cannot be made: what stands on standard error.
type Problems = Vec<String>;

/// Runs the command.
pub fn run(args: &Args, io: &mut Io) -> ExitStatus {
    let app = Application::from_environment(|name| std::env::var(name).ok());
    run_for(args, &app, |name| std::env::var_os(name).map(PathBuf::from), io)
}

fn run_for(args: &Args, app: &Application, path: impl Fn(&str) -> Option<PathBuf>, io: &mut Io) -> ExitStatus {
    // A panic is a defect of ours; it must neither open the gate nor print what it was working on.
    let attempt = catch_unwind(AssertUnwindSafe(|| gate(args, app, path).and_then(|gate| render(args, app, &gate))));
    let (verdict, clock) = match attempt {
        Ok(Ok(done)) => done,
        Ok(Err(problems)) => return cannot(&problems, app, io),
        Err(_) => return cannot(&["an internal error; please report it".to_owned()], app, io),
    };
    if !clock.stop() {
        // The watch has spoken already and is about to end the process.
        std::thread::sleep(Duration::from_secs(60));
    }
    if let Some(path) = &args.report {
        let ending = if verdict.is_blocked() { json::Ending::Denied } else { json::Ending::Allowed };
        let report = json::findings(ending, verdict.counts, &verdict.findings);
        if let Err(error) = std::fs::write(path, report) {
            return cannot(&[format!("{}: {}", path.display(), operator::why(&error))], app, io);
        }
    }
    if verdict.is_blocked() {
        let text = failure::text(&verdict.findings, app.short_revision(), clock.findings);
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

fn cannot(problems: &[String], app: &Application, io: &mut Io) -> ExitStatus {
    io.say(format_args!("{}\n", cannot_text(problems, app)));
    ExitStatus::CouldNotWork
}

fn cannot_text(problems: &[String], app: &Application) -> String {
    let at = app.short_revision().map(|r| format!(" at {}", failure::plain(r))).unwrap_or_default();
    let mut text = format!("rendergate: this render cannot be made{at}:");
    for (index, problem) in problems.iter().enumerate() {
        let problem = failure::plain(problem);
        if index == MOST_PROBLEMS || text.len() + problem.len() > failure::LONGEST - 32 {
            text.push_str(&format!(" +{} more.", problems.len() - index));
            break;
        }
        let separator = if index + 1 < problems.len() { ";" } else { "." };
        text.push_str(&format!(" {problem}{separator}"));
    }
    text
}

fn gate(args: &Args, app: &Application, path: impl Fn(&str) -> Option<PathBuf>) -> Result<Gate, Problems> {
    if !args.policies.is_empty() {
        if app.is_render() {
            let text = "--policy is not for use inside Argo CD: mount a configuration (ARGOCD_APP_NAME is set)";
            return Err(vec![text.to_owned()]);
        }
        let policies = args.policies.iter().map(|p| PathEntry { path: p.display().to_string() }).collect();
        let settings = Settings { policies, ..Settings::default() };
        return Ok(Gate { configuration: GateConfiguration::default(), settings, base: PathBuf::new() });
    }
    let file = args.config.clone().or_else(|| path("RENDERGATE_CONFIG")).unwrap_or_else(|| CONFIGURATION.into());
    let configuration = operator::configuration(&file).map_err(|e| {
        vec![format!(
            "the gate's configuration: {e} (give it with --config or RENDERGATE_CONFIG; on a laptop, --policy PATH)"
        )]
    })?;
    let shown = file.display().to_string();
    let settings = Settings::for_application(&configuration, app, &shown).map_err(|e| vec![e.to_string()])?;
    let base = file.parent().map(Path::to_path_buf).unwrap_or_default();
    Ok(Gate { configuration, settings, base })
}

fn render(args: &Args, app: &Application, gate: &Gate) -> Result<(Verdict, Clock), Problems> {
    let settings = &gate.settings;
    let clock = Clock::start(settings, app);
    let one = |problem: String| vec![problem];
    let loaded = operator::policies(settings, &gate.base)?;
    let checkout = Checkout::open(&args.directory, app.path.as_deref()).map_err(one)?;
    let own = checkout.own().map_err(one)?;
    let limits = limits_of(settings);
    let mut policies = loaded.policies;
    policies.extend(checkout.policies(&own, &limits).map_err(one)?);
    let set = PolicySet::new(policies, loaded.exceptions);

    let tree = tree(&own.configuration, checkout.directory.clone()).map_err(one)?;
    let reading = source::read(&checkout.files, &tree, &limits).map_err(|e| one(e.to_string()))?;
    if reading.manifests.is_empty() && !settings.allow_empty {
        let fault = match reading.files {
            0 => Fault::NoManifestFiles { subdirectories: reading.subdirectories },
            _ => Fault::NoObjects,
        };
        let mut problems = one(SourceError::of("", fault).to_string());
        problems.extend(reading.notes);
        return Err(problems);
    }
    let namespace = app.default_namespace();
    let scopes = Scopes::of(namespace, &reading.manifests);
    if let Some(repeated) = source::first_repeated(&reading.manifests, &scopes) {
        return Err(one(repeated.to_string()));
    }
    let facts = facts(gate, &reading.manifests, &scopes)?;
    let render = Render {
        set: &set,
        settings,
        enforce: &own.configuration.enforce,
        facts: &facts,
        user: gate.configuration.facts.user.as_ref().map_or(User::Unknown, user),
        default_namespace: namespace.into(),
    };
    let mut verdict = render.run(&reading.manifests).map_err(|e| one(e.to_string()))?;
    verdict.notes.splice(0..0, loaded.notes.into_iter().chain(reading.notes));
    Ok((verdict, clock))
}

fn limits_of(settings: &Settings) -> Limits {
    let limits = &settings.limits;
    Limits {
        tree_bytes: limits.tree_bytes,
        file_bytes: limits.file_bytes,
        files: limits.files,
        values: limits.values,
        documents: limits.documents,
        depth: limits.depth,
        alias_nodes: limits.alias_nodes,
    }
}

/// Which files are the application, by its own word.
fn tree(own: &RenderConfiguration, directory: String) -> Result<Tree, String> {
    let refuse = |fault: Fault| SourceError::of(source::RENDER_CONFIGURATION, fault).to_string();
    match own.render.renderer {
        Some(Renderer::Helm) => return Err(refuse(Fault::Helm)),
        Some(Renderer::Kustomize) => return Err(refuse(Fault::Kustomize)),
        Some(Renderer::Jsonnet) => return Err(refuse(Fault::Jsonnet)),
        Some(Renderer::Plain) | None => {}
    }
    let Plain { recurse, include, exclude } = own.render.plain.clone().unwrap_or_default();
    let glob = |field: &str, text: Option<String>| {
        text.filter(|t| !t.is_empty())
            .map(|text| Glob::compile(&text))
            .transpose()
            .map_err(|e| format!("{}: render.plain.{field}: {e}", source::RENDER_CONFIGURATION))
    };
    let plain = own.render.renderer.is_some();
    Ok(Tree { directory, recurse, include: glob("include", include)?, exclude: glob("exclude", exclude)?, plain })
}

fn facts(gate: &Gate, manifests: &[Manifest], scopes: &Scopes) -> Result<RenderFacts, Problems> {
    let wanted = &gate.configuration.facts;
    let mut namespaces = operator::objects(&wanted.namespaces, &gate.base)?;
    namespaces.retain(|object| object.str_at(&["kind"]) == Some("Namespace"));
    let mut objects = operator::objects(&wanted.objects, &gate.base)?;
    for believed in &wanted.from_render {
        let of_kind =
            |kind: &'static str| manifests.iter().filter(move |m| m.kind() == kind && m.gvk().group.is_empty());
        match believed {
            FromRender::Namespaces => namespaces.extend(of_kind("Namespace").map(|m| m.value.clone())),
            FromRender::ConfigMaps => objects.extend(of_kind("ConfigMap").map(|m| {
                let mut object = m.value.clone();
                let namespace: Value = scopes.namespace_of(&object).into();
                if let Some(metadata) =
                    object.as_map_mut().and_then(|o| o.get_mut("metadata")).and_then(Value::as_map_mut)
                {
                    metadata.insert("namespace", namespace);
                }
                object
            })),
        }
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| i128::try_from(d.as_nanos()).unwrap_or(0));
    Ok(RenderFacts::new(namespaces, objects, now))
}

fn user(fact: &UserFact) -> User {
    let list =
        |texts: &[crate::document::Str]| -> Value { texts.iter().cloned().map(Value::from).collect::<Vec<_>>().into() };
    let mut raw = vec![("username", Value::from(fact.username.clone()))];
    if !fact.uid.is_empty() {
        raw.push(("uid", fact.uid.clone().into()));
    }
    raw.push(("groups", list(&fact.groups)));
    User::Known(UserInfo {
        username: fact.username.clone(),
        uid: fact.uid.clone(),
        groups: fact.groups.clone(),
        raw: Value::map(raw.into_iter().map(|(k, v)| (k.into(), v)).collect()),
        roles: fact.roles.clone(),
        cluster_roles: fact.cluster_roles.clone(),
    })
}

/// Ends the process with an answer of its own when a render takes too long: Argo CD's own deadline
/// would kill it without a word (chapter 80 §6).
struct Clock {
    /// Whoever sets it first speaks: the watch or the render.
    spoken: Arc<AtomicBool>,
    /// `limits.findings`.
    findings: usize,
}

impl Clock {
    fn start(settings: &Settings, app: &Application) -> Self {
        let spoken = Arc::new(AtomicBool::new(false));
        let (watch, time) = (Arc::clone(&spoken), settings.limits.time);
        let problem = format!("it took longer than {}s (limits.time)", time.as_secs_f64());
        let text = cannot_text(&[problem], app);
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
        Self { spoken, findings: settings.limits.findings }
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

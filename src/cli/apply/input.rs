//! Loading what `apply` is given.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::document::{GoDuration, Manifest, Source, Value};
use crate::engine::review::User;
use crate::output::apply_text;
use crate::policy::load::{self, Loaded};
use crate::policy::rule::Policy;
use crate::policy::set::PolicySet;
use crate::suite::complete::complete;
use crate::suite::global_context;
use crate::suite::policies::{self, Policies, Unusable};
use crate::suite::resources::{self, Resources};
use crate::suite::scope::Scopes;
use crate::suite::user_info;
use crate::suite::values::Values;
use crate::suite::world::World;
use crate::suite::{cluster, files};

use super::{Args, Io};

/// The most that is read from standard input, in bytes.
const STDIN_BYTES: u64 = files::FILE_BYTES;

/// Everything loaded.
pub struct Given {
    pub set: PolicySet,
    /// Cleanup policies: they run over all resources after everything else.
    pub cleanups: Vec<Arc<Policy>>,
    /// Policies that are not evaluated, with the reason.
    pub not_evaluated: Vec<(String, String)>,
    /// Computed rules, and one for each policy of another kind.
    pub rules: usize,
    pub resources: Vec<Value>,
    /// Where each resource was read.
    pub sources: Vec<Source>,
    pub values: Values,
    pub user: User,
    pub world: World,
}

/// Loads it all; losses and deprecations are told on standard error.
pub fn load(args: &Args, io: &mut Io) -> Result<Given, String> {
    if GoDuration::parse(&args.generated_exception_ttl).is_err() {
        return Err(format!(
            "invalid argument {:?} for \"--generated-exception-ttl\" flag: time: invalid duration",
            args.generated_exception_ttl
        ));
    }
    let user = load_user(args.userinfo.as_deref(), io)?;
    let values = load_values(args, io)?;
    let policies_text = policies_from_stdin(args, io)?;
    let scopes = load_scopes(args);
    let (policies, ahead) = match &scopes {
        Ok(scopes) if !args.resources.is_empty() && !is_stdin(&args.resources) => {
            let (policies, read) = load_policies_and_read(args, policies_text.as_deref(), scopes);
            (policies, Some(read))
        }
        _ => (policies::load_forgiving(&args.policies, policies_text.as_deref()), None),
    };
    let (mut loaded, unusable) = told_policies(policies, args, io)?;
    if !args.crd_path.is_empty() {
        io.say("Flag --crd-path has been deprecated, use --crd-paths instead\n");
    }
    if args.context_file.is_some() {
        io.say("Warning: --context-file is not read: the policies that use it are not evaluated yet\n");
    }
    let scopes = scopes?;
    let targets = load_objects(&args.target_resources, &scopes, args, io)?.objects;
    let parameters = load_objects(&args.parameter_resource, &scopes, args, io)?.objects;
    let resources = match std::mem::take(&mut loaded.others) {
        others if args.resources.is_empty() => among_policies(others, &scopes, io)?,
        others => {
            for other in others {
                let (source, gvk) = (&other.source, other.gvk());
                io.say(format_args!(
                    "Warning: document of {} skipped: {source}: {gvk} is no policy kind\n",
                    source.file
                ));
            }
            match ahead {
                Some(read) => told(read?, args, io),
                None => load_objects(&args.resources, &scopes, args, io)?,
            }
        }
    };
    let placed = resources.objects.into_iter().zip(resources.sources);
    let (entries, placed): (Vec<_>, Vec<_>) = placed.partition(|(object, _)| global_context::is_entry(object));
    let entries: Vec<Value> = entries.into_iter().map(|(object, _)| object).collect();
    let (objects, sources): (Vec<Value>, Vec<Source>) = placed.into_iter().unzip();

    let mut world = World::new();
    world.learn_namespaces(&values);
    world.answers_calls = !(objects.is_empty() && targets.is_empty() && parameters.is_empty());
    world.objects = [objects.as_slice(), &targets, &parameters].concat();
    world.global = global_context::from_objects(&entries, &world)?;
    let exceptions = load_exceptions(args, &loaded, &objects)?;
    let rules = loaded.policies.iter().map(|p| p.rules.len()).sum::<usize>()
        + loaded.cleanups.len()
        + loaded.unsupported.iter().filter(|u| u.kind.ends_with("Policy")).count();
    let rejected = loaded.rejected.iter().filter(|r| r.kind != "PolicyException").map(|r| {
        let name = r.name.rsplit('/').next().unwrap_or_default();
        (name.to_owned(), r.message.clone())
    });
    let unsupported = loaded.unsupported.iter().map(|u| (u.name.to_string(), u.diagnostic.message.clone()));
    let not_evaluated = rejected.chain(unsupported).chain(unusable).collect();
    let set = PolicySet::new(loaded.policies, exceptions.exceptions);
    Ok(Given { set, cleanups: loaded.cleanups, not_evaluated, rules, resources: objects, sources, values, user, world })
}

fn load_user(path: Option<&Path>, io: &mut Io) -> Result<User, String> {
    let Some(path) = path else { return Ok(User::Absent) };
    let file = user_info::load(path).map_err(|e| format!("failed to load request info ({e})"))?;
    if file.deprecated {
        io.say(user_info::deprecation(&path.display().to_string()));
    }
    Ok(User::Known(file.info))
}

fn load_values(args: &Args, io: &mut Io) -> Result<Values, String> {
    if let Some(path) = &args.values_file {
        return Values::load(path, &path.display().to_string()).map_err(|e| format!("failed to decode yaml ({e})"));
    }
    let (values, dropped) = Values::from_set(&args.set);
    for item in dropped {
        io.say(format_args!("Warning: --set {item}: ignored, only key=value is read, once, outside request.object\n"));
    }
    values.checked().map_err(|e| e.to_string())
}

/// The objects found beside the policies: what they are applied to when no resource is named.
fn among_policies(others: Vec<Manifest>, scopes: &Scopes, io: &mut Io) -> Result<Resources, String> {
    if others.is_empty() {
        return Err("resource file(s) or cluster required".to_owned());
    }
    io.say(format_args!("note: no --resource is given; {} objects found beside the policies are used\n", others.len()));
    let mut resources = Resources::default();
    for other in others {
        resources.objects.push(complete(other.value, scopes));
        resources.sources.push(other.source);
    }
    Ok(resources)
}

type ReadObjects = Result<Resources, String>;

fn policies_from_stdin(args: &Args, io: &mut Io) -> Result<Option<String>, String> {
    if args.policies.iter().any(|p| p.as_os_str() == "-") { stdin(io) } else { Ok(None) }
}

/// The policies, once a person was told what was lost.
fn told_policies(policies: Policies, args: &Args, io: &mut Io) -> Result<(Loaded, Vec<Unusable>), String> {
    let Policies { loaded, notices, unusable, deprecations } = policies;
    for notice in notices {
        io.say(format_args!("Warning: {notice}\n"));
    }
    for warning in &deprecations {
        io.say(format_args!("{warning}\n"));
    }
    if args.warnings_as_errors && !deprecations.is_empty() {
        return Err(format!("found {} deprecation warning(s) and --warnings-as-errors is set", deprecations.len()));
    }
    Ok((loaded, unusable))
}

/// Standard input, unless a person would have to type it.
pub fn stdin(io: &mut Io) -> Result<Option<String>, String> {
    if io.input.is_terminal {
        io.say("Warning: nothing is read from a terminal; pipe the input in\n");
        return Ok(Some(String::new()));
    }
    io.input.read_text(STDIN_BYTES).map(Some)
}

fn is_stdin(paths: &[PathBuf]) -> bool {
    paths.first().is_some_and(|p| p.as_os_str() == "-")
}

fn load_scopes(args: &Args) -> Result<Scopes, String> {
    let mut scopes = Scopes::default();
    let crds = [args.crd_paths.as_slice(), &args.crd_path].concat();
    for definition in cluster::definitions(&crds).map_err(|e| format!("failed to load CRDs ({e})"))? {
        scopes.learn(&definition);
    }
    Ok(scopes)
}

/// Reads the resources while another thread loads the policies: loading 33 policies is a twentieth
/// of a run over 1,600 objects, during which a second core would idle.
fn load_policies_and_read(args: &Args, policies_text: Option<&str>, scopes: &Scopes) -> (Policies, ReadObjects) {
    std::thread::scope(|threads| {
        let policies = threads.spawn(|| policies::load_forgiving(&args.policies, policies_text));
        let read = read_objects(&args.resources, scopes, args);
        match policies.join() {
            Ok(policies) => (policies, read),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn load_objects(paths: &[PathBuf], scopes: &Scopes, args: &Args, io: &mut Io) -> Result<Resources, String> {
    if is_stdin(paths) {
        let text = stdin(io)?.unwrap_or_default();
        paths.iter().skip(1).for_each(|path| {
            io.say(format_args!("Warning: {} is not loaded: standard input comes first\n", path.display()));
        });
        return Resources::of_text(Path::new("standard input"), &text, scopes).map_err(fatal);
    }
    Ok(told(read_objects(paths, scopes, args)?, args, io))
}

fn fatal(error: files::FileError) -> String {
    format!("failed to load resources ({error})")
}

fn read_objects(paths: &[PathBuf], scopes: &Scopes, args: &Args) -> ReadObjects {
    if args.if_enforced.is_empty() {
        resources::load(paths, scopes).map_err(fatal)
    } else {
        let trees = resources::load_trees(paths, scopes);
        // What was asked for and is not there must not read as harmless.
        if let Some((_, error)) = trees.failed.iter().find(|(path, _)| paths.contains(path)) {
            return Err(format!("failed to load resources ({error})"));
        }
        Ok(trees)
    }
}

/// The objects, once a person was told what could not be read.
fn told(loaded: Resources, args: &Args, io: &mut Io) -> Resources {
    for (path, error) in &loaded.failed {
        let text = apply_text::load_failure(&path.display().to_string(), &error.to_string());
        if args.prints_a_document() { io.say(text) } else { io.print(text) }
    }
    for path in &loaded.dropped {
        io.say(format_args!("Warning: {} is not loaded: the first resource path is a directory\n", path.display()));
    }
    loaded
}

fn load_exceptions(args: &Args, policies: &Loaded, resources: &[Value]) -> Result<Loaded, String> {
    let refused = |error: String| format!("Error: failed to load exceptions ({error})");
    let mut loaded = if args.exceptions_with_resources {
        let among = resources.iter().filter(|o| o.str_at(&["kind"]) == Some("PolicyException"));
        let manifests: Result<Vec<Manifest>, _> =
            among.map(|object| Manifest::new(object.with_integers(), Source::default())).collect();
        load::load(manifests.map_err(|e| refused(e.to_string()))?)
    } else {
        policies::load_strict(&args.exceptions).map_err(|e| refused(e.to_string()))?.loaded
    };
    if let Some(rejected) = loaded.rejected.first() {
        return Err(refused(rejected.diagnostic.to_string()));
    }
    if args.exceptions_within_policies {
        loaded.exceptions.extend(policies.exceptions.iter().cloned());
    }
    Ok(loaded)
}

//! Running one test: load everything it names, evaluate, check (chapter 60 §8, §12).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::document::{Map, Str, Value};
use crate::engine::review::User;
use crate::output::apply_text;
use crate::output::table::Row;
use crate::policy::rule::{Body, GenerateForm, GenerateTargets, Policy};
use crate::policy::set::PolicySet;

use super::cluster;
use super::evaluate::Session;
use super::files;
use super::global_context;
use super::matching::{self, Counts, Manifests, PatchedTarget, Responses};
use super::policies::{self, Notice, Policies};
use super::resources::{self, Identity};
use super::scope::Scopes;
use super::test_file::{Case, Expected, GlobalContextEntry, GlobalContextSource, TestFile};
use super::user_info;
use super::values::Values;
use super::world::World;

/// What one test came to.
#[derive(Debug)]
pub struct Outcome {
    /// The rows of its table.
    pub rows: Vec<Row>,
    /// Their counts.
    pub counts: Counts,
    /// Deprecation warnings.
    pub deprecations: Vec<String>,
}

/// Runs a test and checks `results`; `say` gets the lines Kyverno prints on the way.
///
/// # Errors
/// The text of the failure; it ends the whole command.
pub fn run(case: &Case, results: &[Expected], say: &mut dyn FnMut(&str)) -> Result<Outcome, String> {
    let test = case.test.as_ref().map_err(Clone::clone)?;
    let directory = case.directory();
    say(&format!("Loading test  ( {} ) ...\n", case.path.display()));
    let given = Given::load(test, &directory, say)?;
    let responses = given.evaluate(results);
    for (identity, responses) in &responses.trigger {
        let notices = responses.iter().flat_map(|response| apply_text::notices(response, &identity.path()));
        notices.for_each(|notice| say(&format!("  {notice}")));
    }
    say("  Checking results ...\n");
    let manifests = Manifests { directory: &directory, scopes: &given.scopes };
    let (rows, counts) = matching::check(results, &responses, &manifests);
    Ok(Outcome { rows, counts, deprecations: given.policies.deprecations })
}

/// Everything a test names, loaded.
struct Given {
    values: Values,
    user: User,
    policies: Policies,
    resources: Vec<Value>,
    targets: Vec<Value>,
    scopes: Scopes,
    set: PolicySet,
    world: World,
}

fn paths(directory: &Path, names: &[Str]) -> Vec<PathBuf> {
    names.iter().map(|name| directory.join(name.as_str())).collect()
}

impl Given {
    fn load(test: &TestFile, directory: &Path, say: &mut dyn FnMut(&str)) -> Result<Self, String> {
        say("  Loading values/variables ...\n");
        let values = load_values(test, directory)?;
        let user = if test.user_info.is_empty() {
            User::Absent
        } else {
            say("  Loading user infos ...\n");
            load_user(&directory.join(test.user_info.as_str()), &test.user_info, say)?
        };
        say("  Loading policies ...\n");
        let policies = policies::load_strict(&paths(directory, &test.policies))
            .map_err(|e| format!("error: failed to load policies ({e})"))?;
        for notice in &policies.notices {
            say(&match notice {
                Notice::Document { path, reason } => format!("  ERROR: {path}: {reason}\n"),
                other => format!("  ERROR: {other}\n"),
            });
        }
        let mut scopes = Scopes::default();
        let cluster = cluster::load(&paths(directory, &test.cluster_resources), directory)
            .map_err(|e| format!("error: failed to load Kubernetes resources: {e}"))?;
        cluster.definitions.iter().for_each(|definition| scopes.learn(definition));
        say("  Loading resources ...\n");
        let (resources, duplicates) = resources::without_duplicates(load_objects(
            test.resources.as_slice(),
            directory,
            &scopes,
            "resources",
            say,
        )?);
        for id in duplicates {
            say(&format!("  warning: found duplicated resource {} {} {}\n", id.kind, id.name, id.namespace));
        }
        refuse_payloads(test)?;
        let targets = load_objects(&test.target_resources, directory, &scopes, "target resources", say)?;
        let parameters = load_objects(&test.param_resources, directory, &scopes, "parameter resources", say)?;
        if !test.cluster_resources.is_empty() {
            say("Loading Kubernetes resources ...\n");
        }
        say("  Loading exceptions ...\n");
        let exceptions = policies::load_strict(&paths(directory, &test.exceptions))
            .map_err(|e| format!("error: failed to load exceptions ({e})"))?
            .loaded;
        if let Some(rejected) = exceptions.rejected.first() {
            return Err(format!("error: failed to load exceptions ({})", rejected.diagnostic));
        }
        say(&counts_line(&policies, resources.len(), exceptions.exceptions.len()));

        let mut world = World::new();
        world.learn_namespaces(&values);
        let has_cluster = !test.cluster_resources.is_empty();
        (world.answers_calls, world.finds_config_maps) = (has_cluster, has_cluster);
        for objects in [&resources, &targets, &parameters, &cluster.objects, &cluster.definitions] {
            world.objects.extend(objects.iter().map(Value::with_floats));
        }
        world.mocks.clone_from(&test.api_call_responses);
        world.global = mocked_global_context(&test.global_context, directory, &scopes, &world)?;
        world.clone_sources = clone_sources(&policies.loaded.policies, &test.results, directory, &scopes, say);
        let set = PolicySet::new(policies.loaded.policies.clone(), exceptions.exceptions);
        Ok(Self { values, user, policies, resources, targets, scopes, set, world })
    }

    /// Evaluates every resource: once, and once more for each operation a result names.
    fn evaluate(&self, results: &[Expected]) -> Responses {
        let session = Session {
            set: &self.set,
            values: &self.values,
            user: self.user.clone(),
            facts: &self.world,
            every_policy: true,
        };
        let mut responses = Responses::default();
        for resource in &self.resources {
            let evaluation = session.evaluate(resource, None);
            responses.trigger.push((evaluation.identity, evaluation.responses));
            for operation in matching::operations(results) {
                let evaluation = session.evaluate(resource, Some(operation));
                let runs = responses.by_operation.entry(operation.as_str()).or_default();
                runs.push((evaluation.identity, evaluation.responses));
            }
        }
        responses.target = self.patched_targets(&responses);
        for rejected in &self.policies.loaded.rejected {
            let name = rejected.name.rsplit('/').next().unwrap_or_default();
            responses.invalid.insert(name.to_owned(), rejected.message.clone());
        }
        for unsupported in &self.policies.loaded.unsupported {
            responses.unsupported.insert(unsupported.name.to_string(), unsupported.diagnostic.message.clone());
        }
        for cleanup in &self.policies.loaded.cleanups {
            let reason = format!("{} {} is evaluated by apply, not by test", cleanup.kind, cleanup.name);
            responses.unsupported.insert(cleanup.name.to_string(), reason);
        }
        responses
    }

    fn patched_targets(&self, responses: &Responses) -> Vec<(Identity, Vec<PatchedTarget>)> {
        let all = || responses.trigger.iter().chain(responses.by_operation.values().flatten()).flat_map(|(_, r)| r);
        let mut targets = Vec::new();
        for target in &self.targets {
            let identity = Identity::of(target);
            let mut patched = Vec::new();
            for response in all() {
                let first = response.rules.iter().find_map(|rule| {
                    let object = rule.patched_targets.iter().find(|object| Identity::of(object) == identity)?;
                    Some(PatchedTarget { response: response.clone(), rule: rule.clone(), object: object.clone() })
                });
                patched.extend(first);
            }
            if !patched.is_empty() {
                targets.push((identity, patched));
            }
        }
        targets
    }
}

fn load_values(test: &TestFile, directory: &Path) -> Result<Values, String> {
    let values = match &test.values {
        Some(values) => values.clone().checked(),
        None if test.variables.is_empty() => return Ok(Values::default()),
        None => Values::load(&directory.join(test.variables.as_str()), &test.variables),
    };
    values.map_err(|e| format!("failed to decode yaml ({e})"))
}

fn load_user(path: &Path, name: &str, say: &mut dyn FnMut(&str)) -> Result<User, String> {
    let file = user_info::load(path).map_err(|e| format!("error: failed to load request info ({e})"))?;
    if file.deprecated {
        say(&user_info::deprecation(name));
        return Err(format!("userInfo file {name} uses a deprecated schema — please migrate to the latest format"));
    }
    Ok(User::Known(file.info))
}

fn load_objects(
    names: &[Str],
    directory: &Path,
    scopes: &Scopes,
    what: &str,
    say: &mut dyn FnMut(&str),
) -> Result<Vec<Value>, String> {
    let loaded =
        resources::load(&paths(directory, names), scopes).map_err(|e| format!("error: failed to load {what} ({e})"))?;
    for (path, error) in &loaded.failed {
        say(&apply_text::load_failure(&path.display().to_string(), &error.to_string()));
    }
    for path in &loaded.dropped {
        say(&format!("  warning: {} is not loaded: the first path is a directory\n", path.display()));
    }
    Ok(loaded.objects)
}

/// Payloads are for policy kinds this build does not evaluate; a test that needs them must not pass.
fn refuse_payloads(test: &TestFile) -> Result<(), String> {
    for (payloads, what) in
        [(&test.json_payloads, "JSON"), (&test.http_payloads, "HTTP"), (&test.envoy_payloads, "Envoy")]
    {
        if let Some(payload) = payloads.first() {
            return Err(format!(
                "error: failed to load {what} payload {payload} ({what} payloads are not evaluated yet)"
            ));
        }
    }
    Ok(())
}

fn counts_line(policies: &Policies, resources: usize, exceptions: usize) -> String {
    let plural = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
    let loaded = &policies.loaded;
    format!(
        "  Applying {} to {} with {} ...\n",
        plural(
            loaded.policies.len() + loaded.rejected.len() + loaded.unsupported.len() + loaded.cleanups.len(),
            "policy",
            "policies"
        ),
        plural(resources, "resource", "resources"),
        plural(exceptions, "exception", "exceptions")
    )
}

/// The objects that `cloneSourceResource` gives to clone rules named exactly by a result.
fn clone_sources(
    policies: &[Arc<Policy>],
    results: &[Expected],
    directory: &Path,
    scopes: &Scopes,
    say: &mut dyn FnMut(&str),
) -> Vec<Value> {
    let mut sources = Vec::new();
    for result in results.iter().filter(|r| !r.clone_source.is_empty()) {
        let named = policies.iter().filter(|policy| policy.key() == result.policy);
        let clones = named.flat_map(|p| &p.rules).any(|rule| rule.name == result.rule && is_clone(&rule.body));
        if !clones {
            continue;
        }
        match resources::read(&directory.join(result.clone_source.as_str()), scopes) {
            Ok(objects) => sources.extend(objects),
            Err(error) => say(&format!("failed to get resource bytes ({error})\n")),
        }
    }
    sources
}

fn is_clone(body: &Body) -> bool {
    let Body::Generate(generate) = body else { return false };
    match &generate.targets {
        GenerateTargets::One(target) => matches!(target.form, GenerateForm::Clone | GenerateForm::CloneList),
        GenerateTargets::ForEach(_) => false,
    }
}

/// The data of mocked global context entries, projections included.
fn mocked_global_context(
    entries: &[GlobalContextEntry],
    directory: &Path,
    scopes: &Scopes,
    world: &World,
) -> Result<BTreeMap<String, Value>, String> {
    let mut all = BTreeMap::new();
    for entry in entries {
        let failed = |e: String| format!("globalContextEntries {}: {e}", entry.name);
        let mut data = match &entry.source {
            GlobalContextSource::Data(value) => value.with_floats(),
            GlobalContextSource::Resources(objects) => Value::list(objects.clone()).with_floats(),
            GlobalContextSource::Files(names) => {
                let mut objects = Vec::new();
                for path in paths(directory, names) {
                    let text = files::read_text(&path).map_err(|e| failed(e.to_string()))?;
                    objects.extend(resources::parse(&path, &text, scopes).map_err(|e| failed(e.to_string()))?);
                }
                Value::list(objects)
            }
        };
        if !entry.field_path.is_empty() {
            data = global_context::search(&entry.field_path, &data, world).map_err(failed)?;
        }
        if !entry.projections.is_empty() {
            // The mocked entry is the map of its projections; what they were read from is gone.
            let mut projected = Map::new();
            for (name, path) in &entry.projections {
                let value = global_context::search(path, &data, world).map_err(failed)?;
                all.insert(format!("{}.{name}", entry.name), value.clone());
                projected.insert(name.clone(), value);
            }
            data = Value::map(projected);
        }
        all.insert(entry.name.to_string(), data);
    }
    Ok(all)
}

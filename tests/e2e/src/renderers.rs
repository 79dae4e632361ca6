//! `run renderers [NAME...]`: every repository below `tests/e2e/repositories` is rendered twice by a real
//! repo-server, natively and through the gate with the same options as plugin parameters, and the two
//! must hold the same objects.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::components::{Gate, Mode, PLUGIN, RepoServer};
use crate::failure::{Context as _, Result};
use crate::places::Places;
use crate::process::{output, output_with_input};

/// So many renders are under way at once.
const IN_PARALLEL: [&str; 2] = ["--parallel", "2"];

/// One repository.
struct Case {
    name: String,
    /// `case.json`: `features`, `path`, `native` (the source's own fields), `parameters` (the same for the
    /// plugin), and what a request of generate-manifest may say besides.
    said: Value,
    /// The commit's repository.
    url: String,
}

/// Renders the repositories named (all when none is) and compares. Whether all were the same.
///
/// # Errors
/// When a component does not start, or a name is unknown.
pub fn run(places: &Places, arguments: &[String]) -> Result<bool> {
    let mut modes = vec![Mode::Standard, Mode::Resident];
    let mut names = Vec::new();
    for argument in arguments {
        match argument.as_str() {
            "--standard" => modes = vec![Mode::Standard],
            "--resident" => modes = vec![Mode::Resident],
            name => names.push(name),
        }
    }
    let cases = cases(places, &names)?;
    let repo = RepoServer::start(places)?;
    let native = answers(places, &repo, &IN_PARALLEL, cases.iter().map(Case::native))?;
    let mut all_same = true;
    for mode in modes {
        let gate = Gate::start_with(places, &repo.plugins, mode, configuration(places)?)?;
        let gated = answers(places, &repo, &IN_PARALLEL, cases.iter().map(Case::gated))?;
        let mut same = 0;
        for ((case, native), gated) in cases.iter().zip(&native).zip(&gated) {
            match compare(native, gated) {
                Ok(how) => {
                    same += 1;
                    println!("{}: {:<30} same ({how}) {}", mode.name(), case.name, case.features());
                }
                Err(why) => println!("{}: {:<30} DIFFERS {}\n    {why}", mode.name(), case.name, case.features()),
            }
        }
        println!("renderers, {}: {same} of {} repositories render the same", mode.name(), cases.len());
        all_same &= same == cases.len();
        drop(gate);
    }
    Ok(all_same)
}

impl Case {
    fn features(&self) -> String {
        let features = self.said["features"].as_array();
        features.into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join("; ")
    }

    fn request(&self, kind: &[(&str, Value)]) -> Value {
        let mut source = json!({"repoURL": self.url, "path": self.said["path"], "targetRevision": "HEAD"});
        for (field, value) in kind {
            source[*field] = value.clone();
        }
        let mut request = json!({"source": source});
        for field in ["appName", "project", "namespace", "kubeVersion", "apiVersions"] {
            if !self.said[field].is_null() {
                request[field] = self.said[field].clone();
            }
        }
        request
    }

    fn native(&self) -> Value {
        let fields: Vec<(&str, Value)> =
            self.said["native"].as_object().into_iter().flatten().map(|(k, v)| (k.as_str(), v.clone())).collect();
        self.request(&fields)
    }

    fn gated(&self) -> Value {
        self.request(&[("plugin", json!({"name": PLUGIN, "parameters": self.said["parameters"]}))])
    }
}

fn cases(places: &Places, names: &[&str]) -> Result<Vec<Case>> {
    let folder = places.checkout.join("tests/e2e/repositories");
    let mut found: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(&folder).context(folder.display())? {
        found.push(entry?.path());
    }
    found.sort();
    let mut cases = Vec::new();
    for path in found {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !names.is_empty() && !names.contains(&name.as_str()) {
            continue;
        }
        let text = fs::read_to_string(path.join("case.json")).context(&name)?;
        let said = serde_json::from_str(&text).context(&name)?;
        let url = commit(places, &name, &path.join("repository"))?;
        cases.push(Case { name, said, url });
    }
    if cases.is_empty() {
        crate::fail!("there is no such repository below {}", folder.display());
    }
    Ok(cases)
}

/// A git repository with these files, links as links.
pub fn commit(places: &Places, name: &str, files: &Path) -> Result<String> {
    let repository = places.folder("repositories")?.join(name);
    output(Command::new("cp").arg("-a").arg(files).arg(&repository))?;
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=e2e", "-c", "user.email=e2e@example.invalid", "-c", "commit.gpgsign=false"];
        output(Command::new("git").arg("-C").arg(&repository).args(identity).args(arguments))
    };
    git(&["init", "--quiet", "--initial-branch=main"])?;
    git(&["add", "--all", "--force"])?;
    git(&["commit", "--quiet", "--message", name])?;
    Ok(format!("file://{}", repository.display()))
}

/// A gate that finds nothing and changes nothing, with the renderers that Argo CD has.
fn configuration(places: &Places) -> Result<PathBuf> {
    let folder = places.folder("gate-renderers")?;
    let tool = |name: &str| places.bin.join(name).display().to_string();
    let text = format!(
        "apiVersion: rendergate.dev/v1alpha1\nkind: GateConfiguration\npolicies: [{{path: policy.yaml}}]\n\
         allowEmpty: true\ntools:\n  helm: {{path: {}}}\n  kustomize: {{path: {}}}\n",
        tool("helm"),
        tool("kustomize")
    );
    fs::write(folder.join("policy.yaml"), POLICY)?;
    fs::write(folder.join("config.yaml"), text)?;
    Ok(folder.join("config.yaml"))
}

const POLICY: &str = "\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: nothing}
spec:
  validationFailureAction: Audit
  rules:
  - name: nothing
    match: {any: [{resources: {kinds: [NoSuchKind]}}]}
    validate: {deny: {}}
";

/// What repo-server answers, in the order of the requests.
///
/// # Errors
/// When it cannot be asked. A render that fails is an answer.
pub fn answers(
    places: &Places,
    repo: &RepoServer,
    arguments: &[&str],
    requests: impl Iterator<Item = Value>,
) -> Result<Vec<Value>> {
    let requests: Vec<String> = requests.map(|r| r.to_string()).collect();
    let mut client = Command::new(places.argo_cd.join("generate-manifest"));
    client.args(["--server", &repo.address]).args(arguments);
    let text = output_with_input(&mut client, &(requests.join("\n") + "\n"))?;
    let answers: Vec<Value> = text.lines().map(serde_json::from_str).collect::<std::result::Result<_, _>>()?;
    if answers.len() != requests.len() {
        crate::fail!("{} answers to {} requests", answers.len(), requests.len());
    }
    Ok(answers)
}

/// How the two are the same, or the first thing in which they are not.
fn compare(native: &Value, gated: &Value) -> std::result::Result<String, String> {
    for (whose, answer) in [("native", native), ("gate", gated)] {
        if let Some(error) = answer["error"].as_str().filter(|e| !e.is_empty()) {
            return Err(format!("{whose}: {error}"));
        }
    }
    let (native, gated) = (objects(native)?, objects(gated)?);
    if native == gated {
        return Ok(format!("{} objects, in the same order", native.len()));
    }
    let count = |all: &[String]| {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        all.iter().for_each(|o| *counts.entry(o.clone()).or_default() += 1);
        counts
    };
    let (mut left, mut right) = (count(&native), count(&gated));
    left.retain(|object, times| right.get(object) != Some(times));
    right.retain(|object, _| !native.contains(object));
    if left.is_empty() && right.is_empty() {
        return Ok(format!("{} objects, in another order", native.len()));
    }
    let show = |objects: &BTreeMap<String, usize>| objects.keys().cloned().collect::<Vec<_>>().join("\n      ");
    Err(format!("only native:\n      {}\n    only the gate:\n      {}", show(&left), show(&right)))
}

/// The objects as texts with sorted keys.
fn objects(answer: &Value) -> std::result::Result<Vec<String>, String> {
    let list = answer["manifests"].as_array().cloned().unwrap_or_default();
    list.into_iter()
        .map(|object| match object {
            Value::String(text) => {
                serde_json::from_str::<Value>(&text).map(|v| v.to_string()).map_err(|e| e.to_string())
            }
            other => Ok(other.to_string()),
        })
        .collect()
}

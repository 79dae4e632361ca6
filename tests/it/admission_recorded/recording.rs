//! Reading the recordings.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::read::GzDecoder;
use rendergate::document::{Manifest, Source, Value, json, yaml};
use rendergate::policy::load::{Loaded, load};

/// Policies installed together, and what the webhook answered with them.
pub struct Group {
    /// Paths below `corpus/policies`.
    pub policies: Vec<String>,
    /// By resource: the answers that were not a plain allow.
    pub answers: BTreeMap<String, Value>,
}

/// All recordings.
pub struct Recording {
    shared: PathBuf,
    /// The groups, in order.
    pub groups: Vec<Group>,
    /// Resource and AdmissionReview.
    pub reviews: Vec<(String, Value)>,
}

impl Recording {
    /// Reads everything; `None`, said aloud, when the shared folder is absent.
    pub fn open() -> Option<Self> {
        let beside = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared"));
        let shared = std::env::var_os("RENDERGATE_SHARED").map_or_else(beside, PathBuf::from);
        let folder = shared.join("oracle/admission");
        if !folder.exists() {
            eprintln!("admission was not compared: {} is absent", folder.display());
            return None;
        }
        let text = |value: &Value, key: &str| value.str_at(&[key]).expect("a text").to_owned();
        let reviews = lines(&folder.join("reviews.jsonl.gz"))
            .into_iter()
            .map(|line| (text(&line, "resource"), line.get("review").expect("a review").clone()))
            .collect();
        let mut groups: Vec<Group> = Vec::new();
        for line in lines(&folder.join("expected.jsonl.gz")) {
            if let Some(policies) = line.get("policies").and_then(Value::as_list) {
                let policies = policies.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                groups.push(Group { policies, answers: BTreeMap::new() });
                continue;
            }
            let group = groups.last_mut().expect("a group comes before its answers");
            if line.get("refused").is_some() {
                let refused = text(&line, "policy");
                group.policies.retain(|policy| *policy != refused);
            } else {
                group.answers.insert(text(&line, "resource"), line);
            }
        }
        Some(Self { shared, groups, reviews })
    }

    /// The policies of a group, set to Enforce as the recording had them.
    pub fn load(&self, group: &Group) -> Loaded {
        self.load_changed(group, |policy| policy)
    }

    /// The same, each document changed before it is loaded.
    pub fn load_changed(&self, group: &Group, change: impl Fn(Value) -> Value) -> Loaded {
        let mut manifests = Vec::new();
        for path in &group.policies {
            let text: Arc<str> =
                fs::read_to_string(self.shared.join("corpus/policies").join(path)).expect("a policy").into();
            let documents = yaml::read(&text, &yaml::Limits::default()).expect("a policy is YAML");
            for document in documents {
                let source = Source::of(Arc::from(path.as_str()), Arc::clone(&text), &document);
                manifests
                    .push(Manifest::new(change(enforcing(document.value)), source).expect("a policy is an object"));
            }
        }
        load(manifests)
    }
}

/// The policy set to Enforce, rule-level actions removed.
fn enforcing(mut policy: Value) -> Value {
    let Some(spec) = policy.as_map_mut().and_then(|p| p.get_mut("spec")).and_then(Value::as_map_mut) else {
        return policy;
    };
    spec.insert("validationFailureAction", Value::string("Enforce"));
    spec.remove("validationFailureActionOverrides");
    let rules = spec.get_mut("rules").and_then(Value::as_list_mut).into_iter().flatten();
    for validate in rules.filter_map(|r| r.as_map_mut()?.get_mut("validate")?.as_map_mut()) {
        validate.remove("failureAction");
        validate.remove("failureActionOverrides");
    }
    policy
}

fn lines(path: &Path) -> Vec<Value> {
    let mut text = String::new();
    let file = File::open(path).expect("a recording");
    GzDecoder::new(file).read_to_string(&mut text).expect("a recording is gzip");
    text.lines().map(|line| json::parse(line.as_bytes()).expect("a recorded line is JSON")).collect()
}

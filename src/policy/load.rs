//! Documents become policies and exceptions. Each document is judged on its own; callers decide
//! what is fatal (chapter 60 §3.2).

use std::fmt;
use std::sync::Arc;

use crate::document::manifest::Manifest;
use crate::document::{Pointer, Str, Value, de};

use super::api::exception::ExceptionDocument;
use super::api::policy::PolicyDocument;
use super::autogen;
use super::lower;
use super::rule::{Exception, Policy};
use super::validation::{self, Scopes};

/// What a set of documents came to.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Policies, in the order read.
    pub policies: Vec<Arc<Policy>>,
    /// PolicyExceptions, in the order read.
    pub exceptions: Vec<Arc<Exception>>,
    /// PolicyExceptions that the cluster would refuse, and why. Kyverno's command line applies them all
    /// the same; no other door should.
    pub refused_exceptions: Vec<(Arc<Exception>, Rejection)>,
    /// Policies that can be read but are not allowed.
    pub rejected: Vec<Rejection>,
    /// Policies of kinds this build does not evaluate.
    pub unsupported: Vec<Unsupported>,
    /// Documents that are no policies.
    pub others: Vec<Manifest>,
    /// Policies and exceptions that cannot be read.
    pub problems: Vec<Problem>,
}

/// A policy that Kyverno refuses as well.
#[derive(Clone, Debug, PartialEq)]
pub struct Rejection {
    /// The policy's key: `namespace/name`, or the name.
    pub name: Str,
    /// The kind of the document.
    pub kind: Str,
    /// Why; Kyverno's text where it has one.
    pub message: String,
    /// Where in the document.
    pub pointer: Pointer,
    /// Where in the file.
    pub diagnostic: Diagnostic,
}

/// A policy kind that is known, but not evaluated yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// The whole `apiVersion`.
    pub api_version: Str,
    /// The kind.
    pub kind: Str,
    /// `metadata.name`.
    pub name: Str,
    /// Where it was read.
    pub diagnostic: Diagnostic,
}

/// A document that claims to be a policy and cannot be read as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What sort of problem it is.
    pub kind: ProblemKind,
    /// `metadata.name`, if there is one.
    pub name: Str,
    /// The message and its place.
    pub diagnostic: Diagnostic,
}

/// How a document cannot be read. Kyverno gives up the whole argument for the first, and drops the
/// document for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// A field that does not exist.
    UnknownField,
    /// A wrong type, a missing field, an unknown enumeration value.
    Schema,
    /// A version of a known kind that does not exist.
    UnknownVersion,
}

/// A message about a place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file as shown to people.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// `policy.yaml:4:7: unknown field "rule"; did you mean "rules"?`
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

impl Diagnostic {
    /// A message about a value of a manifest.
    #[must_use]
    pub fn at(manifest: &Manifest, pointer: &Pointer, message: impl Into<String>) -> Self {
        let place = manifest.source.place(pointer);
        let file = manifest.source.file.clone();
        Self { file, line: place.line, column: place.column, message: message.into() }
    }
}

/// What a kind means to the loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Policy,
    Exception,
    Unsupported,
    UnknownVersion,
    Other,
}

fn classify(manifest: &Manifest) -> Class {
    let gvk = manifest.gvk();
    match (gvk.group.as_str(), gvk.kind.as_str()) {
        ("kyverno.io", "ClusterPolicy" | "Policy") => match gvk.version.as_str() {
            "v1" | "v2beta1" => Class::Policy,
            _ => Class::UnknownVersion,
        },
        ("kyverno.io", "PolicyException") => match gvk.version.as_str() {
            "v2" | "v2beta1" => Class::Exception,
            _ => Class::UnknownVersion,
        },
        ("kyverno.io", "ClusterCleanupPolicy" | "CleanupPolicy") => Class::Unsupported,
        ("policies.kyverno.io", kind) if kind.ends_with("Policy") || kind == "PolicyException" => Class::Unsupported,
        ("admissionregistration.k8s.io", kind)
            if kind.starts_with("ValidatingAdmissionPolicy") || kind.starts_with("MutatingAdmissionPolicy") =>
        {
            Class::Unsupported
        }
        _ => Class::Other,
    }
}

/// Reads policies and exceptions out of `manifests`, as Kyverno's command line does: for `apply` and
/// `test`.
#[must_use]
pub fn load(manifests: impl IntoIterator<Item = Manifest>) -> Loaded {
    load_as(manifests, Scopes::CommandLine)
}

/// The same, as a cluster does: for the render and for admission. Rules may generate cluster-scoped
/// objects.
#[must_use]
pub fn load_for_cluster(manifests: impl IntoIterator<Item = Manifest>) -> Loaded {
    load_as(manifests, Scopes::Cluster)
}

fn load_as(manifests: impl IntoIterator<Item = Manifest>, scopes: Scopes) -> Loaded {
    let mut loaded = Loaded::default();
    for mut manifest in manifests {
        // Kyverno reads policies through JSON, where `5.0` is the integer 5.
        manifest.value = manifest.value.with_integers();
        let read = match classify(&manifest) {
            Class::Policy => load_policy(&manifest, scopes).map(|policy| loaded.policies.push(Arc::new(policy))),
            Class::Exception => load_exception(&manifest).map(|(exception, refused)| match refused {
                None => loaded.exceptions.push(Arc::new(exception)),
                Some(why) => loaded.refused_exceptions.push((Arc::new(exception), why)),
            }),
            Class::UnknownVersion => Err(Failure::problem(
                &manifest,
                ProblemKind::UnknownVersion,
                &Pointer::root().with("apiVersion"),
                format!("{} has no version {}", manifest.kind(), manifest.gvk().version),
            )),
            Class::Unsupported => {
                loaded.unsupported.push(unsupported(&manifest));
                Ok(())
            }
            Class::Other => {
                loaded.others.push(manifest);
                Ok(())
            }
        };
        match read {
            Ok(()) => {}
            Err(Failure::Rejection(rejection)) => loaded.rejected.push(*rejection),
            Err(Failure::Problem(problem)) => loaded.problems.push(*problem),
        }
    }
    loaded
}

#[derive(Debug)]
enum Failure {
    Rejection(Box<Rejection>),
    Problem(Box<Problem>),
}

impl Failure {
    fn problem(manifest: &Manifest, kind: ProblemKind, pointer: &Pointer, message: impl Into<String>) -> Self {
        let diagnostic = Diagnostic::at(manifest, pointer, message);
        Self::Problem(Box::new(Problem { kind, name: manifest.name().into(), diagnostic }))
    }
}

/// Reads, checks and lowers one policy.
fn load_policy(manifest: &Manifest, scopes: Scopes) -> Result<Policy, Failure> {
    let document: PolicyDocument = de::from_value(&manifest.value).map_err(|e| unreadable(manifest, &e))?;
    if let Some(found) = validation::schema(&document, &manifest.value) {
        return Err(Failure::problem(manifest, ProblemKind::Schema, &found.pointer, found.message));
    }
    let written = manifest.value.at(&["spec", "rules"]).and_then(Value::as_list).unwrap_or_default();
    let annotation = document.metadata.annotations.get(autogen::ANNOTATION).map(Str::as_str);
    let made = autogen::generate(&document.spec.rules, written, annotation).map_err(|e| {
        let rules = ["spec".into(), "rules".into()].into_iter().collect();
        Failure::problem(manifest, ProblemKind::Schema, &rules, format!("autogen: {e}"))
    })?;
    validation::policy(&document, &manifest.value, &made, scopes)
        .map_err(|v| Failure::Rejection(Box::new(rejection(manifest, v.message, v.pointer))))?;
    lower::policy(&document, &manifest.value, made, manifest.source.clone())
        .map_err(|e| Failure::problem(manifest, ProblemKind::Schema, &e.pointer, e.message))
}

fn load_exception(manifest: &Manifest) -> Result<(Exception, Option<Rejection>), Failure> {
    let document: ExceptionDocument = de::from_value(&manifest.value).map_err(|e| unreadable(manifest, &e))?;
    let exception = lower::exception(&document, &manifest.value)
        .map_err(|e| Failure::problem(manifest, ProblemKind::Schema, &e.pointer, e.message))?;
    let refused = validation::exception(&document).err().map(|v| rejection(manifest, v.message, v.pointer));
    Ok((exception, refused))
}

fn unreadable(manifest: &Manifest, error: &de::TypedError) -> Failure {
    let kind = if error.message.starts_with("unknown field") { ProblemKind::UnknownField } else { ProblemKind::Schema };
    Failure::problem(manifest, kind, &error.pointer, error.to_string())
}

fn rejection(manifest: &Manifest, message: String, pointer: Pointer) -> Rejection {
    let name = match (manifest.kind(), manifest.namespace()) {
        ("ClusterPolicy", _) | (_, "") => Str::from(manifest.name()),
        (_, namespace) => Str::from(format!("{namespace}/{}", manifest.name())),
    };
    let diagnostic = Diagnostic::at(manifest, &pointer, message.clone());
    Rejection { name, kind: manifest.kind().into(), message, pointer, diagnostic }
}

fn unsupported(manifest: &Manifest) -> Unsupported {
    let message = format!("{} {} is not evaluated by this build", manifest.gvk(), manifest.name());
    Unsupported {
        api_version: manifest.gvk().api_version(),
        kind: manifest.kind().into(),
        name: manifest.name().into(),
        diagnostic: Diagnostic::at(manifest, &Pointer::root(), message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::manifest::Source;
    use crate::document::yaml;

    fn read(text: &str) -> Loaded {
        let documents = yaml::read(text, &yaml::Limits::default()).expect("test YAML");
        let expand = |d: &yaml::Document| {
            let source = Source::of("policy.yaml".into(), text.into(), d);
            Manifest::expand(d.value.clone(), source).expect("objects")
        };
        load(documents.iter().flat_map(expand))
    }

    const GOOD: &str = "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: good}
spec:
  rules:
  - name: r
    match:
      any:
      - resources: {kinds: [Pod]}
    validate:
      deny: {}
";

    #[test]
    fn each_document_is_judged_on_its_own() {
        let text = format!(
            "{GOOD}---\n{}---\n{}---\n{}---\n{}---\n{}---\n{}",
            GOOD.replace("name: good", "name: bad, namespace: shop"),
            GOOD.replace("any:", "anyOf:"),
            GOOD.replace("kyverno.io/v1", "kyverno.io/v9"),
            "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: v}\n",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
            GOOD.replace("name: good", "name: last"),
        );
        let loaded = read(&text);
        let names: Vec<&str> = loaded.policies.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["good", "last"]);
        assert_eq!(loaded.rejected.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["bad"]);
        assert_eq!(
            loaded.rejected[0].diagnostic.to_string(),
            "policy.yaml:15:23: A clusterpolicy should not have the namespace defined"
        );
        assert_eq!(loaded.unsupported.iter().map(|u| u.kind.as_str()).collect::<Vec<_>>(), ["ValidatingPolicy"]);
        assert_eq!(loaded.others.iter().map(Manifest::kind).collect::<Vec<_>>(), ["ConfigMap"]);
        let [unknown, version] = &loaded.problems[..] else { panic!("{:#?}", loaded.problems) };
        assert_eq!((unknown.kind, version.kind), (ProblemKind::UnknownField, ProblemKind::UnknownVersion));
        let text = unknown.diagnostic.to_string();
        assert!(text.starts_with("policy.yaml:32:7: "), "{text}");
        assert!(text.contains("unknown field \"anyOf\"") && text.contains("did you mean \"any\"?"), "{text}");
    }

    #[test]
    fn fields_of_the_wrong_type_or_missing_are_problems_of_the_schema() {
        for (from, to, message) in [
            ("deny: {}", "deny: 1", "expected"),
            ("name: r", "names: r", "unknown field"),
            ("  rules:\n  - name: r\n    match", "  rules:\n  - match", "field \"name\" is missing"),
            ("[Pod]", "Pod", "expected"),
            ("resources: {kinds: [Pod]}", "resources: {kinds: [Pod], operations: [PATCH]}", "expected one of CREATE"),
            ("deny: {}", "deny: {}\n      failureAction: enforce", "expected one of Audit, Enforce"),
            ("deny: {}", "podSecurity: {level: strict}", "expected one of privileged, baseline, restricted"),
            (
                "deny: {}",
                "foreach: [{list: a, deny: {}, preconditions: {all: [{key: a, operator: Equal, value: a}]}}]",
                "expected one of Equals, NotEquals",
            ),
            ("spec:", "spec: &a {validationFailureAction: block}\nstatus:", "expected one of Audit"),
        ] {
            let loaded = read(&GOOD.replace(from, to));
            assert_eq!(loaded.problems.len(), 1, "{to}: {loaded:#?}");
            let text = loaded.problems[0].diagnostic.to_string();
            assert!(text.contains(message), "{to}: {text}");
        }
    }

    #[test]
    fn scopes_of_generated_objects() {
        let generating = |kind: &str, namespace: &str| {
            let target = format!("generate: {{{kind}, name: a, {namespace}data: {{}}}}");
            GOOD.replace("validate:\n      deny: {}", &target).replace("[Pod]", "[Secret]")
        };
        let read = |text: &str, cluster: bool| {
            let documents = yaml::read(text, &yaml::Limits::default()).expect("test YAML");
            let object = Manifest::new(documents[0].value.clone(), Source::default()).expect("an object");
            let loaded = if cluster { load_for_cluster([object]) } else { load([object]) };
            loaded.rejected.into_iter().map(|r| r.message).collect::<String>()
        };
        let role = "apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole";
        for (kind, namespace, on_command_line, in_cluster) in [
            (role, "", "target namespace must be set", ""),
            (role, "namespace: x, ", "", "target namespace must not be set for a cluster-wide resource"),
            ("apiVersion: v1, kind: ConfigMap", "", "target namespace must be set", "target namespace must be set"),
            ("apiVersion: v1, kind: ConfigMap", "namespace: x, ", "", ""),
            ("apiVersion: example.com/v1, kind: Thing", "", "target namespace must be set", ""),
            ("apiVersion: example.com/v1, kind: Thing", "namespace: x, ", "", ""),
        ] {
            let text = generating(kind, namespace);
            for (cluster, expected) in [(false, on_command_line), (true, in_cluster)] {
                let found = read(&text, cluster);
                assert_eq!(found.is_empty(), expected.is_empty(), "{kind} {namespace}: {found}");
                assert!(found.contains(expected), "{kind} {namespace}: {found}");
            }
        }
    }

    #[test]
    fn v2beta1_is_stricter() {
        let v2beta1 = GOOD.replace("kyverno.io/v1", "kyverno.io/v2beta1");
        assert_eq!(read(&v2beta1).policies.len(), 1);
        let inline = v2beta1.replace("      any:\n      - resources", "      resources");
        assert_eq!(read(&inline).problems.len(), 1);
        assert_eq!(read(&inline.replace("v2beta1", "v1")).policies.len(), 1);
    }

    #[test]
    fn exceptions_the_cluster_refuses_are_kept_apart() {
        let exception = "apiVersion: kyverno.io/v2
kind: PolicyException
metadata: {name: e, namespace: shop}
spec:
  exceptions:
  - policyName: good
    ruleNames: ['*']
  match:
    any:
    - resources: {kinds: [Pod]}
";
        let refused = exception.replace("resources:", "subjects: [{kind: User, name: ada}]\n      resources:");
        let loaded = read(&format!("{exception}---\n{refused}"));
        assert_eq!((loaded.exceptions.len(), loaded.refused_exceptions.len()), (1, 1));
        assert_eq!(
            loaded.refused_exceptions[0].1.message,
            "spec.match.any[0].subjects: Forbidden: Usage of user info is forbidden"
        );
        assert_eq!(loaded.exceptions[0].key(), "shop/e");
    }
}

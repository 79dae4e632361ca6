//! Documents become policies and exceptions. Each document is judged on its own; callers decide
//! what is fatal (chapter 60 §3.2).

use std::fmt;
use std::sync::Arc;

use crate::document::manifest::Manifest;
use crate::document::{Pointer, Str, Value, de};

use super::api::cleanup::CleanupDocument;
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
    /// Cleanup policies, in the order read: no part of renders and admission.
    pub cleanups: Vec<Arc<Policy>>,
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
    Cleanup,
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
        ("kyverno.io", "ClusterCleanupPolicy" | "CleanupPolicy") => match gvk.version.as_str() {
            "v2" | "v2beta1" => Class::Cleanup,
            _ => Class::UnknownVersion,
        },
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
            Class::Cleanup => load_cleanup(&manifest).map(|policy| loaded.cleanups.push(Arc::new(policy))),
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

/// Reads, checks and lowers one cleanup policy.
fn load_cleanup(manifest: &Manifest) -> Result<Policy, Failure> {
    let document: CleanupDocument = de::from_value(&manifest.value).map_err(|e| unreadable(manifest, &e))?;
    validation::cleanup(&document)
        .map_err(|v| Failure::Rejection(Box::new(rejection(manifest, v.message, v.pointer))))?;
    lower::cleanup(&document, &manifest.value, manifest.source.clone())
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
        ("ClusterPolicy" | "ClusterCleanupPolicy", _) | (_, "") => Str::from(manifest.name()),
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
mod tests;

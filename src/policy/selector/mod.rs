//! `match`, `exclude` and exception filters, compiled. They answer yes, no, or "cannot be known
//! here" with what is missing, so that a render defers only what it must.

mod labels;
mod user;
mod verdict;

use crate::document::wildcard::Wildcard;
use crate::document::{Map, Str, Value};

use super::api::matching::{MatchResources, ResourceFilter};
use super::kind_selector::KindSelector;
use super::request::{Operation, User};

use user::{UserCriteria, is_absent};

pub use labels::Labels;
pub use verdict::Verdict;

/// The object a rule is matched against, and the request around it.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// The new object, else the old one.
    pub object: &'a Value,
    /// API group of the requested (parent) resource.
    pub group: &'a str,
    /// API version of the requested (parent) resource.
    pub version: &'a str,
    /// Kind of the requested (parent) resource.
    pub kind: &'a str,
    /// The requested subresource; empty for the object itself.
    pub subresource: &'a str,
    /// The namespace to match by; empty for cluster-scoped objects.
    pub namespace: &'a str,
    /// The operation.
    pub operation: Operation,
    /// Who asks.
    pub user: &'a User,
    /// The labels of the namespace, asked only when a filter needs them.
    pub namespace_labels: &'a dyn Fn() -> NamespaceLabels,
}

/// What is known of a namespace's labels.
#[derive(Clone, Debug, PartialEq)]
pub enum NamespaceLabels {
    /// These (none for cluster-scoped objects).
    Known(Map),
    /// They exist, but are not known here; holds what was asked.
    Unknown(String),
}

/// What a filter is used for: the three differ in details (chapter 10 §2.2, §2.3, §5.2).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Match,
    Exclude,
    Except,
}

/// A compiled `match` or `exclude` block.
#[derive(Debug, Default)]
pub struct Filters {
    form: Form,
    filters: Vec<Filter>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Form {
    Any,
    All,
    /// The legacy inline block: exactly one filter.
    #[default]
    Inline,
}

impl Filters {
    /// Compiles a block. `any` hides `all`, and both hide the inline criteria.
    #[must_use]
    pub fn compile(block: &MatchResources) -> Self {
        let (form, filters) = if !block.any.is_empty() {
            (Form::Any, block.any.iter().map(Filter::compile).collect())
        } else if !block.all.is_empty() {
            (Form::All, block.all.iter().map(Filter::compile).collect())
        } else {
            (Form::Inline, vec![Filter::compile(&block.inline())])
        };
        Self { form, filters }
    }

    /// As a `match` block.
    #[must_use]
    pub fn matches(&self, candidate: &Candidate<'_>) -> Verdict {
        self.test(candidate, Purpose::Match)
    }

    /// As an `exclude` block.
    #[must_use]
    pub fn excludes(&self, candidate: &Candidate<'_>) -> Verdict {
        self.test(candidate, Purpose::Exclude)
    }

    /// As the `match` block of a PolicyException; without `any` and `all` it never applies.
    #[must_use]
    pub fn excepts(&self, candidate: &Candidate<'_>) -> Verdict {
        if self.form == Form::Inline { Verdict::No } else { self.test(candidate, Purpose::Except) }
    }

    fn test(&self, candidate: &Candidate<'_>, purpose: Purpose) -> Verdict {
        let any = self.form == Form::Any;
        let mut so_far = Verdict::from(!any);
        for filter in &self.filters {
            so_far = if any {
                so_far.or(|| filter.test(candidate, purpose))
            } else {
                so_far.and(|| filter.test(candidate, purpose))
            };
            if so_far == Verdict::from(any) {
                break;
            }
        }
        so_far
    }

    /// The kinds that can match, exact; `None` when any kind can. A superset.
    #[must_use]
    pub fn possible_kinds(&self) -> Option<Vec<&str>> {
        match self.form {
            Form::Any => {
                let mut kinds = Vec::new();
                for filter in &self.filters {
                    kinds.extend(filter.possible_kinds()?);
                }
                Some(kinds)
            }
            Form::All | Form::Inline => self.filters.iter().find_map(Filter::possible_kinds),
        }
    }

    /// Whether the operation can match. A superset.
    #[must_use]
    pub fn possible_operation(&self, operation: Operation) -> bool {
        let possible = |f: &Filter| f.operations.is_empty() || f.operations.contains(&operation);
        match self.form {
            Form::Any => self.filters.iter().any(possible),
            Form::All | Form::Inline => self.filters.iter().all(possible),
        }
    }

    /// Whether some filter lists the operation by name.
    #[must_use]
    pub fn names_operation(&self, operation: Operation) -> bool {
        self.filters.iter().any(|f| f.operations.contains(&operation))
    }

    /// Whether any filter looks at the user.
    #[must_use]
    pub fn needs_user(&self) -> bool {
        self.filters.iter().any(|f| f.user.is_some())
    }

    /// Whether any filter looks at the user's roles, which only the cluster can resolve.
    #[must_use]
    pub fn needs_roles(&self) -> bool {
        self.filters.iter().any(|f| f.user.as_ref().is_some_and(UserCriteria::needs_roles))
    }

    /// Whether any filter looks at the namespace's labels.
    #[must_use]
    pub fn needs_namespace_labels(&self) -> bool {
        self.filters.iter().any(|f| f.namespace_selector.is_some())
    }
}

/// One filter: everything written must hold.
#[derive(Debug)]
struct Filter {
    operations: Vec<Operation>,
    kinds: Vec<KindSelector>,
    /// Whether the bare `*` is among the kinds.
    star: bool,
    name: Option<Wildcard>,
    names: Vec<Wildcard>,
    namespaces: Vec<Wildcard>,
    annotations: Vec<(Wildcard, Wildcard)>,
    selector: Option<Labels>,
    namespace_selector: Option<Labels>,
    user: Option<UserCriteria>,
    /// Whether nothing but the user is written.
    user_only: bool,
}

impl Filter {
    fn compile(filter: &ResourceFilter) -> Self {
        let description = &filter.resources;
        let wildcards = |texts: &[Str]| texts.iter().map(|t| Wildcard::new(t)).collect::<Vec<_>>();
        Self {
            operations: description.operations.iter().copied().map(Operation::from).collect(),
            kinds: description.kinds.iter().map(|k| KindSelector::parse(k)).collect(),
            star: description.kinds.iter().any(|k| k == "*"),
            name: (!description.name.is_empty()).then(|| Wildcard::new(&description.name)),
            names: wildcards(&description.names),
            namespaces: wildcards(&description.namespaces),
            annotations: description
                .annotations
                .iter()
                .flatten()
                .map(|(k, v)| (Wildcard::new(k), Wildcard::new(v)))
                .collect(),
            selector: description.selector.as_ref().map(Labels::compile),
            namespace_selector: description.namespace_selector.as_ref().map(Labels::compile),
            user: UserCriteria::compile(filter),
            user_only: description.is_empty(),
        }
    }

    fn test(&self, candidate: &Candidate<'_>, purpose: Purpose) -> Verdict {
        if self.user_only {
            return match (&self.user, purpose, candidate.user) {
                (None, ..) => Verdict::No,
                // Dropping the user criteria leaves nothing, and nothing matches nothing.
                (Some(_), Purpose::Match, user) if is_absent(user) => Verdict::No,
                (Some(criteria), _, user) => criteria.test(user),
            };
        }
        Verdict::from(self.object_holds(candidate, purpose)).and(|| self.namespace_holds(candidate, purpose)).and(
            || match &self.user {
                None => Verdict::Yes,
                Some(_) if purpose == Purpose::Match && is_absent(candidate.user) => Verdict::Yes,
                Some(criteria) => criteria.test(candidate.user),
            },
        )
    }

    /// Everything that is always known.
    fn object_holds(&self, candidate: &Candidate<'_>, purpose: Purpose) -> bool {
        let Candidate { object, group, version, kind, subresource, .. } = *candidate;
        if purpose != Purpose::Except && !self.operations.is_empty() && !self.operations.contains(&candidate.operation)
        {
            return false;
        }
        if !self.kinds.is_empty() && !self.kinds.iter().any(|k| k.matches(group, version, kind, subresource)) {
            return false;
        }
        if self.name.is_some() || !self.names.is_empty() {
            let name = name_of(object);
            if self.name.as_ref().is_some_and(|w| !w.matches(name)) || !none_or_some(&self.names, name) {
                return false;
            }
        }
        if !self.namespaces.is_empty() {
            let namespace = if kind_of(object) == "Namespace" { metadata(object, "name") } else { candidate.namespace };
            if !none_or_some(&self.namespaces, namespace) {
                return false;
            }
        }
        if !self.annotations.is_empty() {
            let actual = object.at(&["metadata", "annotations"]).and_then(Value::as_map);
            let found = |key: &Wildcard, value: &Wildcard| {
                actual.is_some_and(|map| {
                    map.iter().any(|(k, v)| key.matches(k) && value.matches(v.as_str().unwrap_or_default()))
                })
            };
            if !self.annotations.iter().all(|(key, value)| found(key, value)) {
                return false;
            }
        }
        self.selector.as_ref().is_none_or(|s| s.matches(object.at(&["metadata", "labels"]).and_then(Value::as_map)))
    }

    fn namespace_holds(&self, candidate: &Candidate<'_>, purpose: Purpose) -> Verdict {
        let Some(selector) = &self.namespace_selector else { return Verdict::Yes };
        match kind_of(candidate.object) {
            "Namespace" => return Verdict::from(purpose == Purpose::Except),
            "" if purpose == Purpose::Except || !self.star => return Verdict::Yes,
            _ => {}
        }
        match (candidate.namespace_labels)() {
            NamespaceLabels::Known(labels) => Verdict::from(selector.matches(Some(&labels))),
            NamespaceLabels::Unknown(what) => Verdict::Unknown(what),
        }
    }

    fn possible_kinds(&self) -> Option<Vec<&str>> {
        if self.kinds.is_empty() {
            return None;
        }
        self.kinds.iter().map(KindSelector::exact_kind).collect()
    }
}

fn none_or_some(wildcards: &[Wildcard], text: &str) -> bool {
    wildcards.is_empty() || wildcards.iter().any(|w| w.matches(text))
}

fn metadata<'v>(object: &'v Value, field: &str) -> &'v str {
    object.str_at(&["metadata", field]).unwrap_or_default()
}

/// The object's own kind, which for a subresource is that of the payload.
fn kind_of(object: &Value) -> &str {
    object.str_at(&["kind"]).unwrap_or_default()
}

fn name_of(object: &Value) -> &str {
    match metadata(object, "name") {
        "" => metadata(object, "generateName"),
        name => name,
    }
}

#[cfg(test)]
mod tests;

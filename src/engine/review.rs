//! [`Review`]: one object to decide about, and what is known of the request around it.

use crate::document::{Str, Value};

pub use crate::policy::request::{Operation, User, UserInfo};

/// How integers read from the object compare in patterns (design.md, Numbers).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Every number is a float: Kyverno's command line (`apply`, `test`).
    Floats,
    /// Integers stay integers: the cluster (`generate`, `webhook`).
    Typed,
}

/// What is known of the old object.
#[derive(Clone, Debug, PartialEq)]
pub enum OldObject {
    /// The request carries one.
    Known(Value),
    /// `request.oldObject` is null, as on CREATE at admission.
    Null,
    /// There is no such field, as in Kyverno's command line.
    Absent,
    /// It may exist, but is not known here (a render): expressions that read it are deferred.
    Unknown,
}

/// One object to decide about.
#[derive(Clone, Debug)]
pub struct Review {
    /// The object; `None` on DELETE.
    pub object: Option<Value>,
    /// The old object.
    pub old_object: OldObject,
    /// The operation.
    pub operation: Operation,
    /// The namespace to match by: the object's own, else what the request says; empty for
    /// cluster-scoped objects.
    pub namespace: Str,
    /// The requested subresource, empty for the object itself.
    pub subresource: Str,
    /// API group of the requested (parent) resource.
    pub group: Str,
    /// API version of the requested (parent) resource.
    pub version: Str,
    /// Kind of the requested (parent) resource.
    pub kind: Str,
    /// Who asks.
    pub user: User,
    /// How the object's numbers compare.
    pub numbers: Numbers,
    /// Further fields of `request` (`uid`, `kind`, `resource`, `name`, `dryRun`, `options` …) as the
    /// door knows them; `object`, `oldObject`, `operation`, `namespace`, `userInfo`, `roles` and
    /// `clusterRoles` are filled in by the engine.
    pub request_fields: Vec<(Str, Value)>,
    /// Values supplied from outside (values files, `--set`): merged into the variables of every rule.
    pub variables: Vec<SuppliedVariables>,
}

/// Variables supplied from outside for some rules (chapter 60 §7.1).
#[derive(Clone, Debug, Default)]
pub struct SuppliedVariables {
    /// The policy's name; `None` for all.
    pub policy: Option<Str>,
    /// The rule's name (an `autogen-` name matches its base name too); `None` for all.
    pub rule: Option<Str>,
    /// A map from dotted paths to values, already expanded into nested maps.
    pub values: Value,
}

impl Review {
    /// The object rules are matched against: the new one, else the old one.
    #[must_use]
    pub fn candidate(&self) -> Option<&Value> {
        self.object.as_ref().or(match &self.old_object {
            OldObject::Known(value) => Some(value),
            OldObject::Null | OldObject::Absent | OldObject::Unknown => None,
        })
    }

    /// The supplied values for one rule, in order; a name without its `autogen-` prefix counts too.
    pub(super) fn supplied_for<'a>(&'a self, policy: &'a str, rule: &'a str) -> impl Iterator<Item = &'a Value> {
        let base = rule.strip_prefix("autogen-cronjob-").or_else(|| rule.strip_prefix("autogen-")).unwrap_or(rule);
        self.variables
            .iter()
            .filter(move |v| v.policy.as_deref().is_none_or(|p| p == policy))
            .filter(move |v| v.rule.as_deref().is_none_or(|r| r == rule || r == base))
            .map(|v| &v.values)
    }
}

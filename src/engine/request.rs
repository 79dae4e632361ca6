//! The `request` variable: what policies see of the review (chapter 30 §2.1).

use std::cell::OnceCell;

use crate::document::{Map, Str, Value};

use super::review::{Numbers, OldObject, Operation, Review, User};

/// One view of a review: the object as it stands now, and the request around it. Built once for
/// each state of the object and shared by all rules that see that state.
pub(super) struct RequestView<'r> {
    pub(super) review: &'r Review,
    pub(super) object: Option<Value>,
    pub(super) old_object: OldObject,
    pub(super) operation: Operation,
    whole: OnceCell<Value>,
}

impl<'r> RequestView<'r> {
    /// The review with `object` in the place of its own.
    pub(super) fn new(review: &'r Review, object: Option<Value>) -> Self {
        Self {
            review,
            object,
            old_object: review.old_object.clone(),
            operation: review.operation,
            whole: OnceCell::new(),
        }
    }

    /// The old object looked at as if it were being created (chapter 20 §7.4).
    pub(super) fn of_old_object(review: &'r Review, old: Value) -> Self {
        Self {
            review,
            object: Some(old),
            old_object: OldObject::Known(Value::empty_map()),
            operation: Operation::Create,
            whole: OnceCell::new(),
        }
    }

    /// The object rules are matched against: the new one, else the old one.
    pub(super) fn candidate(&self) -> Option<&Value> {
        self.object.as_ref().or(match &self.old_object {
            OldObject::Known(value) => Some(value),
            OldObject::Null | OldObject::Absent | OldObject::Unknown => None,
        })
    }

    /// The `request` variable, numbers as floats.
    pub(super) fn whole(&self) -> &Value {
        self.whole.get_or_init(|| self.build())
    }

    fn build(&self) -> Value {
        let command_line = self.review.numbers == Numbers::Floats;
        // The command line's objects hold floats already.
        let floats = |object: &Value| if command_line { object.clone() } else { object.with_floats() };
        let mut request = Map::with_capacity(10);
        for (name, value) in &self.review.request_fields {
            request.insert(name.clone(), value.with_floats());
        }
        match &self.object {
            Some(object) => {
                request.insert("object", floats(object));
            }
            None if command_line => {}
            None => {
                request.insert("object", Value::Null);
            }
        }
        match &self.old_object {
            OldObject::Known(old) => {
                request.insert("oldObject", floats(old));
            }
            OldObject::Null => {
                request.insert("oldObject", Value::Null);
            }
            OldObject::Absent | OldObject::Unknown => {}
        }
        request.insert("operation", self.operation.as_str().into());
        if command_line || !self.review.namespace.is_empty() {
            request.insert("namespace", self.review.namespace.clone().into());
        }
        if let User::Known(user) = &self.review.user {
            let info = if user.raw.is_null() {
                Value::from([
                    ("username", Value::from(user.username.clone())),
                    ("groups", user.groups.iter().cloned().map(Value::from).collect::<Vec<_>>().into()),
                ])
            } else {
                user.raw.with_floats()
            };
            request.insert("userInfo", info);
            for (name, roles) in [("roles", &user.roles), ("clusterRoles", &user.cluster_roles)] {
                if !roles.is_empty() {
                    request.insert(name, roles.iter().cloned().map(Value::from).collect::<Vec<_>>().into());
                }
            }
        }
        Value::map(request)
    }

    /// What an expression that follows `path` from the root may not know, if anything.
    pub(super) fn unknown(&self, path: &[&str]) -> Option<&'static str> {
        let user = self.review.user == User::Unknown;
        let old = self.old_object == OldObject::Unknown;
        match path {
            ["request"] if user => Some("request.userInfo"),
            ["request"] if old => Some("request.oldObject"),
            ["request", "userInfo", ..] if user => Some("request.userInfo"),
            ["request", "roles", ..] if user => Some("request.roles"),
            ["request", "clusterRoles", ..] if user => Some("request.clusterRoles"),
            ["serviceAccountName", ..] if user => Some("serviceAccountName"),
            ["serviceAccountNamespace", ..] if user => Some("serviceAccountNamespace"),
            ["request", "oldObject", ..] if old => Some("request.oldObject"),
            _ => None,
        }
    }

    /// `serviceAccountName` or `serviceAccountNamespace` (chapter 30 §2.2): the first 22 bytes of
    /// the user name are dropped without looking at them.
    pub(super) fn service_account(&self, field: &str) -> Option<Value> {
        let User::Known(user) = &self.review.user else { return None };
        let rest = user.username.get(22..).unwrap_or("");
        let mut parts = rest.split(':');
        let (namespace, name) = match (parts.next(), parts.next()) {
            (Some(namespace), Some(name)) => (namespace, name),
            _ => ("", ""),
        };
        Some(Str::from(if field == "serviceAccountName" { name } else { namespace }).into())
    }
}

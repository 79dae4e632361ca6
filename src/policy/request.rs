//! The parts of a request that selectors look at: operation and user.

use crate::document::{Str, Value};

/// The operation under review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A new object.
    Create,
    /// A changed object.
    Update,
    /// A removed object.
    Delete,
    /// A connection to a subresource.
    Connect,
}

impl Operation {
    /// The name Kubernetes uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "CREATE",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
            Self::Connect => "CONNECT",
        }
    }

    /// Reads the name Kubernetes uses, exactly.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Create, Self::Update, Self::Delete, Self::Connect].into_iter().find(|o| o.as_str() == text)
    }
}

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserInfo {
    /// `userInfo.username`.
    pub username: Str,
    /// `userInfo.uid`.
    pub uid: Str,
    /// `userInfo.groups`.
    pub groups: Vec<Str>,
    /// The whole `userInfo` as the API server sent it (extra fields included).
    pub raw: Value,
    /// `namespace:name` roles bound to the user.
    pub roles: Vec<Str>,
    /// Cluster roles bound to the user.
    pub cluster_roles: Vec<Str>,
}

/// What is known of the requesting user.
#[derive(Clone, Debug, PartialEq)]
pub enum User {
    /// The request named one.
    Known(UserInfo),
    /// There is none, as in Kyverno's command line and background scans: user criteria are dropped
    /// from match filters (chapter 10 §2.3).
    Absent,
    /// There will be one, but it is not known here (a render): rules that need it are deferred.
    Unknown,
}

//! Who asks: `roles`, `clusterRoles` and `subjects`.

use crate::document::Str;
use crate::document::wildcard::Wildcard;
use crate::policy::api::matching::{ResourceFilter, Subject as WireSubject};
use crate::policy::request::{User, UserInfo};

use super::Verdict;

/// `roles`, `clusterRoles` and `subjects`: each that is written must hold.
#[derive(Debug)]
pub(super) struct UserCriteria {
    roles: Vec<Str>,
    cluster_roles: Vec<Str>,
    subjects: Vec<Subject>,
}

#[derive(Debug)]
enum Subject {
    User(Wildcard),
    Group(Wildcard),
    /// A kind Kyverno ignores.
    Other,
}

impl UserCriteria {
    pub(super) fn compile(filter: &ResourceFilter) -> Option<Self> {
        let subject = |s: &WireSubject| match s.kind.as_str() {
            "User" => Subject::User(Wildcard::new(&s.name)),
            "Group" => Subject::Group(Wildcard::new(&s.name)),
            "ServiceAccount" => {
                Subject::User(Wildcard::new(&format!("system:serviceaccount:{}:{}", s.namespace, s.name)))
            }
            _ => Subject::Other,
        };
        filter.has_user().then(|| Self {
            roles: filter.roles.clone(),
            cluster_roles: filter.cluster_roles.clone(),
            subjects: filter.subjects.iter().map(subject).collect(),
        })
    }

    /// Whether the user's roles must be known.
    pub(super) fn needs_roles(&self) -> bool {
        !self.roles.is_empty() || !self.cluster_roles.is_empty()
    }

    pub(super) fn test(&self, user: &User) -> Verdict {
        match user {
            User::Known(info) => Verdict::from(self.holds(info)),
            User::Absent => Verdict::from(self.holds(&UserInfo::default())),
            User::Unknown => Verdict::Unknown("the requesting user".to_owned()),
        }
    }

    fn holds(&self, info: &UserInfo) -> bool {
        let overlap = |wanted: &[Str], had: &[Str]| wanted.is_empty() || wanted.iter().any(|w| had.contains(w));
        overlap(&self.roles, &info.roles)
            && overlap(&self.cluster_roles, &info.cluster_roles)
            && (self.subjects.is_empty()
                || self.subjects.iter().any(|subject| match subject {
                    Subject::User(name) => name.matches(&info.username),
                    Subject::Group(name) => info.groups.iter().any(|g| name.matches(g)),
                    Subject::Other => false,
                }))
    }
}

/// Whether the request says nothing at all about a user: then match filters drop their user criteria.
pub(super) fn is_absent(user: &User) -> bool {
    match user {
        User::Absent => true,
        User::Unknown => false,
        User::Known(info) => {
            info.username.is_empty()
                && info.uid.is_empty()
                && info.groups.is_empty()
                && info.roles.is_empty()
                && info.cluster_roles.is_empty()
        }
    }
}

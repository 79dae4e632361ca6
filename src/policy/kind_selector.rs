//! Kind selectors of `match.kinds`: `Pod`, `apps/v1/Deployment`, `Pod/exec`, `*/*` (chapter 10 §2.4).

use crate::document::wildcard::{self, Wildcard};

/// A compiled kind selector.
#[derive(Clone, Debug, PartialEq)]
pub struct KindSelector {
    group: Wildcard,
    version: Wildcard,
    kind: Wildcard,
    subresource: Wildcard,
}

impl KindSelector {
    /// Reads a selector as written. Every text is one; those of an unknown shape match nothing.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (group, version, kind, subresource) = split(text);
        Self {
            group: Wildcard::new(group),
            version: Wildcard::new(version),
            kind: Wildcard::new(kind),
            subresource: Wildcard::new(subresource),
        }
    }

    /// Whether a request for this kind is meant. A selector of the Pod itself also means its
    /// `ephemeralcontainers` subresource.
    #[must_use]
    pub fn matches(&self, group: &str, version: &str, kind: &str, subresource: &str) -> bool {
        // The kind first: it tells most selectors apart.
        self.kind.matches(kind)
            && self.group.matches(group)
            && self.version.matches(version)
            && (self.subresource.matches(subresource)
                || (subresource == "ephemeralcontainers" && group.is_empty() && version == "v1" && kind == "Pod"))
    }

    /// The one kind this selector can match; `None` if it holds a wildcard.
    #[must_use]
    pub fn exact_kind(&self) -> Option<&str> {
        match &self.kind {
            Wildcard::Exact(kind) => Some(kind),
            _ => None,
        }
    }
}

/// Group, version, kind and subresource as wildcards.
#[must_use]
pub fn split(text: &str) -> (&str, &str, &str, &str) {
    let (front, last) = match text.rsplit_once('/') {
        Some((front, last)) => (Some(front), last),
        None => (None, text),
    };
    let parts: Vec<&str> = front.into_iter().flat_map(|f| f.split('/')).chain(last.split('.')).collect();
    match parts[..] {
        [kind] => ("*", "*", kind, ""),
        ["*", "*"] => ("*", "*", "*", "*"),
        ["*", lower] if lower.to_lowercase() == lower => ("*", "*", "*", lower),
        [version, kind] if is_version(version) => ("*", version, kind, ""),
        [kind, subresource] => ("*", "*", kind, subresource),
        [version, kind, subresource] if is_version(version) => ("*", version, kind, subresource),
        [group, version, kind] => (group, version, kind, ""),
        [group, version, kind, subresource] => (group, version, kind, subresource),
        _ => ("", "", "", ""),
    }
}

/// `*`, `v1`, `v2beta1`, `v1alpha1`.
fn is_version(text: &str) -> bool {
    fn digits(text: &str) -> Option<&str> {
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        (rest.len() < text.len()).then_some(rest)
    }
    if text == "*" {
        return true;
    }
    let Some(rest) = text.strip_prefix('v').and_then(digits) else { return false };
    rest.is_empty()
        || rest.strip_prefix("alpha").or_else(|| rest.strip_prefix("beta")).and_then(digits).is_some_and(str::is_empty)
}

/// Whether any of these selectors names `kind`, read as autogen and policy checks read them:
/// without wildcards, and by another splitting than [`split`].
#[must_use]
pub fn any_names<S: AsRef<str>>(selectors: &[S], kind: &str) -> bool {
    selectors.iter().any(|s| kind_of(s.as_ref()) == kind)
}

/// The kind a selector names, for [`any_names`].
#[must_use]
pub fn kind_of(selector: &str) -> &str {
    let parts: Vec<&str> = selector.split('/').collect();
    match parts[..] {
        [kind] => before_dot(kind),
        ["*", "*"] => "*",
        [version, kind] if is_version(version) => before_dot(kind),
        [kind, _] => kind,
        [version, kind, _] if is_version(version) => kind,
        [_, _, kind] => before_dot(kind),
        [_, _, kind, _] => kind,
        _ => "",
    }
}

fn before_dot(kind: &str) -> &str {
    kind.split_once('.').map_or(kind, |(before, _)| before)
}

/// Whether a selector holds a wildcard anywhere.
#[must_use]
pub fn has_wildcard(selector: &str) -> bool {
    wildcard::contains_wildcard(selector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        for (text, parts) in [
            ("Pod", ("*", "*", "Pod", "")),
            ("*", ("*", "*", "*", "")),
            ("*/*", ("*", "*", "*", "*")),
            ("*.*", ("*", "*", "*", "*")),
            ("*/scale", ("*", "*", "*", "scale")),
            ("*/Pod", ("*", "*", "Pod", "")),
            ("v1/Pod", ("*", "v1", "Pod", "")),
            ("v1beta1/Pod", ("*", "v1beta1", "Pod", "")),
            ("Pod/exec", ("*", "*", "Pod", "exec")),
            ("Pod.status", ("*", "*", "Pod", "status")),
            ("v1/Pod/status", ("*", "v1", "Pod", "status")),
            ("v1/Pod.eviction", ("*", "v1", "Pod", "eviction")),
            ("*/Deployment.scale", ("*", "*", "Deployment", "scale")),
            ("apps/v1/Deployment", ("apps", "v1", "Deployment", "")),
            ("*.istio.io/*/Gateway", ("*.istio.io", "*", "Gateway", "")),
            ("apps/v1/Deployment/scale", ("apps", "v1", "Deployment", "scale")),
            ("apps/Deployment", ("*", "*", "apps", "Deployment")),
            ("*/*/Deployment", ("*", "*", "*", "Deployment")),
            ("/v1/Pod", ("", "v1", "Pod", "")),
            ("a/b/c/d/e", ("", "", "", "")),
        ] {
            assert_eq!(split(text), parts, "{text}");
        }
    }

    #[test]
    fn pods_and_their_subresources() {
        let pod = KindSelector::parse("Pod");
        assert!(pod.matches("", "v1", "Pod", ""));
        assert!(pod.matches("", "v1", "Pod", "ephemeralcontainers"));
        assert!(!pod.matches("", "v1", "Pod", "exec"));
        assert!(!KindSelector::parse("pod").matches("", "v1", "Pod", ""));
        let any = KindSelector::parse("Pod/*");
        assert!(any.matches("", "v1", "Pod", "") && any.matches("", "v1", "Pod", "exec"));
        assert!(!KindSelector::parse("/v1/Pod").matches("x.io", "v1", "Pod", ""));
        assert!(KindSelector::parse("*/*").matches("apps", "v1", "Deployment", "scale"));
        assert_eq!(KindSelector::parse("Net*").exact_kind(), None);
        assert_eq!(KindSelector::parse("apps/*/Deployment").exact_kind(), Some("Deployment"));
    }

    #[test]
    fn kinds_as_autogen_sees_them() {
        for (text, kind) in [
            ("Pod", "Pod"),
            ("v1/Pod", "Pod"),
            ("*/Pod", "Pod"),
            ("Pod/exec", "Pod"),
            ("Pod.exec", "Pod"),
            ("v1/Pod/exec", "Pod"),
            ("v1/Pod.exec", "Pod"),
            ("apps/v1/Deployment", "Deployment"),
            ("apps/v1/Deployment/scale", "Deployment"),
            ("a/b/c/d/e", ""),
        ] {
            assert_eq!(kind_of(text), kind, "{text}");
        }
    }
}

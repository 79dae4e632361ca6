//! Label selectors of filters and overrides.

use crate::document::labels::{Selector, SelectorError};
use crate::document::{Map, Str};
use crate::policy::api::meta::LabelSelector;

/// A compiled label selector. One that Kubernetes would refuse selects nothing (chapter 10 §2.5).
#[derive(Debug)]
pub struct Labels {
    selector: Result<Selector, SelectorError>,
    wildcards: bool,
}

impl Labels {
    /// Compiles a selector.
    #[must_use]
    pub fn compile(selector: &LabelSelector) -> Self {
        let wildcard = |t: &Str| crate::document::wildcard::contains_wildcard(t);
        Self {
            selector: Selector::compile(&selector.to_value()),
            wildcards: selector.match_labels.iter().any(|(k, v)| wildcard(k) || wildcard(v)),
        }
    }

    /// Whether these labels are selected.
    #[must_use]
    pub fn matches(&self, labels: Option<&Map>) -> bool {
        self.selector.as_ref().is_ok_and(|s| s.matches(labels))
    }

    /// The same without wildcards: a selector that holds one is refused by Kubernetes.
    #[must_use]
    pub fn matches_exactly(&self, labels: Option<&Map>) -> bool {
        !self.wildcards && self.matches(labels)
    }
}

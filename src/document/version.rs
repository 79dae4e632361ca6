//! Strict semantic versions (`x.y.z[-pre][+build]`, no `v`), as Kyverno's operators compare them.

use std::cmp::Ordering;

/// A semantic version; build metadata takes no part in comparisons.
#[derive(Clone, Debug)]
pub struct SemanticVersion(semver::Version);

impl SemanticVersion {
    /// Reads a strict version; `None` for `1.2`, `v1.2.3`, `01.2.3` and everything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        semver::Version::parse(text).ok().map(Self)
    }

    /// The version itself.
    #[must_use]
    pub fn inner(&self) -> &semver::Version {
        &self.0
    }
}

impl PartialEq for SemanticVersion {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for SemanticVersion {}

impl PartialOrd for SemanticVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SemanticVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp_precedence(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_and_ordered() {
        let version = |text| SemanticVersion::parse(text).unwrap();
        assert!(version("1.10.0") > version("1.9.0"));
        assert!(version("1.0.0-rc.1") < version("1.0.0"));
        assert_eq!(version("1.0.0+a"), version("1.0.0+b"));
        for text in ["v1.2.3", "1.2", "1", "01.2.3", "1.2.3-01", ""] {
            assert!(SemanticVersion::parse(text).is_none(), "{text}");
        }
    }
}

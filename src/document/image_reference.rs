//! Image references as Kyverno reads them (chapter 30 §2.5): registry, path, name, tag, digest.
//!
//! The grammar is that of the distribution reference: lower-case path components, a tag of up to
//! 128 word characters, a sha256, sha384 or sha512 digest.

use super::{Map, Str, Value};

/// The registry Kyverno assumes when an image names none.
pub const DEFAULT_REGISTRY: &str = "docker.io";

/// One parsed image reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageReference {
    /// The registry, `docker.io` when the image names none.
    pub registry: Str,
    /// The path without the registry: `library/nginx`, `nginx`.
    pub path: Str,
    /// The last segment of the path.
    pub name: Str,
    /// The tag; `latest` when neither tag nor digest is given, empty with a digest alone.
    pub tag: Str,
    /// The digest with its algorithm, empty when there is none.
    pub digest: Str,
}

/// An image that is not a reference. Prints as Kyverno's message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bad image: {full}, defaultRegistry: {DEFAULT_REGISTRY}, enableDefaultRegistryMutation: true: {cause}")]
pub struct ImageReferenceError {
    full: String,
    cause: &'static str,
}

impl ImageReference {
    /// Parses an image as written in a container.
    ///
    /// # Errors
    /// When it does not follow the reference grammar.
    pub fn parse(image: &str) -> Result<Self, ImageReferenceError> {
        let full = if names_a_registry(image) { image.to_owned() } else { format!("{DEFAULT_REGISTRY}/{image}") };
        let fail = |cause| ImageReferenceError { full: full.clone(), cause };
        let (rest, digest) = match full.split_once('@') {
            Some((rest, digest)) if valid_digest(digest) => (rest, digest),
            Some(_) => return Err(fail("invalid reference format")),
            None => (full.as_str(), ""),
        };
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (rest, None),
        };
        if tag.is_some_and(|tag| !valid_tag(tag)) {
            return Err(fail("invalid reference format"));
        }
        let (registry, path) = name.split_once('/').ok_or_else(|| fail("invalid reference format"))?;
        if !valid_registry(registry) {
            return Err(fail("invalid reference format"));
        }
        if path.len() > 255 {
            return Err(fail("repository name must not be more than 255 characters"));
        }
        if !path.split('/').all(valid_component) {
            let lower = path.to_lowercase();
            return Err(fail(if lower != path && lower.split('/').all(valid_component) {
                "invalid reference format: repository name (library) must be lowercase"
            } else {
                "invalid reference format"
            }));
        }
        let tag = tag.unwrap_or(if digest.is_empty() { "latest" } else { "" });
        Ok(Self {
            registry: registry.into(),
            path: path.into(),
            name: path.rsplit('/').next().unwrap_or(path).into(),
            tag: tag.into(),
            digest: digest.into(),
        })
    }

    /// `registry/path`, then `@digest` if there is one, else `:tag`.
    #[must_use]
    pub fn reference(&self) -> String {
        if self.digest.is_empty() {
            self.reference_with_tag()
        } else {
            format!("{}/{}@{}", self.registry, self.path, self.digest)
        }
    }

    /// `registry/path:tag`; with a digest alone the tag is empty and the colon stays.
    #[must_use]
    pub fn reference_with_tag(&self) -> String {
        format!("{}/{}:{}", self.registry, self.path, self.tag)
    }

    /// The entry of the `images` variable; empty fields are absent.
    #[must_use]
    pub fn to_value(&self, json_pointer: &str) -> Value {
        let mut map = Map::new();
        for (key, text) in [
            ("registry", &self.registry),
            ("name", &self.name),
            ("path", &self.path),
            ("tag", &self.tag),
            ("digest", &self.digest),
        ] {
            if !text.is_empty() || key == "name" || key == "path" {
                map.insert(key, Value::from(text.clone()));
            }
        }
        map.insert("reference", self.reference().into());
        map.insert("referenceWithTag", self.reference_with_tag().into());
        map.insert("jsonPointer", json_pointer.into());
        Value::map(map)
    }
}

/// Whether the first segment is a registry: it holds a dot, a colon or upper case, or is `localhost`.
fn names_a_registry(image: &str) -> bool {
    image.split_once('/').is_some_and(|(first, _)| {
        first.contains(['.', ':']) || first == "localhost" || first.bytes().any(|b| b.is_ascii_uppercase())
    })
}

fn valid_registry(registry: &str) -> bool {
    let (host, port) = match registry.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (registry, None),
    };
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    host.split('.').all(label) && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

/// Lower-case alphanumerics, separated by `.`, `_`, `__` or any number of `-`.
fn valid_component(component: &str) -> bool {
    let mut separator = String::new();
    let mut seen = false;
    for c in component.chars() {
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            let allowed = separator.is_empty()
                || (seen && (matches!(separator.as_str(), "." | "_" | "__") || separator.bytes().all(|b| b == b'-')));
            if !allowed {
                return false;
            }
            separator.clear();
            seen = true;
        } else if matches!(c, '.' | '_' | '-') {
            separator.push(c);
        } else {
            return false;
        }
    }
    seen && separator.is_empty()
}

fn valid_tag(tag: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let mut bytes = tag.bytes();
    tag.len() <= 128 && bytes.next().is_some_and(word) && bytes.all(|b| word(b) || b == b'.' || b == b'-')
}

fn valid_digest(digest: &str) -> bool {
    digest.split_once(':').is_some_and(|(algorithm, hex)| {
        let length = match algorithm {
            "sha256" => 64,
            "sha384" => 96,
            "sha512" => 128,
            _ => return false,
        };
        hex.len() == length && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(image: &str) -> (String, String, String, String) {
        let r = ImageReference::parse(image).expect(image);
        (r.registry.to_string(), r.path.to_string(), r.name.to_string(), r.tag.to_string())
    }

    #[test]
    fn registry_path_name_and_tag() {
        let own = |a: &str, b: &str, c: &str, d: &str| (a.to_owned(), b.to_owned(), c.to_owned(), d.to_owned());
        assert_eq!(parts("nginx"), own("docker.io", "nginx", "nginx", "latest"));
        assert_eq!(parts("library/nginx:1"), own("docker.io", "library/nginx", "nginx", "1"));
        assert_eq!(parts("localhost:5000"), own("docker.io", "localhost", "localhost", "5000"));
        assert_eq!(parts("localhost:5000/a/b"), own("localhost:5000", "a/b", "b", "latest"));
        assert_eq!(parts("ghcr.io/a/b:v1.2-rc"), own("ghcr.io", "a/b", "b", "v1.2-rc"));
    }

    #[test]
    fn digests_keep_or_drop_the_tag() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let alone = ImageReference::parse(&format!("nginx@{digest}")).expect("a digest");
        assert_eq!((alone.tag.as_str(), alone.reference()), ("", format!("docker.io/nginx@{digest}")));
        assert_eq!(alone.reference_with_tag(), "docker.io/nginx:");
        let both = ImageReference::parse(&format!("nginx:1@{digest}")).expect("both");
        assert_eq!(both.reference_with_tag(), "docker.io/nginx:1");
    }

    #[test]
    fn what_is_not_a_reference() {
        for image in ["", "a b", "nginx:", "nginx@sha256:abc", "a/UP", "a..b", "-a", "a/", "x:y z"] {
            assert!(ImageReference::parse(image).is_err(), "{image}");
        }
    }
}

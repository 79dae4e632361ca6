//! Attestors, compiled: who must have signed an image (chapter 40 §6.8) or a manifest (chapter 20 §6.3).

use crate::document::{Str, de};

use super::api::verify_images as wire;
use super::api::verify_images::{Certificates, Keyless, StaticKeys};

/// Attestors nested deeper count as unreadable.
const MAX_DEPTH: usize = 16;

/// Attestors of which `required` must agree, tried in order.
#[derive(Clone, Debug)]
pub struct AttestorSet {
    /// `count`; all entries when it is absent or zero, after keys were taken apart.
    pub required: usize,
    /// The entries.
    pub entries: Vec<Attestor>,
}

/// One attestor.
#[derive(Clone, Debug, Default)]
pub struct Attestor {
    /// How it proves itself.
    pub proof: Proof,
    /// Annotations the signature must carry.
    pub annotations: Vec<(Str, Str)>,
    /// Where its signatures are, when not beside the image.
    pub repository: Str,
    /// `signatureAlgorithm`.
    pub signature_algorithm: Str,
}

/// How an attestor proves itself.
#[derive(Clone, Debug, Default)]
pub enum Proof {
    /// `keys`.
    Keys(StaticKeys),
    /// `certificates`.
    Certificates(Certificates),
    /// `keyless`.
    Keyless(Keyless),
    /// `attestor`: a set of its own, or why it cannot be read.
    Nested(Result<Box<AttestorSet>, String>),
    /// None of them: attestations are looked at whoever made them.
    #[default]
    Anybody,
}

impl Proof {
    /// What messages put behind the entry's place.
    #[must_use]
    pub fn suffix(&self) -> &'static str {
        match self {
            Self::Keys(_) => ".keys",
            Self::Certificates(_) => ".certificates",
            Self::Keyless(_) => ".keyless",
            Self::Nested(_) => ".attestor",
            Self::Anybody => "",
        }
    }
}

impl AttestorSet {
    /// Compiles a set: a `publicKeys` text with several keys becomes one entry for each.
    #[must_use]
    pub fn compile(set: &wire::AttestorSet) -> Self {
        Self::at_depth(set, 0)
    }

    /// The set that stands for no attestors at all.
    #[must_use]
    pub fn anybody() -> Self {
        Self { required: 1, entries: vec![Attestor::default()] }
    }

    fn at_depth(set: &wire::AttestorSet, depth: usize) -> Self {
        let entries: Vec<Attestor> = set.entries.iter().flat_map(|entry| attestors(entry, depth)).collect();
        let count = set.count.and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0);
        Self { required: count.unwrap_or(entries.len()), entries }
    }
}

fn attestors(entry: &wire::Attestor, depth: usize) -> Vec<Attestor> {
    let with = |proof| Attestor {
        proof,
        annotations: entry.annotations.iter().map(|(k, v)| (k.clone(), v.clone())).collect(),
        repository: entry.repository.clone(),
        signature_algorithm: entry.signature_algorithm.clone(),
    };
    if !entry.attestor.is_null() {
        let nested = match de::from_value::<wire::AttestorSet>(&entry.attestor) {
            _ if depth == MAX_DEPTH => Err("attestors nest too deeply".to_owned()),
            Ok(set) => Ok(Box::new(AttestorSet::at_depth(&set, depth + 1))),
            Err(error) => Err(error.to_string()),
        };
        return vec![with(Proof::Nested(nested))];
    }
    if let Some(keys) = &entry.keys {
        let one = |public_keys: Str| with(Proof::Keys(StaticKeys { public_keys, ..keys.clone() }));
        return split_keys(&keys.public_keys).into_iter().map(one).collect();
    }
    if let Some(certificates) = &entry.certificates {
        return vec![with(Proof::Certificates(certificates.clone()))];
    }
    vec![with(entry.keyless.clone().map_or(Proof::Anybody, Proof::Keyless))]
}

/// Each PEM block of a text that holds several; otherwise the text as it is.
fn split_keys(text: &Str) -> Vec<Str> {
    const END: &str = "-----END PUBLIC KEY-----";
    if text.matches(END).count() < 2 {
        return vec![text.clone()];
    }
    let blocks = text.split_inclusive(END).filter(|block| block.ends_with(END));
    blocks.map(|block| Str::from(block.trim_start())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::json;

    fn compile(text: &str) -> AttestorSet {
        let value = json::parse(text.as_bytes()).expect("JSON");
        AttestorSet::compile(&de::from_value(&value).expect("an attestor set"))
    }

    #[test]
    fn every_key_of_one_text_counts() {
        let two = "-----BEGIN PUBLIC KEY-----\\na\\n-----END PUBLIC KEY-----\\n-----BEGIN PUBLIC KEY-----\\nb\\n-----END PUBLIC KEY-----\\n";
        let set = compile(&format!(r#"{{"entries":[{{"keys":{{"publicKeys":"{two}"}}}},{{"keyless":{{}}}}]}}"#));
        assert_eq!((set.required, set.entries.len()), (3, 3));
        assert!(
            matches!(&set.entries[1].proof, Proof::Keys(k) if k.public_keys.starts_with("-----BEGIN") && k.public_keys.contains("\nb\n"))
        );
        let some = compile(&format!(r#"{{"count":1,"entries":[{{"keys":{{"publicKeys":"{two}"}}}}]}}"#));
        assert_eq!((some.required, some.entries.len()), (1, 2));
    }

    #[test]
    fn sets_nest_to_a_depth() {
        let set = compile(r#"{"count":0,"entries":[{"attestor":{"entries":[{"certificates":{"cert":"c"}}]}}]}"#);
        let Proof::Nested(Ok(inner)) = &set.entries[0].proof else { panic!("a nested set") };
        assert_eq!((set.required, inner.required, inner.entries[0].proof.suffix()), (1, 1, ".certificates"));
        let mut deep = r#"{"entries":[{}]}"#.to_owned();
        for _ in 0..20 {
            deep = format!(r#"{{"entries":[{{"attestor":{deep}}}]}}"#);
        }
        assert!(format!("{:?}", compile(&deep)).contains("nest too deeply"));
    }
}

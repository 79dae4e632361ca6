//! Secrets stay out of texts: whatever a Secret holds becomes `[redacted]` in messages about it, as
//! written, decoded and encoded, whole or in part.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use crate::document::Value;

/// What stands where a secret stood.
pub const REDACTED: &str = "[redacted]";

/// Shorter values are too common to be told from ordinary text.
const SHORTEST: usize = 4;

/// So long a piece of a value under `data` or `stringData` is a secret by itself.
const PIECE: usize = 8;

/// Finds what must not be shown.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    /// Whole values, longest first.
    whole: Vec<String>,
    /// Values of which no piece may be shown.
    sensitive: Vec<Vec<u8>>,
}

impl Redactor {
    /// For texts about `objects`; what is no Secret needs none.
    #[must_use]
    pub fn of<'v>(objects: impl IntoIterator<Item = &'v Value>) -> Self {
        let (mut whole, mut sensitive) = (BTreeSet::new(), BTreeSet::new());
        for object in objects.into_iter().filter(|o| is_secret(o)) {
            for field in ["data", "stringData"] {
                object.get(field).into_iter().for_each(|value| leaves(value, &mut |leaf| forms(leaf, &mut sensitive)));
            }
            for field in ["annotations", "labels"] {
                let values = object.at(&["metadata", field]);
                values.into_iter().for_each(|value| leaves(value, &mut |leaf| forms(leaf, &mut whole)));
            }
        }
        whole.extend(sensitive.iter().cloned());
        let mut whole: Vec<String> = whole.into_iter().collect();
        whole.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        let sensitive = sensitive.into_iter().map(String::into_bytes).filter(|v| v.len() >= PIECE).collect();
        Self { whole, sensitive }
    }

    /// This one and `other`: for an object made from a Secret.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut whole = [self.whole.as_slice(), &other.whole].concat();
        whole.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        whole.dedup();
        Self { whole, sensitive: [self.sensitive.as_slice(), &other.sensitive].concat() }
    }

    /// `text` without anything a Secret holds.
    #[must_use]
    pub fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in &self.whole {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), REDACTED);
            }
        }
        if self.sensitive.is_empty() { text } else { self.without_pieces(&text) }
    }

    fn without_pieces(&self, text: &str) -> String {
        let bytes = text.as_bytes();
        if bytes.len() < PIECE {
            return text.to_owned();
        }
        let windows: BTreeSet<&[u8]> = bytes.windows(PIECE).collect();
        let shown: BTreeSet<&[u8]> =
            self.sensitive.iter().flat_map(|v| v.windows(PIECE)).filter(|piece| windows.contains(piece)).collect();
        if shown.is_empty() {
            return text.to_owned();
        }
        let mut hidden = vec![false; bytes.len()];
        for (at, window) in bytes.windows(PIECE).enumerate() {
            if shown.contains(window) && !REDACTED.as_bytes().windows(PIECE).any(|w| w == window) {
                hidden[at..at + PIECE].fill(true);
            }
        }
        let mut out = String::with_capacity(text.len());
        let mut hiding = false;
        for (at, c) in text.char_indices() {
            let hide = hidden[at..at + c.len_utf8()].contains(&true);
            if hide && !hiding {
                out.push_str(REDACTED);
            } else if !hide {
                out.push(c);
            }
            hiding = hide;
        }
        out
    }
}

fn is_secret(object: &Value) -> bool {
    object.str_at(&["kind"]) == Some("Secret")
}

/// Every scalar below `value`, as text.
fn leaves(value: &Value, each: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => each(text),
        Value::Int(number) => each(&number.to_string()),
        Value::Float(number) => each(&number.to_string()),
        Value::List(items) => items.iter().for_each(|item| leaves(item, each)),
        Value::Map(map) => map.values().for_each(|item| leaves(item, each)),
        Value::Null | Value::Bool(_) => {}
    }
}

/// The ways a value may appear in a text: as it is, decoded, encoded, quoted, and line by line.
fn forms(leaf: &str, into: &mut BTreeSet<String>) {
    let compact: String = leaf.split_whitespace().collect();
    let decoded = [STANDARD.decode(&compact), URL_SAFE.decode(&compact)];
    let decoded = decoded.into_iter().flatten().filter_map(|bytes| String::from_utf8(bytes).ok());
    for plain in decoded.chain([leaf.to_owned()]) {
        let quoted = crate::document::json::to_string(&Value::from(plain.as_str()));
        let quoted = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned();
        let encoded = STANDARD.encode(&plain);
        let unpadded = encoded.trim_end_matches('=').to_owned();
        let lines: Vec<String> = plain.lines().map(|line| line.trim().to_owned()).collect();
        into.extend([quoted, unpadded, encoded].into_iter().chain(lines).filter(|form| form.len() >= SHORTEST));
        if plain.len() >= SHORTEST {
            into.insert(plain);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Map;

    fn secret(field: &str, value: &str) -> Value {
        Value::from([("kind", Value::from("Secret")), (field, Value::from([("k", Value::from(value))]))])
    }

    #[test]
    fn every_form_is_hidden() {
        let canary = "correct horse\nbattery \"staple\"";
        let encoded = STANDARD.encode(canary);
        for object in [secret("data", &encoded), secret("stringData", canary)] {
            let redactor = Redactor::of([&object]);
            for shown in
                [canary, encoded.as_str(), "battery \\\"staple\\\"", "correct horse", "horse\\nbattery", "ect hors"]
            {
                let text = redactor.apply(&format!("x '{shown}' y"));
                assert_eq!(text, format!("x '{REDACTED}' y"), "{shown}");
            }
            assert_eq!(redactor.apply("nothing of it here"), "nothing of it here");
        }
    }

    #[test]
    fn labels_and_annotations_are_hidden_whole() {
        let metadata = Value::from([("labels", Value::from([("team", Value::from("payments-team"))]))]);
        let object = Value::from([("kind", "Secret".into()), ("metadata", metadata)]);
        let redactor = Redactor::of([&object]);
        assert_eq!(redactor.apply("payments-team is the payments people"), "[redacted] is the payments people");
    }

    #[test]
    fn short_values_and_other_kinds_are_left() {
        let object = secret("data", "abc");
        assert_eq!(Redactor::of([&object]).apply("abc"), "abc");
        let map = Value::map(Map::new());
        assert_eq!(Redactor::of([&map]).apply("abcdefgh"), "abcdefgh");
        let other = Redactor::of([&secret("data", "hidden-value")]);
        assert_eq!(Redactor::default().and(&other).apply("a hidden-value"), "a [redacted]");
    }

    proptest::proptest! {
        /// No run of eight bytes of a secret survives, wherever it stands in a text.
        #[test]
        fn no_piece_of_a_secret_survives(
            value in "[A-Za-z0-9+/=\\n é]{8,40}",
            before in "[ -~]{0,20}",
            after in "[ -~]{0,20}",
            from in 0_usize..20,
        ) {
            let redactor = Redactor::of([&secret("stringData", &value)]);
            let piece: String = value.chars().skip(from).collect();
            let text = redactor.apply(&format!("{before}{piece}{after}"));
            for window in value.as_bytes().windows(PIECE) {
                let shown = text.as_bytes().windows(PIECE).any(|w| w == window);
                proptest::prop_assert!(!shown, "{text}");
            }
        }
    }
}

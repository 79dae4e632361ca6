//! Finding places by path: segments, and array indices as Go's `Atoi` reads them.

use std::borrow::Cow;

use crate::document::Value;
use crate::mutate::MAX_DEPTH;

/// A path split at its last segment: the raw segments of the parents, and the decoded last one.
pub(super) struct Split<'p> {
    pub parents: Vec<&'p str>,
    pub last: Cow<'p, str>,
}

/// Splits `path`. What stands before the first slash is ignored, as Kyverno's library does; `None`
/// for a non-empty path without a slash, or one of too many segments.
pub(super) fn split(path: &str) -> Option<Split<'_>> {
    if path.is_empty() {
        return Some(Split { parents: Vec::new(), last: Cow::Borrowed("") });
    }
    let mut segments: Vec<&str> = path.split('/').skip(1).collect();
    if segments.len() > MAX_DEPTH {
        return None;
    }
    let last = segments.pop()?;
    Some(Split { parents: segments, last: unescape(last) })
}

/// Decodes `~1` and `~0` of one segment.
pub(super) fn unescape(segment: &str) -> Cow<'_, str> {
    if !segment.contains('~') {
        return Cow::Borrowed(segment);
    }
    let mut out = String::with_capacity(segment.len());
    let mut rest = segment;
    while let Some(at) = rest.find('~') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (text, skip) = match after.as_bytes().first() {
            Some(b'1') => ("/", 1),
            Some(b'0') => ("~", 1),
            _ => ("~", 0),
        };
        out.push_str(text);
        rest = &after[skip..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Encodes one segment.
pub(super) fn escape(key: &str) -> Cow<'_, str> {
    if key.contains(['~', '/']) { Cow::Owned(key.replace('~', "~0").replace('/', "~1")) } else { Cow::Borrowed(key) }
}

/// A whole number as Go's `strconv.Atoi` reads it: an optional sign, then decimal digits.
pub(super) fn index(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("strconv.Atoi: parsing {text:?}: invalid syntax"));
    }
    text.parse().map_err(|_| format!("strconv.Atoi: parsing {text:?}: value out of range"))
}

/// The place of an existing element; negative indices count from the end.
pub(super) fn existing(index: i64, len: usize) -> Option<usize> {
    let at = if index < 0 { i64::try_from(len).ok()?.checked_add(index)? } else { index };
    usize::try_from(at).ok().filter(|at| *at < len)
}

/// What a container holds under a decoded segment; the error is the library's text.
pub(super) fn get<'v>(container: &'v Value, key: &str) -> Result<&'v Value, GetError> {
    match container {
        Value::Map(map) => map
            .get(key)
            .ok_or_else(|| GetError::Missing(format!("unable to get nonexistent key: {key}: missing value"))),
        Value::List(items) => {
            let at = index(key).map_err(GetError::Index)?;
            existing(at, items.len())
                .and_then(|place| items.get(place))
                .ok_or_else(|| GetError::Index(invalid_index(at)))
        }
        _ => Err(GetError::Index("invalid state detected".to_owned())),
    }
}

/// Why [`get`] found nothing: `test` treats a missing key as null, and a bad index as an error.
pub(super) enum GetError {
    Missing(String),
    Index(String),
}

impl GetError {
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Missing(text) | Self::Index(text) => text,
        }
    }
}

pub(super) fn invalid_index(index: i64) -> String {
    format!("Unable to access invalid index: {index}: invalid index referenced")
}

/// The container the parents lead to; `None` if a step is missing, null or a scalar.
pub(super) fn find<'v>(document: &'v Value, parents: &[&str]) -> Option<&'v Value> {
    let mut at = document;
    for segment in parents {
        at = get(at, &unescape(segment)).ok().filter(|v| is_container(v))?;
    }
    Some(at)
}

/// As [`find`], to change the container in place.
pub(super) fn find_mut<'v>(document: &'v mut Value, parents: &[&str]) -> Option<&'v mut Value> {
    find(document, parents)?;
    let mut at = document;
    for segment in parents {
        at = child_mut(at, &unescape(segment))?;
    }
    Some(at)
}

/// The existing child of a container under a decoded segment.
pub(super) fn child_mut<'v>(container: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    if matches!(container, Value::Map(_)) {
        return container.as_map_mut()?.get_mut(key);
    }
    let items = container.as_list_mut()?;
    let at = existing(index(key).ok()?, items.len())?;
    items.get_mut(at)
}

pub(super) fn is_container(value: &Value) -> bool {
    matches!(value, Value::Map(_) | Value::List(_))
}

//! Places inside a document: JSON pointers.

use std::fmt;

use super::{Str, Value};

/// One step of a [`Pointer`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// A key of a map.
    Key(Str),
    /// An index of a list, from 0.
    Index(usize),
}

impl From<&str> for Segment {
    fn from(key: &str) -> Self {
        Self::Key(key.into())
    }
}

impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl From<Str> for Segment {
    fn from(key: Str) -> Self {
        Self::Key(key)
    }
}

/// The way from a document's root to one of its values; prints as an RFC 6901 JSON pointer.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer(Vec<Segment>);

/// A text that is neither empty nor starts with `/`, or that holds a `~` not followed by 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON pointer: it must be empty or start with '/', and '~' must be written '~0'")]
pub struct PointerError;

impl Pointer {
    /// The document itself.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// Reads an RFC 6901 pointer. A decimal segment without leading zeros becomes an index; walking
    /// a map with it looks up the same text as a key.
    ///
    /// # Errors
    /// [`PointerError`].
    pub fn parse(text: &str) -> Result<Self, PointerError> {
        if text.is_empty() {
            return Ok(Self::root());
        }
        text.strip_prefix('/').ok_or(PointerError)?.split('/').map(segment).collect::<Result<_, _>>().map(Self)
    }

    /// Goes one step down.
    pub fn push(&mut self, segment: impl Into<Segment>) {
        self.0.push(segment.into());
    }

    /// Goes one step up; `None` at the root.
    pub fn pop(&mut self) -> Option<Segment> {
        self.0.pop()
    }

    /// This pointer with one more step.
    #[must_use]
    pub fn with(&self, segment: impl Into<Segment>) -> Self {
        let mut longer = self.clone();
        longer.push(segment);
        longer
    }

    /// The steps from the root.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// Whether this is the document itself.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The value at this place.
    #[must_use]
    pub fn walk<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(root, |value, segment| match (value, segment) {
            (Value::Map(map), Segment::Key(key)) => map.get(key),
            (Value::Map(map), Segment::Index(index)) => map.get(&index.to_string()),
            (Value::List(items), Segment::Index(index)) => items.get(*index),
            _ => None,
        })
    }

    /// The value at this place, to change (shared containers on the way are copied first).
    #[must_use]
    pub fn walk_mut<'v>(&self, root: &'v mut Value) -> Option<&'v mut Value> {
        self.0.iter().try_fold(root, |value, segment| match segment {
            Segment::Key(key) => value.as_map_mut()?.get_mut(key),
            Segment::Index(index) if matches!(value, Value::Map(_)) => value.as_map_mut()?.get_mut(&index.to_string()),
            Segment::Index(index) => value.as_list_mut()?.get_mut(*index),
        })
    }
}

fn segment(text: &str) -> Result<Segment, PointerError> {
    let canonical = text == "0" || !text.starts_with('0');
    if canonical
        && text.bytes().all(|b| b.is_ascii_digit())
        && let Ok(index) = text.parse()
    {
        return Ok(Segment::Index(index));
    }
    if !text.contains('~') {
        return Ok(Segment::Key(text.into()));
    }
    let mut key = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        key.push(match c {
            '~' => match chars.next() {
                Some('0') => '~',
                Some('1') => '/',
                _ => return Err(PointerError),
            },
            other => other,
        });
    }
    Ok(Segment::Key(key.into()))
}

impl From<Vec<Segment>> for Pointer {
    fn from(segments: Vec<Segment>) -> Self {
        Self(segments)
    }
}

impl FromIterator<Segment> for Pointer {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.0 {
            match segment {
                Segment::Key(key) if key.contains(['~', '/']) => {
                    write!(f, "/{}", key.replace('~', "~0").replace('/', "~1"))?;
                }
                Segment::Key(key) => write!(f, "/{key}")?,
                Segment::Index(index) => write!(f, "/{index}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_back() {
        for text in ["", "/", "/spec/containers/0/image", "/metadata/annotations/a.b~1c~0d", "/01", "//"] {
            assert_eq!(Pointer::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Pointer::parse("/a~1b").unwrap().segments(), ["a/b".into()]);
        assert_eq!(Pointer::parse("/10").unwrap().segments(), [10.into()]);
        assert_eq!(Pointer::parse("a"), Err(PointerError));
        assert_eq!(Pointer::parse("/~2"), Err(PointerError));
    }

    #[test]
    fn walking_reads_and_changes() {
        let mut value = Value::from([("items", Value::list(vec![Value::from([("7", Value::Int(1))])]))]);
        let pointer = Pointer::parse("/items/0/7").unwrap();
        assert_eq!(pointer.walk(&value), Some(&Value::Int(1)));
        *pointer.walk_mut(&mut value).unwrap() = Value::Int(2);
        assert_eq!(pointer.walk(&value), Some(&Value::Int(2)));
        assert_eq!(pointer.with("x").walk(&value), None);
        assert_eq!(Pointer::parse("/items/x").unwrap().walk(&value), None);
    }
}

//! serde for [`Value`], so that wire types may hold one: integers, floats and text stay apart.

use std::cell::Cell;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::map::Map;
use super::value::{Str, Value};

/// Lists and maps are not pre-allocated beyond this, whatever a size hint claims.
const LARGEST_HINT: usize = 1024;

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(b) => serializer.serialize_bool(*b),
            Self::Int(i) => serializer.serialize_i64(*i),
            Self::Float(f) => serializer.serialize_f64(*f),
            Self::String(s) => serializer.serialize_str(s),
            Self::List(items) => serializer.collect_seq(items.iter()),
            Self::Map(map) => map.serialize(serializer),
        }
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_map(Some(self.len()))?;
        for (key, value) in self.iter() {
            out.serialize_entry(key.as_str(), value)?;
        }
        out.end()
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader { unique_keys: false, left: None })
    }
}

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MapVisitor;
        impl<'de> Visitor<'de> for MapVisitor {
            type Value = Map;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Map, A::Error> {
                read_map(access, Reader { unique_keys: false, left: None })
            }
        }
        deserializer.deserialize_map(MapVisitor)
    }
}

fn read_map<'de, A: MapAccess<'de>>(mut access: A, reader: Reader<'_>) -> Result<Map, A::Error> {
    let mut map = Map::with_capacity(access.size_hint().unwrap_or(0).min(LARGEST_HINT));
    while let Some(key) = access.next_key::<Str>()? {
        reader.count()?;
        if map.insert(key, access.next_value_seed(reader)?).is_some() && reader.unique_keys {
            return Err(A::Error::custom("a key is given twice"));
        }
    }
    Ok(map)
}

/// Reads any value.
#[derive(Clone, Copy)]
pub(super) struct Reader<'c> {
    /// Whether a repeated key is an error; else the last one wins.
    pub(super) unique_keys: bool,
    /// How many values and keys may still come; none after one too many. Without it any number.
    pub(super) left: Option<&'c Cell<Option<usize>>>,
}

impl Reader<'_> {
    fn count<E: Error>(&self) -> Result<(), E> {
        let Some(left) = self.left else { return Ok(()) };
        left.set(left.get().and_then(|left| left.checked_sub(1)));
        left.get().map(|_| ()).ok_or_else(|| E::custom("too many values"))
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Value, E> {
        Ok(Value::Bool(b))
    }

    fn visit_i64<E>(self, i: i64) -> Result<Value, E> {
        Ok(Value::Int(i))
    }

    #[expect(clippy::cast_precision_loss, reason = "what Go does with a number that does not fit")]
    fn visit_u64<E>(self, u: u64) -> Result<Value, E> {
        Ok(i64::try_from(u).map_or(Value::Float(u as f64), Value::Int))
    }

    fn visit_f64<E>(self, f: f64) -> Result<Value, E> {
        Ok(Value::Float(f))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(Str::new(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::with_capacity(access.size_hint().unwrap_or(0).min(LARGEST_HINT));
        while let Some(item) = access.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::list(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Value, A::Error> {
        read_map(access, self).map(Value::map)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_scalar_survive() {
        let value = Value::from([
            ("int", Value::Int(1)),
            ("float", Value::Float(1.0)),
            ("text", "1".into()),
            ("rest", Value::list(vec![Value::Null, true.into(), Value::empty_map()])),
        ]);
        let text = serde_json::to_string(&value).unwrap();
        assert_eq!(text, r#"{"int":1,"float":1.0,"text":"1","rest":[null,true,{}]}"#);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}

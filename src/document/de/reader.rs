//! The serde reader over a borrowed value. Recursion is bounded by the value's depth.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use super::error::Failure;
use crate::document::{Str, Value};

/// A value about to be read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'v> {
    pub(super) value: &'v Value,
    pub(super) ignore_case: bool,
}

/// The integer a Go program would read: whole floats are written without a fraction in JSON.
fn as_integer(value: &Value) -> Option<i64> {
    match value {
        Value::Int(i) => Some(*i),
        #[expect(clippy::cast_possible_truncation, reason = "whole and in range, tested here")]
        Value::Float(f) if f.fract() == 0.0 && f.abs() < 9e18 => Some(*f as i64),
        _ => None,
    }
}

fn unexpected(value: &Value) -> Unexpected<'_> {
    match value {
        Value::Null => Unexpected::Unit,
        Value::Bool(b) => Unexpected::Bool(*b),
        Value::Int(i) => Unexpected::Signed(*i),
        Value::Float(f) => Unexpected::Float(*f),
        Value::String(s) => Unexpected::Str(s),
        Value::List(_) => Unexpected::Seq,
        Value::Map(_) => Unexpected::Map,
    }
}

macro_rules! integers {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
            match as_integer(self.value) {
                Some(integer) => visitor.visit_i64(integer),
                None => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(b) => visitor.visit_bool(*b),
            Value::Int(i) => visitor.visit_i64(*i),
            Value::Float(f) => visitor.visit_f64(*f),
            Value::String(s) => visitor.visit_borrowed_str(s),
            Value::List(items) => visitor.visit_seq(Items { items: items.iter().enumerate(), reader: self }),
            Value::Map(map) => {
                visitor.visit_map(Entries { entries: map.iter(), reader: self, current: None, fields: None })
            }
        }
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        if self.value.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match self.value {
            Value::Map(map) => {
                visitor.visit_map(Entries { entries: map.iter(), reader: self, current: None, fields: Some(fields) })
            }
            // A derived struct would also take a list of its fields' values.
            other => Err(Failure::invalid_type(unexpected(other), &visitor)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Failure> {
        match self.value {
            Value::String(name) => visitor.visit_enum(Choice { name, content: None, reader: self }),
            Value::Map(map) => match map.iter().next() {
                Some((name, content)) if map.len() == 1 => {
                    visitor.visit_enum(Choice { name, content: Some(content), reader: self })
                }
                _ => Err(Failure::invalid_type(Unexpected::Map, &"a name or a map of one key")),
            },
            other => Err(Failure::invalid_type(unexpected(other), &"a name or a map of one key")),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map identifier
    }
}

impl<'de> Reader<'de> {
    fn below(self, value: &'de Value) -> Self {
        Self { value, ..self }
    }
}

/// The items of a list.
struct Items<'v, I> {
    items: I,
    reader: Reader<'v>,
}

impl<'de, I: ExactSizeIterator<Item = (usize, &'de Value)>> SeqAccess<'de> for Items<'de, I> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Failure> {
        let Some((index, item)) = self.items.next() else { return Ok(None) };
        seed.deserialize(self.reader.below(item)).map(Some).map_err(|failure| failure.below(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The entries of a map.
struct Entries<'v, I> {
    entries: I,
    reader: Reader<'v>,
    /// The entry whose key was taken last.
    current: Option<(&'v Str, &'v Value)>,
    /// The fields of the struct to be read, if it is one.
    fields: Option<&'static [&'static str]>,
}

impl<'v, I> Entries<'v, I> {
    /// The name of the struct's field that `key` stands for.
    fn field(&self, key: &'v str) -> &'v str {
        let Some(fields) = self.fields else { return key };
        if !self.reader.ignore_case || fields.contains(&key) {
            return key;
        }
        fields.iter().find(|field| field.eq_ignore_ascii_case(key)).map_or(key, |field| *field)
    }

    /// A null field of a struct is an absent one; an unknown field is not passed over for being null.
    fn is_absent(&self, field: &str, value: &Value) -> bool {
        value.is_null() && self.fields.is_some_and(|fields| fields.contains(&field))
    }
}

impl<'de, I: Iterator<Item = (&'de Str, &'de Value)>> MapAccess<'de> for Entries<'de, I> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        while let Some((key, value)) = self.entries.next() {
            let field = self.field(key);
            if !self.is_absent(field, value) {
                self.current = Some((key, value));
                let key_reader = BorrowedStrDeserializer::<Failure>::new(field);
                return seed.deserialize(key_reader).map(Some).map_err(|failure| failure.below(key.clone()));
            }
        }
        Ok(None)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Failure> {
        let (key, value) =
            self.current.take().ok_or_else(|| Failure::custom("a value was asked for before its key"))?;
        seed.deserialize(self.reader.below(value)).map_err(|failure| failure.below(key.clone()))
    }
}

/// A variant of an enum: a name alone, or the only key of a map.
struct Choice<'v> {
    name: &'v Str,
    content: Option<&'v Value>,
    reader: Reader<'v>,
}

impl<'de> EnumAccess<'de> for Choice<'de> {
    type Error = Failure;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Failure> {
        let variant = seed.deserialize(BorrowedStrDeserializer::<Failure>::new(self.name))?;
        Ok((variant, self))
    }
}

impl<'de> Choice<'de> {
    fn content(&self) -> Result<Reader<'de>, Failure> {
        match self.content {
            Some(content) => Ok(self.reader.below(content)),
            None => Err(Failure::invalid_type(Unexpected::Str(""), &"a map of one key")),
        }
    }

    fn read<T>(self, read: impl FnOnce(Reader<'de>) -> Result<T, Failure>) -> Result<T, Failure> {
        read(self.content()?).map_err(|failure| failure.below(self.name.clone()))
    }
}

impl<'de> VariantAccess<'de> for Choice<'de> {
    type Error = Failure;

    fn unit_variant(self) -> Result<(), Failure> {
        match self.content {
            None => Ok(()),
            Some(_) => Err(Failure::invalid_type(Unexpected::Map, &"a name")),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Failure> {
        self.read(|content| seed.deserialize(content))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Failure> {
        self.read(|content| content.deserialize_any(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Failure> {
        self.read(|content| content.deserialize_struct("", fields, visitor))
    }
}

//! Values as Go's `fmt` prints them: Kyverno's messages hold such texts.

use std::fmt::Write;

use super::number;
use super::value::Value;

/// The value as `%v` prints it: `map[a:1 b:[x y]]`, `<nil>`, floats in their shortest form.
#[must_use]
pub fn go_text(value: &Value) -> String {
    let mut out = String::new();
    write_value(value, &mut out);
    out
}

fn write_value(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Int(i) => {
            let _ = write!(out, "{i}");
        }
        Value::Float(f) => out.push_str(&number::general(*f)),
        Value::String(text) => out.push_str(text),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                write_value(item, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push_str("map[");
            for (i, (key, value)) in map.sorted().into_iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                write_value(value, out);
            }
            out.push(']');
        }
    }
}

/// The name of the Go type that holds the value, as `%T` prints it.
#[must_use]
pub fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int64",
        Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_like_go() {
        let value = Value::from([
            ("b", Value::list(vec![Value::Int(1), Value::Float(2.0), Value::Null])),
            ("a", Value::Bool(true)),
            ("c", Value::empty_map()),
        ]);
        assert_eq!(go_text(&value), "map[a:true b:[1 2 <nil>] c:map[]]");
        assert_eq!(go_text(&Value::Float(1_000_000.0)), "1e+06");
        assert_eq!(go_text(&Value::Float(0.00001)), "1e-05");
    }
}

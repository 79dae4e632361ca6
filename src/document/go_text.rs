//! Values as Go's `fmt` prints them: Kyverno's messages hold such texts.

use std::fmt::Write;

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
        Value::Float(f) => out.push_str(&float_text(*f, 21)),
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

/// The shortest form of a float; with an exponent of at least two digits when it is below -4 or
/// from `exponent_from` on (21 in `%v`; 6 in texts compared by conditions).
#[must_use]
pub fn float_text(number: f64, exponent_from: i32) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let exponent = scientific.split_once('e').and_then(|(_, e)| e.parse::<i32>().ok()).unwrap_or(0);
    if number != 0.0 && (exponent < -4 || exponent >= exponent_from) {
        scientific_text(number, 'e')
    } else {
        format!("{number}")
    }
}

/// The shortest scientific form with at least two exponent digits: `8E+01`, `1.5E+00`.
#[must_use]
pub fn scientific_text(number: f64, letter: char) -> String {
    let text = format!("{number:e}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}{letter}{sign}{digits:0>2}")
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
        assert_eq!(go_text(&Value::Float(1e20)), "100000000000000000000");
        assert_eq!(go_text(&Value::Float(1e21)), "1e+21");
        assert_eq!(go_text(&Value::Float(0.00001)), "1e-05");
        assert_eq!(float_text(1_000_000.0, 6), "1e+06");
        assert_eq!(float_text(1_234_567.0, 6), "1.234567e+06");
        assert_eq!(float_text(0.0, 6), "0");
        assert_eq!(scientific_text(80.0, 'E'), "8E+01");
        assert_eq!(scientific_text(1.5, 'E'), "1.5E+00");
        assert_eq!(scientific_text(1e-7, 'E'), "1E-07");
    }
}

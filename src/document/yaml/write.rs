//! Printing a value as block YAML, laid out as kubectl or as Kyverno's command line does.

use std::fmt::Write as _;

use super::order;
use super::quote::{self, Context};
use crate::document::{Map, Str, Value, number};

/// How a value is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Columns a nested map is indented by: 2, or the next multiple of 4.
    pub indent: usize,
    /// Whether a list stands deeper than the key it belongs to.
    pub indented_lists: bool,
    /// Whether keys are sorted as go-yaml sorts them (digits by number), else in the map's order.
    pub sorted: bool,
}

impl Layout {
    /// As `kubectl get -o yaml`, but in the map's own order.
    pub const KUBECTL: Self = Self { indent: 2, indented_lists: false, sorted: false };
    /// As `kubectl get -o yaml`.
    pub const KUBECTL_SORTED: Self = Self { sorted: true, ..Self::KUBECTL };
    /// As `kyverno apply` prints changed resources (spec 60 §5.3).
    pub const KYVERNO: Self = Self { indent: 4, indented_lists: true, sorted: true };
}

/// Writes `value` with a final line break, keys in their own order: [`Layout::KUBECTL`].
#[must_use]
pub fn write(value: &Value) -> String {
    write_with(value, Layout::KUBECTL)
}

/// Writes `value` with sorted keys: [`Layout::KUBECTL_SORTED`].
#[must_use]
pub fn write_sorted(value: &Value) -> String {
    write_with(value, Layout::KUBECTL_SORTED)
}

/// Writes `value` as Kyverno's command line does: [`Layout::KYVERNO`].
#[must_use]
pub fn write_with_indent(value: &Value) -> String {
    write_with(value, Layout::KYVERNO)
}

/// Writes `value` in the given layout, with a final line break. Long lines are not folded; whatever
/// a YAML 1.1 or 1.2 reader could take for something else is quoted.
#[must_use]
pub fn write_with(value: &Value, layout: Layout) -> String {
    let mut writer = Writer { out: String::new(), layout };
    match value {
        Value::Map(map) if !map.is_empty() => writer.map(map, 0, true),
        Value::List(items) if !items.is_empty() => writer.list(items, 0, true),
        scalar => {
            writer.scalar(scalar, Context::Root, 0);
            writer.out.push('\n');
        }
    }
    writer.out
}

struct Writer {
    out: String,
    layout: Layout,
}

impl Writer {
    /// The column of what is nested in a map that stands at `column`.
    fn deeper(&self, column: usize) -> usize {
        (column + self.layout.indent) / self.layout.indent * self.layout.indent
    }

    fn start_line(&mut self, column: usize) {
        self.out.extend(std::iter::repeat_n(' ', column));
    }

    /// `inline`: the first entry goes on the line already begun.
    fn map(&mut self, map: &Map, column: usize, mut inline: bool) {
        let mut entries: Vec<(&Str, &Value)> = map.iter().collect();
        if self.layout.sorted {
            entries.sort_by(|a, b| order::compare(a.0, b.0, self.layout));
        }
        for (key, value) in entries {
            if !std::mem::take(&mut inline) {
                self.start_line(column);
            }
            let key_from = self.out.len();
            quote::write(&mut self.out, key, Context::Key, 0);
            if self.out.len() - key_from > quote::LONGEST_KEY {
                // A reader gives up looking for the colon: say that it is a key.
                self.out.insert_str(key_from, "? ");
                self.out.push('\n');
                self.start_line(column);
            }
            self.out.push(':');
            match value {
                Value::Map(map) if !map.is_empty() => {
                    self.out.push('\n');
                    self.map(map, self.deeper(column), false);
                }
                Value::List(items) if !items.is_empty() => {
                    self.out.push('\n');
                    let column = if self.layout.indented_lists { self.deeper(column) } else { column };
                    self.list(items, column, false);
                }
                scalar => {
                    self.out.push(' ');
                    self.scalar(scalar, Context::Value, self.deeper(column));
                    self.end_line();
                }
            }
        }
    }

    fn list(&mut self, items: &[Value], column: usize, mut inline: bool) {
        for item in items {
            if !std::mem::take(&mut inline) {
                self.start_line(column);
            }
            self.out.push_str("- ");
            match item {
                Value::Map(map) if !map.is_empty() => self.map(map, column + 2, true),
                Value::List(items) if !items.is_empty() => self.list(items, column + 2, true),
                scalar => {
                    self.scalar(scalar, Context::Value, column + 2);
                    self.end_line();
                }
            }
        }
    }

    /// A block scalar has already ended its line.
    fn end_line(&mut self) {
        if !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }

    /// A scalar or an empty container; `column` is where a block scalar's lines stand.
    fn scalar(&mut self, value: &Value, context: Context, column: usize) {
        match value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(b) => self.out.push_str(if *b { "true" } else { "false" }),
            Value::Int(i) => {
                let _ = write!(self.out, "{i}");
            }
            Value::Float(f) => self.float(*f),
            Value::String(text) => quote::write(&mut self.out, text, context, column),
            Value::List(_) => self.out.push_str("[]"),
            Value::Map(_) => self.out.push_str("{}"),
        }
    }

    /// As go-yaml prints what it read from JSON: whole numbers of up to 64 bits as integers.
    fn float(&mut self, f: f64) {
        const RANGE: std::ops::Range<f64> = -9_223_372_036_854_775_808.0..18_446_744_073_709_551_616.0;
        if f == 0.0 {
            self.out.push('0');
        } else if f.fract() == 0.0 && RANGE.contains(&f) {
            self.out.push_str(&number::plain(f));
        } else if f.is_nan() {
            self.out.push_str(".nan");
        } else if f.is_infinite() {
            self.out.push_str(if f > 0.0 { ".inf" } else { "-.inf" });
        } else {
            self.out.push_str(&number::general(f));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::json;

    const TEXT: &str = r#"{"z":{"b":"x\ny\n","c":["p\nq",{"r":"s\nt","u":[1,[2,{"v":{"w":1}}],[]]},{},[{"z":1}]]},
        "a10":null,"a2":1.5,"k":"y","n":1e22,"t":"a\n\n","B":2.0,"_":"12:30","e":["",true,-0.5]}"#;

    fn value() -> Value {
        json::parse(TEXT.as_bytes()).unwrap()
    }

    #[test]
    fn as_kubectl() {
        let expected = r#"z:
  b: |
    x
    y
  c:
  - |-
    p
    q
  - r: |-
      s
      t
    u:
    - 1
    - - 2
      - v:
          w: 1
    - []
  - {}
  - - z: 1
a10: null
a2: 1.5
k: "y"
"n": 1e+22
t: |+
  a

B: 2
_: "12:30"
e:
- ""
- true
- -0.5
"#;
        assert_eq!(write(&value()), expected);
        let keys: Vec<String> = write_sorted(&value())
            .lines()
            .filter(|line| !line.starts_with([' ', '-']) && line.contains(':'))
            .map(|line| line.split(':').next().unwrap_or("").to_owned())
            .collect();
        assert_eq!(keys, ["_", "B", "a2", "a10", "e", "k", "\"n\"", "t", "z"]);
    }

    #[test]
    fn as_kyverno() {
        let expected = r#"b: |
    x
    y
c:
    - |-
      p
      q
    - r: |-
        s
        t
      u:
        - 1
        - - 2
          - v:
                w: 1
        - []
    - {}
    - - z: 1
"#;
        assert_eq!(write_with_indent(value().get("z").unwrap()), expected);
    }

    #[test]
    fn a_scalar_alone() {
        assert_eq!(write(&Value::from("a\nb")), "\"a\\nb\"\n");
        assert_eq!(write(&Value::Null), "null\n");
        assert_eq!(write(&Value::empty_map()), "{}\n");
        assert_eq!(write(&Value::list(vec![Value::list(vec!["a".into()])])), "- - a\n");
    }
}

//! The syntax tree as text, in the layout of `kyverno jp parse`.

use std::fmt::Write as _;

use super::ast::{Comparison, Node};
use super::go;
use crate::document::Value;

pub(super) fn tree(node: &Node) -> String {
    let mut printer = Printer { out: String::new() };
    printer.node(node, 0);
    printer.out
}

struct Printer {
    out: String,
}

impl Printer {
    fn line(&mut self, indent: usize, text: &str) {
        let _ = writeln!(self.out, "{:indent$}{text}", "");
    }

    fn open(&mut self, kind: &str, value: Option<String>, has_children: bool, indent: usize) {
        self.line(indent, &format!("{kind} {{"));
        if let Some(value) = value {
            self.line(indent + 2, &format!("value: {value}"));
        }
        if has_children {
            self.line(indent + 2, "children: {");
        }
    }

    /// The children block is opened but never closed in the original's layout.
    fn close(&mut self, indent: usize) {
        self.line(indent, "}");
    }

    /// `a.b.c` is one node here and a left-leaning pair of pairs there.
    fn path(&mut self, keys: &[crate::document::Str], indent: usize) {
        match keys {
            [] => {}
            [key] => {
                self.open("ASTField", Some(go::quote(key)), false, indent);
                self.close(indent);
            }
            [rest @ .., last] => {
                self.open("ASTSubexpression", None, true, indent);
                self.path(rest, indent + 4);
                self.path(std::slice::from_ref(last), indent + 4);
                self.close(indent);
            }
        }
    }

    fn node(&mut self, node: &Node, indent: usize) {
        if let Node::Path(path) = node {
            return self.path(&path.keys, indent);
        }
        let (kind, value) = describe(node);
        let children = node.children();
        self.open(kind, value, !children.is_empty(), indent);
        if let Node::Hash(pairs) = node {
            for (key, child) in pairs {
                self.open("ASTKeyValPair", Some(go::quote(key)), true, indent + 4);
                self.node(child, indent + 8);
                self.close(indent + 4);
            }
        } else {
            for child in children {
                self.node(child, indent + 4);
            }
        }
        self.close(indent);
    }
}

fn describe(node: &Node) -> (&'static str, Option<String>) {
    match node {
        Node::Current => ("ASTCurrentNode", None),
        Node::Identity => ("ASTIdentity", None),
        Node::Path(_) => ("ASTField", None),
        Node::Literal(Value::Null) => ("ASTLiteral", None),
        Node::Literal(value) => ("ASTLiteral", Some(literal(value))),
        Node::Compare(comparison, ..) => ("ASTComparator", Some(comparison_token(*comparison).to_owned())),
        Node::Or(..) => ("ASTOrExpression", None),
        Node::And(..) => ("ASTAndExpression", None),
        Node::Not(_) => ("ASTNotExpression", None),
        Node::Pipe(..) => ("ASTPipe", None),
        Node::Sub(..) => ("ASTSubexpression", None),
        Node::IndexExpression(..) => ("ASTIndexExpression", None),
        Node::Index(index) => ("ASTIndex", Some(index.to_string())),
        Node::Slice(parts) => {
            // The original prints addresses; the numbers say more.
            let part = |p: &Option<i64>| p.map_or("(*int)(nil)".to_owned(), |n| n.to_string());
            let parts: Vec<_> = parts.iter().map(part).collect();
            ("ASTSlice", Some(format!("[]*int{{{}}}", parts.join(", "))))
        }
        Node::Projection(..) => ("ASTProjection", None),
        Node::ValueProjection(..) => ("ASTValueProjection", None),
        Node::Filter { .. } => ("ASTFilterProjection", None),
        Node::Flatten(_) => ("ASTFlatten", None),
        Node::List(_) => ("ASTMultiSelectList", None),
        Node::Hash(_) => ("ASTMultiSelectHash", None),
        Node::Expref(_) => ("ASTExpRef", None),
        Node::Call(call) => ("ASTFunctionExpression", Some(go::quote(&call.name))),
    }
}

/// The node as Go's `%v` prints the original's struct: `{5 name []}`, the number of its kind, its value, its children.
pub(super) fn go_struct(node: &Node) -> String {
    let name = describe(node).0;
    let kind = KINDS.iter().position(|kind| *kind == name).unwrap_or_default();
    let value = match node {
        Node::Path(path) => {
            return path.keys.iter().fold(String::new(), |left, key| {
                let field = format!("{{5 {key} []}}");
                if left.is_empty() { field } else { format!("{{20 <nil> [{left} {field}]}}") }
            });
        }
        Node::Literal(value) => go::value_text(value),
        Node::Index(index) => index.to_string(),
        Node::Call(call) => call.name.to_string(),
        Node::Compare(comparison, ..) => comparison_token(*comparison).to_owned(),
        _ => "<nil>".to_owned(),
    };
    let children: Vec<_> = match node {
        Node::Hash(pairs) => pairs.iter().map(|(key, child)| format!("{{11 {key} [{}]}}", go_struct(child))).collect(),
        other => other.children().into_iter().map(go_struct).collect(),
    };
    format!("{{{kind} {value} [{}]}}", children.join(" "))
}

/// The kinds of nodes in the original's order.
const KINDS: [&str; 23] = [
    "ASTEmpty",
    "ASTComparator",
    "ASTCurrentNode",
    "ASTExpRef",
    "ASTFunctionExpression",
    "ASTField",
    "ASTFilterProjection",
    "ASTFlatten",
    "ASTIdentity",
    "ASTIndex",
    "ASTIndexExpression",
    "ASTKeyValPair",
    "ASTLiteral",
    "ASTMultiSelectHash",
    "ASTMultiSelectList",
    "ASTOrExpression",
    "ASTAndExpression",
    "ASTNotExpression",
    "ASTPipe",
    "ASTProjection",
    "ASTSubexpression",
    "ASTSlice",
    "ASTValueProjection",
];

fn comparison_token(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Eq => "tEQ",
        Comparison::Ne => "tNE",
        Comparison::Lt => "tLT",
        Comparison::Lte => "tLTE",
        Comparison::Gt => "tGT",
        Comparison::Gte => "tGTE",
    }
}

/// A literal in Go syntax (`%#v`).
fn literal(value: &Value) -> String {
    match value {
        Value::Null => "interface {}(nil)".to_owned(),
        Value::String(text) => go::quote(text),
        Value::List(items) => {
            let items: Vec<_> = items.iter().map(literal).collect();
            format!("[]interface {{}}{{{}}}", items.join(", "))
        }
        Value::Map(map) => {
            let pairs: Vec<_> =
                map.sorted().into_iter().map(|(key, item)| format!("{}:{}", go::quote(key), literal(item))).collect();
            format!("map[string]interface {{}}{{{}}}", pairs.join(", "))
        }
        scalar => go::value_text(scalar),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Expression;

    #[test]
    fn prints_the_layout_of_jp_parse() {
        let tree = Expression::compile("a.b[0] == 'x'").expect("parses").tree();
        let expected = "\
ASTComparator {
  value: tEQ
  children: {
    ASTSubexpression {
      children: {
        ASTField {
          value: \"a\"
        }
        ASTIndexExpression {
          children: {
            ASTField {
              value: \"b\"
            }
            ASTIndex {
              value: 0
            }
        }
    }
    ASTLiteral {
      value: \"x\"
    }
}
";
        assert_eq!(tree, expected);
    }
}

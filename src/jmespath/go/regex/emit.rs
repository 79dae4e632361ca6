//! A syntax tree to a pattern of the `regex` crate, in which nothing is left to that crate's own reading of the syntax.

use std::fmt::Write as _;

use super::ast::{Class, ClassItem, Re};

pub(super) fn emit(re: &Re) -> String {
    let mut out = String::new();
    write_re(&mut out, re);
    out
}

fn write_char(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() {
        out.push(c);
    } else {
        let _ = write!(out, "\\x{{{:x}}}", u32::from(c));
    }
}

fn write_range(out: &mut String, low: char, high: char) {
    write_char(out, low);
    if low != high {
        out.push('-');
        write_char(out, high);
    }
}

fn write_class(out: &mut String, class: &Class) {
    out.push('[');
    if class.negated {
        out.push('^');
    }
    for item in &class.items {
        match item {
            ClassItem::Range(low, high) => write_range(out, *low, *high),
            ClassItem::Outside(ranges) => {
                out.push_str("[^");
                for (low, high) in *ranges {
                    write_range(out, *low, *high);
                }
                out.push(']');
            }
            ClassItem::Unicode(pattern) => out.push_str(pattern),
        }
    }
    out.push(']');
}

fn write_re(out: &mut String, re: &Re) {
    match re {
        Re::Empty => out.push_str("(?:)"),
        Re::Literal { c, fold: false } => write_char(out, *c),
        Re::Literal { c, fold: true } => {
            out.push_str("(?i:");
            write_char(out, *c);
            out.push(')');
        }
        Re::Class { class, fold } => {
            out.push_str(if *fold { "(?i:" } else { "(?:" });
            write_class(out, class);
            out.push(')');
        }
        Re::Any { newline } => out.push_str(if *newline { "(?s:.)" } else { "(?-s:.)" }),
        Re::Assertion(text) => out.push_str(text),
        Re::Capture(inner) => {
            out.push('(');
            write_re(out, inner);
            out.push(')');
        }
        Re::Repeat { inner, min, max, greedy } => {
            out.push_str("(?:");
            write_re(out, inner);
            out.push(')');
            let _ = match max {
                Some(max) => write!(out, "{{{min},{max}}}"),
                None => write!(out, "{{{min},}}"),
            };
            if !greedy {
                out.push('?');
            }
        }
        Re::Concat(items) => {
            for item in items {
                write_re(out, item);
            }
        }
        Re::Alternate(items) => {
            out.push_str("(?:");
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push('|');
                }
                write_re(out, item);
            }
            out.push(')');
        }
    }
}

//! Places inside a template, as error texts print them and as `{{ @ }}` reads them.

use std::fmt::Write as _;

use crate::document::path::Segment;

/// `/spec/containers/0`, with `/` inside a key written `\/`.
pub(super) fn path_text(segments: &[Segment]) -> String {
    let mut out = String::new();
    for segment in segments {
        match segment {
            Segment::Key(key) => {
                let _ = write!(out, "/{}", key.replace('/', "\\/"));
            }
            Segment::Index(index) => {
                let _ = write!(out, "/{index}");
            }
        }
    }
    out
}

/// The expression that `{{ @ }}` at this place stands for (spec 30 §1.6): everything up to the first `foreach` is
/// dropped, then two more steps, and the rest is a path below `root`.
pub(super) fn here(root: &str, segments: &[Segment]) -> String {
    let is_foreach = |segment: &Segment| matches!(segment, Segment::Key(key) if key == "foreach");
    let past_foreach = segments.iter().position(is_foreach).map_or(0, |i| i + 1);
    let rest = segments.get(past_foreach..).unwrap_or_default();
    let rest = if rest.len() > 2 { rest.get(2..).unwrap_or_default() } else { &[] };
    let mut out = root.to_owned();
    for segment in rest {
        match segment {
            Segment::Index(index) => {
                let _ = write!(out, "[{index}]");
            }
            Segment::Key(key) if key.is_empty() => {}
            Segment::Key(key) if key.parse::<u64>().is_ok() => {
                let _ = write!(out, "[{key}]");
            }
            Segment::Key(key) if is_identifier(key) => {
                let _ = write!(out, ".{key}");
            }
            Segment::Key(key) => {
                out.push_str(".\"");
                for c in key.chars() {
                    match c {
                        '"' | '\\' => {
                            out.push('\\');
                            out.push(c);
                        }
                        '\0'..='\x1f' => {
                            let _ = write!(out, "\\u{:04x}", u32::from(c));
                        }
                        _ => out.push(c),
                    }
                }
                out.push('"');
            }
        }
    }
    out
}

fn is_identifier(key: &str) -> bool {
    !key.starts_with(|c: char| c.is_ascii_digit()) && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn here_drops_what_the_original_drops() {
        let at = |keys: &[&str]| {
            let segments: Vec<Segment> =
                keys.iter().map(|k| k.parse::<usize>().map_or_else(|_| (*k).into(), Segment::from)).collect();
            here("request.object", &segments)
        };
        assert_eq!(at(&["mutate", "patchStrategicMerge", "spec", "a-b", "(name)"]), {
            r#"request.object.spec."a-b"."(name)""#
        });
        assert_eq!(at(&["spec", "containers", "0", "image"]), "request.object[0].image");
        assert_eq!(at(&["mutate", "foreach", "0", "patchStrategicMerge", "spec"]), "request.object.spec");
        assert_eq!(at(&["key", "value"]), "request.object");
        assert_eq!(path_text(&["a/b".into(), 1.into()]), r"/a\/b/1");
    }
}

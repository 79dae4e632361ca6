//! What a program complains about, as it may be shown to everybody who sees an application: without the
//! paths of this run, without values, short.

use crate::document::{Value, yaml};

/// The longest text that is kept.
const LONGEST: usize = 700;

/// Shorter texts than this are no secret, and everywhere.
const SHORTEST_VALUE: usize = 4;

/// The texts that must not be repeated.
#[derive(Clone, Debug, Default)]
pub struct Values {
    texts: Vec<String>,
}

impl Values {
    /// Adds a text.
    pub fn add(&mut self, text: &str) {
        for line in text.lines().map(str::trim) {
            if line.len() >= SHORTEST_VALUE && !matches!(line, "true" | "false" | "null") {
                self.texts.push(line.to_owned());
            }
        }
    }

    /// Adds everything in a YAML text; the lines of one that is none.
    pub fn add_yaml(&mut self, text: &str) {
        match yaml::read(text, &yaml::Limits::default()) {
            Ok(documents) => documents.iter().for_each(|d| self.add_value(&d.value)),
            Err(_) => self.add(text),
        }
    }

    /// Adds every text and number in `value`.
    pub fn add_value(&mut self, value: &Value) {
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            match value {
                Value::String(text) => self.add(text),
                Value::Int(number) => self.add(&number.to_string()),
                Value::Float(number) => self.add(&number.to_string()),
                Value::List(list) => waiting.extend(list.iter()),
                Value::Map(map) => waiting.extend(map.values()),
                Value::Null | Value::Bool(_) => {}
            }
        }
    }

    /// The longest first, so that no part of one stays behind.
    fn sorted(&self, known: &dyn Fn(&str) -> bool) -> Vec<&str> {
        let mut texts: Vec<&str> = self.texts.iter().map(String::as_str).filter(|t| !known(t)).collect();
        texts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        texts.dedup();
        texts
    }
}

/// `text` as it may be shown. `root` is the run's own directory; a value that `known` says is part of a
/// file's path stays, else no place could be named.
#[must_use]
pub fn cleaned(text: &str, root: &str, values: &Values, known: &dyn Fn(&str) -> bool) -> String {
    let mut text = without_escapes(text).replace(&format!("{root}/tree/"), "").replace(&format!("{root}/tree"), ".");
    text = text.replace(&format!("{root}/"), "").replace(root, ".");
    let mut lines: Vec<&str> = text.lines().map(str::trim).filter(|l| !l.is_empty() && !is_noise(l)).collect();
    // Usage and log lines stand before what is wrong.
    if let Some(first) = lines.iter().position(|l| l.starts_with("Error:") || l.starts_with("error:")) {
        lines.drain(..first);
    }
    let joined = lines.join(" ");
    let joined = joined.strip_prefix("Error: ").or_else(|| joined.strip_prefix("error: ")).unwrap_or(&joined);
    let mut shown = without_quoted_patches(&without_configurations(joined));
    for value in values.sorted(known) {
        let flat = value.split_whitespace().collect::<Vec<_>>().join(" ");
        for form in [value, flat.as_str()] {
            if shown.contains(form) {
                shown = shown.replace(form, "[redacted]");
            }
        }
    }
    shorten(&shown)
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LONGEST).collect();
    short.push('…');
    short
}

fn is_noise(line: &str) -> bool {
    line.starts_with("Use --debug flag") || line.starts_with("# Warning:") || line.starts_with("walk.go:")
}

/// Kustomize repeats the configuration of a transformer, patches among it, between backticks.
fn without_configurations(text: &str) -> String {
    let mark = "with config: `";
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(mark) {
        let (before, after) = rest.split_at(at + mark.len());
        out.push_str(before);
        out.push('…');
        // To the last backtick: the configuration may hold some itself.
        let end = after.find("`:").or_else(|| after.rfind('`')).unwrap_or(after.len());
        rest = after.get(end..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// Kustomize repeats a whole patch in brackets when it cannot read it.
fn without_quoted_patches(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("patch from [").or_else(|| rest.find("patches from [")) {
        let Some(open) = rest.get(at..).and_then(|r| r.find('[')) else { break };
        out.push_str(rest.get(..at + open).unwrap_or_default());
        out.push_str("[…]");
        let inside = rest.get(at + open..).unwrap_or_default();
        // To the bracket that closes it, else to the end.
        let mut depth = 0_usize;
        let mut end = inside.len();
        for (index, c) in inside.char_indices() {
            match c {
                '[' => depth += 1,
                ']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        end = index + 1;
                        break;
                    }
                }
                _ => {}
            }
        }
        rest = inside.get(end..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// Without the sequences that colour a terminal.
fn without_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            if chars.next() == Some('[') {
                for c in chars.by_ref() {
                    if c.is_ascii_alphabetic() {
                        break;
                    }
                }
            }
        } else if c == '\n' || !c.is_control() {
            out.push(c);
        } else {
            out.push(' ');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(text: &str, secrets: &str) -> String {
        let mut values = Values::default();
        values.add_yaml(secrets);
        cleaned(text, "/tmp/rendergate-x", &values, &|known| known == "templates")
    }

    #[test]
    fn helm_without_our_paths() {
        let text = "walk.go:75: found symbolic link\nError: execution error at (web/templates/x.yaml:3:4): image.tag is required\n\nUse --debug flag to render out invalid YAML\n";
        assert_eq!(clean(text, ""), "execution error at (web/templates/x.yaml:3:4): image.tag is required");
        let text = "Error: open /tmp/rendergate-x/tree/app/values.yaml: no such file";
        assert_eq!(clean(text, ""), "open app/values.yaml: no such file");
    }

    #[test]
    fn values_are_never_repeated() {
        let secrets =
            "db: {password: hunter2secret, port: 54321, on: true}\nkey: |\n  first line\n  second line\nx: templates\n";
        let text = "Error: web/templates/x.yaml: bad \"hunter2secret\" at 54321, first line second line; true";
        assert_eq!(
            clean(text, secrets),
            "web/templates/x.yaml: bad \"[redacted]\" at [redacted], [redacted] [redacted]; true"
        );
    }

    #[test]
    fn patches_are_cut_out() {
        let text = "Error: unable to parse SM or JSON patch from [- op: add\n  path: /a\n  value: [s3cret]]";
        assert_eq!(clean(text, ""), "unable to parse SM or JSON patch from […]");
        let text = "Error: trouble configuring builtin PatchTransformer with config: `\npatch: |-\n  a: s3cret`: unable to parse\n";
        assert_eq!(clean(text, ""), "trouble configuring builtin PatchTransformer with config: `…`: unable to parse");
        assert!(!clean("Error: x with config: `\npatch: s3cret", "").contains("s3cret"));
    }

    #[test]
    fn colours_and_lengths_are_bounded() {
        let text = format!("Error: \u{1b}[31mred\u{1b}[0m {}", "x".repeat(5000));
        let shown = clean(&text, "");
        assert!(shown.starts_with("red xxx") && shown.chars().count() == LONGEST + 1, "{shown}");
    }
}

//! Finding variables in a text (spec 30 §1.1).

/// One variable in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence<'t> {
    /// The character before it, which a scan consumes with it; none at the start of the text.
    pub before: Option<char>,
    /// The variable with its braces.
    pub token: &'t str,
}

/// The variables of one scan: leftmost first, not overlapping, not preceded by a backslash. The second of two adjacent
/// variables is left for the next scan, as the character before it belongs to the first.
#[must_use]
pub fn occurrences(text: &str) -> Vec<Occurrence<'_>> {
    let mut found = Vec::new();
    // From here on characters are free to stand before a variable.
    let mut free = 0;
    let mut at = 0;
    while let Some(start) = text.get(at..).and_then(|rest| rest.find("{{")).map(|i| at + i) {
        at = start + 1;
        let before = text.get(free..start).and_then(|gap| gap.chars().next_back());
        let allowed = match before {
            None => start == 0,
            Some(c) => c != '\\',
        };
        if let (true, Some(length)) = (allowed, text.get(start..).and_then(token_length)) {
            at = start + length;
            free = at;
            found.push(Occurrence { before, token: text.get(start..at).unwrap_or_default() });
        }
    }
    found
}

/// The length of the variable `text` starts with: `{{`, then characters other than braces or `{…}` groups without
/// braces inside, then `}}`.
fn token_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 2;
    loop {
        match bytes.get(at)? {
            b'}' => return (bytes.get(at + 1) == Some(&b'}')).then_some(at + 2),
            b'{' => {
                let inside = at + 1;
                let end = bytes.get(inside..)?.iter().position(|b| matches!(b, b'{' | b'}'))?;
                if bytes.get(inside + end) != Some(&b'}') {
                    return None;
                }
                at = inside + end + 1;
            }
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::occurrences;

    fn tokens(text: &str) -> Vec<&str> {
        occurrences(text).into_iter().map(|o| o.token).collect()
    }

    #[test]
    fn finds_what_one_scan_finds() {
        assert_eq!(tokens("{{a}}{{b}} {{c}}"), ["{{a}}", "{{c}}"]);
        assert_eq!(tokens("{{ x.{{y}} }}"), ["{{y}}"]);
        assert_eq!(tokens(r"\{{ a }} \{{ {{b}} }}"), ["{{b}}"]);
        assert_eq!(tokens("{{ {a: b} }}"), ["{{ {a: b} }}"]);
        assert_eq!(tokens("{{{a}}}"), ["{{{a}}}"]);
        assert_eq!(tokens("{{{a}}"), ["{{a}}"]);
        assert_eq!(tokens("{{ a\nb }}"), ["{{ a\nb }}"]);
        assert_eq!(tokens(r#"{{ x || `{"a":{"b":1}}` }}"#), [""; 0]);
        assert_eq!(tokens("{{ a } }}"), [""; 0]);
        assert_eq!(tokens("é{{a}}"), ["{{a}}"]);
    }

    #[test]
    fn the_regular_expression_of_the_original_agrees() {
        let original = regex::Regex::new(r"(^|[^\\])(\{\{(?:\{[^{}]*\}|[^{}])*\}\})").expect("valid");
        proptest::proptest!(|(text in r"[{}\\aé ]{0,24}")| {
            let expected: Vec<_> = original.captures_iter(&text).map(|c| c.get(2).map_or("", |m| m.as_str())).collect();
            assert_eq!(tokens(&text), expected, "{}", text);
        });
    }
}

//! `$NAME` and `${NAME}` in a renderer's options, replaced as Argo CD does natively: by the build
//! environment of the application and by nothing else. `$$` is a dollar sign; an unknown name is empty.

/// Replaces every variable of `text` by what `value` says of its name.
///
/// Follows Go's `os.Expand`, on which Argo CD's own replacement stands: a name is letters, digits and
/// `_`, or one of the shell's special characters; `${}` and an unclosed `${` vanish.
#[must_use]
pub fn expand(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let after = &rest[at + 1..];
        out.push_str(&rest[..at]);
        if after.is_empty() {
            out.push('$');
            return out;
        }
        let (name, used) = name_of(after);
        match name {
            // A dollar sign before something that is no name stays.
            "" if used == 0 => out.push('$'),
            "" => {}
            "$" => out.push('$'),
            name => out.push_str(&value(name).unwrap_or_default()),
        }
        rest = &after[used..];
    }
    out.push_str(rest);
    out
}

fn is_special(c: char) -> bool {
    matches!(c, '*' | '#' | '$' | '@' | '!' | '?' | '-' | '0'..='9')
}

fn is_name(c: char) -> bool {
    c == '_' || c.is_ascii_alphanumeric()
}

/// The name at the beginning of `text`, and how many of its bytes are used up.
fn name_of(text: &str) -> (&str, usize) {
    let mut chars = text.chars();
    match chars.next() {
        Some('{') => {
            let inside = &text[1..];
            if let Some(special) = inside.chars().next().filter(|c| is_special(*c))
                && inside[special.len_utf8()..].starts_with('}')
            {
                return (&inside[..special.len_utf8()], special.len_utf8() + 2);
            }
            match inside.find('}') {
                Some(0) => ("", 2),
                Some(end) => (&inside[..end], end + 2),
                None => ("", 1),
            }
        }
        Some(c) if is_special(c) => (&text[..c.len_utf8()], c.len_utf8()),
        _ => {
            let end = text.find(|c| !is_name(c)).unwrap_or(text.len());
            (&text[..end], end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_expands() {
        let value = |name: &str| (name == "ARGOCD_APP_NAME").then(|| "shop".to_owned());
        for (text, expected) in [
            ("$ARGOCD_APP_NAME", "shop"),
            ("${ARGOCD_APP_NAME}-web", "shop-web"),
            ("a$$b", "a$b"),
            ("$$ARGOCD_APP_NAME", "$ARGOCD_APP_NAME"),
            ("[$HOME][${PATH}]", "[][]"),
            ("cost: 5$", "cost: 5$"),
            ("a$ b", "a$ b"),
            ("${}x", "x"),
            ("${x", "x"),
            ("$1y", "y"),
            ("ä$ARGOCD_APP_NAMEä", "äshopä"),
            ("", ""),
        ] {
            assert_eq!(expand(text, value), expected, "{text}");
        }
    }
}

//! Anchors: keys of the form `M(KEY)` (chapter 20 §2.1).

/// What an anchored key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// `(k)`: the rest applies only where this matches.
    Conditional,
    /// `<(k)`: as conditional, for everything around it.
    Global,
    /// `=(k)`: if present, it must match.
    Equality,
    /// `^(k)`: some element of the list must match.
    Existence,
    /// `X(k)`: must not be present.
    Negation,
    /// `+(k)`: add if not present; only mutations know it.
    AddIfNotPresent,
}

/// Reads an anchored key into the anchor and the bare key; `None` for a plain key.
#[must_use]
pub fn parse(key: &str) -> Option<(Anchor, &str)> {
    let text = key.trim();
    let inner = text.strip_suffix(')')?;
    let (anchor, bare) = match inner.split_at_checked(1)? {
        ("(", bare) => (Anchor::Conditional, bare),
        (modifier, rest) => {
            let anchor = match modifier {
                "<" => Anchor::Global,
                "=" => Anchor::Equality,
                "^" => Anchor::Existence,
                "X" => Anchor::Negation,
                "+" => Anchor::AddIfNotPresent,
                _ => return None,
            };
            (anchor, rest.strip_prefix('(')?)
        }
    };
    (!bare.is_empty() && !bare.contains('\n')).then_some((anchor, bare))
}

/// The key with its anchor around it.
#[must_use]
pub fn wrap(anchor: Anchor, key: &str) -> String {
    let modifier = match anchor {
        Anchor::Conditional => "",
        Anchor::Global => "<",
        Anchor::Equality => "=",
        Anchor::Existence => "^",
        Anchor::Negation => "X",
        Anchor::AddIfNotPresent => "+",
    };
    format!("{modifier}({key})")
}

impl Anchor {
    /// Whether a validate pattern interprets it before the plain keys of its map.
    #[must_use]
    pub fn is_first_phase(self) -> bool {
        matches!(self, Self::Conditional | Self::Equality | Self::Existence | Self::Negation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar() {
        assert_eq!(parse("(name)"), Some((Anchor::Conditional, "name")));
        assert_eq!(parse(" ^(a b) "), Some((Anchor::Existence, "a b")));
        assert_eq!(parse("X(a)(b)"), Some((Anchor::Negation, "a)(b")));
        assert_eq!(parse("+(a)"), Some((Anchor::AddIfNotPresent, "a")));
        assert_eq!(parse("<(a)"), Some((Anchor::Global, "a")));
        assert_eq!(parse("=((a))"), Some((Anchor::Equality, "(a)")));
        for key in ["", "(", ")", "()", "=()", "a(b)", "(a", "é(a)", "==(a)", "= (a)", "x(a)"] {
            assert_eq!(parse(key), None, "{key}");
        }
    }

    #[test]
    fn wrap_undoes_parse() {
        for key in ["(a)", "<(a)", "=(a)", "^(a)", "X(a)", "+(a)"] {
            assert_eq!(parse(key).map(|(anchor, bare)| wrap(anchor, bare)).as_deref(), Some(key));
        }
    }
}

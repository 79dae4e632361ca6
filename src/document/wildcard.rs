//! Kyverno wildcards: `*` any run, `?` one character.

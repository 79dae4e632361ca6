//! The text match by which Kyverno decides which context entries a query needs.

/// Whether `text` mentions `name` as Kyverno's lazy loader sees it (spec 30 §3.1): preceded by the start or by any
/// character but `.`, a digit or an ASCII letter, and followed by an ASCII word boundary. Blind to syntax: strings and
/// quoted identifiers count.
#[must_use]
pub fn mentions(text: &str, name: &str) -> bool {
    let Some(first) = name.as_bytes().first().copied() else { return false };
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let bytes = text.as_bytes();
    let ends_in_word = name.as_bytes().last().copied().is_some_and(is_word);
    // Asked at every evaluation, of texts too short for a searcher to be worth its preparation.
    let mut from = 0;
    while let Some(at) = bytes.get(from..).and_then(|rest| memchr::memchr(first, rest)).map(|i| from + i) {
        if !bytes[at..].starts_with(name.as_bytes()) {
            from = at + 1;
            continue;
        }
        let before = at.checked_sub(1).and_then(|i| bytes.get(i).copied());
        let after = bytes.get(at + name.len()).copied();
        if before.is_none_or(|b| b != b'.' && !b.is_ascii_alphanumeric()) && ends_in_word != after.is_some_and(is_word)
        {
            return true;
        }
        from = at + name.len();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn is_the_text_match_of_the_lazy_loader() {
        for text in ["name.x", "f(name)", "\"name\"", "'name'", "name-x", "my_name", "[?name=='a']", "name"] {
            assert!(mentions(text, "name"), "{text}");
        }
        for text in ["request.object.metadata.name", "myname", "name1", "name_x", ""] {
            assert!(!mentions(text, "name"), "{text}");
        }
        assert!(mentions("xname + name", "name"));
        assert!(mentions("nanname, name", "name") && !mentions("nam", "name") && !mentions("nnn", "nn"));
    }
}

//! The table of spec 30 §4.9, and Go's error texts.

use super::{Mode, Regex, parse};

fn matches(pattern: &str, text: &str) -> bool {
    Regex::new(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}")).is_match(text)
}

fn error(pattern: &str) -> String {
    let error = Regex::new(pattern).expect_err(pattern);
    error.strip_prefix("error parsing regexp: ").expect("Go's prefix").to_owned()
}

#[test]
fn syntax_is_read_as_go_reads_it() {
    for (pattern, text, expected) in [
        (r"^\d$", "٣", false),
        (r"^\w$", "é", false),
        (r"^\W$", "é", true),
        (r"\bé\b", "é", false),
        (r"a\Bb", "ab", true),
        (r"é\Bé", "éé", true),
        (r"^\s$", "\u{b}", false),
        (r"^[[:space:]]$", "\u{b}", true),
        (r"^[\w-.]+$", "a-.", true),
        (r"^[a&&b]+$", "a&b", true),
        (r"^[a~~b]$", "~", true),
        (r"^[+--]$", ",", true),
        (r"^[[x]+$", "[x", true),
        (r"^\Qa.b\E$", "a.b", true),
        (r"^\Qa.b\E$", "axb", false),
        (r"^\<a\>$", "<a>", true),
        (r"^a{,5}$", "a{,5}", true),
        (r"^x{2}{$", "xx{", true),
        (r"^{$", "{", true),
        (r"^\101\x42\x{43}$", "ABC", true),
        (r"^\p{^Greek}$", "α", false),
        (r"^\pL+\P{Lu}$", "Éa1", true),
        (r"(?i)^K$", "\u{212a}", true),
        (r"(?i)a(?-i)b", "Ab", true),
        (r"(?i)a(?-i)b", "AB", false),
        (r"(?P<1a>x)", "x", true),
        (r"^a.c$", "a\nc", false),
        (r"(?s)^a.c$", "a\nc", true),
        (r"(?m)^b$", "a\nb", true),
        (r"b$", "b\n", false),
        (r"^[^a]$", "\n", true),
        (r"^[]a]+$", "]a", true),
        (r"^\_$", "_", true),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} on {text:?}");
    }
}

#[test]
fn errors_are_those_of_go() {
    for (pattern, text) in [
        ("a(", "missing closing ): `a(`"),
        ("a)b", "unexpected ): `a)b`"),
        ("[a", "missing closing ]: `[a`"),
        ("[z-a]", "invalid character class range: `z-a`"),
        ("[[:nope:]]", "invalid character class range: `[:nope:]`"),
        (r"\p{Nope}", r"invalid character class range: `\p{Nope}`"),
        (r"\p{greek}", r"invalid character class range: `\p{greek}`"),
        ("*a", "missing argument to repetition operator: `*`"),
        ("a|+", "missing argument to repetition operator: `+`"),
        ("a**", "invalid nested repetition operator: `**`"),
        ("a{2}{3}", "invalid nested repetition operator: `{2}{3}`"),
        ("a?+", "invalid nested repetition operator: `?+`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("(a{100}){100}", "invalid repeat count: `{100}`"),
        ("a{3,2}", "invalid repeat count: `{3,2}`"),
        (r"\1", r"invalid escape sequence: `\1`"),
        (r"\u00e9", r"invalid escape sequence: `\u`"),
        (r"\xg", r"invalid escape sequence: `\xg`"),
        ("\\", "trailing backslash at end of expression: ``"),
        ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?P<a b>x)", "invalid named capture: `(?P<a b>`"),
    ] {
        assert_eq!(error(pattern), text, "{pattern}");
    }
    assert!(error(&"(".repeat(5000)).starts_with("expression nests too deeply"));
    for pattern in [r"\d", r"(?:a)", r"(?i)a", r"\pN", r"\bx"] {
        assert!(parse(pattern, Mode::Plain).is_err(), "{pattern}");
    }
}

#[test]
fn replacement_templates_expand_as_in_go() {
    let regex = Regex::new(r"(?P<first>a)(b)").expect("valid");
    let expand = |template: &str| {
        let mut out = String::new();
        let found = regex.captures_iter("ab").next().expect("a match");
        regex.expand(&found, template, &mut out);
        out
    };
    assert_eq!(expand("$2$1"), "ba");
    assert_eq!(expand("$1x-${1}x"), "-ax");
    assert_eq!(expand("$01.$first.${first}.$$.$"), ".a.a.$.$");
    assert_eq!(expand("${1"), "${1");
    assert_eq!(expand("$9"), "");
}

#[test]
fn any_pattern_is_compiled_or_refused() {
    proptest::proptest!(|(pattern in r"[\[\]\^$.|?*+(){}\\a-cpPQE0-9,:<>=!iU& é-]{0,20}")| {
        if let Ok(parsed) = parse(&pattern, Mode::Perl) {
            let emitted = super::emit::emit(&parsed.re);
            proptest::prop_assert!(regex::Regex::new(&emitted).is_ok(), "{} became {}", pattern, emitted);
        }
    });
}

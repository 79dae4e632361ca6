//! The order in which go-yaml prints keys: letters after everything else, runs of digits by number.

use std::cmp::Ordering;

use super::write::Layout;

/// Compares two keys. kubectl's go-yaml v2 and Kyverno's v3 differ in one case: after equal digits
/// v3 puts a letter first.
pub(super) fn compare(a: &str, b: &str, layout: Layout) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    let letters_first_after_digits = layout == Layout::KYVERNO;
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) else { return a.len().cmp(&b.len()) };
    match (a[at].is_alphabetic(), b[at].is_alphabetic()) {
        (true, true) => return a[at].cmp(&b[at]),
        (false, false) => {}
        (a_is_letter, _) => {
            let after_digit = letters_first_after_digits && at > 0 && is_digit(a[at - 1]);
            return if a_is_letter == after_digit { Ordering::Less } else { Ordering::Greater };
        }
    }
    // Zeros that differ within a number, not before it, count as digits of that number.
    let inside =
        (a[at] == '0' || b[at] == '0') && a[..at].iter().rev().take_while(|c| is_digit(**c)).any(|c| *c != '0');
    let (a_number, a_end) = number(&a[at..], inside);
    let (b_number, b_end) = number(&b[at..], inside);
    a_number.cmp(&b_number).then(a_end.cmp(&b_end)).then(a[at].cmp(&b[at]))
}

/// The number that starts here and how many digits it has; wraps as Go's 64 bits do.
fn number(text: &[char], inside: bool) -> (i64, usize) {
    let digits: Vec<i64> = text.iter().map_while(|c| c.to_digit(10).map(i64::from)).collect();
    let start = i64::from(inside);
    (digits.iter().fold(start, |n, d| n.wrapping_mul(10).wrapping_add(*d)), digits.len())
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(mut keys: Vec<&str>, layout: Layout) -> Vec<&str> {
        keys.sort_by(|a, b| compare(a, b, layout));
        keys
    }

    #[test]
    fn digits_by_number_and_letters_last() {
        let keys = vec!["b", "a10", "a2", "a02", "B", "_", "1", "a", "10", "9", "ab", "a-"];
        let expected = ["_", "1", "9", "10", "B", "a", "a-", "a2", "a02", "a10", "ab", "b"];
        assert_eq!(sorted(keys, Layout::KUBECTL_SORTED), expected);
    }

    #[test]
    fn after_digits_the_two_versions_differ() {
        assert_eq!(sorted(vec!["a1b", "a1-"], Layout::KUBECTL_SORTED), ["a1-", "a1b"]);
        assert_eq!(sorted(vec!["a1b", "a1-"], Layout::KYVERNO), ["a1b", "a1-"]);
    }
}

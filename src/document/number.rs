//! Numbers as Go prints them: the three float formats that Kyverno's texts show.

/// The shortest decimal text without an exponent (Go's `'f'`, precision -1).
#[must_use]
pub fn plain(number: f64) -> String {
    format!("{number}")
}

/// The shortest text with an exponent of at least two digits (Go's `'e'`): `1e+21`, `1.5e-07`.
#[must_use]
pub fn scientific(number: f64) -> String {
    go_exponent(&format!("{number:e}"))
}

/// Go's shortest `'g'`: an exponent below 1e-4 and from 1e+06 on.
#[must_use]
pub fn general(number: f64) -> String {
    choose(&format!("{number:e}"), plain(number))
}

/// As [`general`], after rounding to 32 bits: how sigs.k8s.io/yaml turns a float key into text.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "rounding to 32 bits is the point")]
pub fn general_32(number: f64) -> String {
    let number = number as f32;
    choose(&format!("{number:e}"), format!("{number}"))
}

fn choose(with_exponent: &str, plain: String) -> String {
    let exponent: i32 = with_exponent.rsplit_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    if (-4..6).contains(&exponent) { plain } else { go_exponent(with_exponent) }
}

/// `1e21` to `1e+21`, `1e-7` to `1e-07`.
fn go_exponent(text: &str) -> String {
    let Some((digits, exponent)) = text.split_once('e') else { return text.to_owned() };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(('+', exponent), |e| ('-', e));
    format!("{digits}e{sign}{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_prints() {
        assert_eq!(general(1_000_000.0), "1e+06");
        assert_eq!(general(123_456.0), "123456");
        assert_eq!(general(1_234_567.5), "1.2345675e+06");
        assert_eq!(general(0.0001), "0.0001");
        assert_eq!(general(0.000_01), "1e-05");
        assert_eq!(general(0.0), "0");
        assert_eq!(general(-2.5), "-2.5");
        assert_eq!(general(1e100), "1e+100");
        assert_eq!(general_32(0.123_456_789), "0.12345679");
        assert_eq!(scientific(1e-7), "1e-07");
        assert_eq!(plain(1e20), "100000000000000000000");
    }
}

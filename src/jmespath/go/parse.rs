//! How Go reads floats (`strconv.ParseFloat`).

/// A float in Go's syntax: decimal, hexadecimal (`0x1p-2`), `Inf`, `NaN`; `None` for anything else and for numbers out
/// of range.
#[must_use]
pub fn parse_float(text: &str) -> Option<f64> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..)?),
        Some(b'+') => (false, text.get(1..)?),
        _ => (false, text),
    };
    let signed = |number: f64| if negative { -number } else { number };
    let lower = digits.to_ascii_lowercase();
    match lower.as_str() {
        "inf" | "infinity" => return Some(signed(f64::INFINITY)),
        "nan" => return (digits.len() == text.len()).then_some(f64::NAN),
        _ => {}
    }
    if let Some(hex) = lower.strip_prefix("0x") {
        // One underscore may follow the prefix.
        return hexadecimal(&without_underscores(hex.strip_prefix('_').unwrap_or(hex))?).map(signed);
    }
    let lower = without_underscores(&lower)?;
    if !lower.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'+' | b'-')) {
        return None;
    }
    lower.parse::<f64>().ok().filter(|number| number.is_finite()).map(signed)
}

/// The text without underscores between digits; `None` when one stands elsewhere.
fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_hexdigit);
    let allowed = |(at, _): (usize, &str)| digit(at.checked_sub(1)) && digit(Some(at + 1));
    text.match_indices('_').all(allowed).then(|| text.replace('_', ""))
}

/// `mantissa p exponent`, both required; digits beyond 64 bits only count as "a bit more".
fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let exponent: i32 = exponent.parse().ok()?;
    let (mut value, mut scale, mut digits, mut after_point) = (0_u64, 0_i32, 0, false);
    for c in mantissa.chars() {
        if c == '.' && !after_point {
            after_point = true;
            continue;
        }
        let digit = u64::from(c.to_digit(16)?);
        digits += 1;
        if value >> 60 == 0 {
            value = value << 4 | digit;
            scale -= if after_point { 4 } else { 0 };
        } else {
            value |= u64::from(digit != 0);
            scale += if after_point { 0 } else { 4 };
        }
    }
    if digits == 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "rounds to nearest, as meant")]
    let value = value as f64;
    let power = exponent.checked_add(scale)?.clamp(-2200, 2200);
    // In two steps, so that a subnormal result is not lost to an underflowing factor.
    let number = value * 2_f64.powi(power / 2) * 2_f64.powi(power - power / 2);
    number.is_finite().then_some(number)
}

#[cfg(test)]
mod tests {
    use super::parse_float;

    #[test]
    fn reads_what_go_reads() {
        for (text, number) in
            [("5.50", 5.5), ("+.5", 0.5), ("1e3", 1000.0), ("0x1p-2", 0.25), ("1_0", 10.0), ("-0X1.8p1", -3.0)]
        {
            assert_eq!(parse_float(text), Some(number), "{text}");
        }
        assert_eq!(parse_float("-Inf"), Some(f64::NEG_INFINITY));
        assert!(parse_float("nan").is_some_and(f64::is_nan));
        for text in ["", " 1", "1 ", "1__0", "_1", "1_", "1e999", "0x1", "0xp1", "e5", "+nan", "12Ki"] {
            assert_eq!(parse_float(text), None, "{text}");
        }
    }
}

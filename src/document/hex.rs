//! Bytes in hexadecimal, as digests are written.

use std::fmt::Write as _;

/// Two lower-case digits for each byte.
#[must_use]
pub fn lower(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_byte_has_two_digits() {
        assert_eq!(super::lower(&[0, 0x0a, 0xff]), "000aff");
    }
}

//! The first block of a PEM text.

use super::super::digests;

/// The label and the bytes of the first well-formed block.
pub(super) fn decode(text: &str) -> Option<(&str, Vec<u8>)> {
    let mut rest = text;
    loop {
        let start = rest.find("-----BEGIN ")?;
        let after = rest.get(start + 11..)?;
        rest = after;
        let Some((label, body)) = after.split_once("-----") else { continue };
        let end = format!("-----END {label}-----");
        let Some((body, _)) = body.split_once(&end) else { continue };
        // Headers (`Key: value` lines) end at an empty line.
        let body = match body.split_once("\n\n") {
            Some((headers, body)) if headers.contains(": ") => body,
            _ => body,
        };
        let packed: Vec<u8> = body.bytes().filter(|b| !matches!(b, b' ' | b'\t')).collect();
        if let Ok(bytes) = digests::decode(&packed) {
            return Some((label, bytes));
        }
    }
}

//! `base64_encode`, `base64_decode`, `md5`, `sha1`, `sha256`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;

use super::Type::String;
use super::{Args, Function, Origin, Params, fails, gives};
use crate::document::{Value, hex};
use crate::jmespath::error::EvalError;

const ONE: Params = Params::Exactly(&[&[String]]);

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "base64_encode",
        origin: Origin::Kyverno,
        params: ONE,
        returns: &[String],
        note: "base64 of the text, standard alphabet, padded",
        examples: &[gives("base64_encode('hello')", "\"aGVsbG8=\"")],
        run: |args| args.produce(STANDARD.encode(args.text(0)?)),
    },
    Function {
        name: "base64_decode",
        origin: Origin::Kyverno,
        params: ONE,
        returns: &[String],
        note: "the text of padded base64 in the standard alphabet; line breaks are skipped",
        examples: &[
            gives("base64_decode('aGVsbG8=')", "\"hello\""),
            fails("base64_decode('Hello World')", "illegal base64 data at input byte 5"),
            fails("base64_decode('aGVsbG8')", "illegal base64 data at input byte 4"),
            fails("base64_decode('aGVsbG8=x')", "illegal base64 data at input byte 8"),
        ],
        run: base64_decode,
    },
    Function {
        name: "md5",
        origin: Origin::Kyverno,
        params: ONE,
        returns: &[String],
        note: "the MD5 digest in hexadecimal",
        examples: &[gives("md5('0')", "\"cfcd208495d565ef66e7dff9f98764da\"")],
        run: |args| digest(args, |text| md5::Md5::digest(text).to_vec()),
    },
    Function {
        name: "sha1",
        origin: Origin::Kyverno,
        params: ONE,
        returns: &[String],
        note: "the SHA-1 digest in hexadecimal",
        examples: &[gives("sha1('')", "\"da39a3ee5e6b4b0d3255bfef95601890afd80709\"")],
        run: |args| digest(args, |text| sha1::Sha1::digest(text).to_vec()),
    },
    Function {
        name: "sha256",
        origin: Origin::Kyverno,
        params: ONE,
        returns: &[String],
        note: "the SHA-256 digest in hexadecimal",
        examples: &[gives("sha256('hello')", "\"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824\"")],
        run: |args| digest(args, |text| sha2::Sha256::digest(text).to_vec()),
    },
];

fn digest(args: &Args<'_>, hash: impl FnOnce(&[u8]) -> Vec<u8>) -> Result<Value, EvalError> {
    let text = args.text(0)?;
    args.budget().step(text.len() / 8)?;
    Ok(Value::from(hex::lower(&hash(text.as_bytes()))))
}

fn base64_decode(args: &Args<'_>) -> Result<Value, EvalError> {
    let text = args.text(0)?;
    args.budget().produce(text.len())?;
    match decode(text.as_bytes()) {
        Ok(bytes) => Ok(Value::from(replace_invalid(&bytes))),
        Err(at) => Err(EvalError::other(format!("illegal base64 data at input byte {at}"))),
    }
}

/// Decodes as Go's `base64.StdEncoding`: CR and LF skipped, padding required, stray trailing bits accepted. The error is
/// the offset Go reports.
pub(super) fn decode(text: &[u8]) -> Result<Vec<u8>, usize> {
    let significant = |from: usize| (from..text.len()).find(|&i| !matches!(text.get(i), Some(b'\r' | b'\n')));
    let sextet = |byte: u8| -> Option<u32> {
        Some(u32::from(match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        }))
    };
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut at = 0;
    loop {
        let (mut bits, mut count) = (0_u32, 0_usize);
        while count < 4 {
            let Some(i) = significant(at) else {
                return if count == 0 { Ok(out) } else { Err(text.len() - count) };
            };
            at = i + 1;
            let byte = text.get(i).copied().unwrap_or_default();
            if let Some(six) = sextet(byte) {
                bits = bits << 6 | six;
                count += 1;
                continue;
            }
            if byte != b'=' || count < 2 {
                return Err(i);
            }
            if count == 2 {
                match significant(at) {
                    Some(next) if text.get(next) == Some(&b'=') => at = next + 1,
                    Some(next) => return Err(next - 1),
                    None => return Err(text.len()),
                }
            }
            if let Some(garbage) = significant(at) {
                return Err(garbage);
            }
            let bytes = (bits << (6 * (4 - count))).to_be_bytes();
            out.extend(bytes.get(1..count).unwrap_or_default());
            return Ok(out);
        }
        out.extend(bits.to_be_bytes().get(1..).unwrap_or_default());
    }
}

/// Text of bytes, each byte that is not UTF-8 replaced on its own, as Go prints them.
fn replace_invalid(bytes: &[u8]) -> std::string::String {
    let mut out = std::string::String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_as_go_does() {
        assert_eq!(decode(b"aGVs\r\nbG8=\n"), Ok(b"hello".to_vec()));
        assert_eq!(decode(b"aGVsbG9="), Ok(b"hello".to_vec()), "trailing bits");
        assert_eq!(decode(b"aGVsbA=="), Ok(b"hell".to_vec()));
        for (text, at) in [("a", 0), ("aG", 0), ("aGVsb===", 5), ("=", 0), ("aG=x", 2), ("aG=", 3), ("true!", 4)] {
            assert_eq!(decode(text.as_bytes()), Err(at), "{text}");
        }
        assert_eq!(replace_invalid(&[0xb6, 0xb7, 0x9e, b'a']), "\u{fffd}\u{fffd}\u{fffd}a");
    }
}

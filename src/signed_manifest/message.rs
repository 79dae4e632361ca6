//! The signed message: base64 of a gzip of the manifests, or of a tar archive of them.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;

use crate::document::Value;
use crate::document::yaml::{self, Limits};

/// Messages that unpack to more are refused: an object holds at most a megabyte or so.
const LARGEST: u64 = 16 << 20;

/// The size of a tar block.
const BLOCK: usize = 512;

/// The bytes that are signed.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, String> {
    let packed: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'\n' | b'\r')).collect();
    let packed =
        STANDARD.decode(packed).map_err(|e| format!("failed to decode base64 message in the annotation: {e}"))?;
    // What is no gzip is the message itself.
    Ok(unpack(&packed)?.unwrap_or(packed))
}

/// `None` when it is no gzip.
fn unpack(packed: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let mut bytes = Vec::new();
    match MultiGzDecoder::new(packed).take(LARGEST + 1).read_to_end(&mut bytes) {
        Err(_) => Ok(None),
        Ok(_) if bytes.len() as u64 > LARGEST => Err(format!("the message is larger than {LARGEST} bytes")),
        Ok(_) => Ok(Some(bytes)),
    }
}

/// The manifests of a message: its YAML documents, or those of the files of a packed archive.
pub(super) fn manifests(message: &[u8]) -> Result<Vec<Value>, String> {
    const FAILED: &str = "failed to read YAMLs in the gzipped message: ";
    let plain = std::str::from_utf8(message).map_or_else(|_| Vec::new(), documents);
    if !plain.is_empty() {
        return Ok(plain);
    }
    let archive = unpack(message)
        .map_err(|cause| format!("{FAILED}{cause}"))?
        .ok_or_else(|| format!("{FAILED}gzip.NewReader() failed while decompressing tar gz"))?;
    let mut all = Vec::new();
    for file in files(&archive).map_err(|cause| format!("{FAILED}{cause}"))? {
        all.extend(std::str::from_utf8(file).map_or_else(|_| Vec::new(), documents));
    }
    Ok(all)
}

/// The objects of a YAML text; none when it is not YAML.
fn documents(text: &str) -> Vec<Value> {
    let read = yaml::read(text, &Limits::default()).unwrap_or_default();
    read.into_iter().map(|document| document.value).filter(|value| value.as_map().is_some()).collect()
}

/// The contents of the YAML files of a tar archive, in order.
fn files(archive: &[u8]) -> Result<Vec<&[u8]>, String> {
    let mut rest = archive;
    let mut files = Vec::new();
    while let Some((header, after)) = rest.split_at_checked(BLOCK) {
        if header.iter().all(|byte| *byte == 0) {
            break;
        }
        let text = |range: std::ops::Range<usize>| {
            let field = header.get(range).unwrap_or_default();
            String::from_utf8_lossy(field.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
        };
        let name = text(0..100);
        let size = usize::from_str_radix(text(124..136).trim(), 8).map_err(|_| "archive/tar: invalid tar header")?;
        let content = after.get(..size).ok_or("unexpected EOF")?;
        match header.get(156).copied().unwrap_or_default() {
            b'0' | 0 if [".yaml", ".yml"].iter().any(|end| name.ends_with(end)) && !name.starts_with("..") => {
                files.push(content);
            }
            b'0' | 0 | b'5' => {}
            other => return Err(format!("unknown type {} of {name} in the archive", char::from(other))),
        }
        rest = after.get(size.next_multiple_of(BLOCK)..).unwrap_or_default();
    }
    Ok(files)
}

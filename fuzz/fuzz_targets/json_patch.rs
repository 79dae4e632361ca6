//! A document and a patch, as JSON with a zero byte between them: nothing panics, and the difference
//! of the document and the result leads from one to the other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rendergate::document::json;
use rendergate::mutate::equal;
use rendergate::mutate::json_patch::{JsonPatch, diff};

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let (Some(document), Some(patch)) = (parts.next(), parts.next()) else { return };
    let (Ok(document), Ok(patch)) = (json::parse(document), std::str::from_utf8(patch)) else { return };
    let Ok(patched) = JsonPatch::from_text(patch).and_then(|patch| patch.apply(&document)) else { return };
    let way = JsonPatch::from(diff(&document, &patched));
    match way.apply(&document) {
        Ok(reached) => assert!(equal(&reached, &patched)),
        // A change of the whole document to a scalar cannot be said in this dialect.
        Err(error) => assert!(patched.as_map().is_none() && patched.as_list().is_none(), "{error}"),
    }
});

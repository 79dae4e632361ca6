//! A resource and a patch, as JSON with a zero byte between them: merging ends, without panic, and
//! does not touch what it was given.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rendergate::document::json;
use rendergate::mutate::strategic_merge::StrategicMerge;

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let (Some(resource), Some(patch)) = (parts.next(), parts.next()) else { return };
    let (Ok(resource), Ok(patch)) = (json::parse(resource), json::parse(patch)) else { return };
    let Ok(patch) = StrategicMerge::compile(&patch) else { return };
    let before = resource.clone();
    let first = patch.apply(&resource);
    assert_eq!(before, resource);
    assert_eq!(first, patch.apply(&resource));
});

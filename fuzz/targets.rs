//! What must hold for any input, one function a target. `cargo fuzz run NAME` feeds it new inputs,
//! `tests/it/fuzz_corpus.rs` those of `corpus/NAME`.
//!
//! To add a target: a function here and its line in [`TARGETS`], a file in `fuzz_targets`, a `[[bin]]`
//! in `Cargo.toml`, and a few seeds in `corpus/NAME`.

use rendergate::document::{Pointer, Value, json, yaml};

/// A target: panics when what it promises does not hold.
pub type Target = fn(&[u8]);

/// Every target by name.
#[allow(dead_code, reason = "each fuzz target uses one of them, the replay all")]
pub const TARGETS: &[(&str, Target)] = &[("yaml", yaml)];

/// A text is read or refused with a place inside it; what is read is bounded, found again by its
/// place, and printed so that it is read back.
pub fn yaml(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let limits = yaml::Limits { alias_nodes: 10_000, ..yaml::Limits::default() };
    let documents = match yaml::read(text, &limits) {
        Ok(documents) => documents,
        Err(error) => {
            assert!(error.position.offset <= text.len(), "{error}");
            assert!(text.is_char_boundary(error.position.offset), "{error}");
            return;
        }
    };
    for document in documents {
        assert!(document.value.depth() < limits.depth);
        assert!(yaml::locate(text, document.index, &Pointer::root()).is_some());
        for layout in [yaml::Layout::KUBECTL, yaml::Layout::KYVERNO] {
            let printed = yaml::write_with(&document.value, layout);
            let again = yaml::read(&printed, &limits).unwrap_or_else(|error| panic!("{error} in {printed:?}"));
            let again = again.into_iter().next().map(|document| document.value).unwrap_or_default();
            assert_eq!(as_json(&again), as_json(&document.value), "{printed:?}");
        }
    }
}

/// JSON makes no difference between 1 and 1.0, nor does the printed YAML.
fn as_json(value: &Value) -> String {
    let text = json::to_string(&value.with_floats());
    assert!(json::parse(text.as_bytes()).is_ok(), "{text}");
    text
}

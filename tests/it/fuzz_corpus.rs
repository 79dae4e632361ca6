//! Every input kept in `fuzz/corpus` still holds what its fuzz target promises.

use std::fs;
use std::path::Path;

#[path = "../../fuzz/targets.rs"]
pub mod targets;

#[test]
fn kept_inputs_hold() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, target) in targets::TARGETS {
        let mut inputs = 0;
        for entry in fs::read_dir(corpus.join(name)).expect("each target has a folder of inputs") {
            let path = entry.expect("a readable folder").path();
            target(&fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())));
            inputs += 1;
        }
        assert!(inputs > 0, "no inputs for {name}");
    }
}

//! A stream of policies as YAML: reading, checking, autogen and lowering never panic, and what is
//! loaded can be indexed and asked for candidates.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rendergate::document::manifest::{Manifest, Source};
use rendergate::document::yaml;
use rendergate::policy::load::load;
use rendergate::policy::request::Operation;
use rendergate::policy::set::PolicySet;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(documents) = yaml::read(text, &yaml::Limits::default()) else { return };
    let objects = documents.iter().filter_map(|document| {
        let source = Source::of("fuzz.yaml".into(), text.into(), document);
        Manifest::expand(document.value.clone(), source).ok()
    });
    let loaded = load(objects.flatten());
    let set = PolicySet::new(loaded.policies, loaded.exceptions);
    for kind in ["Pod", "Deployment", "CronJob", ""] {
        for candidates in set.candidates(kind, Operation::Create) {
            assert!(!candidates.rules.is_empty());
            assert!(candidates.rules.iter().all(|rule| rule.applies_to_kind(kind)));
        }
    }
});

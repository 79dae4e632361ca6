//! Denial texts recorded from the real Kyverno webhook, read and written again: the same bytes.

use std::io::Read;
use std::path::PathBuf;

use flate2::read::GzDecoder;
use rendergate::document::{Str, json, yaml};
use rendergate::output::admission::{Findings, denial_text};

#[test]
fn recorded_denials_are_written_again_byte_for_byte() {
    let Some(lines) = recorded("oracle/admission/expected.jsonl.gz") else { return };
    let mut compared = 0;
    for line in lines.lines() {
        let answer = json::parse(line.as_bytes()).expect("a recorded line is JSON");
        let Some(message) = answer.str_at(&["validate", "message"]) else { continue };
        let resource = answer.str_at(&["resource"]).expect("a recorded answer names its resource");
        let (_, findings) = message.split_once("policies \n\n").expect("a recorded denial has the sentence");
        let [kind, namespace, name] = resource.split('/').collect::<Vec<_>>()[..] else {
            panic!("{resource} is not Kind/namespace/name")
        };
        assert_eq!(denial_text(kind, namespace, name, &read(findings)), message);
        compared += 1;
    }
    assert!(compared > 2000, "only {compared} denials were compared");
}

fn read(text: &str) -> Findings {
    let documents = yaml::read(text, &yaml::Limits::default()).expect("a recorded denial is YAML");
    let policies = documents.first().and_then(|d| d.value.as_map()).expect("a map of policies");
    let rules = |rules: &rendergate::document::Value| {
        let rules = rules.as_map().expect("a map of rules").iter();
        rules.map(|(rule, text)| (rule.clone(), text.as_str().expect("a message").to_owned())).collect()
    };
    policies.iter().map(|(policy, value)| (Str::clone(policy), rules(value))).collect()
}

/// A gzipped file of the shared recordings; `None`, said aloud, when they are absent.
fn recorded(name: &str) -> Option<String> {
    let shared = std::env::var_os("RENDERGATE_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")), PathBuf::from);
    let path = shared.join(name);
    let Ok(file) = std::fs::File::open(&path) else {
        eprintln!("not compared: {} is absent", path.display());
        return None;
    };
    let mut text = String::new();
    GzDecoder::new(file).read_to_string(&mut text).expect("the recording is gzip");
    Some(text)
}

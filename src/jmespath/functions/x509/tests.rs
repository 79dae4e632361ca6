//! Against what Go's `crypto/x509` and `encoding/json` make of the same files.

use crate::document::Value;
use crate::jmespath::go::json;
use crate::jmespath::{Expression, FixedClock, Runtime, SeededRandom};

fn decode(pem: &str) -> Result<Value, String> {
    let clock = FixedClock(jiff::Timestamp::UNIX_EPOCH);
    let random = SeededRandom::new(1);
    let expression = Expression::compile("x509_decode(pem)").expect("parses");
    let root = Value::from([("pem", Value::from(pem))]);
    expression.search(&root, &Runtime::new(&clock, &random)).map_err(|e| e.to_string())
}

#[track_caller]
fn assert_same(pem: &str, expected: &str) {
    let (actual, expected) = (decode(pem).expect("decodes"), json::read(expected).expect("valid"));
    for (key, value) in expected.as_map().expect("an object").iter() {
        assert_eq!(actual.get(key), Some(value), "{key}");
    }
    for key in actual.as_map().expect("an object").keys() {
        assert!(expected.get(key).is_some(), "{key} is not there in Go");
    }
}

#[test]
fn a_certificate_has_the_fields_go_prints() {
    assert_same(include_str!("testdata/certificate.pem"), include_str!("testdata/certificate.json"));
}

#[test]
fn a_request_has_the_fields_go_prints() {
    assert_same(include_str!("testdata/request.pem"), include_str!("testdata/request.json"));
}

#[test]
fn other_keys_and_broken_files_are_refused() {
    assert_eq!(decode(include_str!("testdata/elliptic.pem")), Err("certificate should use rsa algorithm".to_owned()));
    let pem = include_str!("testdata/certificate.pem");
    for cut in [80, 200, 600] {
        let broken = format!("{}\n-----END CERTIFICATE-----\n", pem.get(..cut).expect("long enough"));
        assert!(decode(&broken).is_err());
    }
}

#![allow(clippy::unwrap_used)]

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

use super::*;
use crate::document::yaml::{self, Limits};

const SIGNED: &str =
    "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: [{port: 80}, {port: 81}], a: ''}\n";

/// The head of a P-256 key in SubjectPublicKeyInfo; the point follows.
const P256: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

struct Signer(EcdsaKeyPair);

impl Signer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).unwrap())
    }

    fn key(&self) -> PublicKey {
        let der: Vec<u8> = P256.iter().chain(self.0.public_key().as_ref()).copied().collect();
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(der));
        PublicKey::from_pem(&pem).unwrap()
    }

    fn sign(&self, message: &[u8]) -> String {
        STANDARD.encode(self.0.sign(&SystemRandom::new(), message).unwrap())
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// A tar archive of one file.
fn archive(name: &str, content: &str) -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
    header[156] = b'0';
    header.extend_from_slice(content.as_bytes());
    header.resize(header.len().next_multiple_of(512) + 1024, 0);
    header
}

fn object(text: &str, annotations: &[(&str, &str)]) -> Value {
    let mut value = yaml::read(text, &Limits::default()).unwrap().remove(0).value;
    let metadata = value.as_map_mut().unwrap().get_mut("metadata").unwrap().as_map_mut().unwrap();
    let pairs: crate::document::Map = annotations
        .iter()
        .map(|(name, text)| (Str::from(format!("{DEFAULT_DOMAIN}/{name}")), Value::from(*text)))
        .collect();
    metadata.insert("annotations", pairs.into());
    value
}

fn check(object: &Value, key: &PublicKey) -> Result<Verdict, String> {
    let ignore = Ignore::compile(Vec::new(), DEFAULT_DOMAIN);
    verify(object, key, DEFAULT_DOMAIN, &ignore).map_err(|e| e.to_string())
}

#[test]
fn what_was_signed_is_verified_packed_either_way() {
    let signer = Signer::new();
    for message in [SIGNED.as_bytes().to_vec(), packed(&archive("m.yaml", SIGNED))] {
        let text = STANDARD.encode(packed(&message));
        let signature = signer.sign(&message);
        let signed = object(SIGNED, &[("message", &text), ("signature", &signature)]);
        assert_eq!(check(&signed, &signer.key()), Ok(Verdict::Verified));
        let second = object(SIGNED, &[("message", &text), ("signature", "AAAA"), ("signature_1", &signature)]);
        assert_eq!(check(&second, &signer.key()), Ok(Verdict::Verified));
    }
}

#[test]
fn another_key_or_message_is_no_signature() {
    let (signer, other) = (Signer::new(), Signer::new());
    let text = STANDARD.encode(packed(SIGNED.as_bytes()));
    let signature = signer.sign(SIGNED.as_bytes());
    let signed = object(SIGNED, &[("message", &text), ("signature", &signature)]);
    assert_eq!(
        check(&signed, &other.key()),
        Err("failed to verify signature: verification failed for 1 signature. all trials: \
             [\"[publickey 1/1] [signature 1/1] error: cosign.VerifyBlobCmd.Exec() returned an error: \
             invalid signature when validating ASN.1 encoded signature\"]"
            .to_owned())
    );
    let altered = STANDARD.encode(packed(SIGNED.replace("81", "82").as_bytes()));
    let forged = object(&SIGNED.replace("81", "82"), &[("message", &altered), ("signature", &signature)]);
    assert!(check(&forged, &signer.key()).is_err());
    let bundled = object(SIGNED, &[("message", &text), ("signature", &signature), ("bundle", "x")]);
    assert!(check(&bundled, &signer.key()).unwrap_err().contains("transparency logs"));
    let elsewhere = object(SIGNED, &[("message", &text), ("signature", &signature), ("resourceBundleRef", "r")]);
    assert!(check(&elsewhere, &signer.key()).unwrap_err().contains("registry"));
}

#[test]
fn differences_are_named_but_for_what_clusters_fill_in() {
    let signer = Signer::new();
    let text = STANDARD.encode(packed(SIGNED.as_bytes()));
    let signature = signer.sign(SIGNED.as_bytes());
    let seen = |text_of: &str| {
        let object = object(text_of, &[("message", &text), ("signature", &signature)]);
        match check(&object, &signer.key()) {
            Ok(Verdict::Differs(differences)) => difference_text(&differences),
            other => format!("{other:?}"),
        }
    };
    let with = |from: &str, to: &str| seen(&SIGNED.replace(from, to));
    assert_eq!(
        with("port: 81", "port: 82"),
        r#"{"items":[{"key":"spec.ports.1.port","values":{"after":82,"before":81}}]}"#
    );
    assert_eq!(
        with("port: 81", "port: '81'"),
        r#"{"items":[{"key":"spec.ports.1.port","values":{"after":"(type: string) 81","before":"(type: float64) %!s(float64=81)"}}]}"#
    );
    assert_eq!(
        with("a: ''", "externalName: <x>"),
        r#"{"items":[{"key":"spec.externalName","values":{"after":"\u003cx\u003e","before":null}}]}"#
    );
    assert_eq!(with("a: ''", "clusterIP: 10.0.0.1"), "Ok(Verified)");
    assert_eq!(with("{name: s}", "{name: s, namespace: n, uid: u}"), "Ok(Verified)");
    assert_eq!(
        with("kind: Service", "kind: Pod"),
        format!(
            "{:?}",
            Ok::<_, ()>(Verdict::NotSigned(
                "YAML manifest not found for this resource: failed to find a YAML manifest in the gzipped message"
            ))
        )
    );
}

#[test]
fn what_carries_nothing_is_not_signed() {
    let signer = Signer::new();
    let text = STANDARD.encode(packed(SIGNED.as_bytes()));
    let bare = check(&object(SIGNED, &[]), &signer.key());
    assert_eq!(bare, Ok(Verdict::NotSigned("YAML manifest not found for this resource: message not found")));
    let unsigned = check(&object(SIGNED, &[("message", &text)]), &signer.key());
    assert_eq!(unsigned, Ok(Verdict::NotSigned("failed to verify signature: signature not found")));
    assert!(check(&object(SIGNED, &[("message", "***")]), &signer.key()).unwrap_err().contains("base64"));
    assert!(check(&object(SIGNED, &[("message", "AAAA")]), &signer.key()).is_err());
}

#[test]
fn the_policys_fields_are_ignored_where_it_says() {
    let own = |kind: &str| {
        let objects = vec![["", "", kind, "", "prod*"].map(Str::from)];
        Ignore::compile(vec![Binding { objects, fields: vec!["spec.ports.*.port".into(), "[".into()] }], "d")
    };
    let before = yaml::read(SIGNED, &Limits::default()).unwrap().remove(0).value;
    let text = SIGNED.replace("81", "82").replace("{name: s}", "{name: s, namespace: production}");
    let after = yaml::read(&text, &Limits::default()).unwrap().remove(0).value;
    let count = |ignore: &Ignore| differences(&before, &after, &ignore.fields_for(&after)).unwrap().len();
    assert_eq!((count(&own("Serv*")), count(&own("Pod"))), (0, 1));
}

#[test]
fn keys_that_are_none_are_refused() {
    for text in ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "k8s://a/b"] {
        assert!(PublicKey::from_pem(text).is_err(), "{text}");
    }
}

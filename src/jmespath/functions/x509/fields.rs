//! Certificates and signing requests, laid out as Go prints its `x509.Certificate` and `x509.CertificateRequest`.

use core::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::cri_attributes::ParsedCriAttribute;
use x509_parser::der_parser::oid::Oid;
use x509_parser::extensions::{GeneralName, ParsedExtension, X509Extension};
use x509_parser::prelude::{FromDer, X509Certificate, X509Name};
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use crate::document::{Map, Value};
use crate::jmespath::go::time::Time;

const RSA: &str = "1.2.840.113549.1.1.1";
/// Larger keys are refused: turning the modulus into decimals takes quadratic time.
const MAX_MODULUS: usize = 4096;

/// The fields of a certificate.
pub(super) fn certificate(der: &[u8]) -> Result<Value, &'static str> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(|_| "x509: malformed certificate")?;
    let tbs = &certificate.tbs_certificate;
    let mut fields = Fields::default();
    fields.set("PublicKey", public_key(&tbs.subject_pki)?);
    fields.set("PublicKeyAlgorithm", number(1.0));
    fields.set("Raw", bytes(der));
    fields.set("RawTBSCertificate", bytes(tbs.as_ref()));
    fields.set("RawSubjectPublicKeyInfo", bytes(tbs.subject_pki.raw));
    fields.set("RawSubject", bytes(tbs.subject.as_raw()));
    fields.set("RawIssuer", bytes(tbs.issuer.as_raw()));
    fields.set("Signature", bytes(&certificate.signature_value.data));
    fields.set("SignatureAlgorithm", number(signature_algorithm(&certificate.signature_algorithm)));
    fields.set("Version", number(f64::from(tbs.version.0) + 1.0));
    fields.set("SerialNumber", number(tbs.serial.to_string().parse().unwrap_or(f64::NAN)));
    fields.set("Issuer", name(&tbs.issuer));
    fields.set("Subject", name(&tbs.subject));
    fields.set("NotBefore", time(&tbs.validity.not_before));
    fields.set("NotAfter", time(&tbs.validity.not_after));
    fields.extensions(tbs.extensions(), true);
    Ok(fields.finish(&[
        "AuthorityKeyId",
        "CRLDistributionPoints",
        "DNSNames",
        "EmailAddresses",
        "ExcludedDNSDomains",
        "ExcludedEmailAddresses",
        "ExcludedIPRanges",
        "ExcludedURIDomains",
        "ExtKeyUsage",
        "Extensions",
        "ExtraExtensions",
        "IPAddresses",
        "IssuingCertificateURL",
        "OCSPServer",
        "PermittedDNSDomains",
        "PermittedEmailAddresses",
        "PermittedIPRanges",
        "PermittedURIDomains",
        "Policies",
        "PolicyIdentifiers",
        "PolicyMappings",
        "SubjectKeyId",
        "URIs",
        "UnhandledCriticalExtensions",
        "UnknownExtKeyUsage",
    ]))
}

/// The fields of a signing request.
pub(super) fn request(der: &[u8]) -> Result<Value, &'static str> {
    let (_, request) = X509CertificationRequest::from_der(der).map_err(|_| "x509: malformed certificate request")?;
    let info = &request.certification_request_info;
    let mut fields = Fields::default();
    fields.set("PublicKey", public_key(&info.subject_pki)?);
    fields.set("PublicKeyAlgorithm", number(1.0));
    fields.set("Raw", bytes(der));
    fields.set("RawTBSCertificateRequest", bytes(info.raw));
    fields.set("RawSubjectPublicKeyInfo", bytes(info.subject_pki.raw));
    fields.set("RawSubject", bytes(info.subject.as_raw()));
    fields.set("Signature", bytes(&request.signature_value.data));
    fields.set("SignatureAlgorithm", number(signature_algorithm(&request.signature_algorithm)));
    fields.set("Version", number(f64::from(info.version.0)));
    fields.set("Subject", name(&info.subject));
    for attribute in info.iter_attributes() {
        if let ParsedCriAttribute::ExtensionRequest(requested) = attribute.parsed_attribute() {
            let attributes = requested
                .extensions
                .iter()
                .map(|extension| Value::from([("Type", oid(&extension.oid)), ("Value", bytes(extension.value))]));
            let set = Value::list(vec![Value::list(attributes.collect())]);
            fields.push("Attributes", Value::from([("Type", oid(&attribute.oid)), ("Value", set)]));
            fields.extensions(&requested.extensions, false);
        }
    }
    Ok(fields.finish(&[
        "Attributes",
        "DNSNames",
        "EmailAddresses",
        "Extensions",
        "ExtraExtensions",
        "IPAddresses",
        "URIs",
    ]))
}

fn bytes(raw: &[u8]) -> Value {
    Value::from(STANDARD.encode(raw))
}

fn number(n: f64) -> Value {
    Value::Float(n)
}

fn oid(oid: &Oid<'_>) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "as JSON numbers are read")]
    let arcs = oid.iter().map(|arcs| arcs.map(|arc| number(arc as f64)).collect()).unwrap_or_default();
    Value::list(arcs)
}

fn time(at: &ASN1Time) -> Value {
    Value::from(Time::from_unix(at.timestamp()).rfc3339())
}

fn public_key(info: &SubjectPublicKeyInfo<'_>) -> Result<Value, &'static str> {
    if info.algorithm.algorithm.to_id_string() != RSA {
        return Err("certificate should use rsa algorithm");
    }
    match info.parsed() {
        Ok(PublicKey::RSA(key)) if key.modulus.len() <= MAX_MODULUS && key.exponent.len() <= 8 => {
            let exponent = key.exponent.iter().fold(0.0, |n, byte| n * 256.0 + f64::from(*byte));
            Ok(Value::from([("N", Value::from(decimal(key.modulus))), ("E", number(exponent))]))
        }
        _ => Err("failed to parse subject public key info"),
    }
}

/// A big-endian number in decimal.
fn decimal(big_endian: &[u8]) -> String {
    const GROUP: u64 = 1_000_000_000;
    // Little-endian groups of nine decimal digits.
    let mut groups: Vec<u64> = vec![0];
    for byte in big_endian {
        let mut carry = u64::from(*byte);
        for group in &mut groups {
            let value = *group * 256 + carry;
            *group = value % GROUP;
            carry = value / GROUP;
        }
        if carry > 0 {
            groups.push(carry);
        }
    }
    let mut groups = groups.iter().rev();
    let first = groups.next().map(u64::to_string).unwrap_or_default();
    groups.fold(first, |text, group| text + &format!("{group:09}"))
}

/// The number of Go's `x509.SignatureAlgorithm`; 0 for one it does not know.
fn signature_algorithm(algorithm: &AlgorithmIdentifier<'_>) -> f64 {
    match algorithm.algorithm.to_id_string().as_str() {
        "1.2.840.113549.1.1.2" => 1.0,
        "1.2.840.113549.1.1.4" => 2.0,
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => 3.0,
        "1.2.840.113549.1.1.11" => 4.0,
        "1.2.840.113549.1.1.12" => 5.0,
        "1.2.840.113549.1.1.13" => 6.0,
        "1.2.840.10040.4.3" => 7.0,
        "2.16.840.1.101.3.4.3.2" => 8.0,
        "1.2.840.10045.4.1" => 9.0,
        "1.2.840.10045.4.3.2" => 10.0,
        "1.2.840.10045.4.3.3" => 11.0,
        "1.2.840.10045.4.3.4" => 12.0,
        "1.3.101.112" => 16.0,
        _ => 0.0,
    }
}

/// A distinguished name: its well-known attributes, and all of them in order.
fn name(name: &X509Name<'_>) -> Value {
    let mut fields = Fields::default();
    fields.set("CommonName", "".into());
    fields.set("SerialNumber", "".into());
    for attribute in name.iter_attributes() {
        let Ok(text) = attribute.as_str() else { continue };
        fields.push("Names", Value::from([("Type", oid(attribute.attr_type())), ("Value", text.into())]));
        match attribute.attr_type().to_id_string().as_str() {
            "2.5.4.3" => fields.set("CommonName", text.into()),
            "2.5.4.5" => fields.set("SerialNumber", text.into()),
            "2.5.4.6" => fields.push("Country", text.into()),
            "2.5.4.7" => fields.push("Locality", text.into()),
            "2.5.4.8" => fields.push("Province", text.into()),
            "2.5.4.9" => fields.push("StreetAddress", text.into()),
            "2.5.4.10" => fields.push("Organization", text.into()),
            "2.5.4.11" => fields.push("OrganizationalUnit", text.into()),
            "2.5.4.17" => fields.push("PostalCode", text.into()),
            _ => {}
        }
    }
    fields.finish(&[
        "Country",
        "ExtraNames",
        "Locality",
        "Names",
        "Organization",
        "OrganizationalUnit",
        "PostalCode",
        "Province",
        "StreetAddress",
    ])
}

#[derive(Default)]
struct Fields(Map);

impl Fields {
    fn set(&mut self, key: &str, value: Value) {
        self.0.insert(key, value);
    }

    fn push(&mut self, key: &str, value: Value) {
        let list = self.0.entry_or_insert_with(key, || Value::list(Vec::new()));
        if let Some(items) = list.as_list_mut() {
            items.push(value);
        }
    }

    /// The object; of the keys that may be empty, those that are are null.
    fn finish(mut self, nullable: &[&str]) -> Value {
        for key in nullable {
            self.0.entry_or_insert_with(key, || Value::Null);
        }
        Value::map(self.0)
    }

    fn names(&mut self, names: &[GeneralName<'_>]) {
        for name in names {
            match name {
                GeneralName::DNSName(name) => self.push("DNSNames", (*name).into()),
                GeneralName::RFC822Name(name) => self.push("EmailAddresses", (*name).into()),
                GeneralName::URI(uri) => self.push("URIs", url(uri)),
                GeneralName::IPAddress(raw) => self.push("IPAddresses", ip(raw)),
                _ => {}
            }
        }
    }

    /// What the extensions say; a signing request only has names among them.
    fn extensions(&mut self, extensions: &[X509Extension<'_>], certificate: bool) {
        if certificate {
            self.set("KeyUsage", number(0.0));
            self.set("MaxPathLen", number(0.0));
            for key in ["BasicConstraintsValid", "IsCA", "MaxPathLenZero", "PermittedDNSDomainsCritical"] {
                self.set(key, Value::Bool(false));
            }
            for key in ["InhibitAnyPolicy", "InhibitPolicyMapping", "RequireExplicitPolicy"] {
                self.set(key, number(0.0));
                self.set(&format!("{key}Zero"), Value::Bool(false));
            }
        }
        for extension in extensions {
            self.push(
                "Extensions",
                Value::from([
                    ("Id", oid(&extension.oid)),
                    ("Critical", Value::Bool(extension.critical)),
                    ("Value", bytes(extension.value)),
                ]),
            );
            match extension.parsed_extension() {
                ParsedExtension::SubjectAlternativeName(names) => self.names(&names.general_names),
                parsed if certificate && !self.extension(extension.critical, parsed) && extension.critical => {
                    self.push("UnhandledCriticalExtensions", oid(&extension.oid));
                }
                _ => {}
            }
        }
    }

    /// Whether the extension is one that Go reads.
    fn extension(&mut self, critical: bool, parsed: &ParsedExtension<'_>) -> bool {
        match parsed {
            ParsedExtension::KeyUsage(usage) => self.set("KeyUsage", number(f64::from(usage.flags))),
            ParsedExtension::BasicConstraints(constraints) => {
                let length = constraints.path_len_constraint.map_or(-1.0, f64::from);
                self.set("BasicConstraintsValid", Value::Bool(true));
                self.set("IsCA", Value::Bool(constraints.ca));
                self.set("MaxPathLen", number(length));
                self.set("MaxPathLenZero", Value::Bool(length == 0.0));
            }
            ParsedExtension::SubjectKeyIdentifier(id) => self.set("SubjectKeyId", bytes(id.0)),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                if let Some(id) = &id.key_identifier {
                    self.set("AuthorityKeyId", bytes(id.0));
                }
            }
            ParsedExtension::ExtendedKeyUsage(usage) => {
                let known = [
                    (usage.any, 0.0),
                    (usage.server_auth, 1.0),
                    (usage.client_auth, 2.0),
                    (usage.code_signing, 3.0),
                    (usage.email_protection, 4.0),
                    (usage.time_stamping, 8.0),
                    (usage.ocsp_signing, 9.0),
                ];
                for (_, code) in known.into_iter().filter(|(present, _)| *present) {
                    self.push("ExtKeyUsage", number(code));
                }
                for other in &usage.other {
                    self.push("UnknownExtKeyUsage", oid(other));
                }
            }
            ParsedExtension::CertificatePolicies(policies) => {
                for policy in policies.iter() {
                    self.push("PolicyIdentifiers", oid(&policy.policy_id));
                    self.push("Policies", policy.policy_id.to_id_string().into());
                }
            }
            ParsedExtension::AuthorityInfoAccess(access) => {
                for description in access.iter() {
                    let GeneralName::URI(uri) = &description.access_location else { continue };
                    match description.access_method.to_id_string().as_str() {
                        "1.3.6.1.5.5.7.48.1" => self.push("OCSPServer", (*uri).into()),
                        "1.3.6.1.5.5.7.48.2" => self.push("IssuingCertificateURL", (*uri).into()),
                        _ => {}
                    }
                }
            }
            ParsedExtension::CRLDistributionPoints(points) => {
                use x509_parser::extensions::DistributionPointName::FullName;
                let names = points.iter().filter_map(|point| match &point.distribution_point {
                    Some(FullName(names)) => Some(names),
                    _ => None,
                });
                for name in names.flatten() {
                    if let GeneralName::URI(uri) = name {
                        self.push("CRLDistributionPoints", (*uri).into());
                    }
                }
            }
            ParsedExtension::NameConstraints(constraints) => {
                self.set("PermittedDNSDomainsCritical", Value::Bool(critical));
                for (prefix, trees) in
                    [("Permitted", &constraints.permitted_subtrees), ("Excluded", &constraints.excluded_subtrees)]
                {
                    for tree in trees.iter().flatten() {
                        self.subtree(prefix, &tree.base);
                    }
                }
            }
            ParsedExtension::PolicyConstraints(constraints) => {
                for (key, skip) in [
                    ("RequireExplicitPolicy", constraints.require_explicit_policy),
                    ("InhibitPolicyMapping", constraints.inhibit_policy_mapping),
                ] {
                    if let Some(skip) = skip {
                        self.set(key, number(f64::from(skip)));
                        self.set(&format!("{key}Zero"), Value::Bool(skip == 0));
                    }
                }
            }
            ParsedExtension::InhibitAnyPolicy(inhibit) => {
                self.set("InhibitAnyPolicy", number(f64::from(inhibit.skip_certs)));
                self.set("InhibitAnyPolicyZero", Value::Bool(inhibit.skip_certs == 0));
            }
            _ => return false,
        }
        true
    }

    fn subtree(&mut self, prefix: &str, base: &GeneralName<'_>) {
        match base {
            GeneralName::DNSName(name) => self.push(&format!("{prefix}DNSDomains"), (*name).into()),
            GeneralName::RFC822Name(name) => self.push(&format!("{prefix}EmailAddresses"), (*name).into()),
            GeneralName::URI(name) => self.push(&format!("{prefix}URIDomains"), (*name).into()),
            GeneralName::IPAddress(raw) => {
                let (address, mask) = raw.split_at(raw.len() / 2);
                let range = Value::from([("IP", ip(address)), ("Mask", bytes(mask))]);
                self.push(&format!("{prefix}IPRanges"), range);
            }
            _ => {}
        }
    }
}

fn ip(raw: &[u8]) -> Value {
    let address = match (<[u8; 4]>::try_from(raw), <[u8; 16]>::try_from(raw)) {
        (Ok(v4), _) => IpAddr::from(v4),
        (_, Ok(v6)) => IpAddr::from(v6),
        _ => return "".into(),
    };
    Value::from(address.to_string())
}

/// A URI in the fields of Go's `url.URL`, as far as certificates carry them.
fn url(uri: &str) -> Value {
    let (scheme, rest) = uri.split_once(':').unwrap_or(("", uri));
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (opaque, host, path) = match rest.strip_prefix("//") {
        Some(authority) => {
            let at = authority.find('/').unwrap_or(authority.len());
            let (host, path) = authority.split_at(at);
            ("", host, path)
        }
        None => (rest, "", ""),
    };
    Value::from([
        ("Scheme", Value::from(scheme)),
        ("Opaque", opaque.into()),
        ("User", Value::Null),
        ("Host", host.into()),
        ("Path", path.into()),
        ("RawPath", "".into()),
        ("OmitHost", Value::Bool(false)),
        ("ForceQuery", Value::Bool(false)),
        ("RawQuery", query.into()),
        ("Fragment", fragment.into()),
        ("RawFragment", "".into()),
    ])
}

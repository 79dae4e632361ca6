//! `x509_decode`: a certificate or a signing request as an object (spec 30 §4.11).

mod fields;
mod pem;

use super::Type::{Object, String};
use super::{Args, Function, Origin, Params, fails};
use crate::document::Value;
use crate::jmespath::error::EvalError;

pub(super) static FUNCTIONS: &[Function] = &[Function {
    name: "x509_decode",
    origin: Origin::Kyverno,
    params: Params::Exactly(&[&[String]]),
    returns: &[Object],
    note: "the fields of a PEM certificate or signing request with an RSA key",
    examples: &[
        fails("x509_decode('nope')", "failed to decode PEM block"),
        fails(
            "x509_decode('-----BEGIN KEY-----\nAAAA\n-----END KEY-----\n')",
            "PEM block neither contains a CERTIFICATE or CERTIFICATE REQUEST",
        ),
        fails(
            "x509_decode('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n')",
            "x509: malformed certificate",
        ),
    ],
    run: x509_decode,
}];

fn x509_decode(args: &Args<'_>) -> Result<Value, EvalError> {
    let text = args.text(0)?;
    args.budget().produce(text.len().saturating_mul(8))?;
    let Some((label, bytes)) = pem::decode(text) else { return Err(EvalError::other("failed to decode PEM block")) };
    let decoded = match label {
        "CERTIFICATE" => fields::certificate(&bytes),
        "CERTIFICATE REQUEST" => fields::request(&bytes),
        _ => Err("PEM block neither contains a CERTIFICATE or CERTIFICATE REQUEST"),
    };
    decoded.map_err(EvalError::other)
}

#[cfg(test)]
mod tests;

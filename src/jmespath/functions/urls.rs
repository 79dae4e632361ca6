//! `is_external_url`.

use core::net::IpAddr;

use super::Type::{Bool, String};
use super::{Args, Function, Origin, Params, fails, gives};
use crate::document::Value;
use crate::jmespath::error::EvalError;
use crate::jmespath::go::quote;
use crate::jmespath::root::Unavailable;

pub(super) static FUNCTIONS: &[Function] = &[Function {
    name: "is_external_url",
    origin: Origin::Kyverno,
    params: Params::Exactly(&[&[String]]),
    returns: &[Bool],
    note: "whether the host of a URL is neither loopback nor private; a host name would have to be looked up",
    examples: &[
        gives("is_external_url('http://10.0.0.1/x')", "false"),
        gives("is_external_url('http://[2001:db8::1]:80/')", "true"),
        fails("is_external_url('')", "lookup : no such host"),
        fails("is_external_url('a:b')", "lookup : no such host"),
        fails("is_external_url('1a:b')", "parse \"1a:b\": first path segment in URL cannot contain colon"),
        fails("is_external_url('https://example.com')", "the addresses of host example.com cannot be looked up here"),
    ],
    run: is_external_url,
}];

fn is_external_url(args: &Args<'_>) -> Result<Value, EvalError> {
    let text = args.text(0)?;
    let host = host(text).map_err(|cause| EvalError::other(format!("parse {}: {cause}", quote(text))))?;
    if host.is_empty() {
        return Err(EvalError::other("lookup : no such host"));
    }
    match host.split('%').next().unwrap_or_default().parse::<IpAddr>() {
        Ok(address) => Ok(Value::Bool(!is_internal(address))),
        Err(_) => Err(Unavailable(format!("the addresses of host {host} cannot be looked up here")).into()),
    }
}

/// Loopback, or private by RFC 1918 or RFC 4193. Link-local addresses count as external.
fn is_internal(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    }
}

/// The host of a URL, without port and brackets, by the rules of Go's `net/url`.
fn host(text: &str) -> Result<&str, std::string::String> {
    if text.bytes().any(|b| b < b' ' || b == 0x7f) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let text = text.split('#').next().unwrap_or_default();
    if text == "*" {
        return Ok("");
    }
    let (scheme, rest) = scheme(text)?;
    let rest = rest.split('?').next().unwrap_or_default();
    if let Some(escape) = bad_escape(rest) {
        return Err(format!("invalid URL escape {}", quote(escape)));
    }
    if !rest.starts_with('/') {
        let first = rest.split('/').next().unwrap_or_default();
        return match scheme {
            "" if first.contains(':') => Err("first path segment in URL cannot contain colon".to_owned()),
            _ => Ok(""),
        };
    }
    let Some(authority) = rest.strip_prefix("//").filter(|_| !rest.starts_with("///") || !scheme.is_empty()) else {
        return Ok("");
    };
    let authority = authority.split('/').next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let name = without_port(host)?;
    match name.chars().find(|c| c.is_ascii() && !c.is_ascii_alphanumeric() && !"-_.~!$&'()*+,;=:[]<>\"%".contains(*c)) {
        Some(c) => Err(format!("invalid character {} in host name", quote(&c.to_string()))),
        None => Ok(name),
    }
}

/// The first `%` that no two hexadecimal digits follow, with what does.
fn bad_escape(text: &str) -> Option<&str> {
    text.match_indices('%').find_map(|(at, _)| {
        let rest = text.get(at..).unwrap_or_default();
        let valid = rest.bytes().skip(1).take(2).filter(u8::is_ascii_hexdigit).count() == 2;
        let end = rest.char_indices().nth(3).map_or(rest.len(), |(end, _)| end);
        (!valid).then(|| rest.get(..end).unwrap_or(rest))
    })
}

/// The scheme and what follows its colon; none when the colon comes after something no scheme holds.
fn scheme(text: &str) -> Result<(&str, &str), std::string::String> {
    for (at, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if at > 0 => {}
            ':' if at == 0 => return Err("missing protocol scheme".to_owned()),
            ':' => return Ok((text.get(..at).unwrap_or_default(), text.get(at + 1..).unwrap_or_default())),
            _ => break,
        }
    }
    Ok(("", text))
}

fn without_port(host: &str) -> Result<&str, std::string::String> {
    let (name, port) = if let Some(inner) = host.strip_prefix('[') {
        inner.split_once(']').ok_or("missing ']' in host")?
    } else {
        match host.rfind(':') {
            Some(at) => host.split_at(at),
            None => (host, ""),
        }
    };
    let digits = port.strip_prefix(':').unwrap_or_default();
    if !port.is_empty() && (!port.starts_with(':') || !digits.bytes().all(|b| b.is_ascii_digit())) {
        return Err(format!("invalid port {} after host", quote(port)));
    }
    Ok(name)
}

//! `parse_json`, `parse_yaml`, `path_canonicalize`.

use super::Type::{Any, String};
use super::{Args, Function, Origin, Params, fails, gives};
use crate::document::{Value, yaml};
use crate::jmespath::error::EvalError;
use crate::jmespath::go;

const ONE: Params = Params::Exactly(&[&[String]]);

pub(super) static FUNCTIONS: &[Function] = &[
    Function {
        name: "parse_json",
        origin: Origin::Kyverno,
        params: ONE,
        returns: &[Any],
        note: "the value of a JSON text",
        examples: &[
            gives("parse_json('{\"a\": [1, null]}')", "{\"a\":[1,null]}"),
            fails("parse_json('nginx')", "invalid character 'g' in literal null (expecting 'u')"),
        ],
        run: |args| {
            let text = args.text(0)?;
            args.budget().produce(text.len() * 4)?;
            go::json::read(text).map_err(|error| EvalError::other(error.to_string()))
        },
    },
    Function {
        name: "parse_yaml",
        origin: Origin::Kyverno,
        params: ONE,
        returns: &[Any],
        note: "the value of the first document of a YAML text, read as Kubernetes reads it",
        examples: &[
            gives("parse_yaml('a: yes\nb: [0o12, 1_000, 1:30]')", "{\"a\":true,\"b\":[10,1000,\"1:30\"]}"),
            gives("parse_yaml('')", "null"),
        ],
        run: parse_yaml,
    },
    Function {
        name: "path_canonicalize",
        origin: Origin::Kyverno,
        params: ONE,
        returns: &[String],
        note: "a path without doubled slashes, . and ..; the disk is not read",
        examples: &[
            gives("path_canonicalize('/a/../b//c/')", "\"/b/c\""),
            gives("path_canonicalize('../a/./../..')", "\"../..\""),
            gives("path_canonicalize('a/..')", "\".\""),
            gives("path_canonicalize('')", "\"\""),
        ],
        run: |args| args.produce(canonical(args.text(0)?)),
    },
];

fn parse_yaml(args: &Args<'_>) -> Result<Value, EvalError> {
    let text = args.text(0)?;
    args.budget().produce(text.len() * 4)?;
    let documents = yaml::read(text, &yaml::Limits::default()).map_err(|error| EvalError::other(error.to_string()))?;
    Ok(documents.into_iter().next().map(|document| document.value.with_floats()).unwrap_or_default())
}

/// The shortest path that means the same, by text alone.
pub(crate) fn canonical(path: &str) -> std::string::String {
    if path.is_empty() {
        return std::string::String::new();
    }
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            other => parts.push(other),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

//! A chart's `values.schema.json`, its own and those of the charts in it: helm fetches what their `$ref`
//! name, from the network and from the disk. References into the same schema are all that is let through.

use std::io::Read as _;

use flate2::read::GzDecoder;

use crate::document::{Value, json};

use super::super::Limits;
use super::super::error::{Fault, SourceError};
use super::super::needs::Needs;

const NAME: &str = "values.schema.json";

/// Archives inside archives that are looked into.
const DEEPEST: usize = 4;

/// Looks at every schema.
///
/// # Errors
/// A schema that refers to somewhere else, or cannot be read.
pub(super) fn check(needs: &Needs, limits: &Limits) -> Result<(), SourceError> {
    let mut left = limits.tree_bytes;
    for (path, bytes) in &needs.files {
        if is_schema(path) {
            schema(bytes).map_err(|fault| SourceError::of(path.as_str(), fault))?;
        } else if is_archive(path) {
            archive(bytes, &mut left, limits, 0).map_err(|fault| SourceError::of(path.as_str(), fault))?;
        }
    }
    Ok(())
}

fn is_schema(path: &str) -> bool {
    path.rsplit('/').next() == Some(NAME)
}

fn is_archive(path: &str) -> bool {
    path.ends_with(".tgz") || path.ends_with(".tar.gz")
}

fn archive(bytes: &[u8], left: &mut u64, limits: &Limits, level: usize) -> Result<(), Fault> {
    let unreadable = || Fault::Refused("not an archive of a chart: run 'helm dependency build' again".to_owned());
    if level > DEEPEST {
        return Err(Fault::Refused(format!("archives inside archives, more than {DEEPEST} deep")));
    }
    let mut unpacked = tar::Archive::new(GzDecoder::new(bytes).take(left.saturating_add(1)));
    for (count, entry) in unpacked.entries().map_err(|_| unreadable())?.enumerate() {
        if count >= limits.files {
            return Err(Fault::TooManyFiles(limits.files));
        }
        let mut entry = entry.map_err(|_| unreadable())?;
        let path = entry.path().map_err(|_| unreadable())?.to_string_lossy().into_owned();
        *left = left.checked_sub(entry.size()).ok_or(Fault::TreeTooLong(limits.tree_bytes))?;
        if !is_schema(&path) && !is_archive(&path) {
            continue;
        }
        if entry.size() > limits.file_bytes {
            return Err(Fault::FileTooLong(limits.file_bytes));
        }
        let mut inside = Vec::new();
        entry.read_to_end(&mut inside).map_err(|_| unreadable())?;
        if is_schema(&path) { schema(&inside)? } else { archive(&inside, left, limits, level + 1)? }
    }
    Ok(())
}

fn schema(bytes: &[u8]) -> Result<(), Fault> {
    // Helm reads what we cannot: then nothing is known of its references.
    let value = json::parse(bytes).map_err(|e| Fault::Json(e.to_string()))?;
    let mut waiting = vec![&value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::List(list) => waiting.extend(list.iter()),
            Value::Map(map) => {
                for (key, value) in map.iter() {
                    match (key.as_str(), value) {
                        ("$ref" | "$dynamicRef" | "$recursiveRef", Value::String(to)) if !to.starts_with('#') => {
                            return Err(elsewhere("refers to"));
                        }
                        ("$schema", Value::String(to)) if !is_known(to) => {
                            return Err(elsewhere("is written for"));
                        }
                        _ => waiting.push(value),
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// The drafts that helm has built in.
fn is_known(schema: &str) -> bool {
    let bare = schema.trim_end_matches('#');
    let bare = bare.strip_prefix("https://").or_else(|| bare.strip_prefix("http://")).unwrap_or(bare);
    matches!(
        bare,
        "json-schema.org/schema"
            | "json-schema.org/draft-04/schema"
            | "json-schema.org/draft-06/schema"
            | "json-schema.org/draft-07/schema"
            | "json-schema.org/draft/2019-09/schema"
            | "json-schema.org/draft/2020-12/schema"
    )
}

fn elsewhere(how: &str) -> Fault {
    Fault::Refused(format!(
        "the schema {how} another one, which helm would fetch: copy what it needs under $defs, or set skipSchemaValidation"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tgz(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        for (path, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append_data(&mut header, path, *bytes).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn checked(path: &str, bytes: &[u8]) -> Result<(), String> {
        let mut needs = Needs::new(&Limits::default());
        needs.put(path, bytes.to_vec()).unwrap();
        check(&needs, &Limits::default()).map_err(|e| e.to_string())
    }

    #[test]
    fn only_references_into_the_schema_itself() {
        let fine = br##"{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"$ref":"#/$defs/a"}},"$defs":{"a":{}}}"##;
        assert_eq!(checked("c/values.schema.json", fine), Ok(()));
        for bad in [
            r#"{"properties":{"a":{"$ref":"https://example.com/x.json"}}}"#,
            r#"{"allOf":[{"$ref":"file:///etc/passwd"}]}"#,
            r#"{"$id":"https://example.com/x","$ref":"y.json"}"#,
            r#"{"$schema":"https://example.com/meta"}"#,
        ] {
            let error = checked("c/charts/d/values.schema.json", bad.as_bytes()).unwrap_err();
            assert!(error.contains("which helm would fetch"), "{bad}: {error}");
        }
        assert_eq!(checked("c/other.json", br#"{"$ref":"https://example.com"}"#), Ok(()));
    }

    #[test]
    fn archives_are_looked_into() {
        let bad: &[u8] = br#"{"$ref":"https://example.com/x.json"}"#;
        let inner = tgz(&[("inner/values.schema.json", bad)]);
        let outer = tgz(&[("outer/Chart.yaml", b"name: outer"), ("outer/charts/inner-1.0.0.tgz", &inner)]);
        let error = checked("c/charts/outer-1.0.0.tgz", &outer).unwrap_err();
        assert!(error.starts_with("c/charts/outer-1.0.0.tgz: the schema refers to another one"), "{error}");
        assert!(checked("c/charts/x-1.0.0.tgz", b"no archive").unwrap_err().contains("not an archive"));
        assert_eq!(checked("c/charts/x-1.0.0.tgz", &tgz(&[("x/values.schema.json", b"{}")])), Ok(()));
    }

    #[test]
    fn an_archive_that_unpacks_without_end_is_refused() {
        let zeros = vec![0_u8; 4 << 20];
        let bomb = tgz(&[("x/a", &zeros)]);
        assert!(bomb.len() < 100_000);
        let mut needs = Needs::new(&Limits::default());
        needs.put("c/charts/x-1.0.0.tgz", bomb).unwrap();
        let limits = Limits { tree_bytes: 1 << 20, ..Limits::default() };
        assert_eq!(check(&needs, &limits).unwrap_err().fault, Fault::TreeTooLong(1 << 20));
    }
}

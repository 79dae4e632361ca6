//! Where findings are written: each text is read once for all findings in it.

use std::collections::BTreeMap;

use crate::document::manifest::Source;
use crate::document::yaml::Position;
use crate::document::{Pointer, yaml};

use super::finding::Finding;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file as shown to people.
    pub file: String,
    /// Line and column.
    pub position: Position,
}

/// Where each of `findings` is written: the value itself, else what is nearest above it; what
/// generated an object, for the object. Reads their texts again.
#[must_use]
pub fn places<'f>(findings: impl IntoIterator<Item = &'f Finding>) -> Vec<Option<Place>> {
    let mut found = Vec::new();
    let mut texts: BTreeMap<*const u8, Vec<(usize, &Source, Pointer)>> = BTreeMap::new();
    for (index, finding) in findings.into_iter().enumerate() {
        found.push(None);
        if let Some(source) = &finding.source {
            texts.entry(source.text.as_ptr()).or_default().push((index, source, in_document(finding, source)));
        }
    }
    for sought in texts.values() {
        let Some((_, first, _)) = sought.first() else { continue };
        let values: Vec<(usize, &Pointer)> = sought.iter().map(|(_, source, at)| (source.document, at)).collect();
        for ((index, source, _), position) in sought.iter().zip(yaml::locate_all(&first.text, &values)) {
            let position = position.unwrap_or_else(|| source.start());
            if let Some(place) = found.get_mut(*index) {
                *place = Some(Place { file: source.file.to_string(), position });
            }
        }
    }
    found
}

fn in_document(finding: &Finding, source: &Source) -> Pointer {
    match (&finding.path, &finding.generated_by) {
        (Some(path), None) => source.in_document(path),
        _ => source.base.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::FindingResult;
    use super::super::finding::tests::finding;
    use super::*;

    #[test]
    fn a_place_is_the_line_of_the_value_in_its_own_text() {
        let team = finding("p", FindingResult::Fail);
        let mut generated = finding("p", FindingResult::Fail);
        generated.generated_by = Some("p/make".to_owned());
        let mut nowhere = finding("p", FindingResult::Fail);
        nowhere.source = None;
        let mut other = finding("p", FindingResult::Fail);
        other.source.iter_mut().for_each(|source| source.text = format!("# moved\n{}", source.text).into());
        let places = places([&team, &generated, &nowhere, &other, &team]);
        let lines: Vec<_> = places.iter().map(|place| place.as_ref().map(|place| place.position.line)).collect();
        assert_eq!(lines, [Some(6), Some(1), None, Some(7), Some(6)]);
        assert!(places.iter().flatten().all(|place| place.file == "app/web one.yaml"));
    }
}

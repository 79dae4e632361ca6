//! Findings as JUnit XML: a suite per policy, a case per rule and object.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::finding::{Finding, FindingResult};
use super::places::{Place, places};
use super::xml::escape;

/// The whole document. What passed is a case without content, what did not apply or is left to
/// admission a skipped one.
#[must_use]
pub fn document(findings: &[Finding]) -> String {
    let mut suites: BTreeMap<&str, Vec<(&Finding, Option<Place>)>> = BTreeMap::new();
    for (finding, place) in findings.iter().zip(places(findings)) {
        suites.entry(&finding.policy).or_default().push((finding, place));
    }
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(out, "<testsuites name=\"rendergate\"{}>", totals(findings.iter()));
    for (policy, cases) in suites {
        let _ = writeln!(
            out,
            "  <testsuite name=\"{}\"{}>",
            escape(policy),
            totals(cases.iter().map(|(finding, _)| *finding))
        );
        cases.iter().for_each(|(finding, place)| case(&mut out, finding, place.as_ref()));
        out.push_str("  </testsuite>\n");
    }
    out.push_str("</testsuites>\n");
    out
}

fn totals<'f>(findings: impl Iterator<Item = &'f Finding>) -> String {
    let (mut tests, mut failures, mut errors, mut skipped) = (0, 0, 0, 0);
    for finding in findings {
        tests += 1;
        match finding.result {
            FindingResult::Fail | FindingResult::Warn => failures += 1,
            FindingResult::Error => errors += 1,
            FindingResult::Skip | FindingResult::Deferred => skipped += 1,
            FindingResult::Pass => {}
        }
    }
    format!(" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"")
}

fn case(out: &mut String, finding: &Finding, place: Option<&Place>) {
    let (rule, subject) = (escape(&finding.rule), escape(&finding.subject.to_string()));
    let _ = write!(out, "    <testcase classname=\"{}.{rule}\" name=\"{subject}\"", escape(&finding.policy));
    let message = escape(&finding.message);
    let element = match finding.result {
        FindingResult::Pass => {
            out.push_str("/>\n");
            return;
        }
        FindingResult::Skip | FindingResult::Deferred => {
            let _ = writeln!(out, ">\n      <skipped message=\"{message}\"/>\n    </testcase>");
            return;
        }
        FindingResult::Fail | FindingResult::Warn => "failure",
        FindingResult::Error => "error",
    };
    let path = finding.path.as_ref().map(ToString::to_string).unwrap_or_default();
    let place = place.map(|place| format!("{}:{}", place.file, place.position.line)).unwrap_or_default();
    let _ = writeln!(
        out,
        ">\n      <{element} message=\"{message}\" type=\"{}\">{} {}</{element}>\n    </testcase>",
        finding.result.as_str(),
        escape(&place),
        escape(&path)
    );
}

#[cfg(test)]
mod tests {
    use super::super::finding::tests::finding;
    use super::*;

    #[test]
    fn suites_count_what_they_hold() {
        let mut odd = finding("a", FindingResult::Fail);
        odd.message = "<\"&'>\u{1}".to_owned();
        let document = document(&[odd, finding("a", FindingResult::Pass), finding("b", FindingResult::Deferred)]);
        assert_eq!(
            document,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites name=\"rendergate\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"1\">\n\
             \x20 <testsuite name=\"a\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\">\n\
             \x20   <testcase classname=\"a.check\" name=\"Deployment shop/web\">\n\
             \x20     <failure message=\"&lt;&quot;&amp;'&gt;\" type=\"fail\">app/web one.yaml:6 /metadata/labels/team</failure>\n\
             \x20   </testcase>\n\
             \x20   <testcase classname=\"a.check\" name=\"Deployment shop/web\"/>\n\
             \x20 </testsuite>\n\
             \x20 <testsuite name=\"b\" tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\">\n\
             \x20   <testcase classname=\"b.check\" name=\"Deployment shop/web\">\n\
             \x20     <skipped message=\"no team\"/>\n\
             \x20   </testcase>\n\
             \x20 </testsuite>\n\
             </testsuites>\n"
        );
    }
}

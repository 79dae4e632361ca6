//! Findings as GitHub workflow commands: annotations on the lines of a pull request.

use std::fmt::Write as _;

use super::finding::{Finding, FindingResult};
use super::places::places;

/// One command per finding: `error` for what fails, `warning` for what is not scored, `notice` for
/// what is left to admission.
#[must_use]
pub fn commands(findings: &[Finding]) -> String {
    let mut out = String::new();
    for (finding, place) in findings.iter().zip(places(findings)) {
        let command = match finding.result {
            FindingResult::Fail | FindingResult::Error => "error",
            FindingResult::Warn => "warning",
            FindingResult::Deferred => "notice",
            FindingResult::Pass | FindingResult::Skip => continue,
        };
        let title = property(&format!("{}/{}", finding.policy, finding.rule));
        let place = place.map(|place| {
            let (line, column) = (place.position.line, place.position.column);
            format!("file={},line={line},col={column},", property(&place.file))
        });
        let path = finding.path.as_ref().map(|path| format!(" ({path})")).unwrap_or_default();
        let message = data(&format!("{}: {}{path}", finding.subject, finding.message));
        let _ = writeln!(out, "::{command} {}title={title}::{message}", place.unwrap_or_default());
    }
    out
}

/// What a command's message must not hold as such.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The same for a property's value, which also ends at a comma or colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::finding::tests::finding;
    use super::*;

    #[test]
    fn one_line_each_escaped() {
        let mut odd = finding("a:b,c", FindingResult::Warn);
        odd.message = "50% of\nall".to_owned();
        let commands = commands(&[finding("need-team", FindingResult::Fail), odd, finding("p", FindingResult::Pass)]);
        assert_eq!(
            commands,
            "::error file=app/web one.yaml,line=6,col=5,title=need-team/check::Deployment shop/web: no team (/metadata/labels/team)\n\
             ::warning file=app/web one.yaml,line=6,col=5,title=a%3Ab%2Cc/check::Deployment shop/web: 50%25 of%0Aall (/metadata/labels/team)\n"
        );
    }
}

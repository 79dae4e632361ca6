//! `validate.podSecurity`: the Pod Security Standards as Kyverno checks them (chapter 20 §5).
//!
//! Compiled at load ([`PodSecurity`]); at request an object is read ([`pod`]), checked ([`checks`]),
//! and what exclusions cover is taken away ([`exclude`]).

mod checks;
mod decode;
mod evaluation;
mod exclude;
mod home;
mod pod;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod probes;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod random;
mod violation;

use crate::document::{Str, Value};

use checks::{Level, Version};
use home::Home;
use pod::Pod;

pub use evaluation::{Evaluation, FailedCheck, Verdict};
pub use exclude::Exclude;
pub use violation::FieldError;

/// A compiled `validate.podSecurity` block.
#[derive(Clone, Debug)]
pub struct PodSecurity {
    /// `level` as written.
    pub level: Str,
    /// `version` as written; may be empty.
    pub version: Str,
    selected: Result<Version, String>,
    excludes: Vec<Exclude>,
}

impl PodSecurity {
    /// Compiles the block. A version that cannot be read is said by [`PodSecurity::evaluate`], as
    /// Kyverno says it only when the rule runs.
    #[must_use]
    pub fn compile(block: &Value) -> Self {
        let version = block.str_at(&["version"]).unwrap_or_default();
        Self {
            level: block.str_at(&["level"]).unwrap_or_default().into(),
            version: version.into(),
            selected: Version::parse(version),
            excludes: Exclude::compile_all(block.get("exclude")),
        }
    }

    /// Checks an object: a Pod, or a controller by its pod template. `exceptions` are the lists of
    /// the exceptions that apply; they are tried only when the block's own exclusions leave failures.
    ///
    /// # Errors
    /// The rule's error text: another kind of object, a field of the wrong type, a bad version.
    pub fn evaluate<'v>(&self, object: &'v Value, exceptions: &[&[Exclude]]) -> Result<Evaluation<'v>, String> {
        let failed = |cause: String| format!("Error while getting new resource: {cause}");
        let home = Home::of(object).ok_or_else(|| failed("could not find correct resource type".to_owned()))?;
        decode::check(object, home).map_err(failed)?;
        let version = match &self.selected {
            Ok(version) => *version,
            Err(cause) => return Err(format!("failed to parse pod security api version: {cause}")),
        };
        let level = if self.level == "baseline" { Level::Baseline } else { Level::Restricted };
        let pod = Pod::read(home.spec(object), home.metadata(object));
        let mut failed = checks::run(&pod, level, version);
        for exclude in &self.excludes {
            exclude.apply(&mut failed, &pod, version);
        }
        let mut verdict = if failed.is_empty() { Verdict::Allowed } else { Verdict::Violated };
        if verdict == Verdict::Violated {
            for exclude in exceptions.iter().copied().flatten() {
                exclude.apply(&mut failed, &pod, version);
            }
            if failed.is_empty() {
                verdict = Verdict::Excused;
            }
        }
        Ok(Evaluation { verdict, failed, home, object })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::document::json;

    fn object(text: &str) -> Value {
        json::parse(text.as_bytes()).unwrap()
    }

    fn compiled(block: &str) -> PodSecurity {
        PodSecurity::compile(&object(block))
    }

    #[test]
    fn errors_say_what_kyverno_says() {
        let baseline = compiled(r#"{"level":"baseline","version":"v2"}"#);
        assert_eq!(
            baseline.evaluate(&object(r#"{"kind":"Service"}"#), &[]).err().as_deref(),
            Some("Error while getting new resource: could not find correct resource type")
        );
        assert_eq!(
            baseline.evaluate(&object(r#"{"kind":"Pod"}"#), &[]).err().as_deref(),
            Some("failed to parse pod security api version: must be \"latest\" or \"v1.x\"")
        );
    }

    #[test]
    fn every_level_but_baseline_runs_all_checks() {
        let pod = object(r#"{"kind":"Pod","spec":{"containers":[{}]}}"#);
        for (level, count) in [("baseline", 0), ("restricted", 4), ("privileged", 4), ("", 4)] {
            let security = PodSecurity::compile(&Value::from([("level", level.into())]));
            assert_eq!(security.evaluate(&pod, &[]).unwrap().failed().len(), count, "{level}");
        }
    }

    const TWO: &str = r#"{"kind":"CronJob","spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[
        {"name":"a","image":"nginx","securityContext":{"privileged":true}},
        {"name":"b","image":"ghcr.io/x/b:2","securityContext":{"privileged":true}}]}}}}}}"#;

    #[test]
    fn an_exclusion_by_image_covers_its_containers() {
        let two = object(TWO);
        let security = compiled(
            r#"{"level":"baseline","version":"latest","exclude":[{"controlName":"Privileged Containers","images":["ngin?"]}]}"#,
        );
        let left = security.evaluate(&two, &[]).unwrap();
        assert_eq!(left.verdict(), Verdict::Violated);
        assert_eq!(
            left.message(&security, "r"),
            "Validation rule 'r' failed. It violates PodSecurity \"baseline:latest\": (Forbidden reason: privileged, \
             field error list: [spec.jobTemplate.spec.template.spec.containers[1].securityContext.privileged is \
             forbidden, forbidden values found: true])"
        );
        let place = left.pointer().unwrap();
        assert_eq!(place.to_string(), "/spec/jobTemplate/spec/template/spec/containers/1/securityContext/privileged");
        let rest = Exclude::compile(&object(r#"{"controlName":"Privileged Containers","images":["ghcr.io/*"]}"#));
        assert_eq!(security.evaluate(&two, &[&[rest]]).unwrap().verdict(), Verdict::Excused);
    }

    #[test]
    fn an_exclusion_without_images_covers_one_missing_field() {
        let exclude = r#"{"level":"restricted","exclude":[{"controlName":"Running as Non-root"}]}"#;
        let security = compiled(exclude);
        let says = |containers: &str| {
            let pod = object(&format!(r#"{{"kind":"Pod","spec":{{"containers":[{containers}]}}}}"#));
            security.evaluate(&pod, &[]).unwrap().text().contains("runAsNonRoot")
        };
        assert!(!says("{}"));
        assert!(says("{},{}"));
    }

    #[test]
    fn reports_name_controls_and_images() {
        let two = object(TWO);
        let security = compiled(r#"{"level":"baseline","version":"latest"}"#);
        let properties = security.evaluate(&two, &[]).unwrap().properties(&security);
        let properties: Vec<(&str, &str)> = properties.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(
            properties,
            [
                ("standard", "baseline"),
                ("version", "latest"),
                ("controls", "privileged"),
                (
                    "controlsJSON",
                    r#"[{"ID":"privileged","Name":"Privileged Containers","Images":["docker.io/nginx:latest","ghcr.io/x/b:2"]}]"#
                ),
            ]
        );
    }

    #[test]
    fn a_missing_field_is_placed_at_its_parent() {
        let pod = object(r#"{"kind":"Pod","spec":{"containers":[{"name":"c"}]}}"#);
        let place = compiled(r#"{"level":"restricted"}"#).evaluate(&pod, &[]).unwrap().pointer().unwrap();
        assert_eq!(place.to_string(), "/spec/containers/0");
    }
}

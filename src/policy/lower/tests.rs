use super::*;
use crate::document::manifest::Manifest;
use crate::policy::load::{Loaded, load};
use crate::policy::rule::{AnyPattern, Body, Check, Conditions, GenerateForm, GenerateTargets, PatternSource};

/// Loads one ClusterPolicy whose `spec` is given as JSON.
pub(crate) fn loaded(metadata: &str, spec: &str) -> Loaded {
    let text =
        format!(r#"{{"apiVersion":"kyverno.io/v1","kind":"ClusterPolicy","metadata":{metadata},"spec":{spec}}}"#);
    let value = json::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{text}: {e}"));
    load([Manifest::new(value, Source::default()).expect("an object")])
}

pub(crate) fn lowered(spec: &str) -> Arc<Policy> {
    let mut loaded = loaded(r#"{"name":"p"}"#, spec);
    assert!(loaded.problems.is_empty() && loaded.rejected.is_empty(), "{loaded:#?}");
    loaded.policies.remove(0)
}

fn rules(rules: &str) -> Arc<Policy> {
    lowered(&format!(r#"{{"background":false,"rules":{rules}}}"#))
}

const CONFIG_MAPS: &str = r#""match":{"any":[{"resources":{"kinds":["ConfigMap"]}}]}"#;

fn one(body: &str) -> Arc<Rule> {
    rules(&format!(r#"[{{"name":"r",{CONFIG_MAPS},{body}}}]"#)).rules[0].clone()
}

#[test]
fn defaults() {
    let policy = rules(&format!(r#"[{{"name":"r",{CONFIG_MAPS},"validate":{{"deny":{{}}}}}}]"#));
    assert_eq!(policy.apply_rules, ApplyRules::All);
    assert_eq!(policy.failure_policy, FailurePolicy::Fail);
    assert_eq!(policy.action, Action::Audit);
    assert!(policy.admission && !policy.background && !policy.emit_warning && !policy.match_conditions);
    assert_eq!((policy.key().as_str(), policy.scope()), ("p", None));
    let Body::Validate(validate) = &policy.rules[0].body else { panic!("a validate rule") };
    assert!(validate.allow_existing_violations && validate.message.is_none());
    assert!(matches!(validate.check, Check::Deny(None)));
}

#[test]
fn checks_are_compiled_where_nothing_varies() {
    let check = |body: &str| match &one(&format!(r#""validate":{body}"#)).body {
        Body::Validate(validate) => format!("{:?}", std::mem::discriminant(&validate.check)),
        other => panic!("{other:?}"),
    };
    assert_ne!(check(r#"{"pattern":{"a":1}}"#), check(r#"{"anyPattern":[{"a":1}]}"#));
    let Body::Validate(constant) = &one(r#""validate":{"pattern":{"a":"$(b)","b":1}}"#).body else { panic!() };
    assert!(matches!(constant.check, Check::Pattern(PatternSource::Templated(_) | PatternSource::Constant(_))));
    for (body, is_constant) in [
        (r#"{"pattern":{"a":"?*"}}"#, true),
        (r#"{"pattern":{"a":"{{request.namespace}}"}}"#, false),
        (r#"{"pattern":{"{{request.namespace}}":1}}"#, false),
        (r#"{"anyPattern":[{"a":1}]}"#, true),
        (r#"{"anyPattern":[{"a":"{{request.namespace}}"}]}"#, false),
    ] {
        let rule = one(&format!(r#""validate":{body}"#));
        let Body::Validate(validate) = &rule.body else { panic!("a validate rule") };
        let constant = match &validate.check {
            Check::Pattern(source) => matches!(source, PatternSource::Constant(_)),
            Check::AnyPattern(source) => matches!(source, AnyPattern::Constant(_)),
            other => panic!("{other:?}"),
        };
        assert_eq!(constant, is_constant, "{body}");
    }
}

#[test]
fn conditions_are_schemaless() {
    let read = |text: &str| conditions(&json::parse(text.as_bytes()).expect("test JSON"));
    assert!(matches!(read("null"), Ok(None)));
    assert!(matches!(read(r#"{"anyOf":[1]}"#), Ok(Some(Conditions::Blocks { any: None, all: None }))));
    let Ok(Some(Conditions::Blocks { any: Some(any), all: None })) = read(r#"{"any":[]}"#) else { panic!("any") };
    assert!(any.is_empty());
    let Ok(Some(Conditions::List(list))) =
        read(r#"[{"key":"a","operator":"equals","value":1,"message":""},{"operator":"is"}]"#)
    else {
        panic!("a list")
    };
    assert!(list[0].operator.is_ok() && list[0].message.is_none());
    assert_eq!(list[1].operator.as_ref().err().map(Str::as_str), Some("is"));
    for wrong in ["1", r#"{"any":1}"#, r#"[1]"#, r#"[{"operator":1}]"#] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    let error = read(r#"{"all":[{"message":[]}]}"#).expect_err("a message is a text");
    assert_eq!(error.pointer.to_string(), "/all/0/message");
}

#[test]
fn mutations() {
    let change = |body: &str| {
        let rule = one(&format!(r#""mutate":{body}"#));
        match &rule.body {
            Body::Mutate(mutate) => (format!("{:?}", mutate.change), mutate.whole_rule.is_some(), mutate.targets.len()),
            other => panic!("{other:?}"),
        }
    };
    assert!(change(r#"{"patchStrategicMerge":{"a":1}}"#).0.starts_with("StrategicMerge(Constant"));
    let (text, whole, _) = change(r#"{"patchStrategicMerge":{"a":"{{request.namespace}}"}}"#);
    assert!(text.starts_with("StrategicMerge(Templated") && whole);
    let (text, whole, targets) = change(
        r#"{"targets":[{"apiVersion":"v1","kind":"Secret","name":"x"}],"patchesJson6902":"- {op: remove, path: /a}"}"#,
    );
    assert!(text.starts_with("JsonPatch") && !whole && targets == 1);
    let (text, whole, _) = change(
        r#"{"foreach":[{"list":"request.object.a","patchStrategicMerge":{"a":"{{element}}"}},{"list":"a[","patchesJson6902":"[]"}]}"#,
    );
    assert!(text.contains("descending: true") && text.contains("descending: false") && !whole);
}

#[test]
fn generations() {
    let rule = one(
        r#""generate":{"apiVersion":"v1","kind":"Secret","name":"x","namespace":"n","synchronize":true,"clone":{"name":"s","namespace":"m"}}"#,
    );
    let Body::Generate(generate) = &rule.body else { panic!("a generate rule") };
    let GenerateTargets::One(target) = &generate.targets else { panic!("one target") };
    assert!(generate.synchronize);
    assert_eq!(target.form, GenerateForm::Clone);
    assert_eq!(target.block.source().str_at(&["clone", "name"]), Some("s"));
}

#[test]
fn pod_security_is_compiled() {
    let rule = one(r#""validate":{"podSecurity":{"level":"baseline","version":"v1.29"}}"#);
    let Body::Validate(validate) = &rule.body else { panic!("a validate rule") };
    let Check::PodSecurity(security) = &validate.check else { panic!("{:?}", validate.check) };
    assert_eq!((security.level.as_str(), security.version.as_str()), ("baseline", "v1.29"));
}

#[test]
fn what_is_not_evaluated_says_so() {
    let rule = one(r#""validate":{"cel":{"expressions":[{"expression":"true"}]}}"#);
    let Body::Unsupported { stage, field } = rule.body else { panic!("{:?}", rule.body) };
    assert_eq!((stage, field), (Stage::Validate, "validate.cel"));
}

#[test]
fn image_rules_are_looked_at_twice_unless_they_check_nothing() {
    let rule = one(r#""verifyImages":[{"imageReferences":["*"],"mutateDigest":false}]"#);
    let Body::VerifyImages(images) = &rule.body else { panic!("an image rule") };
    assert!(images.entries[0].covers("docker.io/nginx:latest") && !images.entries[0].verifies());
    assert!(rule.body.runs_in(Stage::VerifyImages) && rule.body.runs_in(Stage::Validate));
    let unchecked =
        one(r#""verifyImages":[{"imageReferences":["*"],"mutateDigest":false,"verifyDigest":false,"required":false}]"#);
    assert!(!unchecked.body.runs_in(Stage::Validate));
}

#[test]
fn autogen_rules_follow_and_know_their_kinds() {
    let policy = rules(
        r#"[{"name":"tag","match":{"any":[{"resources":{"kinds":["Pod"]}}]},"validate":{"pattern":{"a":1}}},
            {"name":"autogen-mine","match":{"any":[{"resources":{"kinds":["Pod"]}}]},"validate":{"pattern":{"a":1}}},
            {"name":"autogen-gone","match":{"any":[{"resources":{"kinds":["Pod"]}}]},"mutate":{"patchStrategicMerge":{"a":1}}}]"#,
    );
    let names: Vec<&str> = policy.rules.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["tag", "autogen-mine", "autogen-tag", "autogen-cronjob-tag"]);
    let seen = |kind: &str| {
        let seen = policy.rules.iter().filter(|r| r.applies_to_kind(kind)).map(|r| r.name.as_str());
        seen.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(seen("Pod"), "tag autogen-mine");
    assert_eq!(seen("Deployment"), "tag autogen-tag");
    assert_eq!(seen("CronJob"), "tag autogen-cronjob-tag");
    assert!(policy.rules[2].autogen && policy.rules[2].written_at == 0);
}

#[test]
fn the_digest_is_of_what_is_written() {
    let spec = r#"{"rules":[]}"#;
    let digest = |metadata: &str, spec: &str| loaded(metadata, spec).policies[0].digest;
    let plain = digest(r#"{"name":"p"}"#, spec);
    assert_eq!(plain, digest(r#"{"uid":"1","name":"p","resourceVersion":"7"}"#, spec));
    assert_ne!(plain, digest(r#"{"name":"p","labels":{"a":"b"}}"#, spec));
}

#[test]
fn loops_nest_only_so_deep() {
    let mut body = r#"{"list":"a","deny":{}}"#.to_owned();
    for _ in 0..MAX_FOREACH_DEPTH + 1 {
        body = format!(r#"{{"list":"a","foreach":[{body}]}}"#);
    }
    let loaded = loaded(
        r#"{"name":"p"}"#,
        &format!(r#"{{"rules":[{{"name":"r",{CONFIG_MAPS},"validate":{{"foreach":[{body}]}}}}]}}"#),
    );
    assert_eq!(loaded.problems.len(), 1);
    assert!(loaded.problems[0].diagnostic.message.starts_with("foreach nests deeper"));
}

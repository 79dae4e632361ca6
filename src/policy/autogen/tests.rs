use super::*;

fn run(text: &str, annotation: Option<&str>) -> Generated {
    let spec = crate::document::json::parse(text.as_bytes()).expect("test JSON");
    let written = spec.as_list().expect("a list of rules").to_vec();
    let rules: Vec<Rule> = serde_json::from_str(text).expect("rules");
    generate(&rules, &written, annotation).expect("rules")
}

fn names(made: &Generated) -> Vec<&str> {
    made.rules.iter().map(|r| r.rule.name.as_str()).collect()
}

fn json(value: &Value) -> String {
    crate::document::json::to_string(value)
}

const TAG: &str = r#"{"name":"tag","match":{"any":[{"resources":{"kinds":["Pod"]}}]},
    "validate":{"message":"see $(./../pattern/spec) now","pattern":{"spec":{"containers":[{"image":"!*:latest"}]}}}}"#;

#[test]
fn a_pattern_is_wrapped() {
    let made = run(&format!("[{TAG}]"), None);
    assert_eq!(names(&made), ["autogen-tag", "autogen-cronjob-tag"]);
    let [pods, cron] = &made.rules[..] else { panic!("two rules") };
    assert_eq!(
        json(pods.value.at(&["validate"]).unwrap_or(&Value::Null)),
        r#"{"message":"see $(./../pattern/spec/template/spec) now","pattern":{"spec":{"template":{"spec":{"containers":[{"image":"!*:latest"}]}}}}}"#
    );
    assert_eq!(
        json(pods.value.at(&["match"]).unwrap_or(&Value::Null)),
        r#"{"any":[{"resources":{"kinds":["apps/v1/DaemonSet","apps/v1/Deployment","batch/v1/Job","apps/v1/ReplicaSet","v1/ReplicationController","apps/v1/StatefulSet"]}}]}"#
    );
    assert_eq!(
        json(cron.value.at(&["validate", "pattern"]).unwrap_or(&Value::Null)),
        r#"{"spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"image":"!*:latest"}]}}}}}}"#
    );
    assert_eq!(
        json(cron.value.at(&["match"]).unwrap_or(&Value::Null)),
        r#"{"any":[{"resources":{"kinds":["batch/v1/CronJob"]}}]}"#
    );
    assert_eq!(made.kinds.len(), 7);
    assert_eq!(pods.only_kinds.len(), 6);
    assert_eq!(cron.only_kinds, ["CronJob"]);
}

#[test]
fn gates() {
    let rule = |matches: &str, rest: &str| format!(r#"[{{"name":"r","match":{matches}{rest}}}]"#);
    let deny = r#","validate":{"deny":{}}"#;
    for (matches, rest, made) in [
        (r#"{"resources":{"kinds":["Pod"]}}"#, deny, true),
        (r#"{"resources":{"kinds":["v1/Pod"]}}"#, deny, false),
        (r#"{"resources":{"kinds":["Pod","Service"]}}"#, deny, false),
        (r#"{"any":[{"resources":{"kinds":["Pod"]}},{"resources":{"kinds":["Service"]}}]}"#, deny, true),
        (r#"{"resources":{"kinds":["Pod"],"names":["a"]}}"#, deny, false),
        (r#"{"resources":{"kinds":["Pod"],"annotations":{}}}"#, deny, false),
        (r#"{"resources":{"kinds":["Pod"],"selector":{"matchLabels":{"a":"b"}}}}"#, deny, false),
        (r#"{"resources":{"kinds":["Pod"],"namespaces":["a"],"operations":["CREATE"]}}"#, deny, true),
        (r#"{"resources":{"kinds":["Deployment"]}}"#, deny, false),
        (r#"{"resources":{"kinds":["Pod"]}}"#, r#","mutate":{"patchesJson6902":"[]"}"#, false),
        (r#"{"resources":{"kinds":["Pod"]}}"#, r#","generate":{"kind":"Secret"}"#, false),
        (r#"{"resources":{"kinds":["Pod"]}}"#, r#","validate":{"manifests":{"attestors":[{}]}}"#, false),
        (
            r#"{"resources":{"kinds":["Pod"]}}"#,
            r#","validate":{"deny":{}},"exclude":{"any":[{"resources":{"kinds":["Namespace"]}}]}"#,
            false,
        ),
    ] {
        assert_eq!(!run(&rule(matches, rest), None).rules.is_empty(), made, "{matches} {rest}");
    }
}

#[test]
fn one_rule_switches_all_off() {
    let names_listed = r#"{"name":"b","match":{"resources":{"kinds":["Pod"],"names":["x"]}},"validate":{"deny":{}}}"#;
    assert!(run(&format!("[{TAG},{names_listed}]"), None).rules.is_empty());
    let bare = r#"{"name":"b","match":{"resources":{"kinds":["Deployment"]}},"validate":{"deny":{}}}"#;
    let pinned = TAG.replace("\"Pod\"", "\"v1/Pod\"");
    assert_eq!(names(&run(&format!("[{pinned},{bare}]"), None)), ["autogen-tag", "autogen-cronjob-tag"]);
}

#[test]
fn the_annotation_lists_controllers() {
    let with = |annotation: &str| {
        let made = run(&format!("[{TAG}]"), Some(annotation));
        let rule = |r: &GeneratedRule| format!("{}:{}", r.rule.name.as_str(), r.only_kinds.join("+"));
        made.rules.iter().map(rule).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(with("none"), "");
    assert_eq!(with(""), "");
    assert_eq!(with("Deployment"), "autogen-tag:Deployment");
    assert_eq!(with("CronJob"), "autogen-cronjob-tag:CronJob");
    assert_eq!(with("Deployment, StatefulSet"), "autogen-tag: StatefulSet+Deployment");
    assert_eq!(with("Deployment,CloneSet"), "autogen-tag:CloneSet+Deployment");
    assert_eq!(with("AdvancedCronJob"), "autogen-tag:AdvancedCronJob autogen-cronjob-tag:");
}

#[test]
fn expressions_move_and_names_are_cut() {
    let name = "n".repeat(60);
    let text = format!(
        r#"[{{"name":"{name}","match":{{"resources":{{"kinds":["Pod"]}}}},"exclude":{{"resources":{{"namespaces":["x"]}}}},
        "preconditions":{{"any":[],"all":[{{"key":"{{{{request.object.metadata.name}}}}","operator":"Equals","value":"{{{{ request.oldObject.spec.a }}}}"}}]}},
        "validate":{{"message":"request.object.specific","deny":{{"conditions":{{"any":[]}}}}}}}}]"#
    );
    let made = run(&text, None);
    assert_eq!(
        names(&made),
        [format!("autogen-{name}")[..63].to_owned(), format!("autogen-cronjob-{name}")[..63].to_owned()]
    );
    let rule = &made.rules[1].value;
    assert_eq!(json(rule.get("exclude").unwrap_or(&Value::Null)), r#"{"resources":{"namespaces":["x"]}}"#);
    assert_eq!(
        json(rule.get("preconditions").unwrap_or(&Value::Null)),
        r#"{"all":[{"key":"{{request.object.spec.jobTemplate.spec.template.metadata.name}}","operator":"Equals","value":"{{ request.oldObject.spec.jobTemplate.spec.template.spec.a }}"}]}"#
    );
    assert_eq!(
        json(rule.get("validate").unwrap_or(&Value::Null)),
        r#"{"deny":{"conditions":{}},"message":"request.object.spec.jobTemplate.spec.template.specific"}"#
    );
}

#[test]
fn mutations_lose_what_kyverno_loses() {
    let made = run(
        r#"[{"name":"m","match":{"any":[{"resources":{"kinds":["Pod"]}}]},"mutate":{"targets":[{"kind":"Pod"}],
            "foreach":[{"list":"request.object.spec.containers","order":"Descending","patchStrategicMerge":{"spec":{"a":1}}}]}}]"#,
        Some("Deployment"),
    );
    assert_eq!(
        json(made.rules[0].value.get("mutate").unwrap_or(&Value::Null)),
        r#"{"foreach":[{"list":"request.object.spec.template.spec.containers","patchStrategicMerge":{"spec":{"template":{"spec":{"a":1}}}}}]}"#
    );
}

#[test]
fn reserved_names_are_not_rewritten() {
    let made = run(&format!("[{TAG},{}]", TAG.replace("\"tag\"", "\"autogen-x\"")), Some("Deployment"));
    assert_eq!(names(&made), ["autogen-tag"]);
}

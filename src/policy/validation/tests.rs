use crate::policy::lower::tests::loaded;

/// Loads rules as JSON, in a policy without background unless `spec` says more.
fn refusal(spec: &str) -> String {
    refusal_of(r#"{"name":"p"}"#, spec)
}

fn refusal_of(metadata: &str, spec: &str) -> String {
    let found = loaded(metadata, spec);
    assert!(found.problems.is_empty(), "{spec}: {:#?}", found.problems);
    found.rejected.into_iter().map(|r| r.message).collect()
}

/// A spec with one rule: its parts beside the name.
fn rule(parts: &str) -> String {
    format!(r#"{{"rules":[{{"name":"r",{parts}}}]}}"#)
}

fn without_background(parts: &str) -> String {
    format!(r#"{{"background":false,"rules":[{{"name":"r",{parts}}}]}}"#)
}

const POD: &str = r#""match":{"any":[{"resources":{"kinds":["Pod"]}}]}"#;
const DENY: &str = r#""validate":{"deny":{}}"#;

fn on_pods(body: &str) -> String {
    rule(&format!("{POD},{body}"))
}

fn denying(matches: &str) -> String {
    rule(&format!("{matches},{DENY}"))
}

fn check(cases: &[(String, &str)]) {
    for (spec, text) in cases {
        let found = refusal(spec);
        if text.is_empty() {
            assert_eq!(found, "", "{spec}");
        } else {
            assert!(found.contains(text), "{spec}\n found: {found}\nwanted: {text}");
        }
    }
}

#[test]
fn whole_policies() {
    check(&[
        (on_pods(DENY), ""),
        (r#"{"rules":[]}"#.into(), ""),
        (
            r#"{"admission":false,"background":false}"#.into(),
            "disabling both admission and background processing is not allowed",
        ),
        (
            format!(
                r#"{{"admission":false,"rules":[{{"name":"r",{POD},"mutate":{{"patchStrategicMerge":{{"a":1}}}}}}]}}"#
            ),
            "disabling admission processing is only allowed with validation policies",
        ),
        (
            r#"{"webhookTimeoutSeconds":5,"webhookConfiguration":{"timeoutSeconds":5}}"#.into(),
            "spec.webhookTimeoutSeconds: Forbidden: remove the deprecated field and use spec.webhookConfiguration.timeoutSeconds instead",
        ),
        (
            r#"{"failurePolicy":"Fail","webhookConfiguration":{"failurePolicy":"Fail"}}"#.into(),
            "remove the deprecated field and use spec.webhookConfiguration.failurePolicy instead",
        ),
        (
            r#"{"generateExistingOnPolicyUpdate":false}"#.into(),
            "remove the deprecated field and use spec.generate[*].generateExisting instead",
        ),
        (r#"{"webhookTimeoutSeconds":31}"#.into(), "the timeout value must be between 1 and 30 seconds"),
        (
            format!(
                r#"{{"mutateExistingOnPolicyUpdate":true,"rules":[{{"name":"r",{POD},"mutate":{{"patchStrategicMerge":{{"a":1}}}}}}]}}"#
            ),
            "rules[0].mutate.targets has to be specified when mutateExistingOnPolicyUpdate is set",
        ),
        (
            format!(r#"{{"rules":[{{"name":"r",{POD},{DENY}}},{{"name":"r",{POD},{DENY}}}]}}"#),
            "Duplicate rule name: 'r'",
        ),
    ]);
    assert_eq!(
        refusal_of(r#"{"name":"p","namespace":"n"}"#, r#"{"rules":[]}"#),
        "A clusterpolicy should not have the namespace defined"
    );
    let all = r#"{"name":"p","annotations":{"pod-policies.kyverno.io/autogen-controllers":"all"}}"#;
    assert!(refusal_of(all, r#"{"rules":[]}"#).contains("Autogen annotation does not support 'all' anymore"));
    let long = format!(r#"{{"name":"{}"}}"#, "n".repeat(64));
    assert!(refusal_of(&long, r#"{"rules":[]}"#).starts_with("name: Too long"));
}

#[test]
fn bodies() {
    check(&[
        (
            rule(&format!("{POD},\"validate\":{{}}")),
            "No operation defined in the rule 'r'.(supported operations: mutate,validate,generate,verifyImages)",
        ),
        (
            on_pods(r#""validate":{"deny":{}},"mutate":{"patchStrategicMerge":{"a":1}}"#),
            "Multiple operations defined in the rule 'r'",
        ),
        (
            on_pods(r#""validate":{"deny":{}},"imageExtractors":{}"#),
            "imageExtractors can only be defined for verifyImages rule",
        ),
        (
            on_pods(r#""validate":{"message":"m"}"#),
            "path: spec.rules[0].validate..: one of pattern, anyPattern, deny, foreach, cel must be specified",
        ),
        (
            on_pods(r#""validate":{"deny":{},"pattern":{"a":1}}"#),
            "only one of pattern, anyPattern, deny, foreach, cel can be specified",
        ),
        (on_pods(r#""validate":{"foreach":[{"deny":{}}]}"#), "foreach.list is required"),
        (
            on_pods(r#""validate":{"foreach":[{"list":"a"}]}"#),
            "one of pattern, anyPattern, deny, or a nested foreach must be specified",
        ),
        (on_pods(r#""validate":{"pattern":{"spec":{"+(a)":1}}}"#), "unsupported anchor +(a)"),
        (on_pods(r#""validate":{"anyPattern":[{"^(a)":{}}]}"#), "existence anchor should have value of type list"),
        (on_pods(r#""validate":{"pattern":{"^(a)":[]}}"#), "existence anchor: should have at least one value"),
        (on_pods(r#""validate":{"pattern":{"=(a)":{"X(b)":"null","<(c)":"?*","(d)":1,"^(e)":[1]}}}"#), ""),
        (
            on_pods(r#""mutate":{"patchStrategicMerge":{"a":1},"patchesJson6902":"[]"}"#),
            "only one of `patchStrategicMerge` or `patchesJson6902` is allowed",
        ),
        (
            on_pods(r#""mutate":{"patchStrategicMerge":{"a":1},"foreach":[{"list":"a","patchesJson6902":"[]"}]}"#),
            "only one of `foreach`, `patchStrategicMerge`, or `patchesJson6902` is allowed",
        ),
        (
            on_pods(r#""mutate":{"foreach":[{"list":"a","patchesJson6902":"[]","foreach":[{"list":"b"}]}]}"#),
            "a nested foreach cannot contain other declarations",
        ),
        (
            on_pods(r#""mutate":{"patchStrategicMerge":{"a":1}},"celPreconditions":[]"#),
            "celPrecondition can only be used with validate.cel",
        ),
        (
            on_pods(r#""validate":{"pattern":{"metadata":{"labels":{"a":1}}}}"#),
            "labels and annotations supports only string values",
        ),
        (
            on_pods(r#""mutate":{"patchStrategicMerge":{"metadata":{"annotations":{"a":true}}}}"#),
            "labels and annotations supports only string values",
        ),
        (
            on_pods(r#""validate":{"podSecurity":{"level":"baseline","exclude":[{"controlName":"Capabilities"}]}}"#),
            "exclude.images must be specified for the container level control",
        ),
        (
            on_pods(r#""validate":{"podSecurity":{"level":"baseline","exclude":[{"controlName":"Volume Types"}]}}"#),
            "Invalid control name defined at the given level",
        ),
        (
            on_pods(
                r#""validate":{"podSecurity":{"level":"baseline","exclude":[{"controlName":"Sysctls","restrictedField":"x"}]}}"#,
            ),
            "values is required",
        ),
        (
            on_pods(r#""verifyImages":[{"imageReferences":["*"]}]"#),
            "mutateDigest must be set to false for ‘Audit’ failure action",
        ),
        (on_pods(r#""verifyImages":[{"mutateDigest":false}]"#), "An image reference is required"),
        (
            on_pods(
                r#""verifyImages":[{"mutateDigest":false,"imageReferences":["*"],"attestors":[{"count":2,"entries":[{}]}]}]"#,
            ),
            "Count cannot exceed length of entries",
        ),
        (
            on_pods(
                r#""verifyImages":[{"mutateDigest":false,"imageReferences":["*"],"attestors":[{"entries":[{}]}]}]"#,
            ),
            "keys, certificates, keyless, or a nested attestor is required",
        ),
    ]);
}

#[test]
fn json_patches() {
    let patch = |text: &str| on_pods(&format!(r#""mutate":{{"patchesJson6902":"{text}"}}"#));
    check(&[
        (patch("- {op: add, path: /a, value: 1}"), ""),
        (patch("- {op: add, path: /a, value: '{{request.namespace}}'}"), ""),
        (patch("- {op: add, path: a, value: 1}"), "path must begin with a forward slash: spec.rules[0]: a"),
        (patch("- {op: jump, path: /a}"), "path must begin with a forward slash: spec.rules[0]: "),
        (
            patch("- {op: add, path: '/a/{{request.namespace}}', value: 1}"),
            "rule \"r\" should not have variables in patchesJSON6902 path section",
        ),
    ]);
}

#[test]
fn generations() {
    let generate = |body: &str| {
        let parts = format!(r#""match":{{"any":[{{"resources":{{"kinds":["Namespace"]}}}}]}},"generate":{body}"#);
        rule(&parts)
    };
    check(&[
        (generate(r#"{"apiVersion":"v1","kind":"Secret","name":"a","namespace":"b","data":{"x":1}}"#), ""),
        (
            generate(r#"{"apiVersion":"v1","kind":"Secret","name":"a","data":{"x":1}}"#),
            "target namespace must be set for a namespaced resource",
        ),
        (generate(r#"{"apiVersion":"v1","kind":"Secret","namespace":"b","data":{"x":1}}"#), "name can not be empty"),
        (
            generate(r#"{"kind":"Secret","name":"a","namespace":"b","data":{"x":1},"clone":{"name":"c"}}"#),
            "only one of generate patterns(data, clone, cloneList and foreach) can be specified",
        ),
        (
            generate(r#"{"namespace":"b","cloneList":{"kinds":["v1/Secret"]}}"#),
            "namespace is required for namespaced target resources",
        ),
        (
            generate(r#"{"apiVersion":"v1","kind":"Secret","name":"a","namespace":"b","data":{"(x)":1}}"#),
            "anchors not supported on generate resources: unsupported anchor (x)",
        ),
        (
            rule(
                r#""match":{"resources":{"kinds":["Secret"]}},"generate":{"apiVersion":"v1","kind":"Secret","name":"a","namespace":"b","data":{"x":1}}"#,
            ),
            "generation kind and match resource kind should not be the same",
        ),
    ]);
}

#[test]
fn filters() {
    let any = |filter: &str| denying(&format!(r#""match":{{"any":[{filter}]}}"#));
    check(&[
        (
            any(r#"{"resources":{"kinds":["Pod"],"name":"a","names":["b"]}}"#),
            "Both name and names can not be specified together",
        ),
        (
            any(r#"{"resources":{"kinds":["Pod"],"selector":{}}}"#),
            "spec.rules[0].match.any[0].selector: Invalid value: {}: The requirements are not specified in selector",
        ),
        (
            any(r#"{"resources":{"kinds":["Pod"],"selector":{"matchExpressions":[{"key":"a","operator":"Near"}]}}}"#),
            "is not a valid label selector operator",
        ),
        (any(r#"{"resources":{"kinds":["Pod"],"selector":{"matchLabels":{"*":"?"}}}}"#), ""),
        (any("{}"), "path: spec.rules[0].match.resources.: match resources not specified"),
        (any(r#"{"resources":{"names":["a"]}}"#), "at least one element must be specified in a kind block"),
        (
            denying(r#""match":{"any":[{"resources":{"kinds":["Pod"]}}],"resources":{"kinds":["Pod"]}}"#),
            "path: spec.rules[0].match.: can't specify any/all together with match resources",
        ),
        (
            denying(
                r#""match":{"any":[{"resources":{"kinds":["Pod"]}}]},"exclude":{"any":[{"resources":{"kinds":["Pod"]}}]}"#,
            ),
            "Rule is matching an empty set",
        ),
        (
            denying(r#""match":{"resources":{"kinds":["Pod"]}},"exclude":{"resources":{"kinds":["Pod","Service"]}}"#),
            "Rule is matching an empty set",
        ),
        (
            denying(
                r#""match":{"resources":{"kinds":["Pod"]}},"exclude":{"resources":{"kinds":["Pod"],"namespaces":["a"]}}"#,
            ),
            "",
        ),
        (
            any(r#"{"resources":{"kinds":["{{a}}"]}}"#),
            "policy contains invalid variables: rule \"r\" should not have variables in match section",
        ),
        (
            any(r#"{"resources":{"kinds":["Pod"]},"subjects":[{"kind":"User","name":"a"}]}"#),
            "only select variables are allowed in background mode. Set spec.background=false to disable background mode for this policy rule: invalid variable used at path: spec/rules[0]/match/any[0]/subjects ",
        ),
        (
            without_background(
                r#""match":{"any":[{"resources":{"kinds":["Pod"]},"subjects":[{"kind":"Robot","name":"a"},{"kind":"ServiceAccount","name":"b"}],"roles":["c"]}]},"validate":{"deny":{}}"#,
            ),
            "kind must be 'User', 'Group', or 'ServiceAccount'",
        ),
        (
            without_background(
                r#""match":{"any":[{"resources":{"kinds":["Pod"]},"roles":["c"]}]},"validate":{"deny":{}}"#,
            ),
            "Role is expected to be in namespace:name format",
        ),
    ]);
}

#[test]
fn every_kind() {
    let star =
        |body: &str| without_background(&format!(r#""match":{{"any":[{{"resources":{{"kinds":["*"]}}}}]}},{body}"#));
    check(&[
        (
            denying(r#""match":{"any":[{"resources":{"kinds":["*"]}}]}"#),
            "path: spec.rules[0].match.any[0].kinds: wildcard policy not allowed in background mode. Set spec.background=false to disable background mode for this policy rule ",
        ),
        (star(DENY), ""),
        (
            star(r#""validate":{"pattern":{"spec":{}}}"#),
            "policy can only deal with the metadata field of the resource if the rule does not match any kind",
        ),
        (star(r#""validate":{"pattern":{"metadata":{}}}"#), ""),
        (star(r#""validate":{"foreach":[{"list":"a","deny":{}}]}"#), "wildcard policy does not support rule type"),
        (star(r#""mutate":{"patchStrategicMerge":{"spec":{}}}"#), "policy can only deal with the metadata field"),
        (
            without_background(r#""match":{"any":[{"resources":{"kinds":["*","Pod"]}}]},"validate":{"deny":{}}"#),
            "wildcard policy can not deal with more than one kind",
        ),
    ]);
}

#[test]
fn variables_and_contexts() {
    let message = |text: &str| on_pods(&format!(r#""validate":{{"message":"{text}","deny":{{}}}}"#));
    let context =
        |entry: &str| on_pods(&format!(r#""context":[{entry}],"validate":{{"message":"{{{{ x.y }}}}","deny":{{}}}}"#));
    check(&[
        (message("{{ request.object.metadata.name }}"), ""),
        (message("{{ to_upper('a') }}"), ""),
        (message(r"\\{{ nothing }}"), ""),
        (message("{{ request.object.metadata.labels.{{ request.namespace }} }}"), ""),
        (
            message("{{ nothing.here }}"),
            "policy contains invalid variables: variable substitution failed for rule r: variable nothing.here must match regex \"request\\.|element|elementIndex|@|images|images\\.|image\\.|([a-z_0-9]+\\()[^{}]\" or patterns []",
        ),
        (message("{{ request.object[ }}"), "invalid JMESPath query request.object["),
        (message("{{ }}"), "invalid query (nil)"),
        (message("{{request.userInfo.username}}"), "variable {{request.userInfo.username}} is not allowed "),
        (message("{{ element.name }}"), "variable 'element.name' present outside of foreach at path /validate/message"),
        (context(r#"{"name":"x","variable":{"value":1}}"#), ""),
        (context(r#"{"name":"x","configMap":{"name":"a","namespace":"b"}}"#), "variable x.y must match regex"),
        (
            context(r#"{"name":"x","variable":{"default":1}}"#),
            "a variable must define a value or a jmesPath expression",
        ),
        (context(r#"{"name":"x","variable":{"jmesPath":"a["}}"#), "failed to parse JMESPath a["),
        (context(r#"{"name":"x","variable":{"jmesPath":"{{ x.z }}["}}"#), ""),
        (
            context(r#"{"name":"x","variable":{"value":1},"apiCall":{"urlPath":"/a"}}"#),
            "exactly one of configMap or apiCall or imageRegistry or variable is required for context entries",
        ),
        (
            context(r#"{"name":"x","apiCall":{"urlPath":"/a","service":{"url":"b"}}}"#),
            "a URLPath cannot be used for service API calls",
        ),
        (
            on_pods(r#""context":[{"name":"request.x","variable":{"value":1}}],"validate":{"deny":{}}"#),
            "entry name request.x is invalid as it conflicts with a pre-defined variable request",
        ),
        (
            on_pods(r#""context":[{"name":"x","configMap":{"name":"a"}}],"validate":{"deny":{}}"#),
            "a namespace is required for configMap context entry",
        ),
        (
            on_pods(
                r#""context":[{"name":"x","variable":{"value":1}}],"validate":{"cel":{"expressions":[{"expression":"true"}]}}"#,
            ),
            "context variables are not supported for CEL expressions in validate rules",
        ),
    ]);
}

#[test]
fn incomplete_conditions() {
    let conditions = |text: &str| on_pods(&format!(r#""preconditions":{text},"validate":{{"deny":{{}}}}"#));
    check(&[
        (conditions(r#"{"any":[{"key":"a","operator":"Equals","value":"b"}]}"#), ""),
        (
            conditions(r#"{"any":[{"key":"a","operator":"Equals"}]}"#),
            "entered value of `key`, `value` or `operator` is missing or misspelled",
        ),
        (
            conditions(r#"[{"key":"a","operator":"equals","value":"b"}]"#),
            "entered value of `operator` is invalid. valid values: [",
        ),
        (
            conditions(r#"{"all":[{"key":"{{ request.operation }}","operator":"Equals","value":"PATCH"}]}"#),
            "unknown value 'PATCH' found under the 'value' field. Only the following values are allowed: [CREATE, UPDATE, DELETE, CONNECT]",
        ),
        (conditions(r#"{"all":[{"key":"{{request.operation}}","operator":"AnyIn","value":["CREATE","UPDATE"]}]}"#), ""),
        (
            on_pods(
                r#""validate":{"foreach":[{"list":"a","deny":{"conditions":{"any":[{"key":"a","operator":"Is","value":1}]}}}]}"#,
            ),
            "entered value of `operator` is invalid",
        ),
    ]);
}

#[test]
fn contradicting_overrides() {
    let overrides = |list: &str| format!(r#"{{"validationFailureActionOverrides":{list},"rules":[]}}"#);
    check(&[
        (overrides(r#"[{"action":"Audit","namespaces":["a"]},{"action":"Enforce","namespaces":["b"]}]"#), ""),
        (
            overrides(r#"[{"action":"Audit","namespaces":["default"]},{"action":"Enforce","namespaces":["default"]}]"#),
            "conflicting namespaces found in path: spec.validationFailureActionOverrides[1].namespaces: default",
        ),
        (
            overrides(r#"[{"action":"Audit","namespaces":["d*"]},{"action":"Enforce","namespaces":["default"]}]"#),
            "path: spec.validationFailureActionOverrides[1].namespaces: wildcard pattern 'd*' matches with namespace 'default'",
        ),
        (
            overrides(r#"[{"action":"Audit","namespaces":["d*"]},{"action":"Enforce","namespaces":["da*"]}]"#),
            "wildcard pattern 'd*' conflicts with the pattern 'da*'",
        ),
        (overrides(r#"[{"namespaces":["a"]}]"#), "invalid action"),
    ]);
}

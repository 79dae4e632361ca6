use super::*;
use crate::document::manifest::Source;
use crate::document::yaml;

fn read(text: &str) -> Loaded {
    let documents = yaml::read(text, &yaml::Limits::default()).expect("test YAML");
    let expand = |d: &yaml::Document| {
        let source = Source::of("policy.yaml".into(), text.into(), d);
        Manifest::expand(d.value.clone(), source).expect("objects")
    };
    load(documents.iter().flat_map(expand))
}

const GOOD: &str = "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: good}
spec:
  rules:
  - name: r
    match:
      any:
      - resources: {kinds: [Pod]}
    validate:
      deny: {}
";

#[test]
fn each_document_is_judged_on_its_own() {
    let text = format!(
        "{GOOD}---\n{}---\n{}---\n{}---\n{}---\n{}---\n{}",
        GOOD.replace("name: good", "name: bad, namespace: shop"),
        GOOD.replace("any:", "anyOf:"),
        GOOD.replace("kyverno.io/v1", "kyverno.io/v9"),
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: v}\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
        GOOD.replace("name: good", "name: last"),
    );
    let loaded = read(&text);
    let names: Vec<&str> = loaded.policies.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["good", "last"]);
    assert_eq!(loaded.rejected.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["bad"]);
    assert_eq!(
        loaded.rejected[0].diagnostic.to_string(),
        "policy.yaml:15:23: A clusterpolicy should not have the namespace defined"
    );
    assert_eq!(loaded.unsupported.iter().map(|u| u.kind.as_str()).collect::<Vec<_>>(), ["ValidatingPolicy"]);
    assert_eq!(loaded.others.iter().map(Manifest::kind).collect::<Vec<_>>(), ["ConfigMap"]);
    let [unknown, version] = &loaded.problems[..] else { panic!("{:#?}", loaded.problems) };
    assert_eq!((unknown.kind, version.kind), (ProblemKind::UnknownField, ProblemKind::UnknownVersion));
    let text = unknown.diagnostic.to_string();
    assert!(text.starts_with("policy.yaml:32:7: "), "{text}");
    assert!(text.contains("unknown field \"anyOf\"") && text.contains("did you mean \"any\"?"), "{text}");
}

#[test]
fn fields_of_the_wrong_type_or_missing_are_problems_of_the_schema() {
    for (from, to, message) in [
        ("deny: {}", "deny: 1", "expected"),
        ("name: r", "names: r", "unknown field"),
        ("  rules:\n  - name: r\n    match", "  rules:\n  - match", "field \"name\" is missing"),
        ("[Pod]", "Pod", "expected"),
        ("resources: {kinds: [Pod]}", "resources: {kinds: [Pod], operations: [PATCH]}", "expected one of CREATE"),
        ("deny: {}", "deny: {}\n      failureAction: enforce", "expected one of Audit, Enforce"),
        ("deny: {}", "podSecurity: {level: strict}", "expected one of privileged, baseline, restricted"),
        (
            "deny: {}",
            "foreach: [{list: a, deny: {}, preconditions: {all: [{key: a, operator: Equal, value: a}]}}]",
            "expected one of Equals, NotEquals",
        ),
        ("spec:", "spec: &a {validationFailureAction: block}\nstatus:", "expected one of Audit"),
    ] {
        let loaded = read(&GOOD.replace(from, to));
        assert_eq!(loaded.problems.len(), 1, "{to}: {loaded:#?}");
        let text = loaded.problems[0].diagnostic.to_string();
        assert!(text.contains(message), "{to}: {text}");
    }
}

#[test]
fn scopes_of_generated_objects() {
    let generating = |kind: &str, namespace: &str| {
        let target = format!("generate: {{{kind}, name: a, {namespace}data: {{}}}}");
        GOOD.replace("validate:\n      deny: {}", &target).replace("[Pod]", "[Secret]")
    };
    let read = |text: &str, cluster: bool| {
        let documents = yaml::read(text, &yaml::Limits::default()).expect("test YAML");
        let object = Manifest::new(documents[0].value.clone(), Source::default()).expect("an object");
        let loaded = if cluster { load_for_cluster([object]) } else { load([object]) };
        loaded.rejected.into_iter().map(|r| r.message).collect::<String>()
    };
    let role = "apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole";
    for (kind, namespace, on_command_line, in_cluster) in [
        (role, "", "target namespace must be set", ""),
        (role, "namespace: x, ", "", "target namespace must not be set for a cluster-wide resource"),
        ("apiVersion: v1, kind: ConfigMap", "", "target namespace must be set", "target namespace must be set"),
        ("apiVersion: v1, kind: ConfigMap", "namespace: x, ", "", ""),
        ("apiVersion: example.com/v1, kind: Thing", "", "target namespace must be set", ""),
        ("apiVersion: example.com/v1, kind: Thing", "namespace: x, ", "", ""),
    ] {
        let text = generating(kind, namespace);
        for (cluster, expected) in [(false, on_command_line), (true, in_cluster)] {
            let found = read(&text, cluster);
            assert_eq!(found.is_empty(), expected.is_empty(), "{kind} {namespace}: {found}");
            assert!(found.contains(expected), "{kind} {namespace}: {found}");
        }
    }
}

#[test]
fn v2beta1_is_stricter() {
    let v2beta1 = GOOD.replace("kyverno.io/v1", "kyverno.io/v2beta1");
    assert_eq!(read(&v2beta1).policies.len(), 1);
    let inline = v2beta1.replace("      any:\n      - resources", "      resources");
    assert_eq!(read(&inline).problems.len(), 1);
    assert_eq!(read(&inline.replace("v2beta1", "v1")).policies.len(), 1);
}

#[test]
fn exceptions_the_cluster_refuses_are_kept_apart() {
    let exception = "apiVersion: kyverno.io/v2
kind: PolicyException
metadata: {name: e, namespace: shop}
spec:
  exceptions:
  - policyName: good
    ruleNames: ['*']
  match:
    any:
    - resources: {kinds: [Pod]}
";
    let refused = exception.replace("resources:", "subjects: [{kind: User, name: ada}]\n      resources:");
    let loaded = read(&format!("{exception}---\n{refused}"));
    assert_eq!((loaded.exceptions.len(), loaded.refused_exceptions.len()), (1, 1));
    assert_eq!(
        loaded.refused_exceptions[0].1.message,
        "spec.match.any[0].subjects: Forbidden: Usage of user info is forbidden"
    );
    assert_eq!(loaded.exceptions[0].key(), "shop/e");
}

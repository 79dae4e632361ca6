//! Who may loosen the gate: the operator, by mounted files. On the real binary: nothing that a committer
//! can write makes a violation pass.

use crate::gate::{GOOD, Gate, Ran};

const BAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\n";

/// Every key of the gate's configuration, each with a value that would loosen it.
const LOOSENING: [(&str, &str); 17] = [
    ("policies", "[{path: nowhere}]"),
    ("minimumPolicies", "0"),
    ("exceptions", "[{path: .}]"),
    ("exceptionsRequire", "[]"),
    ("exceptionsWarnDays", "0"),
    ("exceptionsFromRender", "[{policies: ['*'], namespaces: ['*']}]"),
    ("enforcement", "audit"),
    ("overrides", "[{policy: '*', enforcement: audit}]"),
    ("onRuleError", "report"),
    ("onDeferred", "admission"),
    ("onDrift", "ignore"),
    ("sourceOverrides", "[env, parameters]"),
    ("allowEmpty", "true"),
    ("facts", "{user: {username: root}}"),
    ("tools", "{helm: {path: /bin/true}}"),
    ("limits", "{documents: 0}"),
    ("sections", "[{name: a, match: {}, enforcement: audit}]"),
];

#[track_caller]
fn denied(ran: &Ran) {
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
}

#[track_caller]
fn refused(ran: &Ran, words: &str) {
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains(words), "{}", ran.stderr);
}

/// A rendering that is denied, as Argo CD asks for it.
fn gate() -> Gate {
    Gate::new()
        .file("a.yaml", BAD)
        .environment("ARGOCD_APP_NAME", "shop")
        .environment("ARGOCD_APP_PROJECT_NAME", "payments")
        .environment("ARGOCD_APP_REVISION", "0123456789abcdef0123456789abcdef01234567")
}

#[test]
fn plugin_env_never_loosens() {
    let said = gate().run();
    denied(&said);
    let mut other = gate();
    for (key, value) in LOOSENING {
        let upper = key.to_ascii_uppercase();
        for name in
            [format!("ARGOCD_ENV_{key}"), format!("ARGOCD_ENV_{upper}"), format!("ARGOCD_ENV_RENDERGATE_{upper}")]
        {
            other = other.environment(&name, value);
        }
    }
    let other = other
        .environment("ARGOCD_ENV_RENDERGATE_CONFIG", "/dev/null")
        .environment("ARGOCD_ENV_ARGOCD_APP_NAME", "other")
        .environment("ARGOCD_ENV_ARGOCD_APP_PROJECT_NAME", "platform")
        .run();
    denied(&other);
    assert_eq!(other.stderr, said.stderr);
}

#[test]
fn plugin_parameters_never_loosen() {
    let mut all = Vec::new();
    let mut gate = gate();
    for (key, value) in LOOSENING {
        let quoted = value.replace('\'', "\\u0027");
        all.push(format!(r#"{{"name":"{key}","string":"{quoted}"}}"#));
        all.push(format!(r#"{{"name":"{key}","map":{{"path":"/dev/null","enforcement":"audit"}}}}"#));
        all.push(format!(r#"{{"name":"{key}","array":["audit"]}}"#));
        gate = gate.environment(&format!("PARAM_{}", key.to_ascii_uppercase()), value);
    }
    let gate = gate
        .environment("ARGOCD_APP_PARAMETERS", &format!("[{}]", all.join(",")))
        .environment("PARAM_RENDERGATE_CONFIG", "/dev/null")
        .environment("PARAM_CONFIG", "/dev/null");
    let ran = gate.run();
    assert_ne!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
}

#[test]
fn no_gate_setting_is_taken_from_the_repository() {
    for (key, value) in LOOSENING.iter().filter(|(key, _)| *key != "policies") {
        let own = format!("apiVersion: rendergate.dev/v1alpha1\nkind: RenderConfiguration\n{key}: {value}\n");
        refused(&gate().file(".rendergate.yaml", own).run(), ".rendergate.yaml:3: ");
    }
    let own = "apiVersion: rendergate.dev/v1alpha1\nkind: RenderConfiguration\npolicies: [{path: p}]\n";
    let gate = gate().file("p/own.yaml", crate::gate::TEAM.replace("Enforce", "Audit")).file(".rendergate.yaml", own);
    // A policy of the operator's name in the repository is another policy.
    denied(&gate.run());
    // The whole configuration in the place of the repository's own.
    let whole = "apiVersion: rendergate.dev/v1alpha1\nkind: GateConfiguration\nenforcement: audit\n";
    refused(&gate.file(".rendergate.yaml", whole).run(), ".rendergate.yaml:2: kind must be RenderConfiguration");
}

#[test]
fn an_argocd_source_file_cannot_change_the_plugin() {
    for name in [".argocd-source.yaml", ".argocd-source-shop.yaml", ".argocd-source-other.yaml"] {
        let ran = gate().file(name, "# images\nplugin:\n  name: other\n").run();
        refused(&ran, &format!("{name}:2: 'plugin' would switch or change the plugin that the Application names"));
    }
    let images = "kustomize: {images: [web=web:2]}\n";
    denied(&gate().file(".argocd-source.yaml", images).run());
    let tolerant = || gate().config("policies: [{path: policies}]\nsourceOverrides: [env]\n");
    denied(&tolerant().file(".argocd-source.yaml", "plugin: {env: [{name: A, value: b}]}\n").run());
    refused(&tolerant().file(".argocd-source.yaml", "plugin: {parameters: []}\n").run(), "'plugin.parameters' would");
    refused(&tolerant().file(".argocd-source.yaml", "plugin: {name: rendergate@v1}\n").run(), "'plugin.name' would");
}

const EXCEPTION: &str = "apiVersion: kyverno.io/v2\nkind: PolicyException\nmetadata:\n  name: let\n  namespace: ops\n  \
                         annotations: {TERMS}\nspec:\n  exceptions: [{policyName: need-team, ruleNames: [team]}]\n  \
                         match: {any: [{resources: {kinds: [ConfigMap]}}]}\n";

/// The operator's exception with these annotations and these further settings.
fn excused(terms: &str, settings: &str) -> Gate {
    let config = format!("policies: [{{path: policies}}]\nexceptions: [{{path: exceptions}}]\n{settings}");
    let gate = gate().config(&config);
    gate.write("exceptions/let.yaml", EXCEPTION.replace("TERMS", terms));
    gate
}

#[test]
fn exceptions_in_a_repository_count_only_where_the_operator_allows_them() {
    let exception = EXCEPTION.replace("TERMS", "");
    let tree = |settings: &str| {
        gate().file("e.yaml", &exception).config(&format!("policies: [{{path: policies}}]\n{settings}")).run()
    };
    denied(&tree(""));
    let allowed = tree("exceptionsFromRender: [{policies: [need-team], namespaces: [default]}]\n");
    assert_eq!(allowed.status, 0, "{}", allowed.stderr);
    denied(&tree("exceptionsFromRender: [{policies: [other], namespaces: ['*']}]\n"));
    denied(&tree("exceptionsFromRender: [{policies: ['*'], namespaces: [prod]}]\n"));
    let section = "sections: [{name: s, match: {projects: [PROJECT]}, exceptionsFromRender: [{policies: ['*'], namespaces: ['*']}]}]\n";
    assert_eq!(tree(&section.replace("PROJECT", "payments")).status, 0);
    denied(&tree(&section.replace("PROJECT", "other")));
    // Among the repository's own policies there may be none at all.
    let own = "apiVersion: rendergate.dev/v1alpha1\nkind: RenderConfiguration\npolicies: [{path: p}]\n";
    let ran = gate().file("p/e.yaml", exception).file(".rendergate.yaml", own).run();
    refused(&ran, "a PolicyException in the repository: only the operator can make exceptions");
}

#[test]
fn exceptions_are_scoped_by_project_and_application() {
    for (terms, status) in [
        ("rendergate.dev/projects: payments", 0),
        ("rendergate.dev/projects: 'billing,pay*', rendergate.dev/applications: shop", 0),
        ("rendergate.dev/projects: billing", 1),
        ("rendergate.dev/applications: other", 1),
    ] {
        let ran = excused(terms, "").run();
        assert_eq!(ran.status, status, "{terms}: {}", ran.stderr);
    }
    // What Argo CD did not tell is no match, and the same exception without a scope counts.
    denied(&excused("rendergate.dev/projects: payments", "").environment("ARGOCD_APP_PROJECT_NAME", "").run());
    assert_eq!(excused("", "").environment("ARGOCD_APP_PROJECT_NAME", "").run().status, 0);
}

#[test]
fn an_expired_exception_is_named_in_the_failure_and_one_that_soon_ends_in_the_log() {
    let ran = excused("rendergate.dev/expires: '2020-01-31', rendergate.dev/owner: team-a", "").run();
    denied(&ran);
    assert_eq!(
        ran.stderr,
        "rendergate: 1 violation of 1 policy blocks this render at 0123456. [need-team/team] ConfigMap default/bad: A team \
         label is needed. PolicyException ops/let (owner: team-a) expired on 2020-01-31. (/metadata/labels, a.yaml:3)\n"
    );
    let lasting = excused("rendergate.dev/expires: '2999-12-31'", "").run();
    assert_eq!((lasting.status, lasting.stderr.contains("expires")), (0, false), "{}", lasting.stderr);
    // As many days as there can be (179 years) reach far enough for a date of this century.
    let soon = excused("rendergate.dev/expires: '2099-12-31'", "exceptionsWarnDays: 65535\n").run();
    assert_eq!(soon.status, 0, "{}", soon.stderr);
    assert!(soon.stderr.contains("note: PolicyException ops/let expires on 2099-12-31\n"), "{}", soon.stderr);
    refused(&excused("rendergate.dev/expires: 'next week'", "").run(), "exceptions/let.yaml:6:");
}

#[test]
fn an_operator_may_require_owner_reason_and_end_of_exceptions() {
    let require = "exceptionsRequire: [owner, reason, expires]\n";
    let ran = excused("rendergate.dev/owner: a, rendergate.dev/reason: b", require).run();
    denied(&ran);
    assert!(
        ran.stderr.contains("does not count: it has no rendergate.dev/expires (exceptionsRequire)."),
        "{}",
        ran.stderr
    );
    let all = "rendergate.dev/owner: a, rendergate.dev/reason: b, rendergate.dev/expires: '2999-12-31'";
    assert_eq!(excused(all, require).run().status, 0);
}

#[test]
fn a_policy_that_drifts_is_named() {
    let policy = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: stamp}\nspec:\n  rules:\n  - name: now\n    \
                  match: {any: [{resources: {kinds: [ConfigMap]}}]}\n    mutate:\n      patchStrategicMerge:\n        \
                  metadata: {annotations: {at: '{{ time_now_utc() }}'}}\n";
    let gate = Gate::new().file("a.yaml", GOOD);
    gate.write("policies/stamp.yaml", policy);
    let ran = gate.run();
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let said = "[stamp/now] ConfigMap default/good: gives another result each time";
    assert!(ran.stderr.contains(&format!("rendergate: warn: {said}")), "{}", ran.stderr);
    let ran = gate.config("policies: [{path: policies}]\nonDrift: deny\n").run();
    denied(&ran);
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}

use std::sync::Arc;

use super::*;
use crate::config::gate::{Enforcement, OnDeferred, OnRuleError};
use crate::config::settings::Step;
use crate::document::Pointer;
use crate::document::yaml;
use crate::output::failure;
use crate::policy::load;
use crate::render::RenderFacts;
use crate::source::{Limits, MemoryFiles, Tree, read};

pub(in crate::render) const LABELS: &str = r#"
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: labels}
spec:
  rules:
  - name: team
    match: {any: [{resources: {kinds: [ConfigMap, Secret]}}]}
    validate:
      failureAction: ACTION
      message: A team is needed.
      pattern: {metadata: {labels: {team: "?*"}}}
"#;

pub(in crate::render) fn rule(name: &str, body: &str) -> String {
    format!(
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: {name}}}\nspec:\n  background: false\n  rules:\n  - name: r\n    {}\n",
        body.replace('\n', "\n    ")
    )
}

pub(in crate::render) const DATA: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n";

pub(in crate::render) struct Case {
    pub(in crate::render) policies: String,
    pub(in crate::render) settings: Settings,
    pub(in crate::render) now: i128,
    pub(in crate::render) application: Application,
    pub(in crate::render) enforce: Vec<Str>,
    pub(in crate::render) manifests: String,
}

impl Case {
    pub(in crate::render) fn new(policies: &str, manifests: &str) -> Self {
        Self {
            policies: policies.to_owned(),
            settings: Settings::default(),
            now: 0,
            application: Application { namespace: Some("shop".to_owned()), ..Application::default() },
            enforce: Vec::new(),
            manifests: manifests.to_owned(),
        }
    }

    fn try_run(&self) -> Result<Verdict, RenderFault> {
        let documents = yaml::read(&self.policies, &yaml::Limits::default()).unwrap();
        let source = |d: &yaml::Document| Source::of("p.yaml".into(), self.policies.as_str().into(), d);
        let loaded = load::load(documents.iter().map(|d| Manifest::new(d.value.clone(), source(d)).unwrap()));
        assert!(
            loaded.problems.is_empty() && loaded.rejected.is_empty(),
            "{:?} {:?}",
            loaded.problems,
            loaded.rejected
        );
        let set = PolicySet::new(loaded.policies, loaded.exceptions);
        let files = MemoryFiles::new([("a.yaml", self.manifests.as_str())]);
        let manifests = read(&files, &Tree::default(), &Limits::default()).unwrap().manifests;
        let render = Render {
            set: &set,
            application: &self.application,
            settings: &self.settings,
            enforce: &self.enforce,
            facts: &RenderFacts::new(Arc::default(), self.now),
            user: User::Unknown,
            stop: &Stop::never(),
        };
        render.run(&manifests)
    }

    pub(in crate::render) fn run(&self) -> Verdict {
        self.try_run().expect("renders")
    }
}

pub(in crate::render) fn results(verdict: &Verdict) -> Vec<(&'static str, bool)> {
    verdict.findings.iter().map(|f| (f.result.as_str(), f.blocks)).collect()
}

#[test]
fn the_effective_action_is_the_first_that_says_something() {
    let mut case = Case::new(&LABELS.replace("ACTION", "Audit"), DATA);
    assert_eq!(results(&case.run()), [("fail", false)]);
    case.settings.actions = vec![Step::All(Enforcement::Enforce)];
    assert_eq!(results(&case.run()), [("fail", true)]);
    case.settings.actions = vec![Step::All(Enforcement::Audit)];
    assert_eq!(results(&case.run()), [("fail", false)]);
    case.enforce = vec!["lab*".into()];
    assert_eq!(results(&case.run()), [("fail", true)]);
    let mut case = Case::new(&LABELS.replace("ACTION", "Enforce"), DATA);
    assert_eq!(results(&case.run()), [("fail", true)]);
    case.settings.actions = vec![Step::All(Enforcement::Audit)];
    assert_eq!(results(&case.run()), [("fail", false)]);
}

#[test]
fn errors_deny_where_the_rule_is_enforced() {
    let broken = |action: &str| {
        rule(
            "broken",
            &format!(
                "match: {{any: [{{resources: {{kinds: [ConfigMap]}}}}]}}\nvalidate:\n  failureAction: {action}\n  message: refused\n  \
                 pattern: {{data: {{k: \"{{{{ request.object.data.missing }}}}\"}}}}"
            ),
        )
    };
    let mut case = Case::new(&broken("Enforce"), DATA);
    assert_eq!(results(&case.run()), [("error", true)]);
    case.settings.on_rule_error = OnRuleError::Report;
    assert_eq!(results(&case.run()), [("error", false)]);
    assert_eq!(results(&Case::new(&broken("Audit"), DATA).run()), [("error", false)]);
    let mutate = rule(
        "broken",
        "match: {any: [{resources: {kinds: [ConfigMap]}}]}\nmutate:\n  patchStrategicMerge: {data: {k: \"{{ request.object.data.missing }}\"}}",
    );
    let mut case = Case::new(&mutate, DATA);
    assert_eq!(results(&case.run()), [("error", true)]);
    case.settings.actions = vec![Step::All(Enforcement::Audit)];
    let verdict = case.run();
    assert_eq!(results(&verdict), [("error", false)]);
    assert_eq!(verdict.objects.len(), 1);
}

/// Everything a render cannot know defers the rule that asks, and nothing else.
#[test]
fn what_a_render_cannot_know_is_deferred() {
    let kinds = "match: {any: [{resources: {kinds: [ConfigMap]}}]}";
    let deny = |key: &str| {
        format!(
            "validate:\n  failureAction: Enforce\n  message: refused\n  deny: {{conditions: {{any: [{{key: \"{{{{ {key} }}}}\", operator: Equals, value: x}}]}}}}"
        )
    };
    for (name, body, what) in [
        ("user", format!("{kinds}\n{}", deny("request.userInfo.username")), "request.userInfo"),
        ("old", format!("{kinds}\n{}", deny("request.oldObject.data.k")), "request.oldObject"),
        (
            "labels",
            format!(
                "match: {{any: [{{resources: {{kinds: [ConfigMap], namespaceSelector: {{matchLabels: {{a: b}}}}}}}}]}}\n{}",
                deny("request.name")
            ),
            "the labels of namespace shop",
        ),
        (
            "config-map",
            format!("{kinds}\ncontext: [{{name: c, configMap: {{name: m, namespace: ops}}}}]\n{}", deny("c.data.x")),
            "ConfigMap ops/m",
        ),
        (
            "api-call",
            format!("{kinds}\ncontext: [{{name: c, apiCall: {{urlPath: /api/v1/pods}}}}]\n{}", deny("c.items")),
            "the answer of API call GET /api/v1/pods",
        ),
    ] {
        let policies = format!("{}---\n{}", rule(name, &body), LABELS.replace("ACTION", "Enforce"));
        let mut case = Case::new(&policies, DATA);
        let verdict = case.run();
        assert_eq!(results(&verdict), [("deferred", false), ("fail", true)], "{name}: {:?}", verdict.findings);
        assert!(verdict.findings[0].message.ends_with(what), "{name}: {}", verdict.findings[0].message);
        assert_eq!(verdict.counts.deferred, 1);
        case.settings.on_deferred = OnDeferred::Deny;
        assert_eq!(results(&case.run())[0], ("deferred", true), "{name}");
    }
    let update = "match: {any: [{resources: {kinds: [ConfigMap], operations: [UPDATE]}}]}";
    let verdict = Case::new(&rule("update", &format!("{update}\n{}", deny("request.oldObject.data.k"))), DATA).run();
    assert!(verdict.findings.is_empty());
}

const GENERATE: &str = "match: {any: [{resources: {kinds: [Namespace, Secret]}}]}
generate:
  apiVersion: v1
  kind: ConfigMap
  name: made
  namespace: \"{{ request.object.metadata.name }}\"
  data: {data: {n: 1}}";

#[test]
fn generated_objects_follow_their_trigger_and_are_judged_once() {
    let chain =
        rule("chain", &GENERATE.replace("[Namespace, Secret]", "[ConfigMap]").replace("name: made", "name: chained"));
    let policies = format!("{}---\n{chain}---\n{}", rule("make", GENERATE), LABELS.replace("ACTION", "Enforce"));
    let trigger = "apiVersion: v1\nkind: Namespace\nmetadata: {name: ns}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\n";
    let verdict = Case::new(&policies, trigger).run();
    let kinds: Vec<_> = verdict.objects.iter().map(|o| o.str_at(&["kind"]).unwrap()).collect();
    assert_eq!((kinds, verdict.generated), (vec!["Namespace", "ConfigMap", "Service"], 1));
    assert_eq!(results(&verdict), [("fail", true)]);
    let text = failure::text(&verdict.findings, None, 10);
    assert!(
        text.contains("ConfigMap ns/made: A team is needed. (/metadata/labels, generated by make/r from a.yaml:1)"),
        "{text}"
    );
}

#[test]
fn an_object_of_the_render_wins_over_a_generated_one() {
    let written = "apiVersion: v1\nkind: Namespace\nmetadata: {name: ns}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: made, namespace: ns}\n";
    let verdict = Case::new(&rule("make", GENERATE), written).run();
    assert_eq!((verdict.objects.len(), verdict.generated), (2, 0));
    assert_eq!(
        verdict.notes,
        ["a.yaml:1: make/r would make ConfigMap ns/made, which is in the render already and stays"]
    );
}

#[test]
fn an_empty_namespace_is_filled_in_for_policies_only() {
    let body = "match: {any: [{resources: {kinds: [ConfigMap], namespaces: [shop]}}]}\nvalidate:\n  failureAction: Enforce\n  \
                message: refused\n  pattern: {metadata: {namespace: shop}}";
    let verdict = Case::new(&rule("ns", body), DATA).run();
    assert_eq!((verdict.counts.pass, verdict.counts.fail), (1, 0));
    assert_eq!(verdict.objects[0].at(&["metadata", "namespace"]), None);
}

#[test]
fn what_a_policy_makes_unprintable_is_refused() {
    let patch = |patch: &str| {
        rule(
            "bad",
            &format!(
                "match: {{any: [{{resources: {{kinds: [ConfigMap]}}}}]}}\nmutate:\n  patchStrategicMerge: {patch}"
            ),
        )
    };
    let error = Case::new(&patch("{items: [{kind: Pod}]}"), DATA).try_run().unwrap_err();
    assert!(error.to_string().starts_with("a.yaml:1: ConfigMap shop/a is given 'items'"), "{error}");
    let two = format!("{DATA}---\n{}", DATA.replace("name: a", "name: b"));
    let error = Case::new(&patch("{metadata: {name: same}}"), &two).try_run().unwrap_err();
    assert!(error.to_string().starts_with("a.yaml:6: ConfigMap shop/b is given the name"), "{error}");
}

#[test]
fn places_survive_items_that_a_mutation_puts_before() {
    let list = |names: &[&str]| -> Value {
        let items: Vec<Value> = names.iter().map(|n| Value::from([("name", Value::from(*n))])).collect();
        Value::from([("spec", Value::from([("containers", Value::list(items))]))])
    };
    let path = Pointer::parse("/spec/containers/1/image").unwrap();
    let found = written_path(&path, &list(&["sidecar", "web"]), &list(&["web"]));
    assert_eq!(found.to_string(), "/spec/containers/0/image");
}

#[test]
fn a_secret_made_into_something_else_stays_hidden() {
    let copy = GENERATE
        .replace("{n: 1}", "{copied: \"{{ request.object.stringData.k }}\"}")
        .replace("{{ request.object.metadata.name }}", "shop");
    let check = "match: {any: [{resources: {kinds: [ConfigMap]}}]}\nvalidate:\n  failureAction: Enforce\n  \
                 message: \"it holds {{ request.object.data.copied }}\"\n  pattern: {metadata: {labels: {team: '?*'}}}";
    let policies = format!("{}---\n{}", rule("copy", &copy), rule("check", check));
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {k: canary-canary}\n";
    let verdict = Case::new(&policies, secret).run();
    let text = failure::text(&verdict.findings, None, 10);
    assert!(text.contains("it holds [redacted]") && !text.contains("canary"), "{text}");
}

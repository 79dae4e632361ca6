//! What the configuration and Argo CD's environment change about a render, on the real binary.

use crate::gate::{GOOD, Gate, Ran, TEAM};

const BAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\n";

#[track_caller]
fn printed(ran: &Ran) -> &str {
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    &ran.stdout
}

#[track_caller]
fn denied(ran: &Ran) -> &str {
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
    &ran.stderr
}

#[test]
fn sections_are_chosen_by_what_argo_cd_says() {
    let gate = |project: &str| {
        Gate::new()
            .file("a.yaml", BAD)
            .config(
                "policies: [{path: policies}]\nenforcement: enforce\nsections:\n- name: platform\n  match: {projects: \
                 [platform], applications: ['*']}\n  enforcement: audit\n",
            )
            .environment("ARGOCD_APP_NAME", "shop")
            .environment("ARGOCD_APP_PROJECT_NAME", project)
    };
    let ran = gate("platform").run();
    assert!(printed(&ran).contains("name: bad"));
    assert_eq!(
        ran.stderr,
        "rendergate: fail: [need-team/team] ConfigMap default/bad: A team label is needed. (/metadata/labels, a.yaml:3)\n\
         rendergate: 1 object rendered. 1 finding in audit.\n"
    );
    denied(&gate("other").run());
    let unknown = gate("").run();
    assert_eq!((unknown.status, unknown.stdout.as_str()), (2, ""));
    assert!(unknown.stderr.contains("section 'platform' needs ARGOCD_APP_PROJECT_NAME"), "{}", unknown.stderr);
}

#[test]
fn facts_turn_deferred_rules_into_decisions() {
    let gate = Gate::new()
        .file("a.yaml", GOOD.replace("metadata: {", "metadata: {namespace: shop, "))
        .file("n.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {env: prod}}\n");
    let policy = |rule: &str| {
        format!(
            "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: p}}\nspec:\n  background: false\n  rules:\n  - name: r\n{rule}"
        )
    };
    gate.write(
        "policies/p.yaml",
        policy(
            "    match: {any: [{resources: {kinds: [ConfigMap], namespaceSelector: {matchLabels: {env: prod}}}}]}\n    \
             validate: {failureAction: Enforce, message: 'No ConfigMaps in production.', deny: {}}\n",
        ),
    );
    let ran = gate.run();
    printed(&ran);
    assert!(ran.stderr.contains("deferred: [p/r] ConfigMap shop/good: cannot be decided at a render, which does not know the labels of namespace shop"), "{}", ran.stderr);
    let gate = gate.config("policies: [{path: policies}]\nfacts: {fromRender: [namespaces]}\n");
    assert!(denied(&gate.run()).contains("No ConfigMaps in production."));
    let gate = gate.config("policies: [{path: policies}]\nonDeferred: deny\n");
    assert!(denied(&gate.run()).starts_with("rendergate: 1 undecided rule of 1 policy blocks this render. [p/r]"));
    gate.write("facts.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {env: test}}\n");
    let gate = gate.config("policies: [{path: policies}]\nonDeferred: deny\nfacts: {namespaces: [facts.yaml]}\n");
    printed(&gate.run());
    gate.write(
        "policies/p.yaml",
        policy(
            "    match: {any: [{resources: {kinds: [ConfigMap]}}]}\n    validate:\n      failureAction: Enforce\n      \
             message: 'Not you.'\n      deny: {conditions: {any: [{key: '{{ request.userInfo.username }}', operator: Equals, value: robot}]}}\n",
        ),
    );
    let gate = gate.config("policies: [{path: policies}]\n");
    assert!(gate.run().stderr.contains("1 rule deferred to admission"));
    let gate = gate.config("policies: [{path: policies}]\nfacts: {user: {username: robot}}\n");
    assert!(denied(&gate.run()).contains("Not you."));
}

#[test]
fn the_nearest_render_configuration_inside_the_checkout_counts() {
    let own = |rest: &str| format!("apiVersion: rendergate.dev/v1alpha1\nkind: RenderConfiguration\n{rest}");
    let gate = Gate::new().file("deep/b.yaml", GOOD);
    gate.write(".rendergate.yaml", own("render: {plain: {recurse: true}}\n"));
    // Nobody says that the checkout begins above the application.
    assert_eq!(gate.run().status, 2);
    let gate = gate.environment("ARGOCD_APP_SOURCE_PATH", "app");
    assert!(printed(&gate.run()).contains("name: good"));
    let gate = gate.file(".rendergate.yaml", own("enforce: ['*']\n"));
    assert_eq!(gate.run().status, 2);
}

#[test]
fn globs_choose_files() {
    let own = "apiVersion: rendergate.dev/v1alpha1\nkind: RenderConfiguration\nrender: {plain: {recurse: true, exclude: 'ci/**'}}\n";
    let gate = Gate::new().file("b.yaml", GOOD).file("ci/bad.yaml", BAD).file(".rendergate.yaml", own);
    assert!(!printed(&gate.run()).contains("bad"));
}

#[test]
fn objects_come_in_path_order_and_lists_are_taken_apart() {
    let pod = |name: &str| format!("{{apiVersion: v1, kind: Service, metadata: {{name: {name}}}}}\n");
    let list = format!("apiVersion: v1\nkind: List\nitems:\n- {}- {}", pod("l1"), pod("l2"));
    let gate = Gate::new()
        .file("b.yaml", pod("b"))
        .file("a.yaml", list)
        .file("B.yml", format!("{}---\n{}", pod("b1"), pod("b0")));
    let ran = gate.argument("--output").argument("json").run();
    let expected: String = ["b1", "b0", "l1", "l2", "b"]
        .iter()
        .map(|name| format!("{{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"metadata\":{{\"name\":\"{name}\"}}}}\n"))
        .collect();
    assert_eq!(printed(&ran), expected);
}

#[test]
fn the_destination_namespace_is_matched_but_not_printed() {
    let gate = Gate::new().file("a.yaml", BAD).environment("ARGOCD_APP_NAMESPACE", "prod-shop");
    gate.write(
        "policies/team.yaml",
        TEAM.replace("kinds: [Deployment, Secret, ConfigMap]", "kinds: [ConfigMap], namespaces: [prod-*]"),
    );
    assert!(denied(&gate.run()).contains("ConfigMap prod-shop/bad"));
    let gate = gate.environment("ARGOCD_APP_NAMESPACE", "test");
    assert!(!printed(&gate.run()).contains("namespace:"));
}

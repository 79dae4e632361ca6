//! What values files, `--set`, UserInfo files and GlobalContextEntries supply, feature by feature: a
//! rule that always denies says in its message what it saw.

use std::process::Command;

use tempfile::TempDir;

/// What one run of `apply` is given.
#[derive(Default)]
struct Case {
    /// Entries of the rule's context, in flow style.
    context: &'static str,
    /// Between `match: {any: [{` and `}]}`; Pods if empty.
    matches: &'static str,
    /// The message; `deny` is `{}`.
    message: &'static str,
    /// The whole `validate`, instead of message and `deny`.
    validate: &'static str,
    resources: &'static str,
    /// A Values file without its head; none if empty.
    values: &'static str,
    user: &'static str,
    arguments: &'static [&'static str],
}

/// Names that only supplied values can fill: no registry is read.
const NAMES: &str = "{name: size, imageRegistry: {reference: nginx}}, {name: owner, imageRegistry: {reference: nginx}}, \
                     {name: arch, imageRegistry: {reference: nginx}}";

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop, labels: {app: web}}\n\
                   spec: {containers: [{name: a, image: nginx}, {name: b, image: redis}]}\n";

struct Said {
    out: String,
    err: String,
    status: Option<i32>,
}

impl Said {
    /// What the rules said, without their numbers.
    fn rules(&self) -> Vec<&str> {
        let lines = self.out.lines().filter_map(|line| line.split_once(" - "));
        lines.filter(|(number, _)| number.parse::<u32>().is_ok()).map(|(_, rest)| rest).collect()
    }
}

impl Case {
    fn run(&self) -> Said {
        let dir = TempDir::new().expect("a temporary directory");
        let write = |name: &str, text: String| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path.display().to_string()
        };
        let matches = if self.matches.is_empty() { "resources: {kinds: [Pod]}" } else { self.matches };
        let validate = if self.validate.is_empty() {
            format!("{{message: \"{}\", deny: {{}}}}", self.message)
        } else {
            self.validate.to_owned()
        };
        let context = if self.context.is_empty() { NAMES } else { self.context };
        let policy = write(
            "policy.yaml",
            format!(
                "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {{name: look}}\nspec:\n  background: false\n  \
                 rules:\n  - name: see\n    match: {{any: [{{{matches}}}]}}\n    context: [{}]\n    validate: {validate}\n",
                context
            ),
        );
        let resources = if self.resources.is_empty() { POD } else { self.resources };
        let mut arguments = vec!["apply".to_owned(), policy, "-r".to_owned(), write("r.yaml", resources.to_owned())];
        if !self.values.is_empty() {
            let head = if self.values.contains("kind:") && self.values.contains("apiVersion: cli") {
                ""
            } else {
                "apiVersion: cli.kyverno.io/v1alpha1\nkind: Values\n"
            };
            arguments.extend(["-f".to_owned(), write("v.yaml", format!("{head}{}", self.values))]);
        }
        if !self.user.is_empty() {
            let head = "apiVersion: cli.kyverno.io/v1alpha1\nkind: UserInfo\n";
            arguments.extend(["-u".to_owned(), write("u.yaml", format!("{head}{}", self.user))]);
        }
        arguments.extend(self.arguments.iter().map(|a| (*a).to_owned()));
        let output = Command::new(env!("CARGO_BIN_EXE_rendergate")).args(arguments).output().expect("rendergate runs");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        Said { out: text(&output.stdout), err: text(&output.stderr), status: output.status.code() }
    }

    /// Runs, and compares what the rules said.
    #[track_caller]
    fn sees(&self, expected: &[&str]) {
        let said = self.run();
        assert_eq!(said.rules(), expected, "\n{}\n{}", said.out, said.err);
    }
}

#[test]
fn global_values_resource_values_and_set() {
    let message = "{{ request.mode }} {{ size }}";
    let values = "globalValues: {request.mode: dev, size: 1}\n\
                  policies: [{name: look, resources: [{name: web, values: {size: 2}}, {name: other, values: {size: 3}}]}]\n";
    Case { message, values, ..Case::default() }.sees(&["see dev 2"]);
    let other = "globalValues: {request.mode: dev, size: 1}\npolicies: [{name: else, resources: [{name: web, values: {size: 2}}]}]\n";
    Case { message, values: other, ..Case::default() }.sees(&["see dev 1"]);
    let arguments = &["--set", "request.mode=prod,size=7", "--set", "size=8,a=b=c"];
    let said = Case { message, arguments, ..Case::default() }.run();
    assert_eq!(said.rules(), ["see prod 7"], "{}", said.out);
    assert!(said.err.contains("--set size=8: ignored") && said.err.contains("--set a=b=c: ignored"), "{}", said.err);
    let message = "{{ request.object.metadata.labels.\\\"a.b/c\\\" }} {{ request.object.metadata.labels.app }}";
    let values = "globalValues: {'request.object.metadata.labels.\"a.b/c\"': deep}\n";
    Case { message, values, ..Case::default() }.sees(&["see deep web"]);
}

#[test]
fn values_of_rules_reach_autogenerated_ones_and_foreach_gets_the_first() {
    let values = "policies: [{name: look, rules: [{name: see, values: {owner.data.team: blue}}]}]\n";
    let message = "{{ owner.data.team }}";
    Case { message, values, ..Case::default() }.sees(&["see blue"]);
    let resources = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {containers: [{name: a, image: b}]}}}\n";
    Case { message, values, resources, ..Case::default() }.sees(&["autogen-see blue"]);
    let values = "policies: [{name: look, rules: [{name: see, foreachValues: {arch: [amd64, arm64]}}]}]\n";
    let validate = "{message: bad, foreach: [{list: request.object.spec.containers, \
                    deny: {conditions: {all: [{key: '{{ arch }}', operator: Equals, value: arm64}]}}}]}";
    let said = Case { validate, values, ..Case::default() }.run();
    assert!(said.out.ends_with("pass: 1, fail: 0, warn: 0, error: 0, skip: 0 \n"), "{}", said.out);
}

#[test]
fn namespaces_have_the_labels_of_the_file() {
    let matches = "resources: {kinds: [Pod], namespaceSelector: {matchLabels: {tier: gold}}}";
    let message = "matched";
    for (values, expected) in [
        ("namespaceSelector: [{name: shop, labels: {tier: gold}}]\n", &["see matched"][..]),
        ("namespaceSelector: [{name: shop, labels: {tier: lead}}]\n", &[]),
        ("namespaceSelector: [{name: bank, labels: {tier: gold}}]\n", &[]),
        (
            "namespaceSelector: [{name: shop, labels: {tier: gold}}]\n\
             namespaces: [{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {tier: lead}}}]\n",
            &[],
        ),
        (
            "namespaces: [{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {tier: gold}}}]\n",
            &["see matched"],
        ),
    ] {
        Case { matches, message, values, ..Case::default() }.sees(expected);
    }
}

#[test]
fn operations_shape_the_request() {
    let values = |operation: &'static str| match operation {
        "UPDATE" => "globalValues: {request.operation: UPDATE}\n",
        "DELETE" => "globalValues: {request.operation: DELETE}\n",
        "CONNECT" => "globalValues: {request.operation: CONNECT}\n",
        _ => "globalValues: {a: b}\n",
    };
    let message = "{{ request.operation }} {{ request.object.kind || 'none' }} {{ request.oldObject.kind || 'none' }}";
    for (operation, expected) in [
        ("CREATE", "see CREATE Pod none"),
        ("UPDATE", "see UPDATE Pod Pod"),
        // Variables of the object read the old one on DELETE.
        ("DELETE", "see DELETE Pod Pod"),
        ("CONNECT", "see CONNECT Pod none"),
    ] {
        let matches = "resources: {kinds: [Pod], operations: [CREATE, UPDATE, DELETE, CONNECT]}";
        Case { matches, message, values: values(operation), ..Case::default() }.sees(&[expected]);
    }
    let per_resource = "globalValues: {request.operation: UPDATE}\n\
                        policies: [{name: look, resources: [{name: web, values: {request.operation: CREATE}}]}]\n";
    Case { message, values: per_resource, ..Case::default() }.sees(&["see CREATE Pod none"]);
    let said = Case { message, values: "globalValues: {request.operation: create}\n", ..Case::default() }.run();
    let text = "Error: failed to decode yaml (invalid request.operation value \"create\", must be one of CREATE, UPDATE, DELETE, CONNECT)";
    assert!(said.err.contains(text) && said.status == Some(1), "{}", said.err);
    Case { message, arguments: &["--set", "request.operation=create"], ..Case::default() }
        .sees(&["see create Pod none"]);
}

#[test]
fn users_come_from_their_own_file() {
    let user = "roles: ['shop:dev']\nclusterRoles: [view]\nuserInfo: {username: 'system:serviceaccount:shop:bot', groups: [team]}\n";
    let message = "{{ request.userInfo.username }} {{ serviceAccountName }} {{ serviceAccountNamespace }} {{ request.roles[0] }} {{ request.clusterRoles[0] }}";
    Case { message, user, ..Case::default() }.sees(&["see system:serviceaccount:shop:bot bot shop shop:dev view"]);
    for (matches, expected) in [
        ("resources: {kinds: [Pod]}, roles: ['shop:dev']", &["see hit"][..]),
        ("resources: {kinds: [Pod]}, clusterRoles: [edit]", &[]),
        ("resources: {kinds: [Pod]}, subjects: [{kind: Group, name: team}]", &["see hit"]),
        ("resources: {kinds: [Pod]}, subjects: [{kind: ServiceAccount, name: bot, namespace: shop}]", &["see hit"]),
        ("resources: {kinds: [Pod]}, subjects: [{kind: User, name: ann}]", &[]),
    ] {
        Case { matches, message: "hit", user, ..Case::default() }.sees(expected);
    }
}

#[test]
fn subresources_match_by_their_parent() {
    let resources =
        "apiVersion: autoscaling/v1\nkind: Scale\nmetadata: {name: web, namespace: shop}\nspec: {replicas: 9}\n";
    let values = "subresources:\n- subresource: {name: deployments/scale, kind: Scale, group: autoscaling, version: v1}\n  \
                  parentResource: {name: deployments, kind: Deployment, group: apps, version: v1}\n";
    let message = "{{ request.object.spec.replicas }} replicas";
    for (matches, expected) in [
        ("resources: {kinds: [Deployment/scale]}", &["see 9 replicas"][..]),
        ("resources: {kinds: [Deployment]}", &[]),
        ("resources: {kinds: [StatefulSet/scale]}", &[]),
    ] {
        Case { matches, message, resources, values, ..Case::default() }.sees(expected);
    }
}

#[test]
fn entries_without_their_backend_leave_the_supplied_value() {
    let values = "policies: [{name: look, rules: [{name: see, values: {found.data.team: blue}}]}]\n";
    let message = "{{ found.data.team }}";
    for context in [
        "{name: found, configMap: {name: teams, namespace: shop}}",
        "{name: found, globalReference: {name: teams}}",
        "{name: found, imageRegistry: {reference: nginx}}",
    ] {
        Case { context, message, values, ..Case::default() }.sees(&["see blue"]);
        let validate =
            "{message: m, deny: {conditions: {all: [{key: '{{ found.data.team }}', operator: Equals, value: blue}]}}}";
        let said = Case { context, validate, ..Case::default() }.run();
        assert!(said.out.contains("fail: 0, warn: 0, error: 1,"), "{context}\n{}", said.out);
        let said = Case { context, validate, values, ..Case::default() }.run();
        assert!(said.out.contains("fail: 1, warn: 0, error: 0,"), "{context}\n{}", said.out);
    }
    // `apply` answers API calls from the objects it is given, and a variable is always evaluated.
    let context = "{name: found, variable: {value: {data: {team: red}}}}";
    Case { context, message, values, ..Case::default() }.sees(&["see red"]);
    let context = "{name: found, apiCall: {urlPath: /api/v1/namespaces/shop/pods, jmesPath: '{data: {team: items[0].metadata.name}}'}}";
    Case { context, message, values, ..Case::default() }.sees(&["see web"]);
}

#[test]
fn global_context_entries_among_the_resources_are_answers() {
    let resources = "apiVersion: kyverno.io/v2\nkind: GlobalContextEntry\nmetadata: {name: pods}\n\
                     spec: {kubernetesResource: {version: v1, resource: pods, namespace: shop}}\n---\n\
                     apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\n";
    let context = "{name: all, globalReference: {name: pods, jmesPath: 'length(@)'}}";
    Case { context, message: "{{ all }} pods", resources, ..Case::default() }.sees(&["see 1 pods"]);
}

#[test]
fn files_are_read_strictly() {
    for (values, text) in [
        ("globalValue: {a: b}\n", "unknown field \"globalValue\""),
        ("userinfo: {}\n", "unknown field \"userinfo\""),
        ("policies: [{name: look, rule: []}]\n", "unknown field \"rule\""),
        ("policies: [{name: look, resources: [{name: web, value: {}}]}]\n", "unknown field \"value\""),
        ("apiVersion: cli.kyverno.io/v1alpha1\nkind: ''\nglobalValues: {a: b}\n", "uses a deprecated schema"),
    ] {
        let said = Case { message: "m", values, ..Case::default() }.run();
        assert!(said.status == Some(1) && said.err.contains(text), "{values}{}", said.err);
    }
    let value = "apiVersion: cli.kyverno.io/v1alpha1\nkind: Value\nglobalValues: {size: b}\n";
    Case { message: "{{ size }}", values: value, ..Case::default() }.sees(&["see b"]);
}

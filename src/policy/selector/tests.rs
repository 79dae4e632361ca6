use super::*;
use crate::policy::request::UserInfo;

/// A request for a Pod `web-1` in `prod` of a namespace whose labels are given.
struct Request {
    object: Value,
    operation: Operation,
    user: User,
    labels: NamespaceLabels,
    subresource: &'static str,
}

impl Request {
    fn pod() -> Self {
        Self::of(
            r#"{"kind":"Pod","metadata":{"name":"web-1","namespace":"prod","labels":{"app":"web"},"annotations":{"a/b":"c"}}}"#,
        )
    }

    fn of(text: &str) -> Self {
        Self {
            object: serde_json::from_str(text).expect("test JSON"),
            operation: Operation::Create,
            user: User::Absent,
            labels: NamespaceLabels::Known([(Str::from("env"), Value::from("prod"))].into_iter().collect()),
            subresource: "",
        }
    }

    fn ask(&self, block: &str, question: fn(&Filters, &Candidate<'_>) -> Verdict) -> Verdict {
        let block: MatchResources = serde_json::from_str(block).unwrap_or_else(|e| panic!("{block}: {e}"));
        let labels = || self.labels.clone();
        let kind = kind_of(&self.object);
        question(
            &Filters::compile(&block),
            &Candidate {
                object: &self.object,
                group: "",
                version: "v1",
                kind,
                subresource: self.subresource,
                namespace: metadata(&self.object, "namespace"),
                operation: self.operation,
                user: &self.user,
                namespace_labels: &labels,
            },
        )
    }
}

fn known(name: &str, groups: &[&str]) -> User {
    User::Known(UserInfo {
        username: name.into(),
        groups: groups.iter().map(|g| Str::from(*g)).collect(),
        ..UserInfo::default()
    })
}

#[test]
fn what_a_filter_compares() {
    let request = Request::pod();
    for (resources, holds) in [
        (r#"{"kinds":["Pod"]}"#, true),
        (r#"{"kinds":["v1/Pod","Service"]}"#, true),
        (r#"{"kinds":["Service"]}"#, false),
        (r#"{"kinds":["*"],"names":["api*","web-?"]}"#, true),
        (r#"{"name":"web"}"#, false),
        (r#"{"namespaces":["pr*"]}"#, true),
        (r#"{"namespaces":["dev"]}"#, false),
        (r#"{"annotations":{"*":"*"}}"#, true),
        (r#"{"annotations":{"a/*":"d"}}"#, false),
        (r#"{"selector":{"matchLabels":{"app":"w*"}}}"#, true),
        (r#"{"selector":{"matchExpressions":[{"key":"app","operator":"NotIn","values":["web"]}]}}"#, false),
        (r#"{"selector":{"matchExpressions":[{"key":"app","operator":"within","values":["web"]}]}}"#, false),
        (r#"{"namespaceSelector":{"matchLabels":{"env":"prod"}}}"#, true),
        (r#"{"namespaceSelector":{"matchLabels":{"env":"dev"}}}"#, false),
        (r#"{"operations":["CREATE","UPDATE"]}"#, true),
        (r#"{"kinds":["Pod"],"operations":["DELETE"]}"#, false),
        ("{}", false),
    ] {
        let block = format!(r#"{{"any":[{{"resources":{resources}}}]}}"#);
        assert_eq!(request.ask(&block, Filters::matches), Verdict::from(holds), "{resources}");
        assert_eq!(request.ask(&format!(r#"{{"resources":{resources}}}"#), Filters::matches), Verdict::from(holds));
    }
}

#[test]
fn any_all_and_empty_filters() {
    let request = Request::pod();
    let pod = r#"{"resources":{"kinds":["Pod"]}}"#;
    let other = r#"{"resources":{"kinds":["Service"]}}"#;
    for (block, matches, excludes) in [
        (format!(r#"{{"any":[{other},{pod}]}}"#), true, true),
        (format!(r#"{{"all":[{other},{pod}]}}"#), false, false),
        (format!(r#"{{"all":[{pod},{{}}]}}"#), false, false),
        (format!(r#"{{"any":[{other}],"resources":{{"kinds":["Pod"]}}}}"#), false, false),
        ("{}".to_owned(), false, false),
    ] {
        assert_eq!(request.ask(&block, Filters::matches), Verdict::from(matches), "{block}");
        assert_eq!(request.ask(&block, Filters::excludes), Verdict::from(excludes), "{block}");
    }
}

#[test]
fn names_fall_back_to_generate_name_and_namespaces_to_the_namespace_itself() {
    let generated = Request::of(r#"{"kind":"Pod","metadata":{"generateName":"web-"}}"#);
    assert_eq!(generated.ask(r#"{"resources":{"names":["web-*"]}}"#, Filters::matches), Verdict::Yes);
    assert_eq!(generated.ask(r#"{"resources":{"namespaces":["*"]}}"#, Filters::matches), Verdict::Yes);
    assert_eq!(generated.ask(r#"{"resources":{"namespaces":["?*"]}}"#, Filters::matches), Verdict::No);
    let namespace = Request::of(r#"{"kind":"Namespace","metadata":{"name":"prod"}}"#);
    assert_eq!(namespace.ask(r#"{"resources":{"namespaces":["prod"]}}"#, Filters::matches), Verdict::Yes);
    let selected =
        r#"{"any":[{"resources":{"kinds":["Namespace"],"namespaceSelector":{"matchLabels":{"env":"prod"}}}}]}"#;
    assert_eq!(namespace.ask(selected, Filters::matches), Verdict::No);
    assert_eq!(namespace.ask(selected, Filters::excludes), Verdict::No);
    assert_eq!(namespace.ask(selected, Filters::excepts), Verdict::Yes);
}

#[test]
fn exceptions_ignore_operations_and_need_any_or_all() {
    let mut request = Request::pod();
    request.operation = Operation::Update;
    let filter = r#"{"resources":{"kinds":["Pod"],"operations":["CREATE"]}}"#;
    assert_eq!(request.ask(&format!(r#"{{"any":[{filter}]}}"#), Filters::matches), Verdict::No);
    assert_eq!(request.ask(&format!(r#"{{"any":[{filter}]}}"#), Filters::excepts), Verdict::Yes);
    assert_eq!(request.ask(r#"{"resources":{"kinds":["Pod"]}}"#, Filters::excepts), Verdict::No);
}

#[test]
fn users() {
    let mut request = Request::pod();
    let ada = r#"{"any":[{"resources":{"kinds":["Pod"]},"subjects":[{"kind":"User","name":"ada"}]}]}"#;
    let anyone = ada.replace("ada", "*");
    let only_user = r#"{"any":[{"subjects":[{"kind":"User","name":"ada"}]}]}"#;
    // Absent: dropped from match, kept in exclude and exceptions against an empty name.
    assert_eq!(request.ask(ada, Filters::matches), Verdict::Yes);
    assert_eq!(request.ask(only_user, Filters::matches), Verdict::No);
    assert_eq!(request.ask(ada, Filters::excludes), Verdict::No);
    assert_eq!(request.ask(&anyone, Filters::excludes), Verdict::Yes);
    assert_eq!(request.ask(ada, Filters::excepts), Verdict::No);
    // Known.
    request.user = known("ada", &[]);
    for question in [Filters::matches, Filters::excludes, Filters::excepts] {
        assert_eq!(request.ask(ada, question), Verdict::Yes);
        assert_eq!(request.ask(only_user, question), Verdict::Yes);
    }
    request.user = known("bob", &["ops"]);
    assert_eq!(request.ask(ada, Filters::matches), Verdict::No);
    let group = r#"{"any":[{"subjects":[{"kind":"Group","name":"o*"}]}]}"#;
    assert_eq!(request.ask(group, Filters::matches), Verdict::Yes);
    let and_role = r#"{"any":[{"subjects":[{"kind":"Group","name":"o*"}],"roles":["prod:admin"]}]}"#;
    assert_eq!(request.ask(and_role, Filters::matches), Verdict::No);
    request.user = known("system:serviceaccount:ci:bot", &[]);
    let account = r#"{"any":[{"subjects":[{"kind":"ServiceAccount","namespace":"ci","name":"b*"}]}]}"#;
    assert_eq!(request.ask(account, Filters::matches), Verdict::Yes);
}

#[test]
fn what_is_unknown_decides_only_where_nothing_else_does() {
    let mut request = Request::pod();
    request.user = User::Unknown;
    request.labels = NamespaceLabels::Unknown("labels of prod".to_owned());
    let user = r#"{"resources":{"kinds":["Pod"]},"subjects":[{"kind":"User","name":"ada"}]}"#;
    let labels = r#"{"resources":{"kinds":["Pod"],"namespaceSelector":{"matchLabels":{"env":"prod"}}}}"#;
    let other =
        r#"{"resources":{"kinds":["Service"],"namespaceSelector":{"matchLabels":{"env":"prod"}}},"roles":["a:b"]}"#;
    let yes = r#"{"resources":{"kinds":["Pod"]}}"#;
    let unknown = |what: &str| Verdict::Unknown(what.to_owned());
    for (block, verdict) in [
        (format!(r#"{{"any":[{user}]}}"#), unknown("the requesting user")),
        (format!(r#"{{"any":[{labels}]}}"#), unknown("labels of prod")),
        (format!(r#"{{"any":[{user},{labels}]}}"#), unknown("the requesting user")),
        (format!(r#"{{"any":[{user},{yes}]}}"#), Verdict::Yes),
        (format!(r#"{{"any":[{other}]}}"#), Verdict::No),
        (format!(r#"{{"all":[{user},{yes}]}}"#), unknown("the requesting user")),
        (format!(r#"{{"all":[{user},{other}]}}"#), Verdict::No),
    ] {
        for question in [Filters::matches, Filters::excludes, Filters::excepts] {
            assert_eq!(request.ask(&block, question), verdict, "{block}");
        }
    }
}

#[test]
fn what_the_index_may_rely_on() {
    let compile = |block: &str| Filters::compile(&serde_json::from_str(block).expect("test JSON"));
    let kinds = |block: &str| compile(block).possible_kinds().map(|k| k.join(","));
    assert_eq!(
        kinds(r#"{"any":[{"resources":{"kinds":["apps/v1/Deployment"]}},{"resources":{"kinds":["Pod/exec"]}}]}"#)
            .as_deref(),
        Some("Deployment,Pod")
    );
    assert_eq!(kinds(r#"{"any":[{"resources":{"kinds":["Pod"]}},{"resources":{"names":["x"]}}]}"#), None);
    assert_eq!(
        kinds(r#"{"all":[{"resources":{"names":["x"]}},{"resources":{"kinds":["Pod"]}}]}"#).as_deref(),
        Some("Pod")
    );
    assert_eq!(kinds(r#"{"resources":{"kinds":["Net*"]}}"#), None);
    let filters = compile(r#"{"any":[{"resources":{"kinds":["Pod"],"operations":["DELETE"]}}]}"#);
    assert!(!filters.possible_operation(Operation::Create) && filters.possible_operation(Operation::Delete));
}

#![allow(clippy::unwrap_used)]

mod probes;

use proptest::prelude::*;

use super::*;
use crate::document::{Map, json};

fn json(text: &str) -> Value {
    json::parse(text.as_bytes()).unwrap()
}

/// Applies a patch to an object of `kind`; both given without the braces of their outer map.
fn run(kind: &str, object: &str, patch: &str) -> Result<Value, String> {
    let resource = json(&format!(r#"{{"apiVersion":{kind},{object}}}"#));
    StrategicMerge::compile(&json(&format!("{{{patch}}}")))
        .and_then(|patch| patch.apply(&resource))
        .map_err(|e| e.to_string())
}

/// `=` as result: unchanged; `!text`: an error that begins so.
fn check(kind: &str, cases: &str) {
    for line in cases.trim().lines().filter(|line| !line.trim_start().starts_with('#')) {
        let parts: Vec<&str> = line.split(" | ").map(str::trim).collect();
        let [object, patch, wanted] = parts[..] else { panic!("three columns: {line}") };
        let wanted_object = if wanted == "=" { object } else { wanted };
        match (run(kind, object, patch), wanted.strip_prefix('!')) {
            (Ok(got), None) => {
                let wanted = json(&format!(r#"{{"apiVersion":{kind},{wanted_object}}}"#));
                assert_eq!(got, wanted, "{line}\n got {}", json::to_string(&got));
            }
            (Err(got), Some(text)) => assert!(got.starts_with(text), "{line}\n got {got}"),
            (got, _) => panic!("{line}\n got {got:?}"),
        }
    }
}

const POD: &str = r#""v1","kind":"Pod""#;
const SERVICE: &str = r#""v1","kind":"Service""#;
const CUSTOM: &str = r#""example.com/v1","kind":"Thing""#;

#[test]
fn conditions_gate_maps_and_list_elements() {
    check(
        POD,
        r#"
"spec":{"a":1} | "spec":{"(a)":1,"b":2} | "spec":{"a":1,"b":2}
"spec":{"a":1} | "spec":{"(a)":"2","b":2} | =
"spec":{"a":1} | "spec":{"(z)":"*","b":2} | =
"spec":{"a":5} | "spec":{"(a)":">2","b":2} | "spec":{"a":5,"b":2}
"spec":{"a":1},"m":{} | "m":{"x":1},"spec":{"(a)":2} | =
"spec":{"a":1},"m":{} | "m":{"x":1},"spec":{"(a)":1} | "spec":{"a":1},"m":{"x":1}
"spec":{"h":true,"l":null} | "spec":{"(h)":true,"(l)":null,"b":1} | "spec":{"h":true,"l":null,"b":1}
"spec":{"a":1} | "spec":{"<(a)":"2"},"metadata":{"name":"n"} | =
"spec":{"a":1} | "spec":{"=(a)":1,"^(b)":2,"X(c)":"null"} | "spec":{"a":1,"=(a)":1,"^(b)":2,"X(c)":"null"}
"metadata":{"name":"p"} | "(metadata)":{"+(labels)":{"a":"b"}} | "metadata":{"name":"p"},"(metadata)":{"labels":{"a":"b"}}
"spec":{"v":[{"name":"w","emptyDir":{}}]} | "spec":{"v":[{"(emptyDir)":{"+(sizeLimit)":"20Mi"}}]} | "spec":{"v":[{"name":"w","emptyDir":{"sizeLimit":"20Mi"}}]}
"spec":{"containers":[{"name":"a"},{"name":"b"}]} | "spec":{"containers":[{"(name)":"*","image":"x"}]} | "spec":{"containers":[{"name":"a","image":"x"},{"name":"b","image":"x"}]}
"spec":{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]} | "spec":{"containers":[{"(name)":"c","tty":true}]} | "spec":{"containers":[{"name":"c","tty":true},{"name":"a"},{"name":"b"}]}
"spec":{"containers":[{"name":"a","image":"i:latest"}]} | "spec":{"x":1,"containers":[{"(image)":"*:latest"}]} | "spec":{"containers":[{"name":"a","image":"i:latest"}],"x":1}
"spec":{"containers":[{"name":"a","image":"reg/i"},{"name":"b","image":"i"}]} | "spec":{"x":1,"containers":[{"<(image)":"reg/*","tty":true}]} | "spec":{"containers":[{"name":"a","image":"reg/i"},{"name":"b","image":"i"}],"x":1}
"spec":{"containers":[{"name":"a","image":"i"}]} | "spec":{"x":1,"containers":[{"<(image)":"reg/*"}]} | =
"spec":{"tolerations":[{"key":"x"}]} | "spec":{"tolerations":[{"(key)":"x","effect":"NoExecute"}]} | =
"spec":{"containers":[{"name":"a"}]} | "spec":{"x":1,"volumes":[{"<(emptyDir)":{},"name":"v"}]} | =
"spec":{"volumes":[]} | "spec":{"x":1,"volumes":[{"<(name)":"v"}]} | "spec":{"volumes":[],"x":1}
"spec":{"containers":[{"name":"a"}]} | "spec":{"x":1,"volumes":[{"(name)":"v","y":1}]} | "spec":{"containers":[{"name":"a"}],"x":1}
"#,
    );
}

#[test]
fn additions_keep_what_is_there() {
    check(
        POD,
        r#"
"m":{"k":null} | "m":{"+(k)":1,"+(l)":2} | "m":{"k":null,"l":2}
"a":1 | "m":{"+(k)":1} | "a":1,"m":{"k":1}
"a":1 | "m":{"+(k)":{"(x)":1,"y":2}},"z":1 | =
# decided by the first container that is met, for all
"spec":{"containers":[{"name":"a","tty":true},{"name":"b"}]} | "spec":{"containers":[{"(name)":"*","+(tty)":false,"stdin":true}]} | "spec":{"containers":[{"name":"a","tty":true,"stdin":true},{"name":"b","stdin":true}]}
"spec":{"containers":[{"name":"a"},{"name":"b","tty":true}]} | "spec":{"containers":[{"(name)":"*","+(tty)":false}]} | "spec":{"containers":[{"name":"a","tty":false},{"name":"b","tty":false}]}
"#,
    );
}

#[test]
fn known_defects_are_those_of_kyverno() {
    check(
        POD,
        r#"
# the second removal takes the wrong element; without derived elements Kyverno panics
"spec":{"containers":[{"name":"a"},{"name":"b"}]} | "spec":{"containers":[{"(name)":"a","x":1},{"(name)":"b","x":2}]} | "spec":{"containers":[{"name":"b","x":2}]}
"spec":{"containers":[{"name":"c"}]} | "spec":{"containers":[{"(name)":"a","x":1},{"(name)":"b","x":2}]} | !failed to preProcess rule: a list with several anchored elements
# a derived element carries the name, not the list's key
"spec":{"containers":[{"name":"a","volumeMounts":[{"name":"v","mountPath":"/x"}]}]} | "spec":{"containers":[{"name":"a","volumeMounts":[{"(name)":"v","readOnly":true}]}]} | "spec":{"containers":[{"name":"a","volumeMounts":[]}]}
# a value that looks like a condition makes its element one
"spec":{"containers":[{"name":"a"}]} | "spec":{"x":1,"containers":[{"name":"a","args":["(sleep)"]}]} | "spec":{"containers":[{"name":"a"}],"x":1}
# empty maps fall out of the patch
"spec":{} | "spec":{"volumes":[{"name":"w","emptyDir":{}}],"p":{},"l":[{}],"e":[],"n":null} | "spec":{"volumes":[{"name":"w"}],"e":[]}
"#,
    );
}

#[test]
fn scalars_maps_and_plain_lists() {
    check(
        CUSTOM,
        r#"
"s":{"a":"3","b":4,"n":null} | "s":{"a":5,"b":"q","c":true} | "s":{"a":"5","b":"q","n":null,"c":true}
"s":{"a":1,"b":{"c":1}} | "s":{"a":null,"z":null,"b":null} | "s":{}
"s":{} | "s":{"m":{"a":null,"b":1,"l":[null]}} | "s":{"m":{"b":1,"l":[null]}}
"s":{"l":[{"name":"a","x":1}]} | "s":{"l":[{"name":"a","y":1}]} | "s":{"l":[{"name":"a","y":1}]}
"s":{"a":"x"} | "s":{"a":{"b":1}} | !wrong node kind: expected ScalarNode but got MappingNode: node contents:
"s":{"a":{"b":1}} | "s":{"a":[1]} | !wrong node kind: expected MappingNode but got SequenceNode
"s":{"a":{"b":1}} | "s":{"a":[{"b":1}]} | !failed to preProcess rule: wrong node kind: expected SequenceNode but got MappingNode
"s":{"a":{"b":1}} | "s":{"a":{"$patch":"delete"}} | "s":{}
"s":{"a":{"b":1}} | "s":{"a":{"$patch":"replace","c":1}} | "s":{"a":{"c":1}}
"s":{"a":{"b":1}} | "s":{"a":{"$patch":"merge","c":1}} | "s":{"a":{"b":1,"c":1}}
"s":{"a":{"b":1}} | "s":{"a":{"$patch":"remove","c":1}} | !unknown patch strategy 'remove'
"s":{"l":[1]} | "s":{"l":[{"$patch":"delete"}]} | "s":{"l":[{"$patch":"delete"}]}
"s":{"l":[1]} | "$patch":"delete" | !filter cannot create or delete objects
"metadata":{"finalizers":["a"]} | "metadata":{"finalizers":["b"]} | "metadata":{"finalizers":["b"]}
"#,
    );
}

#[test]
fn lists_of_built_in_kinds_merge_by_key() {
    check(
        POD,
        r#"
"metadata":{"finalizers":["a","b"]} | "metadata":{"finalizers":["c","b"]} | "metadata":{"finalizers":["c","b","a"]}
"spec":{"containers":[{"name":"a","env":[{"name":"E","value":"1"}]}]} | "spec":{"containers":[{"name":"a","env":[{"name":"G","value":"3"}]}]} | "spec":{"containers":[{"name":"a","env":[{"name":"G","value":"3"},{"name":"E","value":"1"}]}]}
"spec":{"containers":[{"name":"a","env":[{"name":"E","value":"1"},{"name":"E","value":"2"}]}]} | "x":1 | "spec":{"containers":[{"name":"a","env":[{"name":"E","value":"2"}]}]},"x":1
"spec":{"containers":[{"name":"a"},{"name":"b"}]} | "spec":{"containers":[{"image":"x"}]} | "spec":{"containers":[]}
"spec":{"containers":[{"name":"a"},{"name":"b"}]} | "spec":{"containers":[{"name":"a","$patch":"delete"}]} | "spec":{"containers":[{"name":"b"}]}
"spec":{"containers":[{"name":"a","tty":true}]} | "spec":{"containers":[{"name":"a","$patch":"replace","image":"z"}]} | "spec":{"containers":[{"name":"a","tty":true}]}
"spec":{"containers":[{"name":"a"},{"name":"b"}]} | "spec":{"containers":[{"$patch":"replace"},{"name":"c"}]} | "spec":{"containers":[{"name":"c"}]}
"spec":{"containers":[{"name":"a"}]} | "spec":{"containers":[{"$patch":"delete"}]} | "spec":{}
"spec":{"volumes":[{"name":"v","emptyDir":{}}]} | "spec":{"volumes":[{"name":"v","hostPath":{"path":"/"}}]} | "spec":{"volumes":[{"name":"v","emptyDir":{},"hostPath":{"path":"/"}}]}
"spec":{"tolerations":[{"key":"k"}]} | "spec":{"tolerations":[{"key":"z"}]} | "spec":{"tolerations":[{"key":"z"}]}
"spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"TCP"}]}]} | "spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"name":"h"}]}]} | "spec":{"containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"TCP"}]}]}
"spec":{"containers":[{"name":"a","ports":[{"containerPort":80}]}]} | "spec":{"containers":[{"name":"a","ports":[{"containerPort":443}]}]} | "spec":{"containers":[{"name":"a","ports":[{"containerPort":443},{"containerPort":80}]}]}
"spec":{"schedulingGates":[{"name":"a"}]} | "spec":{"schedulingGates":[{"name":"b"}]} | "spec":{"schedulingGates":[{"name":"b"}]}
"#,
    );
    check(
        SERVICE,
        r#"
"spec":{"ports":[{"port":80,"name":"h"},{"port":443,"name":"s"}]} | "spec":{"ports":[{"port":8080,"name":"n"}]} | "spec":{"ports":[{"port":8080,"name":"n"},{"port":80,"name":"h"},{"port":443,"name":"s"}]}
"#,
    );
}

#[test]
fn pod_templates_of_every_controller_merge_by_key() {
    let of = |kind: &str, path: &[&str]| {
        let nest = |list: &str| {
            let inner = format!(r#"{{"containers":{list}}}"#);
            path.iter().rev().fold(inner, |inner, key| format!(r#"{{"{key}":{inner}}}"#))
        };
        let (kind, list) = (format!(r#""{kind}""#), r#"[{"name":"a"}]"#);
        let strip = |text: String| text.trim_start_matches('{').strip_suffix('}').unwrap().to_owned();
        let got = run(&kind, &strip(nest(list)), &strip(nest(r#"[{"name":"b"}]"#))).unwrap();
        let wanted = format!(r#"{{"apiVersion":{kind},{}}}"#, strip(nest(r#"[{"name":"b"},{"name":"a"}]"#)));
        assert_eq!(got, json(&wanted), "{kind}");
    };
    for kind in ["Deployment", "DaemonSet", "ReplicaSet", "StatefulSet"] {
        of(&format!(r#"apps/v1","kind":"{kind}"#), &["spec", "template", "spec"]);
    }
    of(r#"batch/v1","kind":"Job"#, &["spec", "template", "spec"]);
    of(r#"v1","kind":"ReplicationController"#, &["spec", "template", "spec"]);
    of(r#"v1","kind":"PodTemplate"#, &["template", "spec"]);
    for version in ["v1", "v1beta1"] {
        of(&format!(r#"batch/{version}","kind":"CronJob"#), &["spec", "jobTemplate", "spec", "template", "spec"]);
    }
}

#[test]
fn an_object_inside_a_custom_one_is_known_by_its_own_kind() {
    check(
        CUSTOM,
        r#"
"spec":{"pod":{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a"}]}}} | "spec":{"pod":{"spec":{"containers":[{"name":"b"}]}}} | "spec":{"pod":{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"b"},{"name":"a"}]}}}
"#,
    );
}

#[test]
fn old_keys_keep_their_order_and_new_ones_follow() {
    let got = run(CUSTOM, r#""z":{"c":1,"a":2}"#, r#""z":{"d":1,"b":1,"a":3}"#).unwrap();
    let keys: Vec<_> = got.get("z").unwrap().as_map().unwrap().keys().map(|k| k.to_string()).collect();
    assert_eq!(keys, ["c", "a", "d", "b"]);
}

#[test]
fn long_lists_merge_in_bounded_time_and_deep_input_is_refused() {
    let list = |n: usize, key: &str| (0..n).map(|i| Value::from([(key, Value::from(format!("e{i}")))])).collect();
    let pod = |containers: Vec<Value>| {
        Value::from([
            ("apiVersion", "v1".into()),
            ("kind", "Pod".into()),
            ("spec", Value::from([("containers", containers.into())])),
        ])
    };
    let patch = StrategicMerge::compile(&pod(list(20_000, "name"))).unwrap();
    assert_eq!(patch.apply(&pod(list(20_000, "name"))).unwrap(), pod(list(20_000, "name")));
    let error = patch.apply(&pod(list(20_000, "nam"))).unwrap_err();
    assert_eq!(error, MergeError::Merge("a list of more than 4096 elements cannot be merged by key".to_owned()));

    let deep = (0..MAX_DEPTH).fold(Value::empty_map(), |inner, _| Value::from([("a", inner)]));
    assert_eq!(StrategicMerge::compile(&deep).unwrap_err(), MergeError::TooDeep { what: "patch" });
    assert_eq!(patch.apply(&deep).unwrap_err(), MergeError::TooDeep { what: "resource" });
}

fn value(keys: &'static str) -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        (-2i64..3).prop_map(Value::Int),
        "(a|b|delete|replace|\\(a\\)|\\*|>1)".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::list),
            prop::collection::vec((keys, inner), 0..5)
                .prop_map(|entries| Value::map(entries.into_iter().map(|(k, v)| (k.into(), v)).collect::<Map>())),
        ]
    })
}

const KEYS: &str = "(spec|containers|ports|name|env|containerPort|protocol|metadata|finalizers)";
const ANCHORED: &str =
    "((|[<+=])\\((spec|containers|ports|name|env)\\)|spec|containers|ports|name|env|containerPort|\\$patch)";

fn pod(inner: Value) -> Value {
    let mut map = Map::new();
    map.insert("apiVersion", "v1".into());
    map.insert("kind", "Pod".into());
    map.insert("spec", inner);
    Value::map(map)
}

proptest! {
    #[test]
    fn any_patch_on_any_object_ends_without_panic(object in value(KEYS), patch in value(ANCHORED)) {
        if let Ok(patch) = StrategicMerge::compile(&Value::from([("spec", patch)])) {
            let _ = patch.apply(&pod(object));
        }
    }

    #[test]
    fn an_empty_patch_twice_changes_nothing_more(object in value(KEYS)) {
        let patch = StrategicMerge::compile(&Value::empty_map()).unwrap();
        if let Ok(once) = patch.apply(&pod(object)) {
            prop_assert!(patch.apply(&once).is_ok());
        }
    }
}

//! Objects of any shape: nothing panics, and what holds of every evaluation.

use proptest::prelude::*;

use crate::document::Value;

use super::{PodSecurity, Verdict};

const NAMES: [&str; 30] = [
    "spec",
    "template",
    "metadata",
    "annotations",
    "containers",
    "initContainers",
    "ephemeralContainers",
    "securityContext",
    "SECURITYCONTEXT",
    "capabilities",
    "add",
    "drop",
    "seLinuxOptions",
    "type",
    "user",
    "seccompProfile",
    "appArmorProfile",
    "windowsOptions",
    "hostProcess",
    "runAsUser",
    "runAsNonRoot",
    "ports",
    "hostPort",
    "volumes",
    "hostPath",
    "sysctls",
    "name",
    "image",
    "lifecycle",
    "container.apparmor.security.beta.kubernetes.io/7",
];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3i64..5).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-9e30f64..9e30).prop_map(Value::from),
        "[a-zA-Z*?/1.-]{0,6}".prop_map(Value::from),
        prop::sample::select(&["ALL", "RuntimeDefault", "Unconfined", "windows", "nil"][..]).prop_map(Value::from),
    ];
    leaf.prop_recursive(7, 60, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::list),
            prop::collection::vec((prop::sample::select(&NAMES[..]), inner), 0..6)
                .prop_map(|fields| Value::map(fields.into_iter().map(|(k, v)| (k.into(), v)).collect())),
        ]
    })
}

/// A pod that is well formed more often than [`value`] would be.
fn pod() -> impl Strategy<Value = Value> {
    let tri = || prop::option::of(any::<bool>()).prop_map(|b| b.map_or(Value::Null, Value::from));
    let kind = || {
        prop::option::of(prop::sample::select(&["", "RuntimeDefault", "Unconfined", "spc_t"][..]))
            .prop_map(|t| t.map_or(Value::Null, |t| Value::from([("type", Value::from(t))])))
    };
    let capabilities =
        prop::collection::vec(prop::sample::select(&["ALL", "CHOWN", "SYS_ADMIN", "NET_BIND_SERVICE"][..]), 0..3)
            .prop_map(|names| Value::list(names.into_iter().map(Value::from).collect()));
    let security = (tri(), tri(), tri(), kind(), kind(), kind(), capabilities.clone(), capabilities, 0i64..2).prop_map(
        |(escalation, privileged, non_root, seccomp, armor, linux, add, drop, user)| {
            Value::from([
                ("allowPrivilegeEscalation", escalation),
                ("privileged", privileged),
                ("runAsNonRoot", non_root),
                ("seccompProfile", seccomp),
                ("appArmorProfile", armor),
                ("seLinuxOptions", linux),
                ("capabilities", Value::from([("add", add), ("drop", drop)])),
                ("runAsUser", user.into()),
            ])
        },
    );
    let container =
        (prop::sample::select(&["a", "b"][..]), prop::option::of(security.clone())).prop_map(|(name, s)| {
            Value::from([
                ("name", name.into()),
                ("image", format!("{name}:1").into()),
                ("securityContext", s.unwrap_or_default()),
            ])
        });
    let containers = || prop::collection::vec(container.clone(), 0..3).prop_map(Value::list);
    (containers(), containers(), prop::option::of(security)).prop_map(|(containers, init, security)| {
        Value::from([
            ("containers", containers),
            ("initContainers", init),
            ("securityContext", security.unwrap_or_default()),
            ("volumes", Value::list(vec![Value::from([("nfs", Value::empty_map())])])),
        ])
    })
}

const EXCLUDES: &str = r#"[{"controlName":"Capabilities","images":["a*"]},{"controlName":"Seccomp"},
    {"controlName":"Running as Non-root","images":["*"],"restrictedField":"spec.containers[*].securityContext.runAsNonRoot","values":["false"]},
    {"controlName":"Volume Types","restrictedField":"spec.volumes[*].nfs","values":["?"]},{"controlName":"SELinux"}]"#;

fn security(level: &str, excludes: &str) -> PodSecurity {
    let block = format!(r#"{{"level":"{level}","version":"latest","exclude":{excludes}}}"#);
    PodSecurity::compile(&crate::document::json::parse(block.as_bytes()).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_object_is_answered(spec in value(), metadata in value(), kind in prop::sample::select(&["Pod", "Job", "CronJob", "Secret"][..]), block in value()) {
        let object = Value::from([("kind", kind.into()), ("spec", spec), ("metadata", metadata)]);
        for security in [security("restricted", EXCLUDES), PodSecurity::compile(&block)] {
            if let Ok(evaluation) = security.evaluate(&object, &[]) {
                prop_assert_eq!(evaluation.verdict() == Verdict::Allowed, evaluation.failed().is_empty());
                let _ = (evaluation.message(&security, "r"), evaluation.properties(&security));
                if let Some(pointer) = evaluation.pointer() {
                    prop_assert!(pointer.walk(&object).is_some());
                }
            }
        }
    }

    #[test]
    fn exclusions_only_take_away(spec in pod()) {
        let object = Value::from([("kind", "Pod".into()), ("spec", spec)]);
        let (bare, excluding) = (security("restricted", "[]"), security("restricted", EXCLUDES));
        let all = bare.evaluate(&object, &[]).unwrap();
        let left = excluding.evaluate(&object, &[]).unwrap();
        for check in left.failed() {
            let before = all.failed().iter().find(|other| other.id() == check.id()).unwrap();
            prop_assert!(check.errors.iter().all(|error| before.errors.contains(error)));
        }
        // What exceptions take away after the rule is what the rule itself would have.
        let excused = bare.evaluate(&object, &[&excluding.excludes]).unwrap();
        prop_assert_eq!(excused.text(), left.text());
    }

    #[test]
    fn baseline_is_part_of_restricted(spec in pod()) {
        let object = Value::from([("kind", "Pod".into()), ("spec", spec)]);
        let (baseline, restricted) = (security("baseline", "[]"), security("restricted", "[]"));
        let of = |security: &PodSecurity| security.evaluate(&object, &[]).unwrap().text();
        let restricted = of(&restricted);
        for part in of(&baseline).split_inclusive("])") {
            prop_assert!(restricted.contains(part), "{} not in {}", part, restricted);
        }
    }
}

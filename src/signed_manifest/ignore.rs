//! Fields in which an object may differ from what was signed: those that clusters fill in, and those the
//! policy names.

use regex::RegexSet;

use crate::document::{Str, Value};

use super::DEFAULT_DOMAIN;

/// Fields of certain objects: what a policy's `ignoreFields` entry says.
#[derive(Clone, Debug, Default)]
pub struct Binding {
    /// `group`, `version`, `kind`, `name`, `namespace`; empty means any. No object: all of them.
    pub objects: Vec<[Str; 5]>,
    /// Paths with dots; `*` stands for anything.
    pub fields: Vec<Str>,
}

/// The ignored fields, compiled.
#[derive(Debug)]
pub struct Ignore(Vec<(Vec<[Str; 5]>, RegexSet)>);

/// Fields of the kinds they are ignored in (`*`: all): the lists of the library and of Kyverno together.
const DEFAULTS: &[(&[&str], &[&str])] = &[
    (
        &["*"],
        &[
            "metadata.namespace",
            "spec.containers.*.imagePullPolicy",
            "spec.containers.*.terminationMessagePath",
            "spec.containers.*.terminationMessagePolicy",
            "spec.dnsPolicy",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.terminationGracePeriodSeconds",
            "metadata.labels.app.kubernetes.io/instance",
            "metadata.managedFields.*",
            "metadata.resourceVersion",
            "metadata.selfLink",
            "metadata.annotations.control-plane.alpha.kubernetes.io/leader",
            "metadata.annotations.kubectl.kubernetes.io/last-applied-configuration",
            "metadata.finalizers*",
            "metadata.annotations.namespace",
            "metadata.annotations.deprecated.daemonset.template.generation",
            "metadata.creationTimestamp",
            "metadata.uid",
            "metadata.generation",
            "status",
            "metadata.annotations.deployment.kubernetes.io/revision",
        ],
    ),
    (
        &["Pod"],
        &[
            "spec.volumes.*.name",
            "spec.volumes.*.projected.*",
            "spec.volumes.*.configMap.defaultMode",
            "spec.containers.*.volumeMounts.*",
            "spec.tolerations.*",
            "spec.enableServiceLinks",
            "spec.preemptionPolicy",
            "spec.priority",
            "spec.serviceAccount",
        ],
    ),
    (
        &["Deployment"],
        &[
            "spec.progressDeadlineSeconds",
            "spec.revisionHistoryLimit",
            "spec.strategy.*",
            "spec.template.metadata.creationTimestamp",
            "spec.containers.*.ports.*.protocol",
            "spec.containers.*.resources",
            "spec.securityContext",
        ],
    ),
    (&["CustomResourceDefinition"], &["spec.conversion.strategy", "spec.names.listKind"]),
    (
        &["Service"],
        &[
            "spec.ports.*.nodePort",
            "spec.clusterIP",
            "spec.clusterIPs.0",
            "spec.sessionAffinity",
            "spec.type",
            "spec.ipFamilies.*",
            "spec.ipFamilyPolicy",
            "spec.internalTrafficPolicy",
        ],
    ),
    (
        &["ClusterPolicy", "Policy"],
        &[
            "metadata.annotations.pod-policies.kyverno.io/autogen-controllers",
            "spec.failurePolicy",
            "spec.background",
            "spec.validationFailureAction",
        ],
    ),
    (&["ServiceAccount"], &["secrets.*.name", "imagePullSecrets.*.name"]),
];

/// The annotations that hold messages and signatures.
const SIGNING: [&str; 5] = ["message", "signature", "certificate", "bundle", "resourceBundleRef"];

impl Ignore {
    /// The defaults, the policy's own, and the annotations of `domain`.
    #[must_use]
    pub fn compile(own: Vec<Binding>, domain: &str) -> Self {
        let any = || vec![[const { Str::new_static("") }; 5]];
        let defaults = DEFAULTS.iter().map(|(kinds, fields)| Binding {
            objects: kinds
                .iter()
                .map(|kind| [Str::default(), Str::default(), Str::from(*kind), Str::default(), Str::default()])
                .collect(),
            fields: fields.iter().map(|field| Str::from(*field)).collect(),
        });
        let route = Binding {
            objects: vec![["route.openshift.io", "", "Route", "", ""].map(Str::from)],
            fields: vec![Str::new_static("spec.host")],
        };
        let domains = [domain, DEFAULT_DOMAIN];
        let annotations = domains.iter().flat_map(|domain| {
            SIGNING.iter().map(move |name| Str::from(format!("metadata.annotations.{domain}/{name}")))
        });
        let annotations = Binding { objects: any(), fields: annotations.collect() };
        let all = defaults.chain([route, annotations]).chain(own);
        Self(all.map(|binding| (binding.objects, patterns(&binding.fields))).collect())
    }

    /// What is ignored in `object`.
    #[must_use]
    pub fn fields_for(&self, object: &Value) -> Vec<&RegexSet> {
        let text = |path: &[&str]| object.str_at(path).unwrap_or_default();
        let api_version = text(&["apiVersion"]);
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let own = [group, version, text(&["kind"]), text(&["metadata", "name"]), text(&["metadata", "namespace"])];
        let is_about = |object: &[Str; 5]| object.iter().zip(own).all(|(pattern, value)| matches(pattern, value));
        let applies = |objects: &Vec<[Str; 5]>| objects.is_empty() || objects.iter().any(is_about);
        self.0.iter().filter(|(objects, _)| applies(objects)).map(|(_, fields)| fields).collect()
    }
}

/// Each field and what is below it. As in Kyverno's library the pattern may stand anywhere in a path, a
/// dot is any character, and what is no pattern is never met.
fn patterns(fields: &[Str]) -> RegexSet {
    let usable = fields
        .iter()
        .map(|field| format!("{field}*").replace('*', ".*"))
        .filter(|pattern| regex::Regex::new(pattern).is_ok());
    RegexSet::new(usable).unwrap_or_else(|_| RegexSet::empty())
}

/// How the library matches the parts of an object's name: `*` and a trailing `*`, `-` for nothing,
/// alternatives between commas.
fn matches(pattern: &str, value: &str) -> bool {
    let single = |pattern: &str| {
        let pattern = pattern.trim();
        pattern.is_empty()
            || (pattern == "-" && value.is_empty())
            || pattern == value
            || (pattern.ends_with('*') && value.starts_with(pattern.trim_end_matches('*')))
    };
    single(pattern) || (pattern.contains(',') && !pattern.trim().ends_with('*') && pattern.split(',').any(single))
}

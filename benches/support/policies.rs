//! The benchmarks' policies.

use std::fmt::Write as _;

/// 33 validate policies: patterns, anchors, anyPattern, deny, foreach, preconditions, messages.
pub fn policies() -> String {
    let mut out = String::new();
    let mut add = |name: &str, kinds: &str, body: &str| {
        let _ = write!(
            out,
            "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata:\n  name: {name}\nspec:\n  validationFailureAction: Audit\n  rules:\n  - name: check\n    match:\n      any:\n      - resources:\n          kinds: [{kinds}]\n{body}---\n"
        );
    };
    for (i, pattern) in [
        "spec: {containers: [{resources: {limits: {memory: \"?*\"}}}]}",
        "spec: {containers: [{image: \"!*:latest\"}]}",
        "spec: {containers: [{image: \"*:*\"}]}",
        "spec: {=(hostNetwork): false}",
        "spec: {=(hostPID): \"false\", =(hostIPC): \"false\"}",
        "spec: {containers: [{=(ports): [{=(hostPort): 0}]}]}",
        "spec: {=(volumes): [{X(hostPath): \"null\"}]}",
        "spec: {containers: [{(image): \"docker.io/*\", imagePullPolicy: Always}]}",
        "spec: {containers: [{name: \"?*\", image: \"registry.example/* | ghcr.io/*\"}]}",
        "metadata: {labels: {app: \"?*\"}}",
        "spec: {containers: [{=(resources): {=(limits): {=(memory): \"<=1Gi\"}}}]}",
        "spec: {=(securityContext): {=(runAsNonRoot): true}}",
    ]
    .iter()
    .enumerate()
    {
        add(
            &format!("pod-pattern-{i}"),
            "Pod",
            &format!("    validate:\n      message: pod pattern {i}\n      pattern:\n        {pattern}\n"),
        );
    }
    for i in 0..4 {
        add(
            &format!("pod-any-pattern-{i}"),
            "Pod",
            &format!(
                "    validate:\n      message: one of two\n      anyPattern:\n      - spec: {{containers: [{{image: \"registry{i}.example/*\"}}]}}\n      - spec: {{containers: [{{image: \"ghcr.io/*\"}}]}}\n"
            ),
        );
    }
    for i in 0..6 {
        add(
            &format!("pod-foreach-{i}"),
            "Pod",
            &format!(
                "    validate:\n      message: containers must not come from mirror {i}\n      foreach:\n      - list: request.object.spec.containers\n        deny:\n          conditions:\n            any:\n            - key: \"{{{{ element.image }}}}\"\n              operator: AnyIn\n              value: [\"mirror{i}.example/*\", \"*:dev\"]\n"
            ),
        );
    }
    for i in 0..6 {
        add(
            &format!("workload-deny-{i}"),
            "Deployment, StatefulSet",
            &format!(
                "    preconditions:\n      all:\n      - key: \"{{{{ request.operation || 'BACKGROUND' }}}}\"\n        operator: NotEquals\n        value: DELETE\n    validate:\n      message: \"{{{{ request.object.metadata.name }}}} runs too many replicas\"\n      deny:\n        conditions:\n          any:\n          - key: \"{{{{ request.object.spec.replicas }}}}\"\n            operator: GreaterThan\n            value: {}\n",
                i + 2
            ),
        );
    }
    for i in 0..5 {
        add(
            &format!("metadata-{i}"),
            "Service, ConfigMap, Ingress",
            &format!(
                "    validate:\n      message: names and namespaces\n      pattern:\n        metadata: {{name: \"?*\", namespace: \"!forbidden-{i}\"}}\n"
            ),
        );
    }
    out
}

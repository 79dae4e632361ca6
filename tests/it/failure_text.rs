//! The text of a failing render: exact words, and the same bytes whatever order the disk has.

use std::process::Command;

use crate::gate::{Gate, project};

const COMMIT: &str = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";

/// A small generator of numbers: tests need no more.
fn shuffled(mut names: Vec<usize>, seed: u64) -> Vec<usize> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    for at in (1..names.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        names.swap(at, usize::try_from(state % (at as u64 + 1)).expect("works in a test"));
    }
    names
}

#[test]
fn the_same_bytes_in_a_hundred_runs() {
    let mut seen: Option<String> = None;
    for seed in 0..100 {
        let mut gate = Gate::new().environment("ARGOCD_APP_REVISION", COMMIT).environment("ARGOCD_APP_NAME", "shop");
        for n in shuffled((0..12).collect(), seed) {
            let kind = if n % 2 == 0 { "ConfigMap" } else { "Secret" };
            gate = gate.file(
                &format!("f{n:02}.yaml"),
                format!(
                    "apiVersion: v1\nkind: {kind}\nmetadata:\n  name: n{n}\n  namespace: ns{}\n  labels: {{}}\n",
                    n % 3
                ),
            );
        }
        let ran = gate.run();
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{}", ran.stderr);
        match &seen {
            None => seen = Some(ran.stderr),
            Some(first) => assert_eq!(first, &ran.stderr),
        }
    }
    assert_eq!(
        seen.as_deref(),
        Some(
            "rendergate: 1 violation of 1 policy blocks this render at 1a2b3c4. [need-team/team] ConfigMap ns0/n0 and 11 \
             more: A team label is needed. (/metadata/labels/team, f00.yaml:6)\n"
        )
    );
}

#[test]
fn the_storefront_example_says_both_policies_and_where() {
    let run = |directory: &str| {
        Command::new(env!("CARGO_BIN_EXE_rendergate"))
            .current_dir(project())
            .args(["generate", directory, "--config", "examples/gate.yaml"])
            .env_remove("ARGOCD_APP_NAME")
            .env_remove("ARGOCD_APP_REVISION")
            .output()
            .expect("the binary runs")
    };
    let broken = run("examples/storefront");
    assert_eq!((broken.status.code(), broken.stdout.len()), (Some(1), 0));
    assert_eq!(
        String::from_utf8(broken.stderr).expect("works in a test"),
        "rendergate: 2 violations of 2 policies block this render. \
         [require-resource-limits/autogen-check-container-limits] Deployment shop/web: Resource limits are required for all \
         containers. (/spec/template/spec/containers/0/resources/limits, web.yaml:28) \
         [require-team-labels/check-required-labels] Deployment shop/web: Deployments must have 'team', 'environment', and \
         'cost-centre' labels. (/metadata/labels/cost-centre, web.yaml:7) 1 rule deferred to admission.\n"
    );
    let fixed = run("examples/storefront-fixed");
    let printed = String::from_utf8(fixed.stdout).expect("works in a test");
    assert_eq!(fixed.status.code(), Some(0));
    for expected in ["name: log-forwarder", "data-classification: internal", "kind: ResourceQuota", "Prune=confirm"] {
        assert!(printed.contains(expected), "{expected} is missing in\n{printed}");
    }
    assert_eq!(printed.matches("---\n").count(), 7);
}

#[test]
fn a_second_render_of_what_was_printed_changes_nothing() {
    let gate = Gate::new().config(&format!("policies: [{{path: {}}}]\n", project().join("policies").display()));
    let example =
        std::fs::read_to_string(project().join("examples/storefront-fixed/web.yaml")).expect("works in a test");
    let first = gate.file("a.yaml", example).run();
    assert_eq!(first.status, 0, "{}", first.stderr);
    let again = Gate::new().config(&format!("policies: [{{path: {}}}]\n", project().join("policies").display()));
    let second = again.file("a.yaml", &first.stdout).run();
    assert_eq!(first.stdout, second.stdout);
}

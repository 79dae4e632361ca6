//! One compiled set for all applications, and exceptions for some of them.

use super::process::Process;
use super::{bad, write_gate};

const EXCEPTION: &str = "apiVersion: kyverno.io/v2\nkind: PolicyException\nmetadata:\n  name: let\n  namespace: ops\n  \
                         annotations: {TERMS}\nspec:\n  exceptions: [{policyName: need-team, ruleNames: [team]}]\n  \
                         match: {any: [{resources: {kinds: [ConfigMap]}}]}\n";

#[tokio::test(flavor = "multi_thread")]
async fn exceptions_count_for_their_applications_in_a_process_that_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    write_gate(folder.path(), "policies: [{path: policies}]\nexceptions: [{path: let.yaml}]\n");
    let terms = "rendergate.dev/applications: 'shop*', rendergate.dev/projects: payments";
    std::fs::write(folder.path().join("let.yaml"), EXCEPTION.replace("TERMS", terms)).expect("a file");
    let plugin = Process::start(folder.path());
    let mut client = plugin.client().await;
    for _ in 0..2 {
        for (application, project, passes) in [
            ("shop", "payments", true),
            ("shop", "billing", false),
            ("web", "payments", false),
            ("shop-eu", "payments", true),
        ] {
            let answer = bad().of_application(project, application).send(&mut client).await;
            assert_eq!(answer.is_ok(), passes, "{application} of {project}: {answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_exception_is_named_by_a_process_that_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    write_gate(folder.path(), "policies: [{path: policies}]\nexceptions: [{path: let.yaml}]\n");
    let terms = "rendergate.dev/expires: '2020-01-31', rendergate.dev/owner: team-a";
    std::fs::write(folder.path().join("let.yaml"), EXCEPTION.replace("TERMS", terms)).expect("a file");
    let plugin = Process::start(folder.path());
    let status = bad().send(&mut plugin.client().await).await.expect_err("a violation");
    let said = "A team label is needed. PolicyException ops/let (owner: team-a) expired on 2020-01-31.";
    assert!(status.message().contains(said), "{status}");
}

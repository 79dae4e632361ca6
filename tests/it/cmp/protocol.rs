//! The four calls, and streams that are not as they should be.

use rendergate::cmp::client::Client;
use rendergate::cmp::protocol::{
    AppStreamRequest, ManifestResponse, ParametersAnnouncementResponse, RepositoryResponse,
};
use rendergate::cmp::{Limits, app::Engine};
use rendergate::document::json;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::{Plugin, Shipment, bad, file, good, metadata, send};

#[tokio::test(flavor = "multi_thread")]
async fn a_named_plugin_is_checked_twice_and_asked_on_one_connection() {
    let plugin = Plugin::start().await;
    let mut client = plugin.client().await;
    for _ in 0..2 {
        let checked = client.check().await.expect("a configuration");
        assert!(!checked.is_discovery_configured && !checked.provide_git_creds);
    }
    let rendered = good().send(&mut client).await.expect("a render");
    assert_eq!(rendered.manifests.len(), 1);
    let object = json::parse(rendered.manifests[0].as_bytes()).expect("one JSON object a string");
    assert_eq!(object.str_at(&["metadata", "name"]), Some("good"));
    plugin.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_violation_is_a_failed_precondition_with_the_gates_text() {
    let plugin = Plugin::start().await;
    let mut client = plugin.client().await;
    let status = bad().send(&mut client).await.expect_err("a violation");
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(
        status.message(),
        "rendergate: 1 violation of 1 policy blocks this render at 1a2b3c4. [need-team/team] ConfigMap default/bad: \
         A team label is needed. (/metadata/labels, bad.yaml:3)"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_input_twice_is_the_same_answer() {
    let plugin = Plugin::start().await;
    let mut client = plugin.client().await;
    let files: Vec<(String, String)> = (0..40)
        .map(|n| {
            (format!("{:02}.yaml", (n * 7) % 40), format!("apiVersion: v1\nkind: Service\nmetadata: {{name: s{n}}}\n"))
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let shipment = Shipment::of(&files);
    let first = shipment.send(&mut client).await.expect("a render");
    assert_eq!(first, shipment.send(&mut client).await.expect("a render"));
    let mut reversed = files.clone();
    reversed.reverse();
    let reversed = Shipment::of(&reversed).send(&mut client).await.expect("a render");
    assert_eq!(first.manifests, reversed.manifests, "the archive's own order does not matter");
    let texts = [bad().send(&mut client).await, bad().send(&mut client).await].map(|r| r.expect_err("no").to_string());
    assert_eq!(texts[0], texts[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_is_off_and_parameters_name_the_bundle() {
    let plugin = Plugin::start().await;
    let mut client = plugin.client().await;
    let stream = || tokio_stream::iter(good().messages());
    let matched: RepositoryResponse = client.send("MatchRepository", stream(), None).await.expect("an answer");
    assert_eq!(matched, RepositoryResponse { is_supported: false, is_discovery_enabled: false });
    let announced: ParametersAnnouncementResponse =
        client.send("GetParametersAnnouncement", stream(), None).await.expect("an answer");
    let digest = &plugin.app.bundle().expect("policies").digest;
    let bundle = announced.parameter_announcements.iter().find(|p| p.name == "rendergate-bundle").expect("the bundle");
    assert_eq!((&bundle.string, bundle.required, digest.len()), (digest, false, 64));
    assert!(announced.parameter_announcements.iter().any(|p| p.name == "directory.recurse"), "its renderer's options");
    let unknown: Result<ManifestResponse, Status> = client.send("Nothing", stream(), None).await;
    assert_eq!(unknown.expect_err("no such method").code(), Code::Unimplemented);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_not_as_it_should_be_is_an_error() {
    let plugin = Plugin::start().await;
    let mut client = plugin.client().await;
    let shipment = good();
    let (head, body) = (metadata(&shipment.metadata), shipment.messages().split_off(1));
    let with_body = |first: Vec<AppStreamRequest>| first.into_iter().chain(body.clone()).collect::<Vec<_>>();
    let changed = |change: fn(&mut Shipment)| {
        let mut shipment = shipment.clone();
        change(&mut shipment);
        shipment.messages()
    };
    for (messages, expected) in [
        (Vec::new(), "the first message of a stream must be its metadata"),
        (body.clone(), "the first message of a stream must be its metadata"),
        (vec![AppStreamRequest { request: None }], "the first message of a stream must be its metadata"),
        (with_body(vec![head.clone(), head.clone()]), "a message without a piece of the archive"),
        (with_body(vec![head.clone(), AppStreamRequest { request: None }]), "a message without a piece of the archive"),
        (with_body(vec![head.clone(), file(b"")]), "a piece of the archive is empty"),
        (vec![head.clone()], "the archive is 0 bytes long and should be "),
        (changed(|s| s.metadata.size += 1), "bytes long and should be "),
        (changed(|s| s.metadata.checksum = "0".repeat(64)), "the archive's checksum is not the announced one"),
        (changed(|s| s.metadata.env.clear()), "ARGOCD_APP_NAME is not among the variables"),
    ] {
        let status = send(&mut client, messages, None).await.expect_err(expected);
        assert_eq!(status.code(), Code::InvalidArgument, "{expected}");
        assert!(status.message().contains(expected), "{status}");
    }
    assert!(good().send(&mut client).await.is_ok(), "the connection is still of use");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_archive_over_its_limit_is_told_so() {
    let limits = Limits { archive_bytes: 100_000, expanded_bytes: 1 << 20, ..Limits::default() };
    let plugin = Plugin::with(limits, Box::new(Engine), "policies: [{path: policies}]\n").await;
    let mut client = plugin.client().await;
    let noise = super::noise(400_000);
    let status = Shipment::of(&[("noise.txt", &noise)]).send(&mut client).await.expect_err("too long");
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert!(status.message().contains("longer than 100000 bytes (--archive-bytes)"), "{status}");
    let status = Shipment::of(&[("zeros.bin", &"0".repeat(2 << 20))]).send(&mut client).await.expect_err("too long");
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("longer than 1048576 bytes when expanded"), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_application_is_where_its_path_says() {
    let plugin = Plugin::start().await;
    let mut client = plugin.client().await;
    let object = |name: &str| format!("apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\n");
    let (root, nested, sibling) = (object("root"), object("nested"), object("sibling"));
    let shipment = Shipment::of(&[
        ("r.yaml", &root),
        ("w/abc/n.yaml", &nested),
        ("w/abcd/s.yaml", &sibling),
        ("w/.git/x.yaml", "["),
    ]);
    for (path, expected) in
        [(".", "root"), ("", "root"), ("w/abc", "nested"), ("./w//abc/", "nested"), ("w/abcd", "sibling")]
    {
        let rendered = shipment.clone().at(path).send(&mut client).await.expect(path);
        assert!(rendered.manifests.len() == 1 && rendered.manifests[0].contains(expected), "{path}: {rendered:?}");
    }
    for (path, expected) in [
        ("../x", "leads out of it"),
        ("w/../../x", "leads out of it"),
        ("/w/abc", "leads out of it"),
        ("w/ab", "there is no such directory"),
        ("w/.git", "there is no such directory"),
    ] {
        let status = shipment.clone().at(path).send(&mut client).await.expect_err(path);
        assert_eq!(status.code(), Code::InvalidArgument, "{path}");
        assert!(status.message().contains(expected), "{path}: {status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_of_the_repository_do_not_count() {
    let plugin = Plugin::with(
        Limits::default(),
        Box::new(Engine),
        "policies: [{path: policies}]\nsections: [{name: loose, match: {projects: [loose]}, enforcement: audit}]\n",
    )
    .await;
    let mut client = plugin.client().await;
    assert!(bad().env("ARGOCD_APP_PROJECT_NAME", "loose").send(&mut client).await.is_ok());
    let tried = ["ARGOCD_ENV_ARGOCD_APP_PROJECT_NAME", "PARAM_ARGOCD_APP_PROJECT_NAME", "PARAM_ENFORCEMENT"]
        .iter()
        .fold(bad().env("ARGOCD_APP_PROJECT_NAME", "strict"), |shipment, name| shipment.env(name, "loose"));
    let status = tried.send(&mut client).await.expect_err("a violation");
    assert_eq!(status.code(), Code::FailedPrecondition);
    let status = bad().send(&mut client).await.expect_err("an untold project is not guessed");
    assert_eq!(status.code(), Code::Internal);
    assert!(status.message().contains("section 'loose' needs ARGOCD_APP_PROJECT_NAME"), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_policies_nothing_is_rendered_and_health_says_so() {
    let plugin = Plugin::with(Limits::default(), Box::new(Engine), "policies: [{path: none.yaml}]\n").await;
    let mut client = Client::connect(plugin.socket()).await.expect("a connection");
    let status = client.check().await.expect_err("not ready");
    assert_eq!((status.code(), status.message()), (Code::Unavailable, "rendergate: no policies are loaded yet"));
    assert_eq!(good().send(&mut client).await.expect_err("not ready").code(), Code::Unavailable);
    assert_eq!(serving(&plugin).await, 2);
    std::fs::write(plugin.folder.path().join("none.yaml"), crate::gate::TEAM).expect("a file");
    super::ready(&mut client).await;
    assert!(good().send(&mut client).await.is_ok());
    while serving(&plugin).await != 1 {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// What grpc.health.v1 says: 1 is SERVING, 2 NOT_SERVING.
async fn serving(plugin: &Plugin) -> i32 {
    let socket = plugin.socket();
    let connect = tower::service_fn(move |_: tonic::transport::Uri| {
        let socket = socket.clone();
        async move { tokio::net::UnixStream::connect(socket).await.map(hyper_util::rt::TokioIo::new) }
    });
    let channel = tonic::transport::Endpoint::from_static("http://x").connect_with_connector(connect).await;
    let mut health = HealthClient::new(channel.expect("a connection"));
    let request = HealthCheckRequest { service: "plugin.ConfigManagementPluginService".to_owned() };
    health.check(request).await.expect("an answer").into_inner().status
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_change_between_two_renders_and_are_never_lost() {
    let plugin = Plugin::start().await;
    let mut client = plugin.client().await;
    assert!(bad().send(&mut client).await.is_err());
    let before = plugin.app.bundle().expect("policies").digest.clone();
    let policy = plugin.folder.path().join("policies/team.yaml");
    for broken in ["a: [", ""] {
        std::fs::write(&policy, broken).expect("a file");
        let refused = || plugin.app.metrics.text().contains("rendergate_policy_reloads_total{outcome=\"refused\"}");
        while !refused() {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert!(bad().send(&mut client).await.is_err(), "the last good set stays in force");
        assert_eq!(plugin.app.bundle().expect("policies").digest, before);
    }
    std::fs::write(&policy, crate::gate::TEAM.replace("ConfigMap", "Pod")).expect("a file");
    while plugin.app.bundle().expect("policies").digest == before {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert!(bad().send(&mut client).await.is_ok(), "the new set holds");
}

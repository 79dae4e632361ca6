use std::time::{Duration, Instant};

use super::*;
use crate::config;
use crate::document::{Source, yaml};
use crate::policy::load;
use crate::source::MemoryFiles;

const POLICY: &str = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: labels}\nspec:\n  rules:\n  - name: team\n    \
    match: {any: [{resources: {kinds: [ConfigMap]}}]}\n    validate:\n      failureAction: Enforce\n      \
    message: A team is needed.\n      pattern: {metadata: {labels: {team: '?*'}}}\n";

const BAD: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

fn section() -> Section {
    let document = yaml::read(POLICY, &yaml::Limits::default()).expect("YAML").remove(0);
    let source = Source::of("p.yaml".into(), POLICY.into(), &document);
    let loaded = load::load([Manifest::new(document.value, source).expect("an object")]);
    let set = PolicySet::new(loaded.policies, loaded.exceptions);
    Section { settings: Settings::default(), set: Arc::new(set), notes: Arc::default() }
}

fn build() -> BuildEnvironment {
    let application = config::Application {
        name: Some("shop".to_owned()),
        revision: Some("1a2b3c4d5e6f7a8b9c0d1a2b3c4d5e6f7a8b9c0d".to_owned()),
        ..config::Application::default()
    };
    BuildEnvironment { application, ..BuildEnvironment::default() }
}

fn render(files: &dyn Files, section: &Section, stop: &Stop) -> Result<Verdict, Refusal> {
    let application = Application {
        configuration: &GateConfiguration::default(),
        section,
        known: &Arc::new(KnownObjects::default()),
        files,
        directory: "apps/shop",
        build: &build(),
        stop,
    };
    application.render()
}

#[test]
fn a_tree_in_memory_is_rendered_where_its_application_stands() {
    let files = MemoryFiles::new([("apps/shop/a.yaml", BAD), ("apps/other/b.yaml", "not: [read"), ("c.yaml", "a: [")]);
    let section = section();
    let verdict = render(&files, &section, &Stop::never()).expect("a verdict");
    assert_eq!(
        verdict.failure(&build(), &section.settings).as_deref(),
        Some(
            "rendergate: 1 violation of 1 policy blocks this render at 1a2b3c4. [labels/team] ConfigMap default/a: \
             A team is needed. (/metadata/labels, a.yaml:3)"
        )
    );
}

#[test]
fn a_repository_adds_policies_and_the_compiled_set_stays_as_it_is() {
    let own = "apiVersion: rendergate.dev/v1alpha1\nkind: RenderConfiguration\npolicies: [{path: ../policies}]\n";
    let policy = POLICY.replace("team", "owner");
    let files = MemoryFiles::new([("apps/shop/a.yaml", BAD), (".rendergate.yaml", own), ("policies/p.yaml", &policy)]);
    let section = section();
    let error = render(&files, &section, &Stop::never()).unwrap_err();
    assert!(matches!(&error, Refusal::Repository(p) if p[0].contains("leads out of the repository")), "{error:?}");
    let own = own.replace("../", "");
    let files = MemoryFiles::new([("apps/shop/a.yaml", BAD), (".rendergate.yaml", &own), ("policies/p.yaml", &policy)]);
    let verdict = render(&files, &section, &Stop::never()).expect("a verdict");
    let policies: Vec<_> = verdict.findings.iter().map(|f| f.policy.as_str()).collect();
    assert_eq!(policies, ["labels", "repo/labels"]);
    assert_eq!(section.set.policies().len(), 1);
}

#[test]
fn nobody_waits_any_longer() {
    let files = MemoryFiles::new([("apps/shop/a.yaml", BAD)]);
    let late = Stop::at(Instant::now(), Stopped::Caller);
    let refusal = render(&files, &section(), &late).unwrap_err();
    assert_eq!(refusal, Refusal::Stopped(Stopped::Caller));
    assert!(refusal.text(&build()).starts_with("rendergate: this render cannot be made at 1a2b3c4: timed out: "));
    let cancelled = Stop::at(Instant::now() + Duration::from_secs(60), Stopped::Caller);
    cancelled.cancel();
    assert_eq!(render(&files, &section(), &cancelled).unwrap_err(), Refusal::Stopped(Stopped::Cancelled));
}

struct Broken;

impl Files for Broken {
    fn entries(&self, _: &str, _: usize) -> Result<Vec<Entry>, FileFault> {
        panic!("a bug")
    }

    fn read(&self, _: &str, _: u64) -> Result<Vec<u8>, FileFault> {
        panic!("a bug")
    }
}

#[test]
fn a_panic_is_a_refusal() {
    assert_eq!(render(&Broken, &section(), &Stop::never()).unwrap_err(), Refusal::Panicked);
}

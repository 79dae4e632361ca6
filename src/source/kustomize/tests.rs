use super::super::MemoryFiles;
use super::*;

const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\n";

fn collect(files: &MemoryFiles, directory: &str) -> Result<Vec<String>, String> {
    let limits = Limits::default();
    let needs = needs(files, directory, &Kustomize::default(), &Application::default(), &limits);
    needs.map(|n| n.files.into_keys().collect()).map_err(|e| e.to_string())
}

fn refused(kustomization: &str) -> String {
    let files = MemoryFiles::new([("a/kustomization.yaml", kustomization), ("a/x.yaml", POD), ("a/d/y.yaml", POD)]);
    collect(&files, "a").unwrap_err()
}

#[test]
fn everything_that_is_named_and_nothing_else() {
    let files = MemoryFiles::new([
        (
            "apps/web/kustomization.yaml",
            "resources: [../base, own.yaml]\ncomponents: [../part]\npatches: [{path: p.yaml}, {patch: 'a: b'}]\n\
             patchesStrategicMerge: [s.yaml, \"kind: X\\nmetadata: {name: y}\\n\"]\n\
             configMapGenerator: [{name: c, files: [k=c.txt, d.txt], envs: [e.env], literals: [u=https://x]}]\n\
             replacements: [{path: r.yaml}]\nopenapi: {path: schema.json}\nconfigurations: [n.yaml]\ncrds: [crd.json]\n\
             transformers: [t.yaml, \"apiVersion: builtin\\nkind: PatchTransformer\\nmetadata: {name: x}\\npath: q.yaml\\n\"]\n",
        ),
        ("apps/web/own.yaml", POD),
        ("apps/web/p.yaml", POD),
        ("apps/web/q.yaml", POD),
        ("apps/web/s.yaml", POD),
        ("apps/web/c.txt", "c"),
        ("apps/web/d.txt", "d"),
        ("apps/web/e.env", "A=b"),
        ("apps/web/r.yaml", "[]"),
        ("apps/web/schema.json", "{}"),
        ("apps/web/n.yaml", "{}"),
        ("apps/web/crd.json", "{}"),
        ("apps/web/t.yaml", "apiVersion: builtin\nkind: NamespaceTransformer\nmetadata: {name: n, namespace: m}\n"),
        ("apps/web/unused.yaml", POD),
        ("apps/base/kustomization.yml", "resources: [pod.yaml]\n"),
        ("apps/base/pod.yaml", POD),
        ("apps/part/Kustomization", "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n"),
        ("secret.yaml", POD),
    ]);
    let taken = collect(&files, "apps/web").unwrap();
    let expected = [
        "apps/base/kustomization.yml",
        "apps/base/pod.yaml",
        "apps/part/Kustomization",
        "apps/web/c.txt",
        "apps/web/crd.json",
        "apps/web/d.txt",
        "apps/web/e.env",
        "apps/web/kustomization.yaml",
        "apps/web/n.yaml",
        "apps/web/own.yaml",
        "apps/web/p.yaml",
        "apps/web/q.yaml",
        "apps/web/r.yaml",
        "apps/web/s.yaml",
        "apps/web/schema.json",
        "apps/web/t.yaml",
    ];
    assert_eq!(taken, expected);
}

#[test]
fn what_would_be_fetched_is_refused_with_its_line() {
    for entry in [
        "resources:\n- x.yaml\n- https://example.com/x.yaml\n",
        "resources:\n- x.yaml\n- github.com/org/repo//base?ref=v1\n",
        "bases:\n- d\n- git@example.com:org/repo.git\n",
        "components:\n\n- ssh://git@example.com/x\n",
        "patches:\n- target: {}\n  path: https://example.com/p.yaml\n",
        "patchesJson6902:\n- target: {}\n  path: http://example.com/p.yaml\n",
        "patchesStrategicMerge:\n\n- https://example.com/p.yaml\n",
        "configMapGenerator:\n- name: c\n  files: [k=https://example.com/x]\n",
        "secretGenerator:\n- name: c\n  envs: ['https://example.com/x']\n",
        "replacements:\n\n- path: https://example.com/r.yaml\n",
        "openapi:\n\n  path: https://example.com/r.yaml\n",
        "crds:\n\n- https://example.com/r.yaml\n",
        "configurations:\n\n- https://example.com/r.yaml\n",
        "transformers:\n\n- https://example.com/r.yaml\n",
    ] {
        let error = refused(entry);
        assert!(error.starts_with("a/kustomization.yaml:3: '"), "{entry}: {error}");
        assert!(error.ends_with("vendor it into the repository and name its path"), "{entry}: {error}");
    }
    let inside = "generators:\n- |\n  apiVersion: builtin\n  kind: SecretGenerator\n  metadata: {name: x}\n  files: ['https://example.com/x']\n";
    assert!(refused(inside).contains("would be fetched"), "{}", refused(inside));
}

#[test]
fn what_leads_out_or_is_not_there_is_refused() {
    for (entry, expected) in [
        ("resources: [../../x]\n", "a/kustomization.yaml:1: the path '../../x' leads out of the repository"),
        ("resources: [/etc]\n", "a/kustomization.yaml:1: the path '/etc' leads out of the repository"),
        ("resources: [.git/x]\n", "a/kustomization.yaml:1: the path '.git/x' leads out of the repository"),
        ("resources: [gone.yaml]\n", "a/kustomization.yaml:1: there is no 'a/gone.yaml' in the repository"),
        ("resources: [d]\n", "a/kustomization.yaml:1: there is no 'a/d/kustomization.yaml' in the repository"),
        ("resources: [1]\n", "a/kustomization.yaml:1: must be a path"),
        ("configMapGenerator: [{name: c, Files: [x]}]\n", "a/kustomization.yaml:1: no field of this part"),
        ("Resources: [x.yaml]\n", "a/kustomization.yaml:1: no field of a kustomization: did you mean 'resources'?"),
        ("namespace: a\nnamespace: b\n", "a/kustomization.yaml:2: a key is written twice in one map"),
        ("namespace: a\n---\nnamespace: b\n", "a/kustomization.yaml: a kustomization is one document"),
        ("- a\n", "a/kustomization.yaml:1: a kustomization is a map"),
        ("a: [\n", "a/kustomization.yaml:"),
    ] {
        let error = refused(entry);
        assert!(error.starts_with(expected), "{entry}: {error}");
    }
}

#[test]
fn programs_are_never_run() {
    for (entry, words) in [
        ("helmCharts: [{name: x}]\n", "'helmCharts' runs helm inside kustomize"),
        ("helmChartInflationGenerator: []\n", "'helmChartInflationGenerator' runs helm inside kustomize"),
        ("generators: [\"apiVersion: x.io/v1\\nkind: Exec\\nmetadata: {name: x}\\n\"]\n", "programs of a repository"),
        (
            "validators: [\"apiVersion: builtin\\nkind: Odd\\nmetadata: {name: x}\\n\"]\n",
            "not a plugin of kustomize's own",
        ),
        ("transformers: [d]\n", "name its files one by one"),
    ] {
        let error = refused(entry);
        assert!(error.starts_with("a/kustomization.yaml:1: ") && error.contains(words), "{entry}: {error}");
    }
    let files = MemoryFiles::new([
        ("kustomization.yaml", "generators: [g.yaml]\n"),
        (
            "g.yaml",
            "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: x}\nrepo: https://example.com\n",
        ),
    ]);
    assert!(collect(&files, "").unwrap_err().contains("helm inside kustomize is off here"));
}

#[test]
fn links_to_directories_and_second_kustomizations_are_refused() {
    let files = MemoryFiles::new([
        ("a/kustomization.yaml", "resources: [../link/b]\n"),
        ("link/b/kustomization.yaml", "resources: []\n"),
    ]);
    assert!(collect(&files, "a").is_ok());
    let files = MemoryFiles::new([("a/kustomization.yaml", ""), ("a/Kustomization", "")]);
    let error = collect(&files, "a").unwrap_err();
    assert!(error.starts_with("a/Kustomization: a second kustomization beside a/kustomization.yaml"), "{error}");
    assert_eq!(
        collect(&MemoryFiles::new([("a/x", "")]), "a").unwrap_err(),
        "there is no 'a/kustomization.yaml' in the repository: add it, or correct the path"
    );
}

#[test]
fn a_circle_ends() {
    let files = MemoryFiles::new([
        ("a/kustomization.yaml", "resources: [../b]\n"),
        ("b/kustomization.yaml", "resources: [../a]\n"),
    ]);
    assert_eq!(collect(&files, "a").unwrap().len(), 2);
}

#[test]
fn what_was_read_is_what_is_handed_over() {
    let text = "# comment\nx: &a [x.yaml]\n";
    assert!(refused(text).contains("no field of a kustomization"));
    let files = MemoryFiles::new([("kustomization.yaml", "# comment\nresources: [x.yaml]\n"), ("x.yaml", POD)]);
    let needs = needs(&files, "", &Kustomize::default(), &Application::default(), &Limits::default()).unwrap();
    assert_eq!(needs.files["kustomization.yaml"], b"resources:\n- x.yaml\n");
    assert_eq!(needs.files["x.yaml"], POD.as_bytes());
}

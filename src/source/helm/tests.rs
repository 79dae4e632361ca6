use super::super::MemoryFiles;
use super::*;
use crate::config::render::HelmFileParameter;

const CHART: &str = "apiVersion: v2\nname: web\nversion: 1.0.0\n";

fn of(files: &MemoryFiles, options: &Helm) -> Result<Chart, String> {
    let app = Application { name: Some("shop".to_owned()), ..Application::default() };
    chart(files, "apps/web", options, &app, &Limits::default()).map_err(|e| e.to_string())
}

fn with_value_file(path: &str) -> Helm {
    Helm { value_files: vec![path.to_owned()], ..Helm::default() }
}

fn files() -> MemoryFiles {
    MemoryFiles::new([
        ("apps/web/Chart.yaml", CHART),
        ("apps/web/values.yaml", "a: 1"),
        ("apps/web/shop.yaml", "a: 2"),
        ("apps/web/templates/x.yaml", "x"),
        ("apps/web/.git/config", "x"),
        ("apps/shared.yaml", "a: 3"),
        ("root.yaml", "a: 4"),
        ("apps/other/Chart.yaml", CHART),
    ])
}

#[test]
fn the_chart_and_its_value_files_and_nothing_else() {
    let options = Helm {
        value_files: ["$ARGOCD_APP_NAME.yaml", "../shared.yaml", "/root.yaml"].map(str::to_owned).to_vec(),
        file_parameters: vec![HelmFileParameter { name: "f".to_owned(), path: "values.yaml".to_owned() }],
        ..Helm::default()
    };
    let chart = of(&files(), &options).unwrap();
    let taken: Vec<_> = chart.needs.files.keys().map(String::as_str).collect();
    let expected = [
        "apps/shared.yaml",
        "apps/web/Chart.yaml",
        "apps/web/shop.yaml",
        "apps/web/templates/x.yaml",
        "apps/web/values.yaml",
        "root.yaml",
    ];
    assert_eq!(taken, expected);
    assert_eq!(chart.value_files, ["apps/web/shop.yaml", "apps/shared.yaml", "root.yaml"]);
    assert_eq!(chart.file_parameters, [("f".to_owned(), "apps/web/values.yaml".to_owned())]);
}

#[test]
fn value_files_stay_inside_and_are_there() {
    for (path, expected) in [
        ("https://example.com/v.yaml", "'https://example.com/v.yaml' would be fetched over the network"),
        ("secrets://x.yaml", "'secrets://x.yaml' would be fetched"),
        ("../../../x.yaml", "the path '../../../x.yaml' leads out of the repository"),
        ("gone.yaml", "there is no 'apps/web/gone.yaml' in the repository"),
        ("$values/x.yaml", "the value file '$values/x.yaml' is of another source"),
        ("a.yaml,https://example.com/v.yaml", "a path in an option is empty, or holds a comma"),
    ] {
        let error = of(&files(), &with_value_file(path)).unwrap_err();
        assert!(error.starts_with(expected), "{path}: {error}");
    }
    let lenient = Helm { ignore_missing_value_files: true, ..with_value_file("gone.yaml") };
    assert!(of(&files(), &lenient).unwrap().value_files.is_empty());
}

#[test]
fn dependencies_are_vendored_or_in_the_same_checkout() {
    let depends =
        |repository: &str| format!("{CHART}dependencies:\n- name: db\n  version: 1.x\n  repository: {repository}\n");
    let with = |chart: String, more: &[(&str, &str)]| {
        let mut all = vec![("apps/web/Chart.yaml".to_owned(), chart)];
        all.extend(more.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())));
        of(&MemoryFiles::new(all), &Helm::default()).map(|c| c.needs.files.into_keys().collect::<Vec<_>>())
    };
    let missing = with(depends("https://charts.example.com"), &[]).unwrap_err();
    assert_eq!(
        missing,
        "apps/web/Chart.yaml:5: the dependency 'db' is not in apps/web/charts, and nothing is fetched: run 'helm dependency build' and commit the charts directory"
    );
    let db = "apiVersion: v2\nname: db\nversion: 1.0.0\n";
    assert!(with(depends("https://charts.example.com"), &[("apps/web/charts/any/Chart.yaml", db)]).is_ok());
    let local =
        with(depends("file://../db"), &[("apps/db/Chart.yaml", db), ("apps/db/templates/x.yaml", "x")]).unwrap();
    assert_eq!(local, ["apps/web/Chart.yaml", "apps/web/charts/db/Chart.yaml", "apps/web/charts/db/templates/x.yaml"]);
    for (repository, words) in [
        ("file://../gone", "there is no 'apps/gone/Chart.yaml'"),
        ("file://../../../x", "leads out of the repository"),
        ("file:///etc", "leads out of the repository"),
        ("file://..", "there is no 'apps/Chart.yaml'"),
        ("file://.", "a chart that depends on a directory it is in"),
        ("oci://example.com/x", "nothing is fetched"),
    ] {
        let error = with(depends(repository), &[]).unwrap_err();
        assert!(error.starts_with("apps/web/Chart.yaml:5: ") && error.contains(words), "{repository}: {error}");
    }
}

#[test]
fn archives_are_known_by_their_names() {
    let chart = format!("{CHART}dependencies:\n- {{name: db, version: 1.x, repository: 'https://x'}}\n");
    for (file, vendored) in
        [("db-1.2.3.tgz", true), ("db-v1.tgz", true), ("db-admin-1.2.3.tgz", false), ("db.zip", false)]
    {
        let files = MemoryFiles::new([
            ("apps/web/Chart.yaml".to_owned(), chart.clone()),
            (format!("apps/web/charts/{file}"), String::new()),
        ]);
        let options = Helm { skip_schema_validation: true, ..Helm::default() };
        assert_eq!(of(&files, &options).is_ok(), vendored, "{file}");
    }
}

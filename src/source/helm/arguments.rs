//! The arguments of `helm template`: those Argo CD gives it, in its order, with the chart behind `--`.

use crate::config::BuildEnvironment;
use crate::config::render::Helm;

use super::Chart;

/// What a chart is rendered for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The release's name.
    pub name: String,
    /// The namespace; helm's own `default` if empty.
    pub namespace: String,
    /// The Kubernetes version; helm's own if empty.
    pub kube_version: String,
    /// API versions beyond helm's own.
    pub api_versions: Vec<String>,
}

impl Release {
    /// What options and Argo CD say; `directory` names the release where neither does (on a laptop).
    ///
    /// # Errors
    /// A name or version that is none.
    pub fn of(options: &Helm, build: &BuildEnvironment, directory: &str) -> Result<Self, String> {
        let app = &build.application;
        let folder = directory.rsplit('/').next().filter(|f| !f.is_empty()).unwrap_or("release");
        let name = options.release_name.as_deref().or_else(|| app.bare_name()).unwrap_or(folder);
        if !is_release_name(name) {
            return Err(
                "the release's name must be at most 53 small letters, digits, '-' and '.': set helm.releaseName"
                    .to_owned(),
            );
        }
        let kube_version = options.kube_version.as_deref().or(build.kube_version.as_deref()).unwrap_or_default();
        let api_versions =
            if options.api_versions.is_empty() { build.api_versions.clone() } else { options.api_versions.clone() };
        Ok(Self {
            name: name.to_owned(),
            namespace: options.namespace.clone().or_else(|| app.namespace.clone()).unwrap_or_default(),
            kube_version: plain_version(kube_version).ok_or("helm.kubeVersion is no Kubernetes version")?,
            api_versions,
        })
    }
}

/// As helm holds names of releases: a template in one would be run.
fn is_release_name(name: &str) -> bool {
    let label = |l: &str| {
        let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        l.starts_with(inside) && l.ends_with(inside) && l.chars().all(|c| inside(c) || c == '-')
    };
    name.len() <= 53 && name.split('.').all(label)
}

/// The numbers of a version; what providers add to it, helm does not take.
fn plain_version(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches('v');
    if text.is_empty() {
        return Some(String::new());
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let numbers = text.get(..end)?.trim_end_matches('.');
    let good = numbers.split('.').count() >= 2 && numbers.split('.').all(|n| !n.is_empty() && n.len() < 10);
    good.then(|| numbers.to_owned())
}

/// The arguments; `at` tells where a file of the checkout stands, `values` is the file of `options.values`.
///
/// # Errors
/// The name of a value that helm would read as more than a name.
pub fn arguments(
    release: &Release,
    chart: &Chart,
    options: &Helm,
    build: &BuildEnvironment,
    at: &dyn Fn(&str) -> String,
    values: Option<&str>,
) -> Result<Vec<String>, String> {
    let mut arguments = vec!["template".to_owned(), "--name-template".to_owned(), release.name.clone()];
    let mut add = |flag: &str, value: String| arguments.extend([flag.to_owned(), value]);
    if !release.namespace.is_empty() {
        add("--namespace", release.namespace.clone());
    }
    if !release.kube_version.is_empty() {
        add("--kube-version", release.kube_version.clone());
    }
    for (flag, force) in [("--set", false), ("--set-string", true)] {
        for (index, parameter) in options.parameters.iter().enumerate() {
            let later = options.parameters.iter().skip(index + 1);
            // Of equal names the last counts.
            if parameter.force_string != force
                || later.clone().any(|p| p.name == parameter.name && p.force_string == force)
            {
                continue;
            }
            let value = build.application.expand(&parameter.value);
            add(flag, format!("{}={}", value_name(&parameter.name)?, escape(&value)));
        }
    }
    for (name, path) in &chart.file_parameters {
        add("--set-file", format!("{}={}", value_name(name)?, escape(&at(path))));
    }
    for path in &chart.value_files {
        add("--values", at(path));
    }
    if let Some(values) = values {
        add("--values", values.to_owned());
    }
    for version in &release.api_versions {
        add("--api-versions", version.clone());
    }
    let mut switch = |flag: &str, on: bool| {
        if on {
            arguments.push(flag.to_owned());
        }
    };
    switch("--include-crds", !options.skip_crds);
    switch("--skip-schema-validation", options.skip_schema_validation);
    switch("--skip-tests", options.skip_tests);
    arguments.extend(["--".to_owned(), ".".to_owned()]);
    Ok(arguments)
}

/// The name of a value. In helm's small language `a=x,b` would be two of them, the second one with a
/// file or an address of its own.
fn value_name(name: &str) -> Result<&str, String> {
    let mut escaped = false;
    let mut clean = !name.is_empty();
    for c in name.chars() {
        clean &= c != '\n' && (escaped || !matches!(c, '=' | ',' | '{' | '}'));
        escaped = c == '\\' && !escaped;
    }
    if clean && !escaped { Ok(name) } else { Err("the name of a helm parameter holds one of '=,{}'".to_owned()) }
}

/// Commas are text, as Argo CD takes them: those behind a backslash stay, a list in braces stays.
fn escape(value: &str) -> String {
    if value.starts_with('{') && value.ends_with('}') {
        return value.to_owned();
    }
    let mut out = String::with_capacity(value.len());
    let mut before = '\0';
    for c in value.chars() {
        if c == ',' && before != '\\' {
            out.push('\\');
        }
        out.push(c);
        before = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Application;
    use crate::config::render::HelmParameter;

    fn parameter(name: &str, value: &str, force_string: bool) -> HelmParameter {
        HelmParameter { name: name.to_owned(), value: value.to_owned(), force_string }
    }

    fn build() -> BuildEnvironment {
        BuildEnvironment {
            application: Application {
                name: Some("team_shop".to_owned()),
                namespace: Some("prod".to_owned()),
                ..Application::default()
            },
            kube_version: Some("1.33.1".to_owned()),
            api_versions: vec!["v1".to_owned(), "apps/v1/Deployment".to_owned()],
            ..BuildEnvironment::default()
        }
    }

    #[test]
    fn as_argo_cd_calls_helm() {
        let options = Helm {
            parameters: vec![
                parameter("a", "1,2", false),
                parameter("s", "007", true),
                parameter("a", "$ARGOCD_APP_NAME,$PATH", false),
                parameter("l", "{x,y}", false),
            ],
            skip_tests: true,
            ..Helm::default()
        };
        let chart = Chart {
            value_files: vec!["app/v.yaml".to_owned()],
            file_parameters: vec![("f".to_owned(), "app/x,y.txt".to_owned())],
            ..Chart::default()
        };
        let release = Release::of(&options, &build(), "apps/shop").unwrap();
        let at = |path: &str| format!("/t/{path}");
        let given = arguments(&release, &chart, &options, &build(), &at, Some("/t/values")).unwrap();
        let expected = [
            "template",
            "--name-template",
            "shop",
            "--namespace",
            "prod",
            "--kube-version",
            "1.33.1",
            "--set",
            "a=team_shop\\,",
            "--set",
            "l={x,y}",
            "--set-string",
            "s=007",
            "--set-file",
            "f=/t/app/x\\,y.txt",
            "--values",
            "/t/app/v.yaml",
            "--values",
            "/t/values",
            "--api-versions",
            "v1",
            "--api-versions",
            "apps/v1/Deployment",
            "--include-crds",
            "--skip-tests",
            "--",
            ".",
        ];
        assert_eq!(given, expected);
    }

    #[test]
    fn options_go_before_what_argo_cd_says() {
        let options = Helm {
            release_name: Some("r".to_owned()),
            namespace: Some("n".to_owned()),
            kube_version: Some("v1.30.4-gke.100+x".to_owned()),
            api_versions: vec!["x.io/v1".to_owned()],
            ..Helm::default()
        };
        let release = Release::of(&options, &build(), "").unwrap();
        let expected = Release {
            name: "r".into(),
            namespace: "n".into(),
            kube_version: "1.30.4".into(),
            api_versions: vec!["x.io/v1".into()],
        };
        assert_eq!(release, expected);
        let laptop = Release::of(&Helm::default(), &BuildEnvironment::default(), "charts/web").unwrap();
        assert_eq!((laptop.name.as_str(), laptop.namespace.as_str(), laptop.kube_version.as_str()), ("web", "", ""));
    }

    #[test]
    fn names_that_helm_would_take_for_more_are_refused() {
        for name in ["{{ env \"HOME\" }}", "-x", "A", "a_b", "", "a..b", &"a".repeat(54)] {
            let options = Helm { release_name: Some(name.to_owned()), ..Helm::default() };
            assert!(Release::of(&options, &build(), "").is_err(), "{name}");
        }
        for name in ["a=/etc/passwd,b", "a,b", "{a}", "a\\", "", "a\nb"] {
            assert!(value_name(name).is_err(), "{name}");
        }
        for name in ["a.b[0]", "nodeSelector.kubernetes\\.io/os", "a\\,b", "-x"] {
            assert!(value_name(name).is_ok(), "{name}");
        }
        for version in ["x", "1", "1.", "..", "1.99999999999"] {
            assert_eq!(plain_version(version), None, "{version}");
        }
    }
}

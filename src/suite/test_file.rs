//! `kyverno-test.yaml`, typed (chapter 60 §9). Unknown fields are errors; names ignore case.

use std::path::{Path, PathBuf};

use crate::document::{Str, Value};
use crate::engine::review::Operation;

use super::fields::{FieldError, Fields};
use super::files;
use super::values::Values;

/// One `Test` document.
#[derive(Clone, Debug, Default)]
pub struct TestFile {
    /// The deprecated top-level `name`: a test that has one is of the old schema.
    pub name: Str,
    /// Whether `apiVersion` and `kind` stand.
    pub has_schema: bool,
    /// `policies`.
    pub policies: Vec<Str>,
    /// `resources`.
    pub resources: Vec<Str>,
    /// `targetResources`.
    pub target_resources: Vec<Str>,
    /// `jsonPayloads`, or the deprecated `jsonPayload`.
    pub json_payloads: Vec<Str>,
    /// `httpPayloads`.
    pub http_payloads: Vec<Str>,
    /// `envoyPayloads`.
    pub envoy_payloads: Vec<Str>,
    /// `paramResources`.
    pub param_resources: Vec<Str>,
    /// `variables`, a Values file.
    pub variables: Str,
    /// `values`, which win over `variables`.
    pub values: Option<Values>,
    /// `userinfo`.
    pub user_info: Str,
    /// `exceptions`.
    pub exceptions: Vec<Str>,
    /// `context`.
    pub context: Str,
    /// `clusterResources`.
    pub cluster_resources: Vec<Str>,
    /// `apiCallResponses`.
    pub api_call_responses: Vec<ApiCallResponse>,
    /// `globalContextEntries`.
    pub global_context: Vec<GlobalContextEntry>,
    /// `results`.
    pub results: Vec<Expected>,
}

/// A mocked answer to an API or service call.
#[derive(Clone, Debug)]
pub struct ApiCallResponse {
    /// The whole URL or the API path.
    pub url: Str,
    /// `GET`, `POST` or empty for both.
    pub method: Str,
    /// HTTP status, 200 unless said otherwise.
    pub status: i64,
    /// The body, an object.
    pub body: Value,
}

/// A mocked GlobalContextEntry.
#[derive(Clone, Debug)]
pub struct GlobalContextEntry {
    /// Its name.
    pub name: Str,
    /// `data`, `resources` or what `resourceFiles` hold.
    pub source: GlobalContextSource,
    /// `fieldPath`: a JMESPath over the data.
    pub field_path: Str,
    /// `projections`: `(name, path)`.
    pub projections: Vec<(Str, Str)>,
}

/// Where a mocked entry's data comes from.
#[derive(Clone, Debug)]
pub enum GlobalContextSource {
    /// `data`.
    Data(Value),
    /// `resources`.
    Resources(Vec<Value>),
    /// `resourceFiles`, relative to the test.
    Files(Vec<Str>),
}

/// One `results` entry.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// `policy`, maybe with a namespace.
    pub policy: Str,
    /// `rule`.
    pub rule: Str,
    /// `result`: pass, fail, warn, error or skip.
    pub result: Str,
    /// `resources`; absent is different from empty.
    pub resources: Option<Vec<Str>>,
    /// `resourceSpecs`.
    pub resource_specs: Vec<ResourceSpec>,
    /// `operation`.
    pub operation: Option<Operation>,
    /// `patchedResources`.
    pub patched_resources: Str,
    /// `generatedResource`.
    pub generated_resource: Str,
    /// `generatedResources`.
    pub generated_resources: Vec<Str>,
    /// `cloneSourceResource`.
    pub clone_source: Str,
    /// `failOnMissingResources`.
    pub fail_on_missing: bool,
}

impl Expected {
    /// The policy's name without a namespace.
    #[must_use]
    pub fn policy_name(&self) -> &str {
        self.policy.rsplit('/').next().unwrap_or_default()
    }
}

/// One `resourceSpecs` entry; kind and subresource are not compared.
#[derive(Clone, Debug, Default)]
pub struct ResourceSpec {
    /// `group`.
    pub group: Str,
    /// `version`.
    pub version: Str,
    /// `namespace`.
    pub namespace: Str,
    /// `name`.
    pub name: Str,
}

/// One test, or why its file is none.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file.
    pub path: PathBuf,
    /// The test.
    pub test: Result<TestFile, String>,
}

impl Case {
    /// The directory the test's paths are relative to.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        self.path.parent().map(Path::to_owned).unwrap_or_default()
    }
}

/// Reads every test of a file; reading stops at the first bad one.
#[must_use]
pub fn load(path: &Path) -> Vec<Case> {
    let case = |test| Case { path: path.to_owned(), test };
    let documents = match files::read_text(path).and_then(|text| files::documents(path, &text)) {
        Ok(documents) => documents,
        Err(error) => return vec![case(Err(error.to_string()))],
    };
    let mut cases = Vec::new();
    for document in documents {
        let test = read(&document.value).map_err(|e| format!("document at line {}: {e}", document.start.line));
        let bad = test.is_err();
        cases.push(case(test));
        if bad {
            break;
        }
    }
    cases
}

fn read(document: &Value) -> Result<TestFile, FieldError> {
    let mut f = Fields::of(document, "")?;
    let has_schema = !f.text("apiVersion")?.is_empty() & !f.text("kind")?.is_empty();
    f.take("metadata");
    let mut texts = |name| f.texts(name).map(|texts| unique(texts.unwrap_or_default()));
    let policies = texts("policies")?;
    let resources = texts("resources")?;
    let target_resources = texts("targetResources")?;
    let mut json_payloads = texts("jsonPayloads")?;
    let http_payloads = texts("httpPayloads")?;
    let envoy_payloads = texts("envoyPayloads")?;
    let param_resources = texts("paramResources")?;
    let exceptions = texts("exceptions")?;
    let cluster_resources = texts("clusterResources")?;
    let json_payload = f.text("jsonPayload")?;
    if json_payloads.is_empty() && !json_payload.is_empty() {
        json_payloads.push(json_payload);
    }
    let values = match f.take("values") {
        Some(value) => Some(Values::inline(Fields::of(value, "values")?)?),
        None => None,
    };
    let test = TestFile {
        name: f.text("name")?,
        has_schema,
        policies,
        resources,
        target_resources,
        json_payloads,
        http_payloads,
        envoy_payloads,
        param_resources,
        variables: f.text("variables")?,
        values,
        user_info: f.text("userinfo")?,
        exceptions,
        context: f.text("context")?,
        cluster_resources,
        api_call_responses: api_call_responses(&mut f)?,
        global_context: global_context(&mut f)?,
        results: f.each("results", expected)?,
    };
    f.finish()?;
    Ok(test)
}

fn unique(texts: Vec<Str>) -> Vec<Str> {
    let mut seen = std::collections::BTreeSet::new();
    texts.into_iter().filter(|t| seen.insert(t.clone())).collect()
}

fn expected(mut f: Fields<'_>) -> Result<Expected, FieldError> {
    let mut is_deleting = false;
    for name in [
        "isValidatingPolicy",
        "isImageValidatingPolicy",
        "isMutatingPolicy",
        "isGeneratingPolicy",
        "isDeletingPolicy",
        "isValidatingAdmissionPolicy",
        "isMutatingAdmissionPolicy",
    ] {
        is_deleting |= f.flag(name)? && name == "isDeletingPolicy";
    }
    let operation = f.text("operation")?;
    let operation = match (operation.as_str(), Operation::parse(&operation)) {
        ("", _) => None,
        (_, Some(Operation::Connect) | None) => {
            let problem = format!("invalid operation {operation:?}, must be one of CREATE, UPDATE, DELETE");
            return Err(f.error(problem));
        }
        (_, Some(_)) if is_deleting => return Err(f.error("operation is not supported for deleting policies")),
        (_, Some(operation)) => Some(operation),
    };
    let expected = Expected {
        policy: f.text("policy")?,
        rule: f.text("rule")?,
        result: f.text("result")?,
        resources: f.texts("resources")?,
        resource_specs: f.each("resourceSpecs", |mut spec| {
            spec.text("kind")?;
            spec.text("subresource")?;
            let read = ResourceSpec {
                group: spec.text("group")?,
                version: spec.text("version")?,
                namespace: spec.text("namespace")?,
                name: spec.text("name")?,
            };
            spec.finish()?;
            Ok(read)
        })?,
        operation,
        patched_resources: f.text("patchedResources")?,
        generated_resource: f.text("generatedResource")?,
        generated_resources: f.texts("generatedResources")?.unwrap_or_default(),
        clone_source: f.text("cloneSourceResource")?,
        fail_on_missing: f.flag("failOnMissingResources")?,
    };
    f.text("kind")?;
    f.finish()?;
    Ok(expected)
}

fn api_call_responses(f: &mut Fields<'_>) -> Result<Vec<ApiCallResponse>, FieldError> {
    let responses = f.each("apiCallResponses", |mut entry| {
        let (url, url_path) = (entry.text("url")?, entry.text("urlPath")?);
        let method = entry.text("method")?;
        let mut response = entry.inner("response")?;
        let status = match response.take("statusCode") {
            None | Some(Value::Int(0)) => 200,
            Some(Value::Int(status)) => *status,
            Some(_) => return Err(response.error("statusCode must be a whole number")),
        };
        let body = response.take("body").filter(|b| b.as_map().is_some()).cloned();
        response.finish()?;
        if !(100..=599).contains(&status) {
            return Err(entry.error("response.statusCode must be between 100 and 599"));
        }
        let Some(body) = body else { return Err(entry.error("response.body is required and must be an object")) };
        if !["", "GET", "POST"].contains(&method.as_str()) {
            return Err(entry.error("method must be GET, POST or empty"));
        }
        let url = match (url.as_str(), url_path.as_str()) {
            (_, "") if is_absolute(&url) => url,
            ("", path) if path.starts_with('/') => url_path,
            _ => return Err(entry.error("one of url (absolute, http or https) and urlPath (from /) is required")),
        };
        entry.finish()?;
        Ok(ApiCallResponse { url, method, status, body })
    })?;
    for (i, response) in responses.iter().enumerate() {
        if responses[..i].iter().any(|r| r.url == response.url && r.method == response.method) {
            return Err(f.error(format!("apiCallResponses[{i}]: method and URL are given twice")));
        }
    }
    Ok(responses)
}

fn is_absolute(url: &str) -> bool {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
}

fn global_context(f: &mut Fields<'_>) -> Result<Vec<GlobalContextEntry>, FieldError> {
    let entries = f.each("globalContextEntries", |mut entry| {
        let name = entry.text("name")?;
        let data = entry.take("data").cloned();
        let resources = entry.list("resources")?.map(<[Value]>::to_vec);
        let files = entry.texts("resourceFiles")?;
        let source = match (data, resources, files) {
            (Some(data), None, None) => GlobalContextSource::Data(data),
            (None, Some(resources), None) => GlobalContextSource::Resources(resources),
            (None, None, Some(files)) => GlobalContextSource::Files(files),
            _ => return Err(entry.error("exactly one of data, resources and resourceFiles is required")),
        };
        if let GlobalContextSource::Files(files) = &source
            && files.iter().any(|file| file.starts_with('/') || file.split('/').any(|part| part == ".."))
        {
            return Err(entry.error("resourceFiles must be relative and inside the test's directory"));
        }
        let field_path = entry.text("fieldPath")?;
        let projections = entry.each("projections", |mut projection| {
            let read = (projection.text("name")?, projection.text("path")?);
            projection.finish()?;
            Ok(read)
        })?;
        entry.finish()?;
        Ok(GlobalContextEntry { name, source, field_path, projections })
    })?;
    for (i, entry) in entries.iter().enumerate() {
        if entry.name.is_empty() || entries[..i].iter().any(|e| e.name == entry.name) {
            return Err(f.error(format!("globalContextEntries[{i}]: a name of its own is required")));
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<TestFile, String> {
        let document = files::documents(Path::new("t.yaml"), text).expect("YAML").remove(0).value;
        read(&document).map_err(|e| e.to_string())
    }

    #[test]
    fn a_test_reads_whatever_the_case_of_its_fields() {
        let test = parse(
            "apiVersion: cli.kyverno.io/v1alpha1\nkind: Test\nmetadata: {name: t}\nPolicies: [p.yaml, p.yaml]\n\
             resources: [r.yaml]\nresults:\n- {policy: ns/p, rule: r, kind: Pod, result: pass, isMUtatingPolicy: true}\n",
        )
        .expect("a test");
        assert!(test.has_schema);
        assert_eq!(test.policies, ["p.yaml"]);
        assert_eq!(test.results[0].policy_name(), "p");
        assert_eq!(test.results[0].resources, None);
    }

    #[test]
    fn legacy_and_mistyped_fields_are_refused() {
        assert!(parse("results: [{policy: p, status: pass}]").unwrap_err().contains("unknown field \"status\""));
        assert!(parse("results: [{policy: p, resources: x}]").unwrap_err().contains("must be a list"));
        assert!(parse("results: [{operation: PATCH}]").unwrap_err().contains("invalid operation \"PATCH\""));
    }

    #[test]
    fn mocks_are_checked() {
        let responses = |text: &str| parse(&format!("apiCallResponses: [{text}]"));
        assert!(responses("{url: 'https://x/y', response: {body: {}}}").is_ok());
        assert!(responses("{url: '/y', response: {body: {}}}").is_err());
        assert!(responses("{urlPath: /y, response: {body: {}, statusCode: 600}}").is_err());
        assert!(responses("{urlPath: /y, response: {}}").is_err());
        assert!(parse("globalContextEntries: [{name: a, data: {}, resources: []}]").is_err());
        assert!(parse("globalContextEntries: [{name: a, resourceFiles: [../x]}]").is_err());
    }
}

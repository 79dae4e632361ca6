//! `context` entries.

use serde::Deserialize;

use super::verify_images::ImageRegistryCredentials;
use crate::document::{Str, Value};

/// One `context` entry; exactly one source is allowed (checked in `validation`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "each field is the source it names")]
pub struct ContextEntry {
    pub name: Str,
    pub config_map: Option<ConfigMapReference>,
    pub api_call: Option<ContextApiCall>,
    pub image_registry: Option<ImageRegistry>,
    pub variable: Option<Variable>,
    pub global_reference: Option<GlobalReference>,
}

/// `variable`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Variable {
    /// The value; null counts as absent.
    pub value: Value,
    /// Applied to the value, else to the whole context.
    pub jmes_path: Str,
    /// Used when the expression fails; null counts as absent.
    pub default: Value,
}

/// `configMap`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ConfigMapReference {
    /// The ConfigMap's name.
    pub name: Str,
    /// Its namespace.
    pub namespace: Str,
}

/// `apiCall`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ContextApiCall {
    /// A Kubernetes API path.
    pub url_path: Str,
    /// `GET` (default) or `POST`.
    pub method: Option<Method>,
    /// The fields of a POST body.
    pub data: Vec<RequestData>,
    /// A service to call instead of the API server.
    pub service: Option<ServiceCall>,
    /// Used when the request fails.
    pub default: Value,
    /// Applied to the response.
    pub jmes_path: Str,
}

/// The method of an `apiCall`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "HTTP methods")]
pub enum Method {
    Get,
    Post,
}

/// One field of a POST body.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "a key and its value")]
pub struct RequestData {
    pub key: Str,
    #[serde(default)]
    pub value: Value,
}

/// `apiCall.service`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "the parts of an HTTP request")]
pub struct ServiceCall {
    pub url: Str,
    #[serde(default)]
    pub headers: Vec<HttpHeader>,
    #[serde(default)]
    pub ca_bundle: Str,
}

/// One header of a service call.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "a key and its value")]
pub struct HttpHeader {
    pub key: Str,
    pub value: Str,
}

/// `imageRegistry`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ImageRegistry {
    /// The image.
    pub reference: Str,
    /// Applied to what the registry says.
    pub jmes_path: Str,
    /// How to log in.
    pub image_registry_credentials: Option<ImageRegistryCredentials>,
}

/// `globalReference`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct GlobalReference {
    /// `ENTRY` or `ENTRY.PROJECTION`.
    pub name: Str,
    /// Applied to the entry's data.
    pub jmes_path: Str,
}

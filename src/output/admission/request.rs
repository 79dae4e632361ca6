//! Reading an AdmissionReview. The review is kept as it came, because the answer echoes it.

use crate::document::{Gvk, Str, Value, json};
use crate::policy::request::{Operation, UserInfo};

/// One AdmissionReview, as received.
#[derive(Clone, Debug)]
pub struct AdmissionReview {
    /// The whole document.
    pub(super) document: Value,
    /// Its request.
    pub request: AdmissionRequest,
}

/// The `request` of an AdmissionReview.
#[derive(Clone, Debug)]
pub struct AdmissionRequest {
    /// `uid`, echoed in the answer.
    pub uid: Str,
    /// `kind`: of the object, or of the payload of a subresource.
    pub kind: Gvk,
    /// `resource.resource`: the plural of the requested (parent) resource.
    pub resource: Str,
    /// `resource.group`.
    pub resource_group: Str,
    /// `resource.version`.
    pub resource_version: Str,
    /// `subResource`, empty for the object itself.
    pub subresource: Str,
    /// `name`, empty when the object has only a generateName.
    pub name: Str,
    /// `namespace`, empty for cluster-scoped objects.
    pub namespace: Str,
    /// `operation`.
    pub operation: Operation,
    /// `userInfo`.
    pub user: UserInfo,
    /// `object`; `None` when null or absent.
    pub object: Option<Value>,
    /// `oldObject`; `None` when null or absent.
    pub old_object: Option<Value>,
    /// `dryRun`.
    pub dry_run: bool,
    /// Every other field of the request, as received.
    pub fields: Vec<(Str, Value)>,
}

/// Why a body is no AdmissionReview. Never quotes the body: it may hold a Secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    /// Not JSON, or not the shape of an AdmissionReview.
    #[error("{0}")]
    Undecodable(String),
    /// An AdmissionReview without a request.
    #[error("the AdmissionReview has no request")]
    NoRequest,
}

/// What the engine fills in itself, so that it is not among [`AdmissionRequest::fields`].
const FILLED_IN: [&str; 5] = ["object", "oldObject", "operation", "namespace", "userInfo"];

impl AdmissionReview {
    /// Reads a request's body.
    ///
    /// # Errors
    /// [`ReviewError::Undecodable`] for an empty body, for what is not JSON (too deep included) and for
    /// fields of a wrong type; [`ReviewError::NoRequest`] when `request` is missing or null.
    pub fn read(body: &[u8]) -> Result<Self, ReviewError> {
        if body.is_empty() {
            return Err(ReviewError::Undecodable("unexpected end of JSON input".to_owned()));
        }
        let document = json::parse(body).map_err(|e| ReviewError::Undecodable(e.to_string()))?;
        if document.as_map().is_none() {
            return Err(ReviewError::Undecodable("an AdmissionReview is a JSON object".to_owned()));
        }
        let request = match document.get("request") {
            None | Some(Value::Null) => return Err(ReviewError::NoRequest),
            Some(request) => AdmissionRequest::read(request)?,
        };
        Ok(Self { document, request })
    }
}

impl AdmissionRequest {
    fn read(request: &Value) -> Result<Self, ReviewError> {
        let Some(map) = request.as_map() else { return Err(wrong("request", "an object")) };
        let operation = text(request, &["operation"])?;
        let operation = Operation::parse(&operation)
            .ok_or_else(|| wrong("request.operation", "CREATE, UPDATE, DELETE or CONNECT"))?;
        let dry_run = match request.get("dryRun") {
            None | Some(Value::Null) => false,
            Some(value) => value.as_bool().ok_or_else(|| wrong("request.dryRun", "a boolean"))?,
        };
        let kind = Gvk {
            group: text(request, &["kind", "group"])?,
            version: text(request, &["kind", "version"])?,
            kind: text(request, &["kind", "kind"])?,
        };
        if kind.kind.is_empty() {
            return Err(wrong("request.kind.kind", "the object's kind"));
        }
        Ok(Self {
            uid: text(request, &["uid"])?,
            kind,
            resource: text(request, &["resource", "resource"])?,
            resource_group: text(request, &["resource", "group"])?,
            resource_version: text(request, &["resource", "version"])?,
            subresource: text(request, &["subResource"])?,
            name: text(request, &["name"])?,
            namespace: text(request, &["namespace"])?,
            operation,
            user: user(request)?,
            object: object(request, "object")?,
            old_object: object(request, "oldObject")?,
            dry_run,
            fields: map
                .iter()
                .filter(|(key, _)| !FILLED_IN.contains(&key.as_str()))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        })
    }
}

fn wrong(field: &str, expected: &str) -> ReviewError {
    ReviewError::Undecodable(format!("{field} is not {expected}"))
}

/// The text at `path`; absent and null are the empty string, as Go decodes them.
fn text(request: &Value, path: &[&str]) -> Result<Str, ReviewError> {
    match request.at(path) {
        None | Some(Value::Null) => Ok(Str::default()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(wrong(&format!("request.{}", path.join(".")), "a string")),
    }
}

fn object(request: &Value, field: &str) -> Result<Option<Value>, ReviewError> {
    match request.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(value @ Value::Map(_)) => Ok(Some(value.clone())),
        Some(_) => Err(wrong(&format!("request.{field}"), "an object")),
    }
}

fn user(request: &Value) -> Result<UserInfo, ReviewError> {
    let raw = match request.get("userInfo") {
        None | Some(Value::Null) => Value::empty_map(),
        Some(value @ Value::Map(_)) => value.clone(),
        Some(_) => return Err(wrong("request.userInfo", "an object")),
    };
    let groups = match raw.get("groups") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::List(items)) => items
            .iter()
            .map(|g| g.as_str().map(Str::from).ok_or_else(|| wrong("request.userInfo.groups", "a list of strings")))
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(wrong("request.userInfo.groups", "a list of strings")),
    };
    Ok(UserInfo {
        username: text(request, &["userInfo", "username"])?,
        uid: text(request, &["userInfo", "uid"])?,
        groups,
        raw,
        roles: Vec::new(),
        cluster_roles: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<AdmissionReview, ReviewError> {
        AdmissionReview::read(text.as_bytes())
    }

    #[test]
    fn a_review_is_read() {
        let review = read(
            r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u1",
            "kind":{"group":"apps","version":"v1","kind":"Deployment"},"resource":{"group":"apps","version":"v1",
            "resource":"deployments"},"name":"web","namespace":"shop","operation":"CREATE","dryRun":true,
            "userInfo":{"username":"alice","groups":["a","b"]},"object":{"kind":"Deployment"},"oldObject":null}}"#,
        )
        .expect("a review");
        let request = review.request;
        assert_eq!((request.uid.as_str(), request.kind.kind.as_str()), ("u1", "Deployment"));
        assert_eq!((request.namespace.as_str(), request.operation), ("shop", Operation::Create));
        assert_eq!(request.user.groups, ["a", "b"]);
        assert!(request.dry_run && request.object.is_some() && request.old_object.is_none());
        let fields: Vec<&str> = request.fields.iter().map(|(k, _)| k.as_str()).collect();
        assert_eq!(fields, ["uid", "kind", "resource", "name", "dryRun"]);
    }

    #[test]
    fn what_is_no_review_is_an_error() {
        assert_eq!(read("").expect_err("empty").to_string(), "unexpected end of JSON input");
        for bad in [
            "[]",
            "1",
            "{",
            "\"text\"",
            r#"{"request":7}"#,
            r#"{"request":{"operation":"PATCH"}}"#,
            r#"{"request":{"operation":"CREATE","kind":{"kind":"Pod"},"object":[]}}"#,
            r#"{"request":{"operation":"CREATE","kind":{"kind":7}}}"#,
            r#"{"request":{"operation":"CREATE"}}"#,
            r#"{"request":{"operation":"CREATE","kind":{"kind":"Pod"},"userInfo":{"groups":[1]}}}"#,
        ] {
            assert!(matches!(read(bad), Err(ReviewError::Undecodable(_))), "{bad}");
        }
        for none in ["{}", r#"{"request":null}"#] {
            assert_eq!(read(none).err(), Some(ReviewError::NoRequest), "{none}");
        }
    }

    #[test]
    fn a_body_that_nests_without_end_is_refused() {
        let deep = format!(r#"{{"request":{}"#, "[".repeat(100_000));
        assert!(matches!(read(&deep), Err(ReviewError::Undecodable(_))));
    }

    #[test]
    fn an_error_never_quotes_the_body() {
        let error = read(r#"{"request":{"operation":"hunter2-secret"}}"#).expect_err("no operation");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

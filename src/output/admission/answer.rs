//! Writing the answer: the review that came in, with `response` filled in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::document::{Map, Value, json};

use super::AdmissionReview;

/// What a review is answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The request goes through.
    Allow {
        /// Shown to the user, in order.
        warnings: Vec<String>,
        /// JSON Patch operations; empty for none.
        patch: Vec<Value>,
    },
    /// The request is refused; the text is shown to the user.
    Deny(String),
}

impl Answer {
    /// A plain allow.
    #[must_use]
    pub fn allow() -> Self {
        Self::Allow { warnings: Vec::new(), patch: Vec::new() }
    }

    /// Whether the request goes through.
    #[must_use]
    pub fn allowed(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

impl AdmissionReview {
    /// The reply's body: this review with `response` filled in (chapter 70 §4.1). A denial has a status
    /// without code and reason, which the API server turns into HTTP 400.
    #[must_use]
    pub fn answered(&self, answer: &Answer) -> String {
        let mut response = Map::new();
        response.insert("uid", Value::String(self.request.uid.clone()));
        response.insert("allowed", Value::Bool(answer.allowed()));
        match answer {
            Answer::Deny(message) => {
                let mut status = Map::new();
                status.insert("metadata", Value::empty_map());
                status.insert("status", Value::string("Failure"));
                status.insert("message", Value::string(message.as_str()));
                response.insert("status", Value::map(status));
            }
            Answer::Allow { warnings, patch } => {
                if !patch.is_empty() {
                    let operations = json::to_string(&Value::list(patch.clone()));
                    response.insert("patch", Value::string(STANDARD.encode(operations)));
                    response.insert("patchType", Value::string("JSONPatch"));
                }
                if !warnings.is_empty() {
                    let warnings = warnings.iter().map(|w| Value::string(w.as_str())).collect();
                    response.insert("warnings", Value::list(warnings));
                }
            }
        }
        let mut document = self.document.clone();
        if let Some(map) = document.as_map_mut() {
            map.insert("response", Value::map(response));
        }
        json::to_string(&document)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(answer: &Answer) -> String {
        let body = br#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview",
            "request":{"uid":"u1","kind":{"kind":"Pod"},"operation":"CREATE"}}"#;
        let text = AdmissionReview::read(body).expect("a review").answered(answer);
        let (before, response) = text.rsplit_once(r#""response":"#).expect("a response");
        assert_eq!(
            before,
            r#"{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"kind":{"kind":"Pod"},"operation":"CREATE","uid":"u1"},"#,
            "the request is echoed"
        );
        response.strip_suffix('}').expect("the review ends").to_owned()
    }

    #[test]
    fn allow_is_plain() {
        assert_eq!(answered(&Answer::allow()), r#"{"allowed":true,"uid":"u1"}"#);
    }

    #[test]
    fn a_denial_has_no_code() {
        assert_eq!(
            answered(&Answer::Deny("\n\nno".to_owned())),
            r#"{"allowed":false,"status":{"message":"\n\nno","metadata":{},"status":"Failure"},"uid":"u1"}"#
        );
    }

    #[test]
    fn a_patch_is_base64() {
        let operation = json::parse(br#"{"op":"remove","path":"/a"}"#).expect("JSON");
        let answer = Answer::Allow { warnings: vec!["careful".to_owned()], patch: vec![operation] };
        assert_eq!(
            answered(&answer),
            r#"{"allowed":true,"patch":"W3sib3AiOiJyZW1vdmUiLCJwYXRoIjoiL2EifV0=","patchType":"JSONPatch","uid":"u1","warnings":["careful"]}"#
        );
    }
}

//! PolicyExceptions.

use crate::document::Value;
use crate::pod_security::Exclude;
use crate::policy::api::exception::ExceptionDocument;
use crate::policy::rule::Exception;
use crate::policy::selector::Filters;
use crate::policy::terms::Terms;

use super::{LowerError, conditions, present};

/// Lowers a PolicyException. `document` is `value` as read by its wire type.
///
/// # Errors
/// [`LowerError`] for conditions that cannot be read.
pub fn lower(document: &ExceptionDocument, value: &Value) -> Result<Exception, LowerError> {
    let spec = &document.spec;
    Ok(Exception {
        name: document.metadata.name.clone(),
        namespace: document.metadata.namespace.clone(),
        excepts: spec.exceptions.iter().map(|e| (e.policy_name.clone(), e.rule_names.clone())).collect(),
        matches: Filters::compile(&spec.matches),
        conditions: conditions(&spec.conditions).map_err(|e| e.below("conditions").below("spec"))?,
        pod_security: Exclude::compile_all(value.get("spec").and_then(|spec| present(spec, "podSecurity"))),
        // Terms that cannot be read are refused by validation; whoever takes the document all the same
        // and asks for terms gets none that excuse.
        terms: Terms::read(&document.metadata.annotations).unwrap_or_else(|_| Terms::never()),
        from_render: false,
    })
}

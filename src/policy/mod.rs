//! Policies: wire types, lowering to one rule type, autogen, the indexed PolicySet.
//!
//! ```text
//! Manifest -> api (wire types) -> validation -> autogen, lower -> rule::Policy -> set::PolicySet
//! ```

pub mod action;
pub mod api;
pub mod attestors;
pub mod autogen;
pub mod images;
pub mod kind_selector;
pub mod load;
pub mod lower;
pub mod request;
pub mod rule;
pub mod selector;
pub mod set;
pub mod signed_manifests;
pub mod terms;
pub mod ttl;
pub mod validation;

//! Policies: wire types, lowering to one rule type, autogen, the indexed PolicySet.

pub mod api;
pub mod autogen;
pub mod kind_selector;
pub mod request;
pub mod selector;
